/** Many rows in one statement: a column of a batch is one array. */
import { type RawBuilder, sql, type Transaction } from 'kysely'
import type { BlockHeader, RegistryLog } from '../chain/index.ts'
import { logsOf } from './batch.ts'
import { readProfile } from './profile.ts'
import type { Tables } from './tables.ts'
import { byteaArray, int8Array, textArray } from './wire.ts'

/** A column's name and values; integers find their own width when they are stored. */
type Column = [name: string, array: RawBuilder<unknown>]

const integers = (name: string, values: number[]): Column => [name, sql`${int8Array(values)}::bigint[]`]
const bytes = (name: string, values: Uint8Array[]): Column => [name, sql`${byteaArray(values)}::bytea[]`]
const texts = (name: string, values: (string | null)[]): Column => [name, sql`${textArray(values)}::text[]`]

async function insert(trx: Transaction<Tables>, table: keyof Tables, columns: Column[]): Promise<void> {
  const names = columns.map(([name]) => sql.ref(name))
  // Side by side in the select list they advance together; `from unnest(a, b)` would write each into a store of its own first (6 %
  // of the time of an insert in PGlite).
  const values = columns.map(([, array]) => sql`unnest(${array})`)
  await sql`insert into ${sql.table(table)} (${sql.join(names)}) select ${sql.join(values)}`.execute(trx)
}

/** The columns that say which log wrote a row. */
function anchor(logs: RegistryLog[]): Column[] {
  return [
    integers(
      'block_number',
      logs.map(({ at }) => at.blockNumber),
    ),
    integers(
      'log_index',
      logs.map(({ at }) => at.logIndex),
    ),
  ]
}

export async function insertHeaders(trx: Transaction<Tables>, headers: BlockHeader[]): Promise<void> {
  await insert(trx, 'headers', [
    integers(
      'number',
      headers.map((header) => header.number),
    ),
    bytes(
      'hash',
      headers.map((header) => header.hash),
    ),
    bytes(
      'parent_hash',
      headers.map((header) => header.parentHash),
    ),
    integers(
      'time',
      headers.map((header) => header.time),
    ),
  ])
}

/** Inserts what the logs say; the rows of each table keep the order of the chain.
 * @param sequence of the first record. */
export async function insertLogs(trx: Transaction<Tables>, logs: RegistryLog[], sequence: number): Promise<void> {
  await insertPublishers(trx, logsOf(logs, 'publisherCreated'))
  await insertProfiles(trx, logsOf(logs, 'profileChanged'))
  await insertKeys(trx, 'keys_added', logsOf(logs, 'keyAdded'))
  await insertKeys(trx, 'keys_ended', logsOf(logs, 'keyEnded'))
  await insertRecords(trx, logsOf(logs, 'mediaRegistered'), sequence)
  await insertRevocations(trx, logsOf(logs, 'mediaRevoked'))
}

type Log<T extends RegistryLog['type']> = Extract<RegistryLog, { type: T }>

async function insertPublishers(trx: Transaction<Tables>, logs: Log<'publisherCreated'>[]): Promise<void> {
  if (logs.length === 0) return
  await insert(trx, 'publishers', [
    integers(
      'publisher_id',
      logs.map((log) => log.publisherId),
    ),
    bytes(
      'custody',
      logs.map((log) => log.custody),
    ),
    ...anchor(logs),
  ])
}

async function insertProfiles(trx: Transaction<Tables>, logs: Log<'profileChanged'>[]): Promise<void> {
  if (logs.length === 0) return
  const profiles = logs.map(({ uri, digest }) => readProfile(uri, digest))
  await insert(trx, 'profiles', [
    integers(
      'publisher_id',
      logs.map((log) => log.publisherId),
    ),
    texts(
      'uri',
      logs.map((log) => log.uri),
    ),
    bytes(
      'digest',
      logs.map((log) => log.digest),
    ),
    texts(
      'name',
      profiles.map(({ name }) => name),
    ),
    texts(
      'domain',
      profiles.map(({ domain }) => domain),
    ),
    ...anchor(logs),
  ])
}

async function insertKeys(
  trx: Transaction<Tables>,
  table: 'keys_added' | 'keys_ended',
  logs: (Log<'keyAdded'> | Log<'keyEnded'>)[],
): Promise<void> {
  if (logs.length === 0) return
  await insert(trx, table, [
    integers(
      'publisher_id',
      logs.map((log) => log.publisherId),
    ),
    bytes(
      'key',
      logs.map((log) => log.key),
    ),
    ...anchor(logs),
  ])
}

async function insertRecords(trx: Transaction<Tables>, logs: Log<'mediaRegistered'>[], first: number): Promise<void> {
  if (logs.length === 0) return
  await insert(trx, 'records', [
    integers(
      'sequence',
      logs.map((_, i) => first + i),
    ),
    bytes(
      'record_id',
      logs.map((log) => log.recordId),
    ),
    integers(
      'publisher_id',
      logs.map((log) => log.publisherId),
    ),
    bytes(
      'content_digest',
      logs.map((log) => log.contentDigest),
    ),
    bytes(
      'manifest_digest',
      logs.map((log) => log.manifestDigest),
    ),
    bytes(
      'signer',
      logs.map((log) => log.signer),
    ),
    integers(
      'kind',
      logs.map((log) => log.kind),
    ),
    integers(
      'algorithm',
      logs.map((log) => log.algorithm),
    ),
    bytes(
      'words',
      logs.map((log) => concat(log.perceptualHashes)),
    ),
    bytes(
      'transaction_hash',
      logs.map(({ at }) => at.transactionHash),
    ),
    ...anchor(logs),
  ])
}

async function insertRevocations(trx: Transaction<Tables>, logs: Log<'mediaRevoked'>[]): Promise<void> {
  if (logs.length === 0) return
  await insert(trx, 'revocations', [
    bytes(
      'record_id',
      logs.map((log) => log.recordId),
    ),
    integers(
      'publisher_id',
      logs.map((log) => log.publisherId),
    ),
    bytes(
      'content_digest',
      logs.map((log) => log.contentDigest),
    ),
    bytes(
      'signer',
      logs.map((log) => log.signer),
    ),
    integers(
      'reason',
      logs.map((log) => log.reason),
    ),
    ...anchor(logs),
  ])
}

function concat(words: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(32 * words.length)
  words.forEach((word, i) => {
    bytes.set(word, 32 * i)
  })
  return bytes
}
