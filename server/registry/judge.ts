/** What a candidate comes from: records of its bytes, records of its likeness, and the answer that is made of them. */
import { toHex } from '../bytes.ts'
import type { Catalogue, RecordRow } from '../catalogue/index.ts'
import type { Film, Fingerprint, Kind, Planes } from '../fingerprint/index.ts'
import type { Answer as Alike, Found } from '../matching/index.ts'
import { type Answer, answer, identity, type Match } from './answer.ts'
import type { FilmLookup } from './films.ts'
import type { PictureLookup } from './pictures.ts'
import type { Context } from './present.ts'
import { createRows, type Rows } from './rows.ts'
import type { SoundLookup } from './sounds.ts'
import type { StillLookup } from './stills.ts'
import type { LookupOptions, Stage } from './views.ts'

interface Parts {
  pictures: PictureLookup
  films: FilmLookup
  stills: StillLookup
  sounds: SoundLookup
  catalogue: Catalogue
  context: Context
}

/** What the judgement of one candidate tells, and is told, while it is under way. */
export interface Course {
  signal: AbortSignal
  onStage: (stage: Stage) => void
  /** Of the stage at work, 0 to 1, where it is known. */
  onProgress: (fraction: number) => void
}

/** Pixels of a candidate; null where only its fingerprint came, or it has none. */
export interface Seen {
  view: Planes | null
  film: Film | null
}

export type Judge = (candidate: Fingerprint, seen: Seen, options: LookupOptions, course: Course) => Promise<Answer>

/** Matches of an answer. */
export const DEFAULT_LIMIT = 20
/** Records of exactly these bytes that are looked at, the oldest: anyone may register the same bytes, so there can be any number. */
const MAX_IDENTICAL = 1_000

export function createJudge({ pictures, films, stills, sounds, catalogue, context }: Parts): Judge {
  async function judge(...[candidate, seen, options, course]: Parameters<Judge>): Promise<Answer> {
    course.onStage('searching')
    const identical = await catalogue.records({
      contentDigest: candidate.contentDigest,
      ...(options.publisher !== undefined && { publisherId: options.publisher }),
      ...(options.kind !== undefined && { kind: options.kind }),
      limit: MAX_IDENTICAL,
      oldestFirst: true,
    })
    const rows = createRows(catalogue)
    const alike = await alikeTo(candidate, seen, options, { ...course, rows })
    const likenesses: Match[] = (alike.kind === 'found' ? await rows.of(alike.found) : []).map(({ one, row }) => ({
      ...one,
      row,
    }))
    const known = new Set(identical.map((row) => toHex(row.recordId)))
    const all = [...identical.map(identity), ...likenesses.filter((match) => !known.has(toHex(match.row.recordId)))]
    const reason = alike.kind === 'inconclusive' ? alike.reason : null
    return answer(
      candidate,
      all.filter((match) => wanted(match.row, options)),
      reason,
      options.limit ?? DEFAULT_LIMIT,
      context,
    )
  }

  async function alikeTo(
    candidate: Fingerprint,
    { view, film }: Seen,
    { maxDistance, publisher, kind }: LookupOptions,
    course: Course & { rows: Rows },
  ) {
    course.onStage('comparing')
    const only = { publisher, rows: course.rows, signal: course.signal }
    if (candidate.kind === 'audio') return kind === 'image' ? NOTHING : sounds.find(candidate, [], { kind, ...only })
    // A picture may be a still of a video, and a video may show a picture.
    const asks = (one: Kind) => kind === undefined || kind === one
    if (candidate.kind === 'image') {
      const alike = asks('image') ? await pictures.find(candidate, view, { maxDistance, ...only }) : NOTHING
      return asks('video') ? beside(alike, await stills.ofPicture(candidate, view, only)) : alike
    }
    const alike = asks('video') ? await films.find(candidate, film, { maxDistance, publisher, ...course }) : NOTHING
    const seen = film && asks('image') ? beside(alike, await stills.ofFilm(candidate, film, only)) : alike
    return heard(seen, await sounds.find(candidate, seen.kind === 'found' ? seen.found : [], { kind, ...only }))
  }

  return judge
}

const NOTHING: Alike = { kind: 'found', found: [] }

/** What is heard says again what was seen; where nothing could be seen and nothing was heard, that stays. */
const heard = (seen: Alike, all: Alike): Alike => (all.kind === 'found' && all.found.length > 0 ? all : seen)

function beside(alike: Alike, more: Found[]): Alike {
  if (more.length === 0) return alike
  return { kind: 'found', found: [...(alike.kind === 'found' ? alike.found : []), ...more] }
}

function wanted(row: RecordRow, { publisher, kind }: LookupOptions): boolean {
  return (publisher === undefined || row.publisherId === publisher) && (kind === undefined || row.kind === kind)
}
