/** Fills the registry of a server that runs with pictures of which nothing is there but their hashes. */
import { randomBytes } from 'node:crypto'
import { fromHex } from '../../server/bytes.ts'
import { createApi } from '../../server/cli/api.ts'
import { openIdentity, openLedger } from '../../server/command.ts'
import { readConfig } from '../../server/config.ts'
import { encodeLocal, type Fingerprint, ORIENTATIONS } from '../../server/fingerprint/index.ts'
import { type Ledger, registerFiles } from '../../server/registry/index.ts'
import { drawFeatures } from './drawn.ts'

const NOTHING = { title: null, text: null, sourceUrl: null, derivedFrom: null }
/** Records a transaction. */
const BATCH = 200
const AT_ONCE = 16

/** Registers so many as a publisher would, by the development key: blocks handed over, anchors on the chain, all of them read by the search. */
export async function fillRegistry(url: string, records: number): Promise<void> {
  const api = createApi(url)
  const ledger = atOnce(openLedger(await openIdentity(readConfig({ FIRSTHAND_SERVER: url }), api), api))
  const { featuresOf } = drawFeatures()
  const files = Array.from({ length: records }, (_, number) => {
    const contentDigest = new Uint8Array(randomBytes(32))
    const fingerprint = async () => pictureOf(contentDigest, encodeLocal(featuresOf(number)))
    return { name: String(number), digest: async () => contentDigest, fingerprint }
  })
  const options = { description: NOTHING, evidence: 'none', way: 'logged', batch: BATCH, concurrency: 1 } as const
  let last: string | null = null
  for await (const { file, status, ...outcome } of registerFiles(files, ledger, { ...options, wait: false })) {
    if (status === 'failed') throw new Error(`picture ${file} was not registered`, { cause: outcome })
    if (Number(file) % 5_000 === 4_999) process.stderr.write(`  ${Number(file) + 1} of ${records} registered\n`)
    last = outcome.recordId
  }
  if (last) await ledger.searchable(fromHex(last))
}

/** Asks for nothing that is known, and sends the blocks of several records together: each waits for a disk. */
function atOnce(ledger: Ledger): Ledger {
  let held: Promise<void>[] = []
  return {
    ...ledger,
    exists: async () => false,
    hold: async (root, blocks) => {
      held.push(ledger.hold(root, blocks))
      if (held.length >= AT_ONCE) await Promise.all(held.splice(0))
    },
    async send(registrations, way) {
      await Promise.all(held)
      held = []
      return ledger.send(registrations, way)
    },
  }
}

/** PDQ hashes of strangers have half of their bits in common. */
function pictureOf(contentDigest: Uint8Array, local: Uint8Array): Fingerprint {
  const hashes = () => ORIENTATIONS.map(() => new Uint8Array(randomBytes(32)))
  const picture = { orientations: hashes(), reduced: hashes(), quality: 100, local, evidence: null }
  return {
    kind: 'image',
    contentDigest,
    byteLength: 100_000,
    mediaType: 'image/jpeg',
    width: 1_216,
    height: 832,
    durationMs: null,
    picture,
    frames: [],
  }
}
