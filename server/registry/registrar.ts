/** Registers files: fingerprint, manifest, blocks handed over, then the anchor. Used by the command and by the development signer. */
import { toHex, toHex0x } from '../bytes.ts'
import type { Registration } from '../chain/index.ts'
import { RegistryError } from '../errors.ts'
import {
  anchoredWords,
  type Description,
  type EvidenceChoice,
  type Fingerprint,
  KINDS,
  writeManifest,
} from '../fingerprint/index.ts'
import { isFullList, type Way } from './anchoring.ts'

/** A file to register. */
export interface MediaFile {
  name: string
  /** SHA-256, 32 bytes. */
  digest(): Promise<Uint8Array>
  /** Decodes it; called only when the digest is not registered yet. */
  fingerprint(onProgress: (fraction: number) => void): Promise<Fingerprint>
}

export interface Registered {
  file: string
  recordId: string
  contentDigest: string
  status: 'registered' | 'already_registered'
  transaction: string | null
  /** Null where it was registered before. */
  way: Way | null
  /** What else there is to say, for a person. */
  notice: string | null
}

export interface NotRegistered {
  file: string
  recordId: null
  contentDigest: string | null
  status: 'failed'
  error: unknown
}

/** What a registrar needs of the world: a server nearby or far away, a chain and a key. */
export interface Ledger {
  /** The record that this publisher's registration of the digest would be. */
  recordId(contentDigest: Uint8Array): Uint8Array
  /** Whether it is registered, and not void. */
  exists(recordId: Uint8Array): Promise<boolean>
  /** Hands over a manifest's blocks, to be kept once the registration names their root. @param onSent is told which part of them was sent. */
  hold(root: string, blocks: { cid: string; bytes: Uint8Array }[], onSent?: (fraction: number) => void): Promise<void>
  /** Sends registrations, and resolves when they are mined. @returns the hash of the transaction for each. */
  send(registrations: Registration[], way: Way): Promise<Uint8Array[]>
  /** Resolves when the record can be found by a lookup. */
  searchable(recordId: Uint8Array): Promise<void>
}

export interface RegisterOptions {
  description: Description
  evidence: EvidenceChoice
  way: Way
  /** Files a transaction at most. */
  batch: number
  /** Files that are fingerprinted at the same time. */
  concurrency: number
  /** Whether to wait until records can be found. */
  wait: boolean
  onProgress?: (
    file: string,
    stage: 'fingerprinting' | 'handing over' | 'registering' | 'done',
    fraction: number,
  ) => void
}

interface Prepared {
  file: string
  registration: Registration
  recordId: Uint8Array
  manifest: { root: string; blocks: { cid: string; bytes: Uint8Array }[] }
}

/** Bytes of manifests that wait in memory for the rest of their batch, beside one of a long video. A server holds 160 MiB of one client, as they
 *  are on its disk, where the blocks of a short video take twice their size. */
const MAX_WAITING_BYTES = 24 << 20

/** Registers files and yields the outcome of each as it is known. A file that fails does not stop the others. */
export async function* registerFiles(
  files: readonly MediaFile[],
  ledger: Ledger,
  options: RegisterOptions,
): AsyncGenerator<Registered | NotRegistered> {
  const done = new Set<string>()
  let waiting: Prepared[] = []
  for await (const outcome of prepareAll(files, ledger, options)) {
    if (!('registration' in outcome)) yield outcome
    else if (done.has(keyOf(outcome))) yield registered(outcome, 'already_registered', null)
    else waiting.push(outcome)
    if (isFull(waiting, options)) {
      yield* anchor(waiting, done, ledger, options)
      waiting = []
    }
  }
  if (waiting.length > 0) yield* anchor(waiting, done, ledger, options)
}

function isFull(waiting: Prepared[], { batch, way }: RegisterOptions): boolean {
  if (waiting.length >= batch) return true
  const bytes = waiting.flatMap(({ manifest }) => manifest.blocks).reduce((sum, block) => sum + block.bytes.length, 0)
  return bytes > MAX_WAITING_BYTES || (way === 'rooted' && isFullList(waiting.map((one) => one.registration)))
}

const keyOf = (item: { recordId: Uint8Array }) => toHex0x(item.recordId)

/** Prepares several files at a time and yields them in their order. */
async function* prepareAll(files: readonly MediaFile[], ledger: Ledger, options: RegisterOptions) {
  const running: Promise<Prepared | Registered | NotRegistered>[] = []
  for (const file of files) {
    running.push(prepare(file, ledger, options))
    if (running.length >= options.concurrency) yield await running.shift()!
  }
  for (const rest of running) yield await rest
}

async function prepare(
  file: MediaFile,
  ledger: Ledger,
  options: RegisterOptions,
): Promise<Prepared | Registered | NotRegistered> {
  let digest: Uint8Array | null = null
  try {
    digest = await file.digest()
    const recordId = ledger.recordId(digest)
    const known = { file: file.name, recordId, registration: { contentDigest: digest } }
    if (await ledger.exists(recordId)) return registered(known, 'already_registered', null)
    options.onProgress?.(file.name, 'fingerprinting', 0)
    const fingerprint = await file.fingerprint((done) => options.onProgress?.(file.name, 'fingerprinting', done))
    const manifest = await writeManifest(fingerprint, options.description, options.evidence)
    return { file: file.name, recordId, registration: registrationOf(fingerprint, manifest.digest), manifest }
  } catch (error) {
    return notRegistered(file.name, digest, error)
  }
}

function registrationOf(of: Fingerprint, manifestDigest: Uint8Array): Registration {
  const { algorithm, words } = anchoredWords(of)
  const kind = KINDS.indexOf(of.kind) + 1
  return { contentDigest: of.contentDigest, manifestDigest, kind, algorithm, perceptualHashes: words }
}

/** Anchors files, one record each; the same file under another name is anchored once. */
async function* anchor(
  items: Prepared[],
  done: Set<string>,
  ledger: Ledger,
  options: RegisterOptions,
): AsyncGenerator<Registered | NotRegistered> {
  const byKey = Map.groupBy(items, keyOf)
  const first = [...byKey.values()].map((same) => same[0]!)
  let transactions: Uint8Array[]
  try {
    // Just before they are anchored: they are held for minutes only, and fingerprints of thousands take longer.
    for (const { file, manifest } of first) {
      await ledger.hold(manifest.root, manifest.blocks, (sent) => options.onProgress?.(file, 'handing over', sent))
      options.onProgress?.(file, 'registering', 1)
    }
    transactions = await ledger.send(
      first.map((item) => item.registration),
      options.way,
    )
  } catch (error) {
    for (const { file, registration } of items)
      yield notRegistered(file, registration.contentDigest, perFile(error, items.length))
    return
  }
  const places = new Map(first.map((item, i) => [item, i]))
  const notice = options.wait ? await waitFor(first, ledger) : null
  for (const item of items) {
    const at = places.get(item) ?? -1
    done.add(keyOf(item))
    options.onProgress?.(item.file, 'done', 1)
    yield at < 0
      ? registered(item, 'already_registered', null)
      : { ...registered(item, 'registered', transactions[at]!), way: options.way, notice }
  }
}

/** What is on the chain is registered, whether the server has seen it or not.
 * @returns what to say of it when the server has not. */
async function waitFor(items: Prepared[], ledger: Ledger): Promise<string | null> {
  try {
    for (const item of items) await ledger.searchable(item.recordId)
    return null
  } catch (error) {
    return `on the chain, but not to be found yet: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** One transaction carries several files and fails for all of them. */
function perFile(error: unknown, count: number): unknown {
  if (count === 1 || !(error instanceof RegistryError)) return error
  return new RegistryError(error.code, `${error.message} (one transaction with ${count} files)`, { cause: error })
}

function notRegistered(file: string, digest: Uint8Array | null, error: unknown): NotRegistered {
  return { file, recordId: null, contentDigest: digest && toHex(digest), status: 'failed', error }
}

function registered(
  item: { file: string; recordId: Uint8Array; registration: { contentDigest: Uint8Array } },
  status: Registered['status'],
  transaction: Uint8Array | null,
): Registered {
  return {
    file: item.file,
    recordId: keyOf(item),
    contentDigest: toHex(item.registration.contentDigest),
    status,
    transaction: transaction && toHex0x(transaction),
    way: null,
    notice: null,
  }
}
