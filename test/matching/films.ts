/** A registry of made footage, and lookups in it by the search and the comparison alone. */

import type { Frame } from '../../server/fingerprint/index.ts'
import {
  createMatcher,
  type ExaminedFilm,
  examineFilm,
  type FilmOriginal,
  MIN_QUALITY,
} from '../../server/matching/index.ts'
import { type Candidate, candidateOf, type Footage, noisy, originalFrames } from '../fingerprint/footage.ts'

export const original = (of: Footage, durationMs: number) => ({ durationMs, frames: originalFrames(of, durationMs) })

interface Registered {
  durationMs: number
  frames: Frame[]
}

/** @returns what the search proposes, as it would be compared. */
export function proposer(originals: Registered[]) {
  const matcher = createMatcher()
  const keysOf = ({ frames }: Registered) => frames.flatMap(({ timeMs, local }) => (local ? [{ timeMs, local }] : []))
  for (const [i, one] of originals.entries())
    matcher.add({
      key: `${i}`,
      kind: 'video',
      standing: { publisherId: i, registeredAt: i, sequence: i },
      frames: one.frames.filter(({ quality }) => quality >= MIN_QUALITY),
      keys: keysOf(one),
    })
  return ({ frames }: Candidate): FilmOriginal[] =>
    matcher.proposeFilms(frames).map(({ key, votes }) => {
      const one = originals[Number(key)]!
      return { key, durationMs: one.durationMs, frames: one.frames, keys: keysOf(one), votes }
    })
}

/** Looks footage up that was encoded since. */
export function asker(originals: Registered[]) {
  const propose = proposer(originals)
  return (of: Footage, durationMs: number): ExaminedFilm[] => {
    const candidate = candidateOf(noisy(of), durationMs)
    return examineFilm(candidate, propose(candidate))
  }
}
