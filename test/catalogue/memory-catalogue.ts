/** A catalogue in memory, for tests of what stands on it. `catalogue.test.ts` holds it to the same facts as the real one. */
import { equalBytes, toHex } from '../../server/bytes.ts'
import {
  type Batch,
  checkPublishers,
  checkShape,
  checkSuccessor,
  contradict,
  logsOf,
} from '../../server/catalogue/batch.ts'
import type { Catalogue, Changes, LookupRow, PublisherRow, RecordRow } from '../../server/catalogue/index.ts'
import { readProfile } from '../../server/catalogue/profile.ts'
import type { BlockHeader, Deployment, RegistryLog } from '../../server/chain/index.ts'
import { RegistryError } from '../../server/errors.ts'

type Manifest = RecordRow['manifest']
type Registered = Extract<RegistryLog, { type: 'mediaRegistered' }>

const KINDS = ['image', 'video', 'audio'] as const
const MISSING: Manifest = { state: 'missing', title: null, durationMs: null, width: null, height: null }

export function memoryCatalogue(): Catalogue {
  let headers: BlockHeader[] = []
  let logs: RegistryLog[] = []
  let bound: Deployment | null = null
  let nextSequence = 1
  const sequences = new Map<RegistryLog, number>()
  const manifests = new Map<string, Manifest>()
  const lookups = new Map<string, LookupRow>()
  const listeners = new Set<(changes: Changes) => void>()

  const tell = (changes: Changes) => {
    for (const listener of [...listeners]) listener(changes)
  }
  const timeOf = ({ at }: RegistryLog) => headerOf(at.blockNumber).time
  const headerOf = (number: number) => headers.find((header) => header.number === number)!
  const manifestKey = (log: Registered) => `${toHex(log.recordId)} ${toHex(log.manifestDigest)}`
  const newestFirst = () => logsOf(logs, 'mediaRegistered').reverse()
  const registrationOf = (recordId: Uint8Array) => newestFirst().find((log) => equalBytes(log.recordId, recordId))

  function append(batch: Batch): void {
    checkShape(batch)
    const head = headers.at(-1)
    if (head) checkSuccessor(head, batch.headers[0]!)
    checkPublishers(batch.logs, logsOf(logs, 'publisherCreated').length)
    checkUnique([...logs, ...batch.logs])
    headers = [...headers, ...batch.headers]
    logs = [...logs, ...batch.logs]
    for (const log of logsOf(batch.logs, 'mediaRegistered')) sequences.set(log, nextSequence++)
    tell({ added: logsOf(batch.logs, 'mediaRegistered').map(({ recordId }) => recordId), removed: [] })
  }

  function rollback(number: number): void {
    if (!Number.isSafeInteger(number) || number < -1)
      throw new RegistryError('server.internal', `rollback to ${number}`)
    const gone = logs.filter(({ at }) => at.blockNumber > number)
    headers = headers.filter((header) => header.number <= number)
    logs = logs.filter(({ at }) => at.blockNumber <= number)
    tell({ added: [], removed: logsOf(gone, 'mediaRegistered').map(({ recordId }) => recordId) })
  }

  function bind(deployment: Deployment): void {
    if (headers.length > 0 && !(bound && sameDeployment(bound, deployment)))
      throw new RegistryError('chain.mismatch', 'the catalogue holds rows of another deployment')
    bound = deployment
  }

  function profileOf(publisherId: number) {
    const last = logsOf(logs, 'profileChanged').findLast((log) => log.publisherId === publisherId)
    return { uri: last?.uri ?? '', ...(last ? readProfile(last.uri, last.digest) : { name: null, domain: null }) }
  }

  function publisher(publisherId: number): PublisherRow | null {
    const log = logsOf(logs, 'publisherCreated').find((one) => one.publisherId === publisherId)
    if (!log) return null
    const { uri, name, domain } = profileOf(publisherId)
    const keys = logsOf(logs, 'keyAdded').filter((one) => one.publisherId === publisherId)
    return {
      publisherId,
      custody: log.custody,
      profileUri: uri,
      name,
      domain,
      createdAt: timeOf(log),
      keys: keys.map((added) => ({ key: added.key, addedAt: timeOf(added), endedAt: endOf(added) })),
    }
  }

  function endOf({ publisherId, key }: { publisherId: number; key: Uint8Array }): number | null {
    const end = logsOf(logs, 'keyEnded').find((log) => log.publisherId === publisherId && equalBytes(log.key, key))
    return end ? timeOf(end) : null
  }

  function revocationOf(recordId: Uint8Array): RecordRow['revoked'] {
    const log = logsOf(logs, 'mediaRevoked').find((one) => equalBytes(one.recordId, recordId))
    return log ? { at: timeOf(log), reason: log.reason, signer: log.signer } : null
  }

  function toRow(log: Registered): RecordRow {
    const { type: _, at, kind, ...said } = log
    const { name, domain } = profileOf(log.publisherId)
    const block = headerOf(at.blockNumber)
    return {
      ...said,
      kind: KINDS[kind - 1] ?? null,
      sequence: sequences.get(log)!,
      publisherName: name,
      publisherDomain: domain,
      registeredAt: block.time,
      anchor: { ...at, blockHash: block.hash },
      revoked: revocationOf(log.recordId),
      manifest: manifests.get(manifestKey(log)) ?? MISSING,
    }
  }

  return {
    head: async () => headers.at(-1) ?? null,
    headerAtOrBelow: async (number) => headers.findLast((header) => header.number <= number) ?? null,
    append: async (batch) => append(batch),
    rollback: async (number) => rollback(number),
    bind: async (deployment) => bind(deployment),
    record: async (recordId) => [registrationOf(recordId)].flatMap((log) => (log ? [toRow(log)] : []))[0] ?? null,
    recordsById: async (ids) =>
      newestFirst()
        .filter((log) => ids.some((id) => equalBytes(id, log.recordId)))
        .map(toRow),
    records: async ({ contentDigest, publisherId, kind, before, limit, oldestFirst }) =>
      (oldestFirst ? newestFirst().toReversed() : newestFirst())
        .map(toRow)
        .filter((row) => !contentDigest || equalBytes(row.contentDigest, contentDigest))
        .filter((row) => publisherId === undefined || row.publisherId === publisherId)
        .filter((row) => !kind || row.kind === kind)
        .filter((row) => before === undefined || row.sequence < before)
        .slice(0, limit),
    async *allRecords(pieceSize = 1000) {
      const rows = logsOf(logs, 'mediaRegistered').map(toRow)
      for (let i = 0; i < rows.length; i += pieceSize) yield rows.slice(i, i + pieceSize)
    },
    publisher: async (publisherId) => publisher(publisherId),
    counts: async () => ({
      records: newestFirst().length,
      publishers: logsOf(logs, 'publisherCreated').length,
    }),
    setManifest: async (recordId, manifest) => {
      const log = registrationOf(recordId)
      if (log) manifests.set(manifestKey(log), manifest)
    },
    putLookup: async (row) => void lookups.set(row.id, row),
    lookup: async (id, now) => [lookups.get(id)].find((row) => row && row.expiresAt >= now) ?? null,
    deleteLookup: async (id) => lookups.delete(id),
    expireLookups: async (now) =>
      [...lookups.values()].filter((row) => row.expiresAt < now && lookups.delete(row.id)).length,
    onChange: (listener) => {
      const own = (changes: Changes) => listener(changes)
      listeners.add(own)
      return () => listeners.delete(own)
    },
    close: async () => {},
  }
}

function sameDeployment(a: Deployment, b: Deployment): boolean {
  return (
    a.chainId === b.chainId &&
    equalBytes(a.publisherRegistry, b.publisherRegistry) &&
    equalBytes(a.mediaRegistry, b.mediaRegistry)
  )
}

/** What the tables' keys forbid. */
function checkUnique(logs: RegistryLog[]): void {
  const keys = new Set<string>()
  for (const log of logs) {
    const key = uniqueKey(log)
    if (key && keys.has(key)) contradict(`${key} for the second time`)
    if (key) keys.add(key)
    if (log.type === 'keyEnded' && !keys.has(`keyAdded ${log.publisherId} ${toHex(log.key)}`))
      contradict(`${key} too early`)
  }
}

function uniqueKey(log: RegistryLog): string | null {
  if (log.type === 'profileChanged') return null
  if (log.type === 'publisherCreated') return `${log.type} ${toHex(log.custody)}`
  if (log.type === 'keyAdded' || log.type === 'keyEnded') return `${log.type} ${log.publisherId} ${toHex(log.key)}`
  return `${log.type} ${toHex(log.recordId)}`
}
