/** How a video is looked up: frames propose videos, whole or by local hashes; each is compared by the stretches of its evidence that the candidate may show. */
import type { BlockStore, RecordRow } from '../catalogue/index.ts'
import { RegistryError } from '../errors.ts'
import {
  type Film,
  type Fingerprint,
  type Manifest,
  manifestCid,
  readManifest,
  readStretch,
  type Still,
} from '../fingerprint/index.ts'
import {
  type Answer,
  type ExaminedFilm,
  type FilmOriginal,
  type Found,
  type FrameVote,
  isThinned,
  type Matcher,
  type ProposedFilm,
  spokenForByAny,
  toldFromMs,
} from '../matching/index.ts'
import { filmsCompared } from './compared.ts'
import type { ExamineFilm } from './examiners.ts'
import { type Context, trustOf } from './present.ts'
import type { Rows } from './rows.ts'
import type { Stretches } from './stretches.ts'
import { NOT_COMPARED } from './summary.ts'

export interface FilmLookup {
  /** @param film of the candidate; null where only a fingerprint was sent: then nothing is compared.
   * @throws the signal's reason; RegistryError `server.internal` if a comparison broke down and nothing else was found. */
  find(candidate: Fingerprint, film: Film | null, options: FilmOptions): Promise<Answer>
}

export interface FilmOptions {
  maxDistance?: number | undefined
  /** Whose records alone are searched. */
  publisher?: number | undefined
  rows: Rows
  signal: AbortSignal
  onProgress: (fraction: number) => void
}

interface Parts {
  matcher: Matcher
  blocks: Pick<BlockStore, 'get'>
  stretches: Stretches
  examineFilm: ExamineFilm
  trusted: Context['trusted']
}

const NO_EVIDENCE = 'no evidence of the original is published'
/** Whoever registers chooses what is compared: one film that is too much for it must not hide the others. */
const BROKEN = 'the comparison broke down'
const NO_FILM = 'the fingerprint has no pictures to compare by'

export function createFilmLookup(parts: Parts): FilmLookup {
  const { matcher, blocks, stretches, examineFilm, trusted } = parts
  const trust = (publisherId: number) => trustOf(publisherId, { trusted })

  async function find(candidate: Fingerprint, film: Film | null, options: FilmOptions): Promise<Answer> {
    const byHash = matcher.find(candidate, options.maxDistance)
    if (!film) return withLimit(byHash, NO_FILM)
    const chosen = await chosenOf(candidate, options)
    const found = new Map<string, Found | null>()
    const broken = new Map<string, RegistryError>()
    for (const [i, { one: proposed, row }] of chosen.entries()) {
      // Of the first nothing is known yet.
      if (i > 0) options.onProgress(i / chosen.length)
      const original = await originalOf(candidate, proposed, row, options.signal)
      if (!original) continue
      const answer = await examined(candidate, film, original, options.signal)
      if (answer instanceof RegistryError) broken.set(proposed.key, answer)
      else found.set(proposed.key, answer && foundOf(answer, film))
    }
    const alike = byHash.kind === 'found' ? byHash.found.filter(({ key }) => !found.has(key)) : []
    const uncompared = alike.map((one) => limited(one, broken.has(one.key) ? BROKEN : NO_EVIDENCE))
    const all = [...found.values().filter((one) => one !== null), ...uncompared]
    for (const failure of broken.values()) if (all.length === 0) throw failure
    return all.length > 0 || byHash.kind === 'found' ? { kind: 'found', found: all } : byHash
  }

  async function examined(candidate: Fingerprint, film: Film, original: FilmOriginal, signal: AbortSignal) {
    try {
      const [answer] = await examineFilm(candidateOf(candidate, film, original.votes), [original], signal)
      return answer ?? null
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof RegistryError) return error
      throw error
    }
  }

  /** What is compared, with its record. */
  function chosenOf({ frames }: Fingerprint, { publisher, rows }: FilmOptions) {
    const proposed = matcher
      .proposeFilms(frames)
      .filter(({ standing }) => publisher === undefined || publisher === standing.publisherId)
    return rows.of(filmsCompared(proposed, trust))
  }

  /** Null where there is nothing to compare by. */
  async function originalOf(
    { durationMs }: Fingerprint,
    { key, votes }: ProposedFilm,
    row: RecordRow,
    signal: AbortSignal,
  ): Promise<FilmOriginal | null> {
    if (row.manifest.state !== 'present') return null
    const read = await readManifest(manifestCid(row.manifestDigest), blocks.get)
    if (!read || read.stretches.length === 0) return null
    const wanted = spokenForByAny(read.stretches, votes, durationMs ?? 0)
    const here = await stretches.get(wanted, row.publisherId, signal)
    const frames = spaced(wanted.flatMap(({ cid }) => stillsOf(here.get(cid))))
    if (frames.length === 0) return null
    return { key, durationMs: lengthOf(read), bars: read.bars, frames, keys: keysOf(read, votes), votes }
  }

  return { find }
}

const lengthOf = ({ extent, stretches }: Manifest) => extent.durationMs ?? stretches.at(-1)!.endMs

/** Those that votes speak of. */
function keysOf({ keys }: Manifest, votes: readonly FrameVote[]) {
  const asked = new Set(votes.filter(({ whole }) => !whole).map(({ originalMs }) => originalMs))
  return keys.filter(({ timeMs }) => asked.has(timeMs))
}

/** Written by anybody: what is no evidence is as good as missing. */
export function stillsOf(block: Uint8Array | undefined): Still[] {
  try {
    return block ? readStretch(block) : []
  } catch {
    return []
  }
}

/** Milliseconds between moments that are compared; they are registered 500 apart, and somebody may have written three times as many. */
const LEAST_SPACE_MS = 400

/** In order of time, none too near to the one before. */
function spaced(stills: readonly Still[]): Still[] {
  let last = Number.NEGATIVE_INFINITY
  return stills.filter(({ timeMs }) => {
    const isApart = timeMs - last >= LEAST_SPACE_MS
    if (isApart) last = timeMs
    return isApart
  })
}

/** With the local hashes that votes speak of. */
function candidateOf({ durationMs, frames, bars }: Fingerprint, film: Film, votes: readonly FrameVote[]) {
  const asked = new Set(votes.filter(({ whole }) => !whole).map(({ candidateMs }) => candidateMs))
  return {
    bars: bars ?? null,
    durationMs: durationMs ?? film.timesMs.at(-1)!,
    film,
    frames: frames.flatMap(({ timeMs, local }) => (local && asked.has(timeMs) ? [{ timeMs, local }] : [])),
  }
}

const foundOf = (examined: ExaminedFilm, film: Film): Found => ({
  ...examined,
  distanceBits: null,
  orientation: null,
  way: null,
  placement: null,
  limits: isThinned(film) ? [longLimit(film)] : [],
})

function longLimit(film: Film): string {
  const seconds = Math.ceil(toldFromMs(film, film.timesMs.at(-1)!) / 1_000)
  return `a long video: what differs for less than ${seconds} s may be missed`
}

const limited = (found: Found, why: string): Found => ({ ...found, limits: [NOT_COMPARED, why, ...found.limits] })

const withLimit = (answer: Answer, why: string): Answer =>
  answer.kind === 'found' ? { ...answer, found: answer.found.map((one) => limited(one, why)) } : answer
