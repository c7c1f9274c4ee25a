/** Rows of the catalogue as the JSON that leaves the registry. Pure. */
import { toHex, toHex0x } from '../bytes.ts'
import type { PublisherRow, RecordRow } from '../catalogue/index.ts'
import type { Deployment } from '../chain/index.ts'
import { manifestCid } from '../fingerprint/index.ts'
import type { PublisherView, RecordView } from './views.ts'

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
    manifest: row.manifest.state,
    manifestCid: manifestCid(row.manifestDigest),
    algorithm: ALGORITHMS[row.algorithm] ?? `unknown (${row.algorithm})`,
    perceptualHashes: row.perceptualHashes.map(toHex),
    publisher: presentPublisherBrief(row),
    signer: toHex0x(row.signer),
    registeredAt: isoTime(row.registeredAt),
    state: row.revoked ? 'revoked' : 'active',
    revocation: row.revoked && {
      at: isoTime(row.revoked.at),
      reason: REASONS[row.revoked.reason] ?? `unknown (${row.revoked.reason})`,
      signer: toHex0x(row.revoked.signer),
    },
    anchor: presentAnchor(row, context),
    durationS: seconds(row.manifest.durationMs),
    width: row.manifest.width,
    height: row.manifest.height,
  }
}

export function presentPublisherBrief(row: RecordRow) {
  return { id: row.publisherId, name: row.publisherName, domain: row.publisherDomain, trust: 'unverified' as const }
}

export function presentAnchor({ anchor }: RecordRow, { deployment, finality }: Context) {
  return {
    chain: chainOf(deployment),
    contract: toHex0x(deployment.mediaRegistry),
    transaction: toHex0x(anchor.transactionHash),
    block: anchor.blockNumber,
    finality: finality(anchor.blockNumber),
  }
}

export function presentPublisher(row: PublisherRow): PublisherView {
  return {
    id: row.publisherId,
    name: row.name,
    domain: row.domain,
    trust: 'unverified',
    custody: toHex0x(row.custody),
    profileUri: row.profileUri,
    createdAt: isoTime(row.createdAt),
    keys: row.keys.map((key) => ({
      address: toHex0x(key.key),
      addedAt: isoTime(key.addedAt),
      endedAt: key.endedAt === null ? null : isoTime(key.endedAt),
    })),
  }
}
