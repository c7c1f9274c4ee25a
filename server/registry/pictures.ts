/** How a picture is looked up: hashes of the whole first, local hashes where those leave something open, then comparison with the evidence. */
import { fromHex, toHex } from '../bytes.ts'
import type { BlockStore, Catalogue, RecordRow } from '../catalogue/index.ts'
import {
  type Fingerprint,
  keptEvidence,
  type Manifest,
  manifestCid,
  type Planes,
  readManifest,
} from '../fingerprint/index.ts'
import type { Answer, Examined, Found, Matcher, PictureOriginal, Placement, Proposed } from '../matching/index.ts'
import type { Examine } from './examiners.ts'
import { NOT_COMPARED } from './summary.ts'

/** Originals that one candidate is compared with at most: those that are nearest, and those that share most local hashes. */
const MAX_BY_HASH = 20
const MAX_PROPOSED = 8
/** Share of the candidate that is to be explained before local hashes are asked: they find what else is in it. */
const EXPLAINED = 0.9

export interface PictureLookup {
  /** @param view of the candidate; null where only a fingerprint was sent. @throws the signal's reason. */
  find(candidate: Fingerprint, view: Planes | null, options: FindOptions): Promise<Answer>
}

export interface FindOptions {
  maxDistance?: number | undefined
  signal: AbortSignal
}

interface Parts {
  matcher: Matcher
  catalogue: Pick<Catalogue, 'recordsById'>
  blocks: Pick<BlockStore, 'get'>
  examine: Examine
}

export function createPictureLookup({ matcher, catalogue, blocks, examine }: Parts): PictureLookup {
  async function find(candidate: Fingerprint, view: Planes | null, { maxDistance, signal }: FindOptions) {
    const byHash = matcher.find(candidate, maxDistance)
    const whole = byHash.kind === 'found' ? byHash.found : []
    const nearest = whole.toSorted((a, b) => a.distanceBits! - b.distanceBits!).slice(0, MAX_BY_HASH)
    const first = await examined(candidate, view, nearest, signal)
    const found = whole.map((one) => first.get(one.key) ?? notCompared(one, TOO_MANY))
    // Whoever wants near hashes does not want what has none.
    if (maxDistance !== undefined || found.some(({ explained }) => explained >= EXPLAINED)) return { ...byHash, found }
    const others = matcher.propose(candidate, MAX_PROPOSED).filter(({ key }) => !whole.some((one) => one.key === key))
    const second = await examined(candidate, view, others.map(proposed), signal)
    const all = besideEachOther([...found, ...second.values()])
    return all.length > 0 ? { kind: 'found' as const, found: all } : byHash
  }

  /** Those that the candidate comes from, by key. */
  async function examined(
    candidate: Fingerprint,
    view: Planes | null,
    among: readonly Found[],
    signal: AbortSignal,
  ): Promise<Map<string, Found>> {
    if (among.length === 0) return new Map()
    const { width, height, picture } = candidate
    const originals = await originalsOf(among)
    const asked = { width: width!, height: height!, local: picture!.local, evidence: picture!.evidence, view }
    const answers = new Map((await examine(asked, originals, signal)).map((one) => [one.key, one]))
    return new Map(among.flatMap((one) => (answers.has(one.key) ? [[one.key, merge(one, answers.get(one.key)!)]] : [])))
  }

  async function originalsOf(among: readonly Found[]): Promise<PictureOriginal[]> {
    const rows = await catalogue.recordsById(among.map(({ key }) => fromHex(key, 32)))
    const byKey = new Map(rows.map((row) => [toHex(row.recordId), row]))
    const loaded = among.map(async ({ key, orientation, way }) => {
      const row = byKey.get(key)
      return row ? { key, orientation, way, ...(await partsOf(row)) } : null
    })
    return (await Promise.all(loaded)).filter((one) => one !== null)
  }

  /** What the manifest holds to compare by; nothing where it is not here, or differs from its anchor. */
  async function partsOf({
    manifest,
    manifestDigest,
  }: RecordRow): Promise<Omit<PictureOriginal, 'key' | 'orientation' | 'way'>> {
    const { width, height, state } = manifest
    const none = { width: width ?? 1, height: height ?? 1, local: null, evidence: null }
    if (state !== 'present') return none
    const read = await readManifest(manifestCid(manifestDigest), blocks.get)
    if (!read) return none
    return { ...none, local: read.local?.bytes ?? null, evidence: await evidenceOf(read) }
  }

  /** Public, or kept here for its publisher. */
  async function evidenceOf({ evidence, keptEvidence: kept }: Manifest): Promise<Uint8Array | null> {
    const block = await (evidence ? blocks.get(evidence) : kept ? blocks.get(kept) : null)
    return block && (evidence ? block : keptEvidence(block))
  }

  return { find }
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

const TOO_MANY = 'more originals are as near than are compared'

function merge(one: Found, { notCompared, ...examined }: Examined): Found {
  const limits = notCompared === null ? [] : [NOT_COMPARED, notCompared]
  return { ...one, ...examined, limits }
}

function notCompared(one: Found, why: string): Found {
  return { ...one, limits: [NOT_COMPARED, why] }
}

/** What nothing is known of but that it shares local hashes. */
const proposed = (one: Proposed): Found => ({
  ...one,
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
