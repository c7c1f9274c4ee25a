/** What each command does. Each resolves with its exit code: 0 done, 1 failed. */

import { fromHex, toHex, toHex0x } from '../bytes.ts'
import { openIdentity, openLedger } from '../command.ts'
import type { Config } from '../config.ts'
import { RegistryError } from '../errors.ts'
import {
  type Decode,
  type Description,
  type EvidenceChoice,
  FEATURE_BYTES,
  MAX_DOCUMENT_SOUND_S,
  type NetworkView,
  REASONS,
  registerFiles,
  toDocument,
  type Way,
} from '../registry/index.ts'
import type { Api } from './api.ts'
import { mediaFile } from './media.ts'
import { createProgress, describeError, note, print, printJson, printRecord } from './terminal.ts'

export interface RegisterArguments {
  files: string[]
  description: Description
  evidence: EvidenceChoice
  way: Way
  relay: boolean
  batch: number
  json: boolean
  wait: boolean
}

const STATUS = { registered: 'registered', already_registered: 'already registered' }

/** Everything that becomes public, in words. */
function becomesPublic(evidence: EvidenceChoice): string {
  const small =
    evidence === 'public'
      ? ', small copies of each picture (512 pixels) and of the frames of each video (192 pixels, two a second; --evidence server or none keep them back)'
      : ''
  const apart =
    evidence === 'server'
      ? ' The server alone gets small copies of each picture (512 pixels) and of the frames of each video (192 pixels, two a second), to compare with.'
      : ''
  return `Becomes public, for good: the SHA-256 of each file, its perceptual hashes, prints of its sound${small}, size, type, dimensions and duration, and the title, description and source that you give. The file itself stays here.${apart}`
}

async function withDecoders<T>(config: Config, work: (decode: Decode) => Promise<T>): Promise<T> {
  // Loaded when needed: most commands only ask a server, and need not wait for the parts of one.
  const { openDecoders } = await import('../decoders.ts')
  const pool = openDecoders(config)
  try {
    return await work(pool.decode)
  } finally {
    await pool.close()
  }
}

export function register(config: Config, api: Api, args: RegisterArguments): Promise<number> {
  return withDecoders(config, async (decode) => {
    const ledger = openLedger(await openIdentity(config, api, { relay: args.relay }), api)
    if (!args.json) note(becomesPublic(args.evidence))
    const progress = createProgress(!args.json)
    let failed = 0
    const outcomes = registerFiles(
      args.files.map((path) => mediaFile(path, decode)),
      ledger,
      {
        description: args.description,
        evidence: args.evidence,
        way: args.way,
        batch: args.batch,
        // One more than can be decoded at a time, so that no decoder waits for a digest.
        concurrency: config.DECODERS + 1,
        wait: args.wait,
        onProgress: progress.update,
      },
    )
    for await (const outcome of outcomes) {
      progress.done(outcome.file)
      if (outcome.status === 'failed') {
        failed++
        if (args.json) printJson({ ...outcome, error: errorJson(outcome.error) })
        note(`failed: ${outcome.file}: ${describeError(outcome.error)}`)
        continue
      }
      if (args.json) printJson(outcome)
      else print(`${STATUS[outcome.status]} ${outcome.file} ${outcome.recordId}`)
      if (outcome.notice) note(`${outcome.file}: ${outcome.notice}`)
    }
    progress.stop()
    return failed > 0 ? 1 : 0
  })
}

function errorJson(error: unknown): { code: string; detail: string } {
  const code = error instanceof RegistryError ? error.code : 'server.internal'
  return { code, detail: error instanceof Error ? error.message : String(error) }
}

export function fingerprint(config: Config, path: string, json: boolean): Promise<number> {
  return withDecoders(config, async (decode) => {
    const progress = createProgress(!json)
    const asCandidate: Decode = (fd, length, options) => decode(fd, length, { ...options, detail: 'candidate' })
    const found = await mediaFile(path, asCandidate)
      .fingerprint((done) => progress.update(path, 'decoding', done))
      .finally(progress.stop)
    if (json) {
      const document = toDocument(found)
      printJson(document, 2)
      if (found.kind === 'audio' && found.sound?.prints && !document.sound)
        note(
          `${path}: longer than ${MAX_DOCUMENT_SOUND_S / 60} minutes, so without prints: only equal bytes are found by it. Look the file itself up.`,
        )
      return 0
    }
    print(`kind           ${found.kind} (${found.mediaType})`)
    print(`content digest ${toHex(found.contentDigest)}`)
    if (found.width !== null) print(`size           ${found.width} × ${found.height} pixels`)
    if (found.durationMs !== null) print(`duration       ${found.durationMs / 1000} s`)
    if (found.picture)
      print(`PDQ            ${toHex(found.picture.orientations[0]!)}, quality ${found.picture.quality}`)
    if (found.picture?.local)
      print(
        `local hashes   ${found.picture.local.length / FEATURE_BYTES}; --json has them, and the small copy that is compared`,
      )
    if (found.sound?.prints)
      print(`sound          ${found.sound.prints.prints.length} prints; --json has those of a sound`)
    if (found.frames.length > 0) print(`frames         ${found.frames.length}, two a second; --json lists them`)
    return 0
  })
}

export async function revoke(
  config: Config,
  api: Api,
  target: string,
  { reason, relay, json }: { reason: string; relay: boolean; json: boolean },
): Promise<number> {
  const code = Object.entries(REASONS).find(([, name]) => name === reason)?.[0]
  const identity = await openIdentity(config, api, { relay, orCustody: true })
  const digest = await digestOf(api, target)
  const { transactionHash } = await identity.client.revoke(identity.publisherId, digest, Number(code))
  const answer = {
    contentDigest: toHex(digest),
    publisher: identity.publisherId,
    reason,
    transaction: toHex0x(transactionHash),
  }
  if (json) printJson(answer)
  else print(`revoked ${answer.contentDigest} of publisher ${answer.publisher}: ${reason}`)
  return 0
}

export async function supersede(
  config: Config,
  api: Api,
  [target, by]: [string, string],
  { relay, json }: { relay: boolean; json: boolean },
): Promise<number> {
  const { client, publisherId } = await openIdentity(config, api, { relay, orCustody: true })
  const [old, successor] = [await digestOf(api, target), await digestOf(api, by)]
  const { transactionHash } = await client.supersede(publisherId, old, successor)
  const [contentDigest, supersededBy] = [toHex(old), toHex(successor)]
  if (json) printJson({ contentDigest, supersededBy, publisher: publisherId, transaction: toHex0x(transactionHash) })
  else print(`superseded ${contentDigest} of publisher ${publisherId} by ${supersededBy}`)
  return 0
}

/** A record id begins with 0x; a bare digest and a file are told apart by what they look like. */
async function digestOf(api: Api, target: string): Promise<Uint8Array> {
  if (/^0x[0-9a-f]{64}$/i.test(target)) return fromHex((await api.record(target)).contentDigest, 32)
  if (/^[0-9a-f]{64}$/i.test(target)) return fromHex(target, 32)
  return mediaFile(target, () => Promise.reject(new TypeError('a digest needs no decoding'))).digest()
}

export async function record(api: Api, id: string, json: boolean): Promise<number> {
  const view = await api.record(id)
  if (json) printJson(view, 2)
  else printRecord(view)
  return 0
}

/** Where several nodes are, each gets a line. */
function printNodes({
  safe,
  finalized,
  lagBlocks,
  lagSeconds,
  lastError,
  lastErrorAt,
  nodes,
}: NetworkView['index']): void {
  if (lagBlocks) print(`behind     ${lagBlocks} blocks, ${lagSeconds ?? 'unknown'} s`)
  if (finalized !== null) print(`finality   safe up to block ${safe}, final up to ${finalized}`)
  for (const { name, used, condition, head, error } of nodes) {
    const says = `${used ? 'in use' : 'spare'}, ${condition}, block ${head ?? 'unknown'}${error ? `: ${error}` : ''}`
    print(`node       ${name} ${says}`)
  }
  if (lastError) print(`last error ${lastError} (${lastErrorAt})`)
}

function confinementInWords(given: NetworkView['decoders']['confinement']): string {
  if (!given) return 'not started yet'
  const files = given.files === 'program' ? 'sees no files but its program' : 'sees all files of its user'
  const network = given.namespaces.includes('net') ? 'no network' : 'the network of the server'
  return `${files}, ${network}, user: ${given.user}, limits: ${given.limits.join(', ') || 'none'}`
}

export async function status(api: Api, json: boolean): Promise<number> {
  const view = await api.status()
  if (json) {
    printJson(view, 2)
    return 0
  }
  print(`Firsthand ${view.version}, chain ${view.chainId}${view.local ? ' (local)' : ''}`)
  print(`contracts  publishers ${view.publisherRegistry}, media ${view.mediaRegistry}`)
  print(
    `index      block ${view.index.head} of ${view.index.chainHead}, ${view.records} records of ${view.publishers} publishers`,
  )
  print(`decoders   ${confinementInWords(view.decoders.confinement)}`)
  printNodes(view.index)
  return 0
}
