/** The use cases of a running server. HTTP knows nothing else of it. */
import { fromHex, toHex, toHex0x } from '../bytes.ts'
import type { BlockStore, Catalogue, RecordRow, Withdrawals } from '../catalogue/index.ts'
import type { Deployment, Indexer } from '../chain/index.ts'
import { RegistryError } from '../errors.ts'
import type { Confinement, Description, EvidenceChoice } from '../fingerprint/index.ts'
import { type Kind, manifestCid, readManifest } from '../fingerprint/index.ts'
import type { Matcher } from '../matching/index.ts'
import type { Guard } from '../outgoing/index.ts'
import { type Admission, createAdmission } from './admission.ts'
import type { Way } from './anchoring.ts'
import { type BlockExchange, createBlockExchange } from './block-exchange.ts'
import { createDrawings } from './drawings.ts'
import type { Draw, Examine, ExamineFilm, Examiners, ExamineSound } from './examiners.ts'
import { createFetcher } from './fetcher.ts'
import { createFilmLookup } from './films.ts'
import { createJudge } from './judge.ts'
import { type Candidate, createLookups, type Decode, type Lookups } from './lookups.ts'
import { createPictureLookup } from './pictures.ts'
import { type Context, presentPublisher, presentRecord, presentWholeRecord } from './present.ts'
import { type PublicEvidence, publicEvidence } from './public-evidence.ts'
import { type Client, createQuota } from './quota.ts'
import { type Ledger, type MediaFile, type Registered, registerFiles } from './registrar.ts'
import type { RemoteMedia } from './remote.ts'
import type { SavedSearch } from './saved-search.ts'
import { createSoundLookup } from './sounds.ts'
import { createStillLookup } from './stills.ts'
import { createStretches } from './stretches.ts'
import { createSync, type Filled } from './sync.ts'
import type { NetworkView, Problem, PublisherView, RecordView, WholeRecordView } from './views.ts'
import type { Want, Wanted } from './wanted.ts'
import { requireServed, shown } from './withdrawn.ts'

export interface RecordsQuery {
  contentDigest?: string | undefined
  publisher?: number | undefined
  kind?: Kind | undefined
  cursor?: string | undefined
  limit?: number | undefined
}

export interface Registry extends BlockExchange {
  lookups: Lookups
  /** With its history. */
  record(recordId: string): Promise<WholeRecordView>
  records(query: RecordsQuery): Promise<{ records: RecordView[]; next: string | null }>
  manifest(recordId: string): Promise<ManifestView>
  /** What a picture is compared by, or a frame of a video, where its publisher made it public. @param atMs of a video. */
  evidence(recordId: string, atMs: number): Promise<PublicEvidence>
  publisher(publisherId: number): Promise<PublisherView>
  status(): Promise<NetworkView>
  /** Manifests and lists that are asked for elsewhere; null where none are. */
  fetching(): ReturnType<Wanted['state']> | null
  /** Null when the index follows the chain, else why not. */
  notReady(): string | null
  /** Registers a file with the development publisher's key. @throws RegistryError `signer.unavailable` on any but a local chain. */
  registerHere(media: Candidate, how: RegisterHere, client: Client): Promise<Registered>
  /** What is under way. */
  load(): Load
  start(): Promise<void>
  close(): Promise<void>
}

/** Files at decoders and before them, those that were refused for it, and lookups of any kind under way. */
export type Load = ReturnType<Admission['stats']> & { lookups: number }

export interface ManifestView {
  cid: string
  kind: Kind
  content: { digest: string; size: number; type: string }
  description: { title: string | null; text: string | null; sourceUrl: string | null; derivedFrom: string | null }
  extent: { width: number | null; height: number | null; durationMs: number | null }
  perceptual: { algorithm: string | null; words: string[]; quality: number[] }
  frames: number
}

/** How the development publisher registers a file. */
export interface RegisterHere {
  description: Description
  evidence: EvidenceChoice
  way: Way
  /** Whether its key only signs, and custody sends and pays. */
  relay: boolean
}

type DevelopmentLedger = (relay: boolean, registry: Pick<Ledger, 'exists' | 'hold' | 'searchable'>) => Ledger

export interface RegistryParts {
  version: string
  deployment: Deployment
  catalogue: Catalogue
  blocks: BlockStore
  withdrawals: Withdrawals
  matcher: Matcher
  indexer: Indexer
  finality: Context['finality']
  /** Publishers whose records lead. */
  trusted: Context['trusted']
  decode: Decode
  /** Compares pictures and sounds, and draws evidence, in processes of their own; one is started where something is being decoded. */
  prepare: Examiners['prepare']
  examine: Examine
  examineFilm: ExamineFilm
  examineSound: ExamineSound
  draw: Draw
  /** What the system takes from decoders; null before the first has started. */
  confinement: () => Confinement | null
  remote: RemoteMedia
  /** Files that are decoded at the same time. */
  decoders: number
  /** Lookups of one client that are under way at the same time. */
  clientJobs: number
  /** Where what is searched is kept from one start to the next; null for nowhere. */
  saved: SavedSearch | null
  onFilled: (filled: Filled) => void
  /** Asks gateways for what is missing; null where blocks only come by being handed over. */
  gateways: { guard: Guard; configured: string[] } | null
  lookupTtlS: number
  /** Seconds since 1970. */
  now: () => number
  problem: (error: unknown, id: string) => Problem
  onError: (error: unknown, instance?: string) => void
  /** The local network's address and the development publisher's way to register, on a local chain only. */
  development: { rpcUrl: string; ledger: DevelopmentLedger } | null
}

const DEFAULT_RECORDS = 50
/** How long an index may lag before the server says that it is not ready, in blocks. */
const MAX_LAG_BLOCKS = 100
/** Milliseconds after which decoding for the development signer is given up; the decoder has its own limit below. */
const MAX_REGISTER_MS = 3_600_000
/** Seconds between two sweeps of what has expired. */
const SWEEP_S = 60
/** Seconds between two times at which what is searched is saved, where it changed. */
const SAVE_S = 300

/** Lookups of fingerprints under way: those of long videos take 8 MB each in memory. */
const MAX_FINGERPRINTS = 64
/** Room for those of media, which have a limit of their own. */
const LOOKUPS_PER_DECODER = 64
/** Seconds after which a client that has too many under way is told to come back, at the most. */
const MAX_RETRY_S = 60

export function createRegistry(parts: RegistryParts): Registry {
  const { catalogue, blocks, deployment, indexer } = parts
  const seen = shown(catalogue, parts.withdrawals)
  const context: Context = { deployment, finality: parts.finality, trusted: parts.trusted }
  const admission = createAdmission({ places: parts.decoders })
  const retryAfterS = () => Math.min(MAX_RETRY_S, Math.ceil(admission.stats().meanMs / 1000))
  const ofLookups = (total: number) => createQuota({ what: 'lookups', total, perClient: parts.clientJobs, retryAfterS })
  const quota = ofLookups(MAX_FINGERPRINTS + LOOKUPS_PER_DECODER * parts.decoders)
  const fingerprints = ofLookups(MAX_FINGERPRINTS)
  const arrived = ({ type, id }: Want): Promise<void> => (type === 'list' ? sync.take(id) : sync.refresh([id]))
  const wanted = parts.gateways && createFetcher({ ...parts, ...parts.gateways, arrived })
  const stretches = createStretches({ blocks, fetch: wanted?.block ?? null })
  const pictures = createPictureLookup(parts)
  const sounds = createSoundLookup(parts)
  const [films, stills] = [createFilmLookup({ ...parts, stretches }), createStillLookup({ ...parts, stretches })]
  const lookups = createLookups({
    ...parts,
    catalogue: seen,
    judge: createJudge({ ...parts, catalogue: seen, pictures, films, stills, sounds, context }),
    admission,
    quota,
    fingerprints,
    ttlS: parts.lookupTtlS,
  })
  const missing = (one: Want) => void wanted?.want(one)
  const sync = createSync({ ...parts, missing })
  const drawings = createDrawings(parts.draw)
  let sweeper: NodeJS.Timeout | undefined
  let saver: NodeJS.Timeout | undefined
  let started = false

  async function rowOf(recordId: string): Promise<RecordRow> {
    const id = bytesOf('recordId', recordId)
    // What is told is searchable: once it was seen, whatever is to be done for it waits in the queue that settles here.
    if (await seen.record(id)) await sync.settled()
    const row = await seen.record(id)
    if (!row) throw new RegistryError('record.not_found', `there is no record ${recordId.slice(0, 80)}`)
    return row
  }

  async function record(recordId: string): Promise<WholeRecordView> {
    const row = await rowOf(recordId)
    const history = await catalogue.history(row.recordId)
    return presentWholeRecord(row, history ?? { anchors: [row.anchor], changes: [] }, context)
  }

  async function records(query: RecordsQuery) {
    const limit = query.limit ?? DEFAULT_RECORDS
    const rows = await seen.records({
      ...(query.contentDigest !== undefined && { contentDigest: bytesOf('contentDigest', query.contentDigest) }),
      ...(query.publisher !== undefined && { publisherId: query.publisher }),
      ...(query.kind !== undefined && { kind: query.kind }),
      ...(query.cursor !== undefined && { before: cursorOf(query.cursor) }),
      limit: limit + 1,
    })
    const page = rows.slice(0, limit)
    const next = rows.length > limit ? String(page.at(-1)!.sequence) : null
    return { records: page.map((row) => presentRecord(row, context)), next }
  }

  async function manifest(recordId: string): Promise<ManifestView> {
    const cid = manifestCid((await rowOf(recordId)).manifestDigest)
    await requireServed(parts.withdrawals, [cid])
    const read = await readManifest(cid, blocks.get)
    if (!read) throw new RegistryError('block.not_found', `the manifest ${cid} of this record is not here`)
    const { derivedFrom } = read.description
    return {
      cid,
      kind: read.kind,
      content: { ...read.content, digest: toHex(read.content.digest) },
      description: { ...read.description, derivedFrom: derivedFrom && toHex(derivedFrom) },
      extent: read.extent,
      perceptual: { ...read.perceptual, words: read.perceptual.words.map(toHex) },
      frames: read.frames.length,
    }
  }

  async function publisher(publisherId: number): Promise<PublisherView> {
    const row = await catalogue.publisher(publisherId)
    if (!row) throw new RegistryError('publisher.not_found', `there is no publisher ${publisherId}`)
    return presentPublisher(row, context)
  }

  async function status(): Promise<NetworkView> {
    const { head, chainHead, lagBlocks, lagSeconds, lastError, nodes, final } = indexer.state()
    const { safe, finalized } = final === 'local' ? { safe: null, finalized: null } : final
    return {
      version: parts.version,
      chainId: deployment.chainId,
      publisherRegistry: toHex0x(deployment.publisherRegistry),
      mediaRegistry: toHex0x(deployment.mediaRegistry),
      startBlock: deployment.startBlock,
      local: parts.development !== null,
      rpcUrl: parts.development?.rpcUrl ?? null,
      index: {
        head: head?.number ?? null,
        chainHead,
        safe,
        finalized,
        lagBlocks,
        lagSeconds,
        lastError: lastError && `${lastError.code}: ${lastError.message}`,
        lastErrorAt: lastError && new Date(lastError.at).toISOString(),
        nodes,
      },
      decoders: { confinement: parts.confinement() },
      ...(await catalogue.counts()),
    }
  }

  function notReady(): string | null {
    const { lagBlocks, lagSeconds, lastError } = indexer.state()
    if (!started) return 'the server is starting'
    if (lagBlocks === null) return `the node has not answered yet${lastError ? `: ${lastError.message}` : ''}`
    if (lastError) return `the index does not follow the chain: ${lastError.message}`
    return lagBlocks > MAX_LAG_BLOCKS ? `the index is ${lagBlocks} blocks behind the chain (${lagSeconds} s)` : null
  }

  /** With the place of a decoder. */
  async function decodeInTurn({ fd, byteLength }: Candidate, client: Client, onProgress: (fraction: number) => void) {
    const signal = AbortSignal.timeout(MAX_REGISTER_MS)
    const turn = admission.enter(client)
    try {
      await turn.ready(signal)
      return await parts.decode(fd, byteLength, { signal, onProgress })
    } finally {
      turn.leave()
    }
  }

  async function registerHere(
    media: Candidate,
    { description, evidence, way, relay }: RegisterHere,
    client: Client,
  ): Promise<Registered> {
    if (!parts.development)
      throw new RegistryError(
        'signer.unavailable',
        'only a local network has a development publisher; use `firsthand register` with your key',
      )
    const ledger = parts.development.ledger(relay, {
      exists: async (recordId) => isValid(await catalogue.record(recordId)),
      hold: async (root, sent) => void (await blocks.hold(root, sent)),
      searchable: () => sync.settled(),
    })
    const file: MediaFile = {
      name: 'upload',
      digest: async () => media.contentDigest,
      fingerprint: async (onProgress) => {
        const { contentDigest, byteLength } = media
        return { ...(await decodeInTurn(media, client, onProgress)), contentDigest, byteLength }
      },
    }
    const options = { description, evidence, way, batch: 1, concurrency: 1, wait: true }
    for await (const outcome of registerFiles([file], ledger, options)) {
      if (outcome.status === 'failed') throw outcome.error
      return outcome
    }
    throw new TypeError('a registration of one file has one outcome')
  }

  async function sweep(): Promise<void> {
    await catalogue.expireLookups(parts.now())
    await blocks.expireHeld(parts.now())
  }

  async function start(): Promise<void> {
    await sync.start()
    wanted?.start()
    indexer.start()
    sweeper = setInterval(() => void sweep().catch(parts.onError), SWEEP_S * 1000)
    sweeper.unref()
    saver = setInterval(() => void sync.save().catch(parts.onError), SAVE_S * 1000)
    saver.unref()
    started = true
  }

  async function close(): Promise<void> {
    clearInterval(sweeper)
    clearInterval(saver)
    await lookups.close()
    await indexer.stop()
    await wanted?.stop()
    sync.stop()
    await sync.settled()
    await sync.save().catch(parts.onError)
  }

  return {
    lookups,
    record,
    records,
    manifest,
    evidence: async (recordId, atMs) => publicEvidence(await rowOf(recordId), atMs, { ...parts, drawings, stretches }),
    publisher,
    ...createBlockExchange({ ...parts, sync }),
    status,
    fetching: () => wanted?.state() ?? null,
    notReady,
    registerHere,
    load: () => ({ ...admission.stats(), lookups: quota.used() }),
    start,
    close,
  }
}

/** What is void may be registered again. */
const isValid = (row: RecordRow | null): boolean => row !== null && row.disowned === null

function bytesOf(name: string, text: string): Uint8Array {
  try {
    return fromHex(text, 32)
  } catch (cause) {
    throw new RegistryError('request.invalid', `"${name}" expected 64 hex digits, got "${text.slice(0, 80)}"`, {
      cause,
    })
  }
}

function cursorOf(text: string): number {
  const sequence = Number(text)
  if (!Number.isSafeInteger(sequence) || sequence < 0)
    throw new RegistryError('request.invalid', `"cursor" expected what "next" gave, got "${text.slice(0, 80)}"`)
  return sequence
}
