/**
 * Which registered sounds a candidate may come from, and where: prints that are equal but for the candidate's least certain bits vote for
 * a record and an offset, and what the votes propose must agree over three seconds.
 *
 * After Haitsma and Kalker (ISMIR 2002), §5 and §6. Where nothing is found the candidate is asked again as if played at other tempos and pitches.
 */
import {
  type CandidateSound,
  createRetuner,
  PRINT_MIDDLE_S,
  PRINT_STEP_S,
  type SoundPrints,
} from '../fingerprint/index.ts'
import {
  type Agreement,
  agreement,
  bestShare,
  CERTAIN,
  type Heard,
  heard,
  type Line,
  range,
  UNTOLD,
} from './sound-line.ts'
import { createPostings } from './sound-postings.ts'
import { SOUND } from './thresholds.ts'

export interface SoundProposal extends Line {
  record: number
  /** Prints that met on it. */
  votes: number
  /** How many times as high the candidate is as the original. */
  pitch: number
  /** Share of bits that differ, of the best three seconds. */
  differing: number
  /** Seconds of the original that the candidate follows on it. */
  followedS: number
}

interface Kept {
  record: number
  first: number
  count: number
  startS: number
  stepS: number
}

/** Of votes for one line: a record, an offset, a tempo. */
interface Vote extends Line {
  kept: number
  votes: number
}

/** Prints that met: of which record, and when in both, seconds of their middles. */
interface Meetings {
  kept: number[]
  candidateS: number[]
  originalS: number[]
}

/** Other tempos for which a sound is made anew: between them it is the same to 5 %, and times are stretched in steps of `TEMPO_STEP`. */
const OTHER_TEMPOS = [0.91, 1.1, 0.83, 1.2]
/** Pitches, and with each the tempo of a tape that runs so fast. */
const OTHER_PITCHES = [1.0235, 0.977, 1.0476, 0.9545]
const TEMPO_STEP = 0.01
const TEMPO_REACH = 5

/** Look-ups for a candidate: of a longer one fewer prints are tried. Among 100 hours one takes a microsecond: what it meets lies anywhere in memory. */
const MOST_LOOKUPS = 200_000
/** At each other tempo and pitch: of 30 s each second print. */
const MOST_LOOKUPS_ELSE = 6_000

/** How the candidate is asked for. */
interface Question {
  tempo: number
  pitch: number
  /** Of its least certain bits, those that are tried both ways. */
  flips: number
  lookups: number
}

export class SoundIndex {
  #postings = createPostings()
  /** In the order of their places. */
  #kept: Kept[] = []
  #removed = 0

  /** @param sound of an original; one that was added under this number before is replaced. */
  add(record: number, sound: SoundPrints): void {
    this.remove(record)
    const { prints, startS, stepS } = sound
    this.#kept.push({ record, first: this.#postings.append(prints), count: prints.length, startS, stepS })
  }

  remove(record: number): void {
    const of = this.#kept.filter((one) => one.record === record)
    if (of.length === 0) return
    this.#kept = this.#kept.filter((one) => one.record !== record)
    this.#removed += of.reduce((sum, { count }) => sum + count, 0)
    if (this.#removed > this.#postings.length / 8) this.#compact()
  }

  /** Of typed arrays. */
  get bytes(): number {
    return this.#postings.bytes
  }

  #compact(): void {
    const [old, kept] = [this.#postings, this.#kept]
    this.#postings = createPostings()
    this.#removed = 0
    this.#kept = kept.map((one) => ({
      ...one,
      first: this.#postings.append(old.slice(one.first, one.first + one.count)),
    }))
  }

  /** Lines on which the candidate follows a record, of each record the longest first; no record twice as far as another is found by them. */
  propose(candidate: CandidateSound): SoundProposal[] {
    const plain = this.#ask(candidate, { tempo: 1, pitch: 1, flips: 4, lookups: MOST_LOOKUPS })
    if (isSettled(plain)) return plain.map(shown)
    const retuner = createRetuner(candidate)
    const others = [
      ...OTHER_PITCHES.map((pitch) => ({ tempo: 1, pitch })),
      ...OTHER_TEMPOS.map((tempo) => ({ tempo, pitch: 1 })),
    ]
    const answers = others.map(({ tempo, pitch }) =>
      this.#ask(retuner.at(tempo, pitch, 2), { tempo, pitch, flips: 3, lookups: MOST_LOOKUPS_ELSE }),
    )
    const best = answers.toSorted((a, b) => closest(b) - closest(a))[0]!
    return (closest(best) > SOUND.anotherTempo * closest(plain) ? best : plain).map(shown)
  }

  #ask(candidate: CandidateSound, of: Question): Believed[] {
    const met = this.#meetings(candidate, of)
    const asked = heard(candidate)
    const tempos = Array.from(
      { length: 2 * TEMPO_REACH + 1 },
      (_, i) => of.tempo * (1 + (i - TEMPO_REACH) * TEMPO_STEP),
    )
    const answers = tempos.map((tempo) =>
      this.#believed(asked, linesOf(met, tempo, tempo === 1 ? LEAST_VOTES : LEAST_VOTES_ELSE), of.pitch),
    )
    const own = answers[TEMPO_REACH]!
    const best = answers.toSorted((a, b) => closest(b) - closest(a))[0]!
    return closest(best) > SOUND.anotherTempo * closest(own) ? best : own
  }

  #meetings({ prints, weakest, startS, stepS }: CandidateSound, { flips, lookups }: Question): Meetings {
    const met: Meetings = { kept: [], candidateS: [], originalS: [] }
    const told = prints.reduce((sum, print) => sum + Number(print !== 0), 0)
    const stride = Math.ceil((2 ** flips * told) / lookups) || 1
    for (let i = 0; i < prints.length; i += stride) {
      const print = prints[i]!
      if (print === 0) continue
      const candidateS = startS + i * stepS + PRINT_MIDDLE_S
      for (let flipped = 0; flipped < 1 << flips; flipped++)
        this.#postings.visit(flip(print, weakest[i]!, flipped), (place) => this.#meet(met, place, candidateS))
    }
    return met
  }

  #meet(met: Meetings, place: number, candidateS: number): void {
    const at = this.#keptAt(place)
    if (at < 0) return
    const { first, startS, stepS } = this.#kept[at]!
    met.kept.push(at)
    met.candidateS.push(candidateS)
    met.originalS.push(startS + (place - first) * stepS + PRINT_MIDDLE_S)
  }

  /** −1 where it was removed. */
  #keptAt(place: number): number {
    let [low, high] = [0, this.#kept.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#kept[middle]!.first <= place) low = middle + 1
      else high = middle
    }
    const one = this.#kept[low - 1]
    return one && place < one.first + one.count ? low - 1 : -1
  }

  /** Lines on which prints agree, not only meet. */
  #believed(asked: Heard, votes: readonly Vote[], pitch: number): Believed[] {
    const found: Believed[] = []
    for (const { kept, votes: count, ...line } of votes) {
      const { record, first, count: prints, ...of } = this.#kept[kept]!
      const { first: from, end } = range(asked, of, prints, line)
      const original = { ...of, prints: this.#postings.slice(first + from, first + end), levels: NO_LEVELS }
      const agreed = agreement(asked, original, line, from)
      if (!isBelieved(agreed)) continue
      const differing = bestShare(agreed, SOUND.window)
      const seconds = secondsOn(agreed, of, line)
      found.push({ record, ...line, votes: count, pitch, differing, followedS: seconds.length * BLOCK_S, seconds })
    }
    return found.sort((a, b) => b.followedS - a.followedS)
  }
}

/** Whether so much agrees for so long that it is a copy. */
export function isBelieved(agreed: Agreement): boolean {
  return SOUND.believed.some(({ prints, differing }) => bestShare(agreed, prints) <= differing)
}

const NO_LEVELS = new Uint8Array(0)

/** Whether it is found so well that no other tempo or pitch need be tried. */
const isSettled = ([first]: readonly Believed[]) =>
  first !== undefined && first.differing <= SOUND.settled && Math.abs(first.tempo - 1) <= SOUND.settledTempo

const shown = ({ seconds: _, ...proposal }: Believed): SoundProposal => proposal

/** A proposal with the seconds of the candidate that follow on it. */
interface Believed extends SoundProposal {
  seconds: number[]
}

/** Seconds of the candidate in which a record is followed on any of its lines, of that which is followed longest: a cut is two lines at one tempo, and looks like one at
 * another. */
function longest(believed: readonly Believed[]): number {
  const followed = new Map<number, Set<number>>()
  for (const { record, seconds } of believed) {
    const of = followed.get(record) ?? new Set()
    for (const second of seconds) of.add(second)
    followed.set(record, of)
  }
  return Math.max(0, ...followed.values().map(({ size }) => size))
}

/** The same, counted by how well prints agree. */
const closest = (believed: readonly Believed[]) =>
  longest(believed) * (1 - 2 * Math.min(1, ...believed.map(({ differing }) => differing)))

function flip(print: number, weakest: number, flipped: number): number {
  let out = print
  for (let n = 0; flipped >>> n; n++) if ((flipped >>> n) & 1) out ^= 1 << ((weakest >>> (5 * n)) & 31)
  return out >>> 0
}

/** Half seconds of the candidate in which prints agree. */
function secondsOn(
  { first, wrong }: Agreement,
  { startS, stepS }: Pick<SoundPrints, 'startS' | 'stepS'>,
  line: Line,
): number[] {
  const seconds: number[] = []
  for (let i = 0; i < wrong.length; i += BLOCK) {
    let [bits, told] = [0, 0]
    for (const one of wrong.subarray(i, i + BLOCK)) if (one !== UNTOLD) [bits, told] = [bits + one, told + 1]
    if (told < BLOCK / 2 || bits > SOUND.differing * CERTAIN * told) continue
    seconds.push(Math.round((startS + (first + i) * stepS - line.offsetS) / line.tempo / BLOCK_S))
  }
  return seconds
}

/** Prints of half a second. */
const BLOCK = 11
const BLOCK_S = BLOCK * PRINT_STEP_S

/** Seconds: width of a vote. */
const BIN_S = PRINT_STEP_S
/** Lines that are looked at closely, and of one record. */
const MOST_LINES = 64
const MOST_OF_ONE = 8
/** Seconds between lines of one record. */
const APART_S = 0.15
const BINS = 2 ** 23
/** Votes for a line to be looked at; of copies a hundred do, and of many tempos and offsets some have two by accident. */
const [LEAST_VOTES, LEAST_VOTES_ELSE] = [2, 4]

/** Lines for which so many prints vote, those with most votes first, and what was registered earlier before what has as many. */
function linesOf({ kept, candidateS, originalS }: Meetings, tempo: number, leastVotes: number): Vote[] {
  const bins = new Map<number, number>()
  for (let i = 0; i < kept.length; i++) {
    const key = kept[i]! * BINS + BINS / 2 + Math.round((originalS[i]! - tempo * candidateS[i]!) / BIN_S)
    bins.set(key, (bins.get(key) ?? 0) + 1)
  }
  const votes = bins
    .entries()
    .map(([key, own]) => {
      const [before, after] = [bins.get(key - 1) ?? 0, bins.get(key + 1) ?? 0]
      const offset = (key % BINS) - BINS / 2 + (after - before) / (before + own + after)
      return { kept: Math.floor(key / BINS), votes: before + own + after, offsetS: offset * BIN_S, tempo }
    })
    .filter(({ votes }) => votes >= leastVotes)
    .toArray()
    .sort((a, b) => b.votes - a.votes || a.kept - b.kept || a.offsetS - b.offsetS)
  return apart(votes)
}

function apart(votes: readonly Vote[]): Vote[] {
  const taken: Vote[] = []
  for (const vote of votes) {
    const own = taken.filter(({ kept }) => kept === vote.kept)
    if (own.length >= MOST_OF_ONE || own.some(({ offsetS }) => Math.abs(offsetS - vote.offsetS) < APART_S)) continue
    taken.push(vote)
    if (taken.length === MOST_LINES) break
  }
  return taken
}
