/** What a batch of logs says, as rows. */
import type { Transaction } from 'kysely'
import type { BlockHeader, Claim, LogPosition, RegistryLog } from '../chain/index.ts'
import { type Batch, logsOf } from './batch.ts'
import { big, bytes, insertRows, integers, small, texts } from './columns.ts'
import { readProfile } from './profile.ts'
import { CUSTODY_EVENTS, type CustodyEventType, type Tables } from './tables.ts'

type Log<T extends RegistryLog['type']> = Extract<RegistryLog, { type: T }>

/** The columns that say which log wrote a row. */
const anchor = {
  block_number: big<{ at: LogPosition }>(({ at }) => at.blockNumber),
  log_index: integers<{ at: LogPosition }>(({ at }) => at.logIndex),
}

export function insertHeaders(trx: Transaction<Tables>, headers: BlockHeader[]): Promise<void> {
  return insertRows(trx, 'headers', headers, {
    number: big((header) => header.number),
    hash: bytes((header) => header.hash),
    parent_hash: bytes((header) => header.parentHash),
    time: big((header) => header.time),
  })
}

/** Inserts what the logs say; the rows of each table keep the order of the chain.
 * @param anchors of the same batch. @param sequence of the first anchor. */
export async function insertLogs(
  trx: Transaction<Tables>,
  batch: Batch,
  anchors: AnchorToInsert[],
  sequence: number,
): Promise<void> {
  const { logs } = batch
  await insertPublishers(trx, logs)
  await insertCompromises(trx, logsOf(logs, 'compromiseDeclared'))
  await insertCustodyEvents(trx, logs.filter(isCustodyEvent))
  await insertAnchors(trx, anchors, sequence)
  await insertChanges(trx, timed(batch, logs.filter(isChange)))
  await insertBatches(trx, timed(batch, logsOf(logs, 'batchRooted')))
}

/** Logs with the time of their block. */
function timed<L extends RegistryLog>({ headers }: Batch, logs: L[]): (L & { time: number })[] {
  const times = new Map(headers.map(({ number, time }) => [number, time]))
  return logs.map((log) => ({ ...log, time: times.get(log.at.blockNumber)! }))
}

async function insertPublishers(trx: Transaction<Tables>, logs: RegistryLog[]): Promise<void> {
  await insertRows(trx, 'publishers', logsOf(logs, 'publisherCreated'), {
    publisher_id: big((log) => log.publisherId),
    custody: bytes((log) => log.custody),
    ...anchor,
  })
  const profiles = logsOf(logs, 'profileChanged').map((log) => ({ ...log, ...readProfile(log.uri, log.digest) }))
  await insertRows(trx, 'profiles', profiles, {
    publisher_id: big((log) => log.publisherId),
    uri: texts((log) => log.uri),
    digest: bytes((log) => log.digest),
    name: texts((log) => log.name),
    domain: texts((log) => log.domain),
    ...anchor,
  })
  await insertKeys(trx, 'keys_added', logsOf(logs, 'keyAdded'))
  await insertKeys(trx, 'keys_ended', logsOf(logs, 'keyEnded'))
}

function insertKeys(
  trx: Transaction<Tables>,
  table: 'keys_added' | 'keys_ended',
  logs: (Log<'keyAdded'> | Log<'keyEnded'>)[],
): Promise<void> {
  return insertRows(trx, table, logs, {
    publisher_id: big((log) => log.publisherId),
    key: bytes((log) => log.key),
    ...anchor,
  })
}

function insertCompromises(trx: Transaction<Tables>, logs: Log<'compromiseDeclared'>[]): Promise<void> {
  return insertRows(trx, 'compromises', logs, {
    publisher_id: big((log) => log.publisherId),
    account: bytes((log) => log.account),
    since: big((log) => log.since),
    declared_by: bytes((log) => log.custody),
    ...anchor,
  })
}

type CustodyLog = Log<CustodyEventType>
const isCustodyEvent = (log: RegistryLog): log is CustodyLog => CUSTODY_EVENTS.some((type) => type === log.type)

function insertCustodyEvents(trx: Transaction<Tables>, logs: CustodyLog[]): Promise<void> {
  return insertRows(trx, 'custody_events', logs, {
    publisher_id: big((log) => log.publisherId),
    type: texts((log) => log.type),
    account: bytes((log) => ('to' in log ? log.to : 'recovery' in log ? log.recovery : null)),
    not_before: big((log) => (log.type === 'recoveryChangeStarted' ? log.notBefore : null)),
    ...anchor,
  })
}

/** A row of `records`, but for its sequence. */
export interface AnchorToInsert {
  claim: Claim
  publisherId: number
  signer: Uint8Array
  way: number
  /** Null where stored. */
  root: Uint8Array | null
  index: number
  time: number
  at: LogPosition
}

/** The anchors that the logs hold; those of rooted batches come with their lists. */
export function anchorsOf(batch: Batch): AnchorToInsert[] {
  return timed(batch, batch.logs).flatMap((log): AnchorToInsert[] => {
    if (log.type === 'mediaRegistered') return [{ ...log, claim: log, way: 1, root: null, index: 0 }]
    if (log.type !== 'batchLogged') return []
    return log.claims.map((claim, index) => ({ ...log, claim, way: 2, index }))
  })
}

/** @param first the sequence of the first one. */
export function insertAnchors(trx: Transaction<Tables>, rows: AnchorToInsert[], first: number): Promise<void> {
  return insertRows(trx, 'records', rows, {
    sequence: big((_, i) => first + i),
    record_id: bytes(({ claim }) => claim.recordId),
    publisher_id: big((row) => row.publisherId),
    content_digest: bytes(({ claim }) => claim.contentDigest),
    manifest_digest: bytes(({ claim }) => claim.manifestDigest),
    signer: bytes((row) => row.signer),
    kind: small(({ claim }) => claim.kind),
    algorithm: small(({ claim }) => claim.algorithm),
    words: bytes(({ claim }) => concat(claim.perceptualHashes)),
    way: small((row) => row.way),
    batch_root: bytes((row) => row.root),
    leaf_index: integers((row) => row.index),
    time: big((row) => row.time),
    transaction_hash: bytes(({ at }) => at.transactionHash),
    ...anchor,
  })
}

type ChangeLog = Log<'mediaRevoked' | 'mediaSuperseded'>
const isChange = (log: RegistryLog): log is ChangeLog => log.type === 'mediaRevoked' || log.type === 'mediaSuperseded'

function insertChanges(trx: Transaction<Tables>, logs: (ChangeLog & { time: number })[]): Promise<void> {
  return insertRows(trx, 'changes', logs, {
    record_id: bytes((log) => log.recordId),
    publisher_id: big((log) => log.publisherId),
    content_digest: bytes((log) => log.contentDigest),
    signer: bytes((log) => log.signer),
    kind: small(({ type }) => (type === 'mediaRevoked' ? 1 : 2)),
    reason: small((log) => (log.type === 'mediaRevoked' ? log.reason : null)),
    superseded_by: bytes((log) => (log.type === 'mediaSuperseded' ? log.supersededBy : null)),
    time: big((log) => log.time),
    transaction_hash: bytes(({ at }) => at.transactionHash),
    ...anchor,
  })
}

function insertBatches(trx: Transaction<Tables>, logs: (Log<'batchRooted'> & { time: number })[]): Promise<void> {
  return insertRows(trx, 'batches', logs, {
    publisher_id: big((log) => log.publisherId),
    root: bytes((log) => log.root),
    list_digest: bytes((log) => log.listDigest),
    count: integers((log) => log.count),
    signer: bytes((log) => log.signer),
    time: big((log) => log.time),
    transaction_hash: bytes(({ at }) => at.transactionHash),
    ...anchor,
  })
}

function concat(words: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(32 * words.length)
  words.forEach((word, i) => {
    all.set(word, 32 * i)
  })
  return all
}
