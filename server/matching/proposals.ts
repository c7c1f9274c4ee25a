/** What is worth comparing: records that share frames, local hashes or prints with a candidate. It settles nothing else. */
import type { CandidateSound, Fingerprint, Frame } from '../fingerprint/index.ts'
import type { Filing, Stored } from './filing.ts'
import { evenly, type FrameVote } from './film-layouts.ts'
import type { Choose, Proposed, ProposedFilm, ProposedSound, Resembling } from './found.ts'
import type { Voted } from './local-index.ts'
import { MAX_DISTANCE_BITS, MIN_QUALITY } from './thresholds.ts'

/** Frames of a candidate video whose hashes are looked up, and of these with local hashes; and key frames that each of those proposes: of videos of
 * one series there may be many as near. */
const MAX_FILM_VOTERS = 400
const MAX_KEY_VOTERS = 40
const NEAREST_KEYS = 12
/** Frames alike that one frame proposes: a still scene of an hour is one picture. */
const MAX_HITS = 400

type Asked = Pick<Frame, 'hash' | 'mirrored' | 'local' | 'quality'>
type Told = Omit<Resembling, 'key' | 'kind' | 'standing'>

export interface Proposals {
  /** Pictures that share local hashes with the candidate, as it is or mirrored, those that are chosen. It settles what is worth comparing. */
  propose(candidate: Fingerprint, choose: Choose): Proposed[]
  /** Videos that frames of the candidate resemble as a whole or in part, those that most frames speak for first. It settles what is worth comparing. */
  proposeFilms(frames: readonly Frame[]): ProposedFilm[]
  /** Records of which a sound is heard, what it follows longest first. It settles what is worth comparing. */
  proposeSounds(sound: CandidateSound): ProposedSound[]
  /** Pictures and frames of videos that a single picture, or frame, resembles as a whole or in part; what shares most first. */
  resembling(picture: Asked): Resembling[]
}

export function createProposals(filing: Filing): Proposals {
  function propose({ picture }: Fingerprint, choose: Choose): Proposed[] {
    if (!picture?.local) return []
    const chosen = filing.elect(picture.local)((largestFirst) =>
      choose(proposals(largestFirst)).map(({ voted }) => voted),
    )
    return proposals(chosen)
      .map(({ voted: _, ...proposed }) => proposed)
      .toArray()
  }

  function* proposals(largestFirst: Iterable<Voted>) {
    for (const voted of largestFirst) {
      const { owner, timeMs } = filing.ownerOf(voted.value)!
      if (timeMs !== null) continue
      const { key, standing } = owner.original
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
        filing.visit(one, MAX_DISTANCE_BITS, ({ owner, timeMs }) => {
          if (hits++ > MAX_HITS) return
          tell(owner, { originalMs: timeMs, way, whole: true, share: 1 })
        })
  }

  function voteLocal({ timeMs, ...frame }: Frame, put: (owner: Stored, vote: FrameVote) => void): void {
    visitLocal(frame, (owner, { originalMs, ...told }) => {
      if (originalMs !== null) put(owner, { candidateMs: timeMs, originalMs, ...told })
    })
  }

  function visitLocal({ local: bytes }: Asked, tell: (owner: Stored, told: Told) => void): void {
    if (!bytes) return
    const nearest = filing.elect(bytes)((largestFirst) => Iterator.from(largestFirst).take(NEAREST_KEYS).toArray())
    for (const { value, way, share } of nearest) {
      const filed = filing.ownerOf(value)
      if (filed) tell(filed.owner, { originalMs: filed.timeMs, way, whole: false, share })
    }
  }

  function proposeSounds(sound: CandidateSound): ProposedSound[] {
    const lines = Map.groupBy(filing.hear(sound), ({ owner }) => owner)
    return [...lines]
      .map(([{ original }, heard]) => {
        const { key, kind, standing } = original
        const proposals = heard.map(({ owner: _, ...proposal }) => proposal)
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

  return { propose, proposeFilms, proposeSounds, resembling }
}

/** How much speaks for a video: each frame of the candidate once, by what it shares with it. */
function shareOf(votes: readonly FrameVote[]): number {
  const best = new Map<number, number>()
  for (const { candidateMs, share } of votes) best.set(candidateMs, Math.max(share, best.get(candidateMs) ?? 0))
  return best.values().reduce((sum, share) => sum + share, 0)
}
