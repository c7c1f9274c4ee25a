/** Writes test/vectors/manifest: the bytes that docs/protocol.md §3 promises. `--check` compares and writes nothing.
 * A vector that changes is a change of the protocol: a new version, and not a new file of the same name. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fromHex, toHex } from '../server/bytes.ts'
import {
  type Description,
  type Fingerprint,
  type FingerprintDocument,
  fromDocument,
  writeManifest,
} from '../server/fingerprint/index.ts'

const ROOT = join(import.meta.dirname, '..')
const FOLDER = 'test/vectors/manifest'

/** What a vector's file holds. All bytes are hex. */
export interface Vector {
  source: string
  licence: string
  fingerprint: FingerprintDocument
  description: Omit<Description, 'derivedFrom'> & { derivedFrom: string | null }
  /** SHA-256 of the root block: `manifestDigest` of the anchor. */
  manifestDigest: string
  root: string
  /** The root first. */
  blocks: { cid: string; bytes: string }[]
}

/** Bytes that look random and are the same everywhere: a hash of 32 bytes for each number. */
function hash(number: number): string {
  return toHex(Uint8Array.from({ length: 32 }, (_, i) => (number * 97 + i * i * 31 + (number >> 3) * i) & 0xff))
}

const PICTURE: FingerprintDocument = {
  version: 'fingerprint1',
  kind: 'image',
  contentDigest: hash(1),
  byteLength: 123_456,
  mediaType: 'image/jpeg',
  width: 640,
  height: 480,
  durationS: null,
  pdq: {
    quality: 100,
    orientations: Array.from({ length: 8 }, (_, i) => hash(10 + i)),
    reduced: Array.from({ length: 8 }, (_, i) => hash(20 + i)),
  },
  local: null,
  evidence: null,
  frames: [],
}

/** Sixty-one and a half seconds: two blocks of frames. A few are featureless, and some follow one that is equal. */
const VIDEO: FingerprintDocument = {
  ...PICTURE,
  kind: 'video',
  contentDigest: hash(2),
  byteLength: 5_000_000_000,
  mediaType: 'video/mp4',
  width: 1920,
  height: 1080,
  durationS: 61.5,
  pdq: null,
  frames: Array.from({ length: 123 }, (_, i) => ({
    timeS: i / 2,
    quality: i % 10 === 3 ? 12 : 100,
    pdq: hash(100 + (i % 7 === 1 ? i - 1 : i)),
  })),
}

const CASES: Record<string, Pick<Vector, 'fingerprint' | 'description'>> = {
  picture: {
    fingerprint: PICTURE,
    description: {
      title: 'Quay at dawn',
      text: 'Größe — 波止場',
      sourceUrl: 'https://example.org/quay',
      derivedFrom: hash(3),
    },
  },
  video: { fingerprint: VIDEO, description: { title: null, text: null, sourceUrl: null, derivedFrom: null } },
}

async function vector({ fingerprint, description }: (typeof CASES)[string]): Promise<Vector> {
  const of: Fingerprint = fromDocument(fingerprint)
  const { derivedFrom } = description
  const written = await writeManifest(of, {
    ...description,
    derivedFrom: derivedFrom ? fromHex(derivedFrom, 32) : null,
  })
  return {
    source: 'made by scripts/vectors.ts',
    licence: 'Apache-2.0',
    fingerprint,
    description,
    manifestDigest: toHex(written.digest),
    root: written.root,
    blocks: written.blocks.map(({ cid, bytes }) => ({ cid, bytes: toHex(bytes) })),
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
  await mkdir(join(ROOT, FOLDER), { recursive: true })
  for (const [name, from] of Object.entries(CASES)) {
    const path = `${FOLDER}/${name}.json`
    const generated = `${JSON.stringify(await vector(from), null, 1)}\n`
    const present = await readFile(join(ROOT, path), 'utf8').catch(() => null)
    if (present === generated) console.log(`${path} is up to date`)
    else if (values.check) {
      console.error(`${path} ${present === null ? 'is missing' : 'differs'}: the bytes of manifest1 must not change`)
      process.exitCode = 1
    } else {
      await writeFile(join(ROOT, path), generated)
      console.log(`wrote ${path}`)
    }
  }
}

await main()
