/** What the search holds, proposes and finds. */
import type { Kind, SoundPrints } from '../fingerprint/index.ts'
import type { PictureFinding } from './compare.ts'
import type { FilmFinding } from './film.ts'
import type { FrameVote } from './film-layouts.ts'
import type { Way } from './fit.ts'
import type { Region } from './geometry.ts'
import type { Placement } from './placement.ts'
import type { SoundFinding } from './sound.ts'
import type { SoundProposal } from './sound-index.ts'
import type { Relation } from './verdict.ts'

/** Who claims an original, and since when. Nothing is found by it: it settles which of too many are compared. */
export interface Standing {
  publisherId: number
  /** Seconds since 1970. */
  registeredAt: number
  /** Place in the order of the chain. */
  sequence: number
}

/** A registered original as the search sees it. */
export interface Original {
  /** Names the record; the answer says it again. */
  key: string
  kind: Kind
  standing: Standing
  /** Hashes with enough detail. `timeMs` is null where only anchored words are known: then no place can be told. */
  frames: { timeMs: number | null; hash: Uint8Array }[]
  /** Of a picture whose manifest is here: its local hashes, `local1`. Taken in by `add`, and not kept. */
  local?: Uint8Array | null
  /** Of a video whose manifest is here: local hashes of frames that show something new, in order of time. Taken in by `add`, and not kept. */
  keys?: { timeMs: number; local: Uint8Array }[] | null
  /** Names `local` or `keys` for ever: what is added again with the same one is not filed anew. */
  localCid?: string | null
  /** Prints of what is heard, where its manifest is here and has any. Taken in by `add`, and not kept. */
  sound?: SoundPrints | null
  /** Names `sound` for ever, likewise. */
  soundCid?: string | null
}

export interface Segment {
  candidate: { startMs: number; endMs: number }
  original: { startMs: number; endMs: number }
  /** Seconds of the original that pass in one of the candidate. */
  speed: number
  /** Null where the picture was not laid over its original. */
  placement: Placement | null
}

/** One difference from an original. */
export interface Finding {
  /** What is seen if left out. */
  channel?: 'video' | 'audio'
  kind: PictureFinding['kind'] | FilmFinding['kind'] | SoundFinding['kind']
  /** Milliseconds of a video; null for a picture. */
  span: { startMs: number; endMs: number } | null
  /** In the candidate's frame; null where it is no matter of place. */
  region: Region | null
  score: number
  /** Seconds by which the sound comes after the picture. Only of what is shifted. */
  offsetS?: number
}

/** An original that the candidate comes from, by likeness. */
export interface Found {
  key: string
  relation: Exclude<Relation, 'identical'>
  /** Nearest pair, or the mean along the stretches of a video; bits. Null where no pair of PDQ hashes matched. */
  distanceBits: number | null
  /** Whether it shows the original as it is or mirrored, where that is known. */
  way: Way | null
  /** Of the detail that both show, how much agrees, 0 to 1, where that is known. */
  likeness: number
  /** Of a picture that matched by its hashes as a whole: what was done to it, a number of `ORIENTATIONS`. */
  orientation: number | null
  /** Share of the candidate that is explained, 0 to 1. */
  explained: number
  transforms: string[]
  segments: Segment[]
  /** Of a picture that was compared. */
  placement: Placement | null
  findings: Finding[]
  limits: string[]
  /** What is to be heard of the original, where that was read. */
  heard?: SoundPrints | null
}

export type Answer = { kind: 'found'; found: Found[] } | { kind: 'inconclusive'; reason: string }

/** A video that frames of the candidate resemble. */
export interface ProposedFilm {
  key: string
  standing: Standing
  /** Where its frames and the candidate's resemble each other; by time of the candidate. */
  votes: FrameVote[]
  /** Of the candidate's frames that were asked for, the part that votes for it. */
  share: number
}

/** A sound, or a video, of which a candidate's sound is heard. */
export interface ProposedSound {
  key: string
  kind: Kind
  standing: Standing
  /** Lines of time on which it follows, the longest first. */
  proposals: SoundProposal[]
  /** Seconds that it follows on the longest. */
  share: number
}

/** A picture, or a frame of a video, that one picture resembles. */
export interface Resembling extends Omit<FrameVote, 'candidateMs' | 'originalMs'> {
  key: string
  kind: Kind
  standing: Standing
  /** Null for a picture. */
  originalMs: number | null
}

export interface Proposed {
  key: string
  way: Way
  standing: Standing
  /** How much of what the candidate shares with any picture it shares with this one, 0 to 1. */
  share: number
}

/** Chooses among pictures, the likeliest first. It is asked for those that are shown as they are, for mirrored ones, and for what it chose of both. */
export type Choose = <T extends Proposed>(likeliestFirst: Iterable<T>) => T[]
