/** Registered originals in memory, and which of them a candidate comes from. Deterministic; knows no chain and no database. */
import { equalBytes } from '../bytes.ts'
import {
  type CandidateSound,
  decodeLocal,
  type Fingerprint,
  type Frame,
  type Kind,
  type LocalFeatures,
  ORIENTATIONS,
  type SoundPrints,
} from '../fingerprint/index.ts'
import { type AlignedStretch, align, createTally, type TimedHash } from './align.ts'
import type { PictureFinding } from './compare.ts'
import type { FilmFinding } from './film.ts'
import { evenly, type FrameVote } from './film-layouts.ts'
import type { Way } from './fit.ts'
import type { Region } from './geometry.ts'
import { createHammingIndex } from './hamming.ts'
import { createLocalIndex, type Election, type Voted } from './local-index.ts'
import type { Placement } from './placement.ts'
import type { SoundFinding } from './sound.ts'
import { SoundIndex, type SoundProposal } from './sound-index.ts'
import {
  MAX_DISTANCE_BITS,
  MAX_TIME_ERROR_MS,
  MIN_EXPLAINED,
  MIN_QUALITY,
  MIN_SEGMENT_FRAMES,
  SAMPLE_MS,
  WHOLE,
} from './thresholds.ts'
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

export interface Matcher {
  /** Adds an original, or replaces the one of this key. */
  add(original: Original): void
  remove(key: string): void
  /** By hashes of whole pictures and frames.
   * @param maxDistanceBits at most `MAX_DISTANCE_BITS`. */
  find(candidate: Fingerprint, maxDistanceBits?: number): Answer
  /** Pictures that share local hashes with the candidate, as it is or mirrored, those that are chosen. It settles what is worth comparing. */
  propose(candidate: Fingerprint, choose: Choose): Proposed[]
  /** Videos that frames of the candidate resemble as a whole or in part, those that most frames speak for first. It settles what is worth comparing. */
  proposeFilms(frames: readonly Frame[]): ProposedFilm[]
  /** Records of which a sound is heard, what it follows longest first. It settles what is worth comparing. */
  proposeSounds(sound: CandidateSound): ProposedSound[]
  /** Pictures and frames of videos that a single picture, or frame, resembles as a whole or in part; what shares most first. */
  resembling(picture: Pick<Frame, 'hash' | 'mirrored' | 'local' | 'quality'>): Resembling[]
  /** Null for a key that is not held. */
  standingOf(key: string): Standing | null
  /** @returns with `blocks`, how many blocks of numbers were ever needed at a time. */
  size(): { originals: number; hashes: number; blocks: number; soundBytes: number }
  /** All that are held, in no particular order: to be saved, or compared. They are not to be changed. */
  originals(): Iterable<Original>
}

/** Frames of a candidate that vote: a still scene of two hours resembles itself 10⁸ times otherwise. All are checked afterwards. */
const MAX_VOTERS = 600
/** Resemblances after which no more frames vote, and frames that vote all the same: a still scene must not hold up the server (10⁶ cost
 *  0.3 s, node 24). */
const MAX_VOTES = 1_000_000
const MIN_VOTERS = 30

/** Frames of a candidate video whose hashes are looked up, and of these with local hashes; and key frames that each of those proposes: of videos of
 * one series there may be many as near. */
const MAX_FILM_VOTERS = 400
const MAX_KEY_VOTERS = 40
const NEAREST_KEYS = 12
/** Frames alike that one frame proposes: a still scene of an hour is one picture. */
const MAX_HITS = 400

export const NO_PLACE = 'its place in the original is not known: manifest unavailable'

/** Numbers of frames are given to originals in blocks of 64. */
const BLOCK_BITS = 6
const BLOCK = 1 << BLOCK_BITS

/** Values of key frames of videos in the index of local hashes begin here: those of pictures are numbers of their blocks. */
const FIRST_KEY = 2 ** 31

interface KeyFrame {
  owner: Stored
  timeMs: number
}

interface Stored {
  original: Omit<Original, 'local' | 'keys' | 'sound'>
  /** Of the numbers of its frames, in their order; at least one. The first is its value in the index of local hashes. */
  blocks: number[]
  /** Of its key frames in the index of local hashes. */
  keys: number[]
  /** The name of its local hashes; null where it has none, undefined where nothing names them. */
  named: string | null | undefined
}

export function createMatcher(): Matcher {
  const index = createHammingIndex()
  const local = createLocalIndex()
  const sounds = new SoundIndex()
  const stored = new Map<string, Stored>()
  /** By block of numbers: whose it is, and of which frame its first number is. */
  const owners: (Stored | undefined)[] = []
  const firstFrames: number[] = []
  /** Blocks that nobody has, those that were left first at the front. */
  const left: number[] = []
  const keyFrames: (KeyFrame | undefined)[] = []
  const leftKeys: number[] = []
  /** A picture is looked for among pictures, then among videos: what it votes for is the same. */
  let last: { local: Uint8Array; election: Election } | null = null

  function add(original: Original): void {
    const { local: features, keys, sound, ...kept } = original
    const named = nameOf(original)
    const held = stored.get(original.key)
    // Mostly it was anchored again, and is the same.
    if (held && named !== undefined && held.named === named && isFiledAlike(held.original, kept)) {
      held.original = kept
      return
    }
    remove(original.key)
    last = null
    const decoded = features ? decodeLocal(features) : null
    const decodedKeys = (keys ?? []).map(({ timeMs, local }) => ({ timeMs, features: decodeLocal(local) }))
    const entry: Stored = { original: kept, blocks: [], keys: [], named }
    for (let frame = 0; frame === 0 || frame < kept.frames.length; frame += BLOCK)
      entry.blocks.push(newBlock(entry, frame))
    stored.set(original.key, entry)
    if (decoded) local.add(decoded, entry.blocks[0]!)
    for (const { timeMs, features } of decodedKeys) addKey(entry, timeMs, features)
    if (sound) sounds.add(entry.blocks[0]!, sound)
    for (const [i, { hash }] of kept.frames.entries()) index.add(hash, numberOf(entry, i))
  }

  function addKey(entry: Stored, timeMs: number, features: LocalFeatures): void {
    const value = leftKeys.pop() ?? FIRST_KEY + keyFrames.length
    keyFrames[value - FIRST_KEY] = { owner: entry, timeMs }
    entry.keys.push(value)
    local.add(features, value)
  }

  function newBlock(owner: Stored, firstFrame: number): number {
    const block = left.length > 0 && isGone(left[0]!) ? left.shift()! : owners.length
    owners[block] = owner
    firstFrames[block] = firstFrame
    return block
  }

  const isGone = (block: number) => Array.from({ length: BLOCK }).every((_, i) => index.isGone(block * BLOCK + i))

  const numberOf = ({ blocks }: Stored, frame: number) => blocks[frame >>> BLOCK_BITS]! * BLOCK + (frame % BLOCK)
  const ownerOf = (number: number) => owners[number >>> BLOCK_BITS]!
  const frameOf = (number: number) => firstFrames[number >>> BLOCK_BITS]! + (number % BLOCK)

  function remove(key: string): void {
    const entry = stored.get(key)
    if (!entry) return
    stored.delete(key)
    last = null
    local.remove(entry.blocks[0]!)
    sounds.remove(entry.blocks[0]!)
    for (const value of entry.keys) {
      local.remove(value)
      keyFrames[value - FIRST_KEY] = undefined
      leftKeys.push(value)
    }
    for (let i = 0; i < entry.original.frames.length; i++) index.remove(numberOf(entry, i))
    for (const block of entry.blocks) {
      owners[block] = undefined
      left.push(block)
    }
  }

  function find(candidate: Fingerprint, maxDistanceBits = MAX_DISTANCE_BITS): Answer {
    return candidate.picture ? findPicture(candidate.picture, maxDistanceBits) : findVideo(candidate, maxDistanceBits)
  }

  function findPicture(picture: NonNullable<Fingerprint['picture']>, maxDistanceBits: number): Answer {
    if (picture.quality < MIN_QUALITY)
      return {
        kind: 'inconclusive',
        reason: `too featureless to compare: quality ${picture.quality} of 100, ${MIN_QUALITY} needed`,
      }
    const best = new Map<Stored, { distance: number; turn: number }>()
    for (const [turn, hash] of [...picture.orientations.entries(), ...picture.reduced.entries()])
      index.visit(hash, maxDistanceBits, (entry, distance) => {
        const owner = ownerOf(entry)
        if (owner.original.kind === 'image' && distance < (best.get(owner)?.distance ?? 256))
          best.set(owner, { distance, turn })
      })
    return { kind: 'found', found: [...best].map(([owner, { distance, turn }]) => pictureFound(owner, distance, turn)) }
  }

  function findVideo(candidate: Fingerprint, maxDistanceBits: number): Answer {
    const frames = candidate.frames.filter((frame) => frame.quality >= MIN_QUALITY)
    if (frames.length < MIN_SEGMENT_FRAMES)
      return {
        kind: 'inconclusive',
        reason: `too short or too featureless: ${frames.length} of its frames can be compared, ${MIN_SEGMENT_FRAMES} are needed`,
      }
    const { votes, voters } = tally(frames, maxDistanceBits)
    const found = [...votes]
      .map(([owner, own]) =>
        own.timed
          ? alignedFound(owner, frames, candidate.durationMs ?? 0, own.offsets(), maxDistanceBits)
          : untimedFound(owner, own, voters),
      )
      .filter((match) => match !== null)
    return { kind: 'found', found }
  }

  /** Which originals the frames vote for, those left out that too few frames name to ever be accepted. */
  function tally(
    frames: readonly TimedHash[],
    maxDistanceBits: number,
  ): { votes: Map<Stored, OriginalVotes>; voters: number } {
    const votes = new Map<Stored, OriginalVotes>()
    let [hits, voters] = [0, 0]
    for (const frame of spread(evenly(frames, MAX_VOTERS))) {
      if (hits > MAX_VOTES && voters >= MIN_VOTERS) break
      voters++
      index.visit(frame.hash, maxDistanceBits, (entry, distance) => {
        const owner = ownerOf(entry)
        hits++
        if (owner.original.kind !== 'video') return
        const own = votes.get(owner) ?? originalVotes()
        votes.set(owner, own)
        own.add(frame.timeMs, owner.original.frames[frameOf(entry)]!.timeMs, distance)
      })
    }
    for (const [owner, own] of votes) if (own.frames() < MIN_EXPLAINED * voters) votes.delete(owner)
    return { votes, voters }
  }

  function propose({ picture }: Fingerprint, choose: Choose): Proposed[] {
    if (!picture?.local) return []
    const chosen = electionOf(picture.local)((largestFirst) =>
      choose(proposals(largestFirst)).map(({ voted }) => voted),
    )
    return proposals(chosen)
      .map(({ voted: _, ...proposed }) => proposed)
      .toArray()
  }

  function electionOf(bytes: Uint8Array): Election {
    if (last?.local !== bytes) last = { local: bytes, election: local.elect(decodeLocal(bytes, 'candidate')) }
    return last.election
  }

  function* proposals(largestFirst: Iterable<Voted>) {
    for (const voted of largestFirst) {
      if (voted.value >= FIRST_KEY) continue
      const { key, standing } = owners[voted.value]!.original
      yield { key, standing, way: voted.way, share: voted.share, voted }
    }
  }

  function proposeFilms(frames: readonly Frame[]): ProposedFilm[] {
    const votes = new Map<Stored, FrameVote[]>()
    const asked = frames.filter(({ quality }) => quality >= MIN_QUALITY)
    const put = (owner: Stored, vote: FrameVote) => {
      const own = votes.get(owner)
      if (own) own.push(vote)
      else votes.set(owner, [vote])
    }
    for (const frame of evenly(asked, MAX_FILM_VOTERS)) voteWhole(frame, put)
    for (const frame of evenly(
      asked.filter(({ local }) => local),
      MAX_KEY_VOTERS,
    ))
      voteLocal(frame, put)
    return [...votes]
      .map(
        ([
          {
            original: { key, standing },
          },
          own,
        ]) => ({
          key,
          standing,
          votes: own.sort((a, b) => a.candidateMs - b.candidateMs),
          share: shareOf(own),
        }),
      )
      .sort((a, b) => b.share - a.share || a.standing.sequence - b.standing.sequence)
  }

  type Asked = Pick<Frame, 'hash' | 'mirrored' | 'local' | 'quality'>
  type Told = Omit<Resembling, 'key' | 'kind' | 'standing'>

  function voteWhole({ timeMs, ...frame }: Frame, put: (owner: Stored, vote: FrameVote) => void): void {
    visitWhole(frame, (owner, { originalMs, ...told }) => {
      if (owner.original.kind === 'video' && originalMs !== null)
        put(owner, { candidateMs: timeMs, originalMs, ...told })
    })
  }

  function visitWhole({ hash, mirrored }: Asked, tell: (owner: Stored, told: Told) => void): void {
    let hits = 0
    for (const [way, one] of [
      ['plain', hash],
      ['mirrored', mirrored],
    ] as const)
      if (one)
        index.visit(one, MAX_DISTANCE_BITS, (entry) => {
          if (hits++ > MAX_HITS) return
          const owner = ownerOf(entry)
          const originalMs = owner.original.frames[frameOf(entry)]!.timeMs
          tell(owner, { originalMs, way, whole: true, share: 1 })
        })
  }

  function voteLocal({ timeMs, ...frame }: Frame, put: (owner: Stored, vote: FrameVote) => void): void {
    visitLocal(frame, (owner, { originalMs, ...told }) => {
      if (originalMs !== null) put(owner, { candidateMs: timeMs, originalMs, ...told })
    })
  }

  function visitLocal({ local: bytes }: Asked, tell: (owner: Stored, told: Told) => void): void {
    if (!bytes) return
    const nearest = electionOf(bytes)((largestFirst) => Iterator.from(largestFirst).take(NEAREST_KEYS).toArray())
    for (const { value, way, share } of nearest) {
      const key = value >= FIRST_KEY ? keyFrames[value - FIRST_KEY] : undefined
      const owner = key?.owner ?? owners[value]
      if (owner) tell(owner, { originalMs: key?.timeMs ?? null, way, whole: false, share })
    }
  }

  function proposeSounds(sound: CandidateSound): ProposedSound[] {
    const lines = Map.groupBy(sounds.propose(sound), ({ record }) => record)
    return [...lines]
      .map(([block, proposals]) => {
        const { key, kind, standing } = owners[block]!.original
        return { key, kind, standing, proposals, share: proposals[0]!.followedS }
      })
      .sort((a, b) => b.share - a.share || a.standing.sequence - b.standing.sequence)
  }

  function resembling(picture: Asked): Resembling[] {
    const found: Resembling[] = []
    const tell = ({ original: { key, kind, standing } }: Stored, told: Told) =>
      found.push({ key, kind, standing, ...told })
    if (picture.quality >= MIN_QUALITY) visitWhole(picture, tell)
    visitLocal(picture, tell)
    return found.sort((a, b) => b.share - a.share || a.standing.sequence - b.standing.sequence)
  }

  return {
    add,
    remove,
    find,
    propose,
    proposeFilms,
    proposeSounds,
    resembling,
    standingOf: (key) => stored.get(key)?.original.standing ?? null,
    size: () => ({ originals: stored.size, hashes: index.size(), blocks: owners.length, soundBytes: sounds.bytes }),
    originals: () => stored.values().map(({ original }) => original),
  }
}

function nameOf({ local, keys, localCid, sound, soundCid }: Original): string | null | undefined {
  const names = [...(local || keys?.length ? [localCid] : []), ...(sound ? [soundCid] : [])]
  if (names.length === 0) return null
  return names.every((name) => name != null) ? names.join(' ') : undefined
}

/** Whether the search files two originals under the same hashes. */
function isFiledAlike(a: Stored['original'], b: Stored['original']): boolean {
  if (a.kind !== b.kind || a.frames.length !== b.frames.length) return false
  return a.frames.every(({ timeMs, hash }, i) => timeMs === b.frames[i]!.timeMs && equalBytes(hash, b.frames[i]!.hash))
}

/** How much speaks for a video: each frame of the candidate once, by what it shares with it. */
function shareOf(votes: readonly FrameVote[]): number {
  const best = new Map<number, number>()
  for (const { candidateMs, share } of votes) best.set(candidateMs, Math.max(share, best.get(candidateMs) ?? 0))
  return best.values().reduce((sum, share) => sum + share, 0)
}

/** The same items in an order in which any beginning covers the whole: every twentieth, then their neighbours. */
function spread<T>(items: readonly T[]): T[] {
  return Array.from({ length: 20 }, (_, turn) => items.filter((_, i) => i % 20 === turn)).flat()
}

function originalVotes() {
  const bins = createTally()
  const nearest = new Map<number, number>()
  return {
    timed: false,
    add(candidateMs: number, originalMs: number | null, distance: number): void {
      nearest.set(candidateMs, Math.min(distance, nearest.get(candidateMs) ?? 256))
      if (originalMs === null) return
      this.timed = true
      bins.add({ candidateMs, originalMs })
    },
    offsets: () => bins.offsets(),
    frames: () => nearest.size,
    meanDistance: () => nearest.values().reduce((sum, d) => sum + d, 0) / nearest.size,
  }
}
type OriginalVotes = ReturnType<typeof originalVotes>

function pictureFound(owner: Stored, distance: number, turn: number): Found {
  const transforms = turn === 0 ? [] : ORIENTATIONS[turn]!.split(' and ')
  return {
    key: owner.original.key,
    relation: 'same_content',
    distanceBits: distance,
    orientation: turn,
    way: turn < 4 ? 'plain' : 'mirrored',
    likeness: 1,
    explained: 1,
    transforms,
    segments: [],
    placement: null,
    findings: [],
    limits: [],
  }
}

function untimedFound(owner: Stored, votes: OriginalVotes, voters: number): Found | null {
  if (votes.frames() < MIN_SEGMENT_FRAMES) return null
  return {
    key: owner.original.key,
    relation: 'excerpt',
    orientation: null,
    way: null,
    likeness: 1,
    distanceBits: Math.round(votes.meanDistance()),
    explained: votes.frames() / voters,
    transforms: [],
    segments: [],
    placement: null,
    findings: [],
    limits: [NO_PLACE],
  }
}

function alignedFound(
  owner: Stored,
  frames: readonly TimedHash[],
  durationMs: number,
  offsets: number[],
  maxDistanceBits: number,
): Found | null {
  const original = owner.original.frames as TimedHash[]
  const stretches = align(frames, original, offsets, maxDistanceBits)
  const matched = stretches.reduce((sum, s) => sum + s.frames, 0)
  const explained = matched / frames.length
  if (explained < MIN_EXPLAINED) return null
  const whole = inOnePiece(stretches) && explained >= WHOLE && covered(original, stretches) >= WHOLE
  return {
    key: owner.original.key,
    relation: whole ? 'same_content' : 'excerpt',
    orientation: null,
    way: null,
    likeness: 1,
    distanceBits: Math.round(stretches.reduce((sum, s) => sum + s.distanceBits, 0) / matched),
    explained,
    transforms: [],
    segments: stretches.map((stretch) => segment(stretch, durationMs)),
    placement: null,
    findings: [],
    limits: [],
  }
}

/** Whether all stretches have one offset. There may be several without a cut: nothing is compared while the screen is black. */
function inOnePiece(stretches: readonly AlignedStretch[]): boolean {
  return stretches.every(({ offsetMs }) => Math.abs(offsetMs - stretches[0]!.offsetMs) <= MAX_TIME_ERROR_MS)
}

/** Share of the original's frames that lie in a stretch; one sample of tolerance at each end. */
function covered(original: readonly TimedHash[], stretches: readonly AlignedStretch[]): number {
  const inside = original.filter(({ timeMs }) =>
    stretches.some((s) => timeMs >= s.startMs + s.offsetMs - SAMPLE_MS && timeMs <= s.endMs + s.offsetMs + SAMPLE_MS),
  )
  return inside.length / original.length
}

/** A stretch lasts until the frame after its last one would have been sampled. */
function segment({ startMs, endMs, offsetMs }: AlignedStretch, durationMs: number): Segment {
  const lastsTo = Math.min(endMs + SAMPLE_MS, Math.max(durationMs, endMs))
  return {
    candidate: { startMs, endMs: lastsTo },
    original: { startMs: startMs + offsetMs, endMs: lastsTo + offsetMs },
    speed: 1,
    placement: null,
  }
}
