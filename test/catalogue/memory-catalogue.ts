/** A catalogue in memory, for tests of what stands on it. `catalogue.test.ts` holds it to the same facts as the real one. */
import { equalBytes, fromHex, toHex } from '../../server/bytes.ts'
import {
  type Batch,
  checkPublishers,
  checkShape,
  checkSuccessor,
  contradict,
  logsOf,
} from '../../server/catalogue/batch.ts'
import { managementOf } from '../../server/catalogue/custody.ts'
import type {
  AnchorRow,
  BatchRow,
  Catalogue,
  Changes,
  Disowned,
  LookupRow,
  PublisherRow,
  RecordRow,
  StateChangeRow,
} from '../../server/catalogue/index.ts'
import { readGateways, readProfile } from '../../server/catalogue/profile.ts'
import { CUSTODY_EVENTS, type CustodyEventType } from '../../server/catalogue/tables.ts'
import type { BlockHeader, Claim, Deployment, RegistryLog } from '../../server/chain/index.ts'
import { RegistryError } from '../../server/errors.ts'

type Manifest = RecordRow['manifest']
type Log<T extends RegistryLog['type']> = Extract<RegistryLog, { type: T }>
type Signed = RegistryLog & { signer: Uint8Array }

/** One anchor. */
interface Anchor {
  claim: Claim
  log: Log<'mediaRegistered' | 'batchLogged' | 'batchRooted'>
  index: number
  sequence: number
}

const KINDS = ['image', 'video', 'audio'] as const
const WAYS = { mediaRegistered: 'stored', batchLogged: 'logged', batchRooted: 'rooted' } as const
const MISSING: Manifest = { state: 'missing', title: null, durationMs: null, width: null, height: null }

export function memoryCatalogue(): Catalogue {
  let headers: BlockHeader[] = []
  let logs: RegistryLog[] = []
  let anchors: Anchor[] = []
  let bound: Deployment | null = null
  let nextSequence = 1
  const lists = new Map<RegistryLog, 'present' | 'mismatch'>()
  const manifests = new Map<string, Manifest>()
  const lookups = new Map<string, LookupRow>()
  const listeners = new Set<(changes: Changes) => void>()

  const tell = (changes: Changes) => {
    for (const listener of [...listeners]) listener(changes)
  }
  const timeOf = ({ at }: RegistryLog) => headerOf(at.blockNumber).time
  const headerOf = (number: number) => headers.find((header) => header.number === number)!
  const idOf = ({ claim }: Anchor) => toHex(claim.recordId)

  /** @param time of what the account signed; left out, the account as it stands. */
  function disownedAccount(publisherId: number, account: Uint8Array, time?: number): Disowned | null {
    const of = logsOf(logs, 'compromiseDeclared').filter(
      (one) => one.publisherId === publisherId && equalBytes(one.account, account),
    )
    const log = time === undefined ? of.at(-1) : of.find((one) => one.since <= time)
    if (!log) return null
    const contested = logsOf(logs, 'compromiseDeclared').some(
      (one) => one.publisherId === publisherId && equalBytes(one.account, log.custody) && one.since <= timeOf(log),
    )
    return { since: log.since, declaredAt: timeOf(log), declaredBy: log.custody, contested }
  }
  const disowned = (log: Signed) => disownedAccount(log.publisherId, log.signer, timeOf(log))

  function inOrder(a: Anchor, b: Anchor): number {
    return a.log.at.blockNumber - b.log.at.blockNumber || a.log.at.logIndex - b.log.at.logIndex || a.index - b.index
  }
  const anchorsOf = (id: string) => anchors.filter((anchor) => idOf(anchor) === id).toSorted(inOrder)
  function leaderOf(id: string): Anchor | undefined {
    const all = anchorsOf(id)
    return all.find(({ log }) => !disowned(log)) ?? all[0]
  }
  const ids = () => [...new Set(anchors.map(idOf))]
  const newestFirst = () =>
    ids()
      .map((id) => leaderOf(id)!)
      .toSorted((a, b) => b.sequence - a.sequence)

  function add(log: Anchor['log'], claims: Claim[]): void {
    claims.forEach((claim, index) => {
      anchors.push({ claim, log, index, sequence: nextSequence++ })
    })
  }

  function append(batch: Batch): void {
    checkShape(batch)
    const head = headers.at(-1)
    if (head) checkSuccessor(head, batch.headers[0]!)
    checkPublishers(batch.logs, logsOf(logs, 'publisherCreated').length)
    checkUnique([...logs, ...batch.logs], [...headers, ...batch.headers])
    const before = anchors.length
    headers = [...headers, ...batch.headers]
    logs = [...logs, ...batch.logs]
    for (const log of batch.logs) {
      if (log.type === 'mediaRegistered') add(log, [log])
      if (log.type === 'batchLogged') add(log, log.claims)
    }
    const moved = movedBy(logsOf(batch.logs, 'compromiseDeclared'))
    const changed = bytesOf([...anchors.slice(before).map(idOf), ...moved])
    tell({ changed, removed: [], lists: logsOf(batch.logs, 'batchRooted').map(({ listDigest }) => listDigest) })
  }

  /** Ids of records of several anchors of which some are void by these. */
  function movedBy(declarations: Log<'compromiseDeclared'>[]): string[] {
    return ids().filter((id) => {
      const all = anchorsOf(id)
      const isBy = ({ log }: Anchor) =>
        declarations.some(
          ({ publisherId, account, since }) =>
            publisherId === log.publisherId && equalBytes(account, log.signer) && since <= timeOf(log),
        )
      return all.length > 1 && all.some(isBy)
    })
  }

  function rollback(number: number): void {
    if (!Number.isSafeInteger(number) || number < -1)
      throw new RegistryError('server.internal', `rollback to ${number}`)
    const isGone = ({ at }: RegistryLog) => at.blockNumber > number
    const gone = anchors.filter(({ log }) => isGone(log)).map(idOf)
    const moved = movedBy(logsOf(logs.filter(isGone), 'compromiseDeclared'))
    anchors = anchors.filter(({ log }) => !isGone(log))
    logs = logs.filter((log) => !isGone(log))
    headers = headers.filter((header) => header.number <= number)
    const left = new Set(ids())
    const touched = [...new Set([...gone, ...moved])]
    const [changed, removed] = [touched.filter((id) => left.has(id)), touched.filter((id) => !left.has(id))]
    tell({ changed: bytesOf(changed), removed: bytesOf(removed), lists: [] })
  }

  function setList({ publisherId, root, listDigest, count }: BatchName, claims: Claim[] | null): void {
    const named = rooted().filter(
      (log) =>
        log.publisherId === publisherId &&
        equalBytes(log.root, root) &&
        equalBytes(log.listDigest, listDigest) &&
        log.count === count &&
        !lists.has(log),
    )
    for (const log of named) {
      lists.set(log, claims ? 'present' : 'mismatch')
      if (claims) add(log, claims)
    }
    if (named.length > 0 && claims)
      tell({ changed: bytesOf(claims.map(({ recordId }) => toHex(recordId))), removed: [], lists: [] })
  }

  const rooted = () => logsOf(logs, 'batchRooted')

  function bind(deployment: Deployment): void {
    if (headers.length > 0 && !(bound && sameDeployment(bound, deployment)))
      throw new RegistryError('chain.mismatch', 'the catalogue holds rows of another deployment')
    bound = deployment
  }

  function profileOf(publisherId: number) {
    const last = logsOf(logs, 'profileChanged').findLast((log) => log.publisherId === publisherId)
    if (!last) return { uri: '', name: null, domain: null, gateways: [] }
    const { uri, digest } = last
    return { uri, ...readProfile(uri, digest), gateways: readGateways(uri, digest) }
  }

  function publisher(publisherId: number): PublisherRow | null {
    const log = logsOf(logs, 'publisherCreated').find((one) => one.publisherId === publisherId)
    if (!log) return null
    const { uri, name, domain, gateways } = profileOf(publisherId)
    const keys = logsOf(logs, 'keyAdded').filter((one) => one.publisherId === publisherId)
    const events = logs.filter(isCustodyEvent).filter((one) => one.publisherId === publisherId)
    const { now, former } = managementOf(
      log.custody,
      events.map((event) => ({
        type: event.type,
        account: 'to' in event ? event.to : 'recovery' in event ? event.recovery : null,
        notBefore: event.type === 'recoveryChangeStarted' ? event.notBefore : null,
        at: timeOf(event),
      })),
    )
    const missing = rooted().filter((one) => one.publisherId === publisherId && lists.get(one) !== 'present')
    return {
      publisherId,
      ...now,
      profileUri: uri,
      name,
      domain,
      gateways,
      createdAt: timeOf(log),
      keys: keys.map((added) => ({
        key: added.key,
        addedAt: timeOf(added),
        endedAt: endOf(added),
        disowned: disownedAccount(publisherId, added.key),
      })),
      formerCustody: former.map((one) => ({ ...one, disowned: disownedAccount(publisherId, one.account) })),
      unlisted: { batches: missing.length, records: missing.reduce((sum, { count }) => sum + count, 0) },
    }
  }

  function endOf({ publisherId, key }: { publisherId: number; key: Uint8Array }): number | null {
    const end = logsOf(logs, 'keyEnded').find((log) => log.publisherId === publisherId && equalBytes(log.key, key))
    return end ? timeOf(end) : null
  }

  const changesOf = (recordId: Uint8Array) => logs.filter(isChange).filter((log) => equalBytes(log.recordId, recordId))

  function stateOf(recordId: Uint8Array): Pick<RecordRow, 'revoked' | 'superseded'> {
    const valid = changesOf(recordId).filter((log) => !disowned(log))
    const revoked = valid.find((log) => log.type === 'mediaRevoked')
    const superseded = valid.find((log) => log.type === 'mediaSuperseded')
    return {
      revoked: revoked ? { at: timeOf(revoked), reason: revoked.reason, signer: revoked.signer } : null,
      superseded: superseded
        ? { at: timeOf(superseded), by: superseded.supersededBy, signer: superseded.signer }
        : null,
    }
  }

  function toAnchor({ log, index, claim }: Anchor): AnchorRow {
    const { at, signer } = log
    return {
      way: WAYS[log.type],
      batch: log.type === 'mediaRegistered' ? null : { root: log.root, index },
      manifestDigest: claim.manifestDigest,
      signer,
      registeredAt: timeOf(log),
      ...at,
      blockHash: headerOf(at.blockNumber).hash,
      disowned: disowned(log),
    }
  }

  function toRow(anchor: Anchor): RecordRow {
    const { claim, log, sequence } = anchor
    const { recordId, contentDigest, manifestDigest, kind, algorithm, perceptualHashes } = claim
    const { name, domain } = profileOf(log.publisherId)
    return {
      recordId,
      sequence,
      publisherId: log.publisherId,
      publisherName: name,
      publisherDomain: domain,
      contentDigest,
      manifestDigest,
      signer: log.signer,
      kind: KINDS[kind - 1] ?? null,
      algorithm,
      perceptualHashes,
      registeredAt: timeOf(log),
      anchor: toAnchor(anchor),
      disowned: disowned(log),
      ...stateOf(recordId),
      manifest: manifests.get(manifestKey(claim)) ?? MISSING,
    }
  }

  function toChange(log: ChangeLog): StateChangeRow {
    const change =
      log.type === 'mediaRevoked'
        ? ({ kind: 'revoked', reason: log.reason } as const)
        : ({ kind: 'superseded', by: log.supersededBy } as const)
    const { signer, at } = log
    return { change, at: timeOf(log), signer, transactionHash: at.transactionHash, disowned: disowned(log) }
  }

  const toBatch = (log: Log<'batchRooted'>): BatchRow => {
    const { type: _, at, ...said } = log
    return { ...said, registeredAt: timeOf(log), ...at, list: lists.get(log) ?? 'missing', disowned: disowned(log) }
  }

  return {
    head: async () => headers.at(-1) ?? null,
    headerAtOrBelow: async (number) => headers.findLast((header) => header.number <= number) ?? null,
    append: async (batch) => append(batch),
    rollback: async (number) => rollback(number),
    bind: async (deployment) => bind(deployment),
    bound: async () => (headers.length > 0 ? bound : null),
    record: async (recordId) => [leaderOf(toHex(recordId))].flatMap((one) => (one ? [toRow(one)] : []))[0] ?? null,
    recordsById: async (wanted) =>
      newestFirst()
        .filter(({ claim }) => wanted.some((id) => equalBytes(id, claim.recordId)))
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
      const rows = newestFirst().toReversed().map(toRow)
      for (let i = 0; i < rows.length; i += pieceSize) yield rows.slice(i, i + pieceSize)
    },
    history: async (recordId) => {
      const all = anchorsOf(toHex(recordId))
      return all.length === 0 ? null : { anchors: all.map(toAnchor), changes: changesOf(recordId).map(toChange) }
    },
    batches: async ({ publisherId, listDigest, list, before, limit }) =>
      rooted()
        .toReversed()
        .map(toBatch)
        .filter((row) => publisherId === undefined || row.publisherId === publisherId)
        .filter((row) => !listDigest || equalBytes(row.listDigest, listDigest))
        .filter((row) => !list || row.list === list)
        .filter(
          (row) =>
            !before ||
            row.blockNumber < before.blockNumber ||
            (row.blockNumber === before.blockNumber && row.logIndex < before.logIndex),
        )
        .slice(0, limit),
    setList: async (batch, claims) => setList(batch, claims),
    publisher: async (publisherId) => publisher(publisherId),
    counts: async () => ({ records: ids().length, publishers: logsOf(logs, 'publisherCreated').length }),
    setManifest: async (recordId, manifest) => {
      const leader = leaderOf(toHex(recordId))
      if (leader) manifests.set(manifestKey(leader.claim), manifest)
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

type BatchName = Parameters<Catalogue['setList']>[0]
type ChangeLog = Log<'mediaRevoked' | 'mediaSuperseded'>

const isChange = (log: RegistryLog): log is ChangeLog => log.type === 'mediaRevoked' || log.type === 'mediaSuperseded'
const isCustodyEvent = (log: RegistryLog): log is Log<CustodyEventType> =>
  CUSTODY_EVENTS.some((type) => type === log.type)
const manifestKey = ({ recordId, manifestDigest }: Claim) => `${toHex(recordId)} ${toHex(manifestDigest)}`
/** Ids as bytes, each once. */
const bytesOf = (ids: string[]) => [...new Set(ids)].map((id) => fromHex(id))

function sameDeployment(a: Deployment, b: Deployment): boolean {
  return (
    a.chainId === b.chainId &&
    equalBytes(a.publisherRegistry, b.publisherRegistry) &&
    equalBytes(a.mediaRegistry, b.mediaRegistry)
  )
}

/** What the contracts promise to say once, or again only of what is void. */
function checkUnique(logs: RegistryLog[], headers: BlockHeader[]): void {
  const times = new Map(headers.map(({ number, time }) => [number, time]))
  const said = new Map<string, RegistryLog>()
  const declared = new Map<string, number>()
  for (const log of logs) {
    const key = uniqueKey(log)
    const before = key ? said.get(key) : undefined
    if (before) {
      const since = 'signer' in before ? declared.get(`${before.publisherId} ${toHex(before.signer)}`) : undefined
      if (since === undefined || since > times.get(before.at.blockNumber)!) contradict(`${key} for the second time`)
    }
    if (key) said.set(key, log)
    if (log.type === 'publisherCreated') {
      const moved = (id: number) => logs.some((one) => one.type === 'custodyTransferred' && one.publisherId === id)
      const same = logsOf(logs, 'publisherCreated').filter((one) => equalBytes(one.custody, log.custody))
      if (same.some((one) => one.publisherId < log.publisherId && !moved(one.publisherId)))
        contradict(`publisher ${log.publisherId} has the custody account of another`)
    }
    if (log.type === 'compromiseDeclared') {
      const account = `${log.publisherId} ${toHex(log.account)}`
      if ((declared.get(account) ?? Infinity) <= log.since)
        contradict(`${account} is declared again, since no earlier time`)
      declared.set(account, log.since)
    }
    if (log.type === 'keyEnded' && !said.has(`keyAdded ${log.publisherId} ${toHex(log.key)}`))
      contradict(`${key} too early`)
  }
}

function uniqueKey(log: RegistryLog): string | null {
  if (log.type === 'publisherCreated') return `${log.type} ${log.publisherId}`
  if (log.type === 'keyAdded' || log.type === 'keyEnded') return `${log.type} ${log.publisherId} ${toHex(log.key)}`
  if (log.type === 'mediaRegistered' || isChange(log)) return `${log.type} ${toHex(log.recordId)}`
  return null
}
