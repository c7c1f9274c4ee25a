/** Pictures and videos of each other: a still of a registered video, and a video that shows a registered picture. */
import { distanceBits } from '../bytes.ts'
import type { BlockStore, RecordRow } from '../catalogue/index.ts'
import {
  type Film,
  type Fingerprint,
  type Frame,
  manifestCid,
  type Planes,
  pictureOf,
  readManifest,
} from '../fingerprint/index.ts'
import {
  type Examined,
  evenly,
  type Found,
  MAX_DISTANCE_BITS,
  type Matcher,
  type PictureOriginal,
  type Resembling,
} from '../matching/index.ts'
import type { Examine } from './examiners.ts'
import { stillsOf } from './films.ts'
import { partsOf } from './pictures.ts'
import type { Rows } from './rows.ts'
import type { Stretches } from './stretches.ts'
import { NOT_COMPARED } from './summary.ts'

export interface StillLookup {
  /** Videos of which a picture is a still. @throws the signal's reason. */
  ofPicture(candidate: Fingerprint, view: Planes | null, options: StillOptions): Promise<Found[]>
  /** Pictures that a video shows. @throws as `ofPicture`. */
  ofFilm(candidate: Fingerprint, film: Film, options: StillOptions): Promise<Found[]>
}

export interface StillOptions {
  publisher?: number | undefined
  rows: Rows
  signal: AbortSignal
}

interface Parts {
  matcher: Matcher
  blocks: Pick<BlockStore, 'get'>
  stretches: Stretches
  examine: Examine
}

/** Records that are compared, frames of a video that are asked for, and frames around a moment that a still is compared with. */
const MOST = { records: 4, asked: 24, frames: 3 }
/** A still lies between two frames of the evidence, half a second apart. */
const WHAT_MOVES = 'between two frames of the evidence: what moves was not compared'

export function createStillLookup({ matcher, blocks, stretches, examine }: Parts): StillLookup {
  async function ofPicture(candidate: Fingerprint, view: Planes | null, options: StillOptions) {
    const { picture } = candidate
    if (!picture || !view) return []
    const { orientations, local, quality } = picture
    const frame = { hash: orientations[0]!, mirrored: orientations[4]!, local, quality }
    const chosen = await chosenOf(matcher.resembling(frame), 'video', options)
    const found: Found[] = []
    for (const { one: match, row } of chosen) {
      const originals = await framesAround(match, row, options.signal)
      const asked = { width: candidate.width!, height: candidate.height!, local, view, evidence: null }
      const still = stillOf(match.key, originals, await examine(asked, originals, options.signal))
      if (still) found.push(still)
    }
    return found
  }

  /** Each record once, by the frame that shares most. */
  function chosenOf(matches: readonly Resembling[], kind: Resembling['kind'], { publisher, rows }: StillOptions) {
    const best = new Map<string, Resembling>()
    for (const match of matches)
      if (match.kind === kind && (publisher === undefined || match.standing.publisherId === publisher))
        if (!best.has(match.key)) best.set(match.key, match)
    return rows.of([...best.values()].slice(0, MOST.records))
  }

  /** Frames of a video around a moment, as pictures; the key of each is its time. */
  async function framesAround({ originalMs, way, whole }: Resembling, row: RecordRow, signal: AbortSignal) {
    if (row.manifest.state !== 'present' || originalMs === null) return []
    const read = await readManifest(manifestCid(row.manifestDigest), blocks.get)
    const stretch = read?.stretches.find(({ startMs, endMs }) => startMs <= originalMs && originalMs < endMs)
    if (!read || !stretch) return []
    const block = (await stretches.get([stretch], row.publisherId, signal)).get(stretch.cid)
    const local = read.keys.find(({ timeMs }) => timeMs === originalMs)?.local ?? null
    const { width, height } = row.manifest
    return nearest(stillsOf(block), originalMs).map(
      ({ timeMs, evidence }): PictureOriginal => ({
        key: String(timeMs),
        width: width ?? 1,
        height: height ?? 1,
        local,
        evidence,
        orientation: whole ? (way === 'plain' ? 0 : 4) : null,
        way,
      }),
    )
  }

  async function ofFilm(candidate: Fingerprint, film: Film, options: StillOptions): Promise<Found[]> {
    const keys = evenly(
      candidate.frames.filter(({ local }) => local),
      MOST.asked,
    )
    const frameOf = new Map(keys.flatMap((frame) => matcher.resembling(frame).map((match) => [match, frame])))
    const likeliest = [...frameOf.keys()].sort((a, b) => b.share - a.share)
    const found: Found[] = []
    for (const { one: match, row } of await chosenOf(likeliest, 'image', options)) {
      const shown = await pictureShown(candidate, film, frameOf.get(match)!, match, row, options.signal)
      if (shown) found.push(shown)
    }
    return found
  }

  async function pictureShown(
    candidate: Fingerprint,
    film: Film,
    frame: Frame,
    { key, way, whole }: Resembling,
    row: RecordRow,
    signal: AbortSignal,
  ): Promise<Found | null> {
    const original = {
      key,
      orientation: whole ? (way === 'plain' ? 0 : 4) : null,
      way,
      ...(await partsOf(row, blocks)),
    }
    const asked = {
      width: candidate.width!,
      height: candidate.height!,
      local: frame.local!,
      view: pictureOf(film, frame.timeMs),
      evidence: null,
    }
    const [answer] = await examine(asked, [original], signal)
    if (!answer || answer.notCompared !== null) return null
    const seen = whileShown(candidate.frames, frame)
    const durationMs = Math.max(1, candidate.durationMs ?? seen.endMs)
    const part = Math.min(1, (seen.endMs - seen.startMs) / durationMs)
    return {
      ...foundOf(key, answer, { startMs: 0, endMs: 0 }, seen),
      relation: answer.relation !== 'altered' && part < 1 - OTHER ? 'composite' : answer.relation,
      explained: part * answer.explained,
    }
  }

  return { ofPicture, ofFilm }
}

/** Share of a video from which on what it shows beside a picture is other material. */
const OTHER = 0.2

function nearest<T extends { timeMs: number }>(frames: readonly T[], ms: number): T[] {
  return frames.toSorted((a, b) => Math.abs(a.timeMs - ms) - Math.abs(b.timeMs - ms)).slice(0, MOST.frames)
}

/** By the frame around that is nearest in looks. Half a second apart a face moves as much as a forged one differs: where it differs is not told. */
function stillOf(key: string, originals: readonly PictureOriginal[], examined: readonly Examined[]): Found | null {
  const compared = examined.filter(({ notCompared }) => notCompared === null)
  if (compared.length === 0) return null
  const best = compared.reduce((one, other) => (other.likeness > one.likeness ? other : one))
  const findings = best.findings.filter(({ kind }) => kind === 'overlay')
  const atMs = Number(originals.find((one) => one.key === best.key)!.key)
  return {
    ...foundOf(key, { ...best, findings }, { startMs: atMs, endMs: atMs }, { startMs: 0, endMs: 0 }),
    relation: best.relation === 'composite' ? 'composite' : 'excerpt',
    limits: [NOT_COMPARED, WHAT_MOVES],
  }
}

/** From the first to the last of the frames around that look like this one: a still picture in a video stays. */
function whileShown(frames: readonly Frame[], frame: Frame): { startMs: number; endMs: number } {
  const at = frames.indexOf(frame)
  const same = (i: number) => frames[i] !== undefined && near(frames[i]!, frame)
  let [first, last] = [at, at]
  while (same(first - 1)) first--
  while (same(last + 1)) last++
  const next = frames[last + 1]?.timeMs ?? frames[last]!.timeMs + 250
  return { startMs: frames[first]!.timeMs, endMs: next }
}

const near = (a: Frame, b: Frame) => distanceBits(a.hash, b.hash) <= MAX_DISTANCE_BITS

function foundOf(
  key: string,
  { notCompared: _, findings, ...examined }: Examined,
  original: { startMs: number; endMs: number },
  candidate: { startMs: number; endMs: number },
): Found {
  return {
    ...examined,
    key,
    distanceBits: null,
    orientation: null,
    way: null,
    segments: [{ candidate, original, speed: 1, placement: examined.placement }],
    findings: findings.map((finding) => ({ ...finding, span: null })),
    limits: [],
  }
}
