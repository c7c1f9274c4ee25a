/** How a picture is looked up: hashes of the whole first, local hashes where those leave something open, then comparison with the evidence. */
import type { BlockStore, RecordRow } from '../catalogue/index.ts'
import {
  type Fingerprint,
  keptEvidence,
  type Manifest,
  manifestCid,
  type Planes,
  readManifest,
} from '../fingerprint/index.ts'
import {
  type Answer,
  COMPARED,
  type Examined,
  type Found,
  type Matcher,
  NOT_LAID,
  type PictureOriginal,
  type Placement,
  type Proposed,
  SAME_AGE_S,
  type Standing,
} from '../matching/index.ts'
import { named, nearCompared, proposedCompared } from './compared.ts'
import type { Examine } from './examiners.ts'
import { type Context, trustOf } from './present.ts'
import type { Rows } from './rows.ts'
import { NOT_COMPARED } from './summary.ts'

export interface PictureLookup {
  /** @param view of the candidate; null where only a fingerprint was sent. @throws the signal's reason. */
  find(candidate: Fingerprint, view: Planes | null, options: FindOptions): Promise<Answer>
}

export interface FindOptions {
  maxDistance?: number | undefined
  /** Whose records alone are searched. */
  publisher?: number | undefined
  rows: Rows
  signal: AbortSignal
}

/** What was found of a record, and the record. */
interface Near {
  found: Found
  row: RecordRow
}

interface Parts {
  matcher: Matcher
  blocks: Pick<BlockStore, 'get'>
  examine: Examine
  trusted: Context['trusted']
}

export function createPictureLookup({ matcher, blocks, examine, trusted }: Parts): PictureLookup {
  const trust = (publisherId: number) => trustOf(publisherId, { trusted })

  async function find(candidate: Fingerprint, view: Planes | null, options: FindOptions) {
    const byHash = matcher.find(candidate, options.maxDistance)
    const near = await nearOf(byHash.kind === 'found' ? byHash.found : [], options)
    const compared = nearCompared(near, trust)
    const first = await examined(candidate, view, compared, options.signal)
    const whole = near.map((one) => ({ ...one, found: first.get(one.found.key) ?? passedOver(one.found) }))
    const found = whole.map((one) => one.found)
    // Whoever wants near hashes does not want what has none.
    if (options.maxDistance !== undefined || whole.some(settles)) return answerOf(byHash, found)
    const second = await examined(candidate, view, await proposed(candidate, whole, options), options.signal)
    return answerOf(byHash, besideEachOther([...found, ...second.values()]))
  }

  /** Those of the publisher that was asked for. */
  async function nearOf(found: Found[], { publisher, rows }: FindOptions) {
    const held = found.flatMap((one) => {
      const standing = matcher.standingOf(one.key)
      return standing && isOf(publisher, standing) ? [{ ...one, standing }] : []
    })
    const here = await rows.of(named(held, trust).map(({ standing: _, ...one }) => one))
    return here.map(({ one, row }) => ({
      found: one,
      row,
      distanceBits: one.distanceBits,
      standing: row,
      disowned: row.disowned !== null,
    }))
  }

  /** Whether nothing else can lead: a trusted publisher's record explains the candidate. A stranger's does not settle it, whatever it explains: it may
   *  be of a forgery, of which the original has other hashes. */
  function settles({ found: { explained, limits }, row }: Near): boolean {
    if (row.disowned || trust(row.publisherId) === 0) return false
    return explained >= COMPARED.explained && !limits.includes(NOT_LAID) && !limits.includes(TOO_MANY)
  }

  async function proposed(
    candidate: Fingerprint,
    whole: readonly Near[],
    { publisher, rows }: FindOptions,
  ): Promise<Near[]> {
    const known = new Set(whole.map(({ found }) => found.key))
    const until = leadsUntil(whole)
    const wanted = ({ key, standing }: Proposed) =>
      !known.has(key) && isOf(publisher, standing) && mayLead(standing, until)
    const which = { trustOf: trust, wanted, explained: until < Number.POSITIVE_INFINITY }
    const chosen = matcher.propose(candidate, (likeliest) => proposedCompared(likeliest, which)).map(unexamined)
    return (await rows.of(chosen)).map(({ one: found, row }) => ({ found, row }))
  }

  /** Seconds since 1970 from which on nobody's record leads before those that explain the candidate. */
  function leadsUntil(whole: readonly Near[]): number {
    const explaining = whole.filter(({ found, row }) => found.explained >= COMPARED.explained && !row.disowned)
    return Math.min(...explaining.map(({ row }) => row.registeredAt + SAME_AGE_S))
  }

  const mayLead = ({ publisherId, registeredAt }: Standing, until: number) =>
    trust(publisherId) > 0 || registeredAt < until

  /** Those that the candidate comes from, by key. */
  async function examined(
    candidate: Fingerprint,
    view: Planes | null,
    among: readonly Near[],
    signal: AbortSignal,
  ): Promise<Map<string, Found>> {
    if (among.length === 0) return new Map()
    const { width, height, picture } = candidate
    const originals = await Promise.all(among.map(originalOf))
    const asked = { width: width!, height: height!, local: picture!.local, evidence: picture!.evidence, view }
    const answers = new Map((await examine(asked, originals, signal)).map((one) => [one.key, one]))
    return new Map(
      among.flatMap(({ found }) => {
        const answer = answers.get(found.key)
        return answer ? [[found.key, merge(found, answer)]] : []
      }),
    )
  }

  async function originalOf({ found: { key, orientation, way }, row }: Near): Promise<PictureOriginal> {
    return { key, orientation, way, ...(await partsOf(row, blocks)) }
  }

  return { find }
}

/** What the manifest of a picture holds to compare by; nothing where it is not here, or differs from its anchor. */
export async function partsOf(
  { manifest, manifestDigest }: RecordRow,
  blocks: Pick<BlockStore, 'get'>,
): Promise<Omit<PictureOriginal, 'key' | 'orientation' | 'way'>> {
  const { width, height, state } = manifest
  const none = { width: width ?? 1, height: height ?? 1, local: null, evidence: null }
  if (state !== 'present') return none
  const read = await readManifest(manifestCid(manifestDigest), blocks.get)
  if (!read) return none
  return { ...none, local: read.local?.bytes ?? null, evidence: await evidenceOf(read, blocks) }
}

/** Public, or kept here for its publisher. */
async function evidenceOf({ evidence, keptEvidence: kept }: Manifest, blocks: Pick<BlockStore, 'get'>) {
  const block = await (evidence ? blocks.get(evidence) : kept ? blocks.get(kept) : null)
  return block && (evidence ? block : keptEvidence(block))
}

const isOf = (publisher: number | undefined, { publisherId }: Standing) =>
  publisher === undefined || publisher === publisherId

/** Where nothing was found, why nothing could be, if so. */
function answerOf(byHash: Answer, found: Found[]): Answer {
  return found.length > 0 || byHash.kind === 'found' ? { kind: 'found', found } : byHash
}

/** What lies in the picture beside another original is a part of something larger, however plain the rest may be. */
function besideEachOther(found: Found[]): Found[] {
  const beside = (one: Found) => found.some((other) => apart(one.placement, other.placement))
  return found.map((one) => (one.relation !== 'altered' && beside(one) ? { ...one, relation: 'composite' } : one))
}

function apart(one: Placement | null, other: Placement | null): boolean {
  if (!one || !other) return false
  const [a, b] = [one.candidate, other.candidate]
  const common = overlap(a.x, a.w, b.x, b.w) * overlap(a.y, a.h, b.y, b.h)
  return common < MAX_COMMON * Math.min(a.w * a.h, b.w * b.h)
}

const overlap = (a: number, length: number, b: number, other: number) =>
  Math.max(0, Math.min(a + length, b + other) - Math.max(a, b))

/** Share of the smaller one that two that lie beside each other may have in common. */
const MAX_COMMON = 0.1

/** Why a record was passed over. */
export const TOO_MANY = 'more originals are as near than are compared'

function merge(one: Found, { notCompared, findings, ...examined }: Examined): Found {
  const limits = notCompared === null ? [] : [NOT_COMPARED, notCompared]
  return { ...one, ...examined, findings: findings.map((finding) => ({ ...finding, span: null })), limits }
}

function passedOver(one: Found): Found {
  return { ...one, limits: [NOT_COMPARED, TOO_MANY] }
}

/** What nothing is known of but that it shares local hashes. */
const unexamined = ({ key, way }: Proposed): Found => ({
  key,
  way,
  relation: 'excerpt',
  distanceBits: null,
  orientation: null,
  likeness: 0,
  explained: 0,
  transforms: [],
  segments: [],
  placement: null,
  findings: [],
  limits: [],
})
