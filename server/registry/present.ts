/** Rows of the catalogue as the JSON that leaves the registry. Pure. */
import { toHex, toHex0x } from '../bytes.ts'
import type { AnchorRow, Disowned, PublisherRow, RecordHistory, RecordRow, StateChangeRow } from '../catalogue/index.ts'
import { type Deployment, recordId } from '../chain/index.ts'
import { manifestCid } from '../fingerprint/index.ts'
import { inSentence } from '../text.ts'
import {
  type DisownedView,
  type MatchView,
  type PublisherView,
  type RecordState,
  type RecordView,
  TRUST,
  type WholeRecordView,
} from './views.ts'

/** Reasons of a revocation (docs/protocol.md §2.2). */
export const REASONS: Readonly<Record<number, string>> = {
  1: 'mistake',
  2: 'rights',
  3: 'privacy',
  4: 'authenticity doubted',
  255: 'other',
}

const ALGORITHMS: Readonly<Record<number, string>> = { 0: 'none', 1: 'pdq1', 2: 'sound' }

/** What a view needs beside its row. */
export interface Context {
  deployment: Deployment
  /** Publishers that the operator trusts. */
  trusted: ReadonlySet<number>
  finality(blockNumber: number): RecordView['anchor']['finality']
}

export const isoTime = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
const seconds = (ms: number | null) => (ms === null ? null : ms / 1000)
export const chainOf = (deployment: Deployment) => `eip155:${deployment.chainId}`

export function presentRecord(row: RecordRow, context: Context): RecordView {
  const { deployment } = context
  return {
    recordId: toHex0x(row.recordId),
    citation: `${chainOf(deployment)}:${toHex0x(deployment.mediaRegistry)}/${toHex0x(row.recordId)}`,
    kind: row.kind,
    title: row.manifest.title,
    contentDigest: toHex(row.contentDigest),
    manifest: row.withdrawn ? 'withdrawn' : row.manifest.state,
    withdrawal: row.withdrawn ? { at: isoTime(row.withdrawn.at), reason: row.withdrawn.reason } : null,
    manifestCid: manifestCid(row.manifestDigest),
    algorithm: ALGORITHMS[row.algorithm] ?? `unknown (${row.algorithm})`,
    perceptualHashes: row.perceptualHashes.map(toHex),
    publisher: presentPublisherBrief(row, context),
    signer: toHex0x(row.signer),
    registeredAt: isoTime(row.registeredAt),
    state: stateOf(row),
    disowned: presentDisowned(row.disowned),
    revocation: row.revoked && {
      at: isoTime(row.revoked.at),
      reason: reasonOf(row.revoked.reason),
      signer: toHex0x(row.revoked.signer),
    },
    supersession: presentSupersession(row, context),
    way: row.anchor.way,
    batch: presentBatch(row.anchor),
    anchor: presentAnchor(row.anchor, context),
    durationS: seconds(row.manifest.durationMs),
    width: row.manifest.width,
    height: row.manifest.height,
  }
}

/** A record with everything that was ever said of it. */
export function presentWholeRecord(row: RecordRow, history: RecordHistory, context: Context): WholeRecordView {
  return {
    ...presentRecord(row, context),
    anchors: history.anchors.map((anchor) => ({
      way: anchor.way,
      batch: presentBatch(anchor),
      signer: toHex0x(anchor.signer),
      registeredAt: isoTime(anchor.registeredAt),
      anchor: presentAnchor(anchor, context),
      disowned: presentDisowned(anchor.disowned),
    })),
    changes: history.changes.map(presentChange),
  }
}

function presentChange({ change, at, signer, transactionHash, disowned }: StateChangeRow) {
  return {
    change: change.kind,
    reason: change.kind === 'revoked' ? reasonOf(change.reason) : null,
    by: change.kind === 'superseded' ? toHex(change.by) : null,
    at: isoTime(at),
    signer: toHex0x(signer),
    transaction: toHex0x(transactionHash),
    disowned: presentDisowned(disowned),
  }
}

const reasonOf = (reason: number) => REASONS[reason] ?? `unknown (${reason})`

/** The word for a record, the gravest first (docs/protocol.md §5). */
export function stateOf({ disowned, revoked, superseded }: RecordRow): RecordState {
  if (disowned) return 'disowned'
  if (revoked) return 'revoked'
  return superseded ? 'superseded' : 'active'
}

/** Seconds for which a change of recovery can be put into force, once it has waited (docs/protocol.md §2.1). */
const RECOVERY_WINDOW_S = 7 * 86_400

export function presentDisowned(disowned: Disowned | null): DisownedView | null {
  if (!disowned) return null
  const { since, declaredAt, declaredBy, contested } = disowned
  return {
    since: isoTime(since),
    declaredAt: isoTime(declaredAt),
    declaredBy: declaredBy && toHex0x(declaredBy),
    contested,
  }
}

export function presentSupersession(
  { superseded, publisherId }: RecordRow,
  { deployment }: Context,
): MatchView['supersession'] {
  if (!superseded) return null
  const { at, by, signer } = superseded
  const record = recordId(deployment.chainId, deployment.mediaRegistry, publisherId, by)
  return { at: isoTime(at), by: toHex(by), record: toHex0x(record), signer: toHex0x(signer) }
}

const presentBatch = ({ batch }: AnchorRow) => batch && { root: toHex0x(batch.root), index: batch.index }

export function presentPublisherBrief(row: RecordRow, context: Context) {
  const trust = TRUST[trustOf(row.publisherId, context)]!
  return { id: row.publisherId, name: row.publisherName, domain: row.publisherDomain, trust }
}

/** A number of `TRUST`. */
export const trustOf = (publisherId: number, { trusted }: Pick<Context, 'trusted'>): number =>
  trusted.has(publisherId) ? 1 : 0

export function presentAnchor(anchor: AnchorRow, { deployment, finality }: Context) {
  return {
    chain: chainOf(deployment),
    contract: toHex0x(deployment.mediaRegistry),
    transaction: toHex0x(anchor.transactionHash),
    block: anchor.blockNumber,
    finality: finality(anchor.blockNumber),
  }
}

export function presentPublisher(row: PublisherRow, context: Pick<Context, 'trusted'>): PublisherView {
  return {
    id: row.publisherId,
    name: row.name,
    domain: row.domain,
    trust: TRUST[trustOf(row.publisherId, context)]!,
    custody: toHex0x(row.custody),
    recovery: row.recovery && toHex0x(row.recovery),
    custodyOfferedTo: row.custodyOfferedTo && toHex0x(row.custodyOfferedTo),
    recoveryOfferedTo: row.recoveryOfferedTo && toHex0x(row.recoveryOfferedTo),
    recoveryChange: row.recoveryChange && {
      to: row.recoveryChange.to && toHex0x(row.recoveryChange.to),
      notBefore: isoTime(row.recoveryChange.notBefore),
      notAfter: isoTime(row.recoveryChange.notBefore + RECOVERY_WINDOW_S),
    },
    formerCustody: row.formerCustody.map(({ account, until, disowned }) => ({
      address: toHex0x(account),
      until: isoTime(until),
      disowned: presentDisowned(disowned),
    })),
    profileUri: row.profileUri,
    gateways: row.gateways,
    createdAt: isoTime(row.createdAt),
    keys: row.keys.map((key) => ({
      address: toHex0x(key.key),
      addedAt: isoTime(key.addedAt),
      endedAt: key.endedAt === null ? null : isoTime(key.endedAt),
      disowned: presentDisowned(key.disowned),
    })),
    unlisted: presentUnlisted(row),
  }
}

function presentUnlisted({
  unlisted: { batches, records },
  name,
  publisherId,
}: PublisherRow): PublisherView['unlisted'] {
  if (batches === 0) return null
  const noun = records === 1 ? 'record' : 'records'
  return {
    batches,
    records,
    summary: `${records} ${noun} of ${name ? inSentence(name) : `publisher ${publisherId}`}, list unavailable`,
  }
}
