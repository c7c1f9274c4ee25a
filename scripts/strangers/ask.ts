/** One picture asked of registries of several sizes. What was compared once is not compared again. */
import type { Fingerprint, Planes } from '../../server/fingerprint/index.ts'
import { type Answer, FIT, NOT_LAID, type PictureCandidate, type PictureOriginal } from '../../server/matching/index.ts'
import type { Examine } from '../../server/registry/examiners.ts'
import type { Pair } from './examine-worker.ts'
import type { Registry } from './registry.ts'
import type { Asked, Lookup, Match } from './results.ts'

export interface Asker {
  ask(file: string, candidate: Fingerprint, view: Planes | null): Promise<Asked>
}

type ExaminePairs = (pairs: { candidate: PictureCandidate; originals: PictureOriginal[] }) => Promise<Pair[]>

export function createAsker(
  registries: readonly Registry[],
  fileOf: (key: string) => string,
  examinePairs: ExaminePairs,
): Asker {
  async function ask(file: string, candidate: Fingerprint, view: Planes | null): Promise<Asked> {
    const known = new Map<string, Pair>()
    const lookups: Lookup[] = []
    for (const registry of registries) {
      const seen: PictureOriginal[] = []
      const examine = remembering(known, seen)
      const answer = await registry.find(candidate, view, examine)
      lookups.push({ ...lookupOf(registry.registered, answer), ...nearest(seen, known) })
    }
    return { file, quality: candidate.picture!.quality, lookups }
  }

  /** Examines what is not known yet, and notes what was to be examined. */
  function remembering(known: Map<string, Pair>, seen: PictureOriginal[]): Examine {
    return async (candidate, originals) => {
      seen.push(...originals)
      const fresh = originals.filter((original) => !known.has(nameOf(original)))
      const pairs: Pair[] = fresh.length > 0 ? await examinePairs({ candidate, originals: fresh }) : []
      for (const [i, original] of fresh.entries()) known.set(nameOf(original), pairs[i]!)
      return originals.map((original) => known.get(nameOf(original))!.examined).filter((one) => one !== null)
    }
  }

  function nearest(seen: readonly PictureOriginal[], known: ReadonlyMap<string, Pair>) {
    const scored = seen.map((original) => ({ original, score: known.get(nameOf(original))!.score }))
    const best = scored.reduce<(typeof scored)[0] | null>((a, b) => (a && a.score >= b.score ? a : b), null)
    return {
      compared: scored.filter(({ original, score }) => original.orientation !== null || score >= FIT.minScore).length,
      bestScore: best?.score ?? 0,
      bestFile: best && best.score > 0 ? fileOf(best.original.key) : null,
    }
  }

  function lookupOf(registered: number, answer: Answer): Pick<Lookup, 'registered' | 'kind' | 'matches'> {
    if (answer.kind === 'inconclusive') return { registered, kind: answer.kind, matches: [] }
    // What could not be laid over its evidence is a match beside another one, and none by itself.
    const fitting = answer.found.filter(({ limits }) => !limits.includes(NOT_LAID))
    const matches = fitting.map(
      ({ key, relation, distanceBits, likeness, explained }): Match => ({
        file: fileOf(key),
        relation,
        distanceBits,
        likeness,
        explained,
      }),
    )
    return { registered, kind: answer.kind, matches }
  }

  return { ask }
}

/** Everything that the comparison of a pair depends on. */
const nameOf = ({ key, orientation, way }: PictureOriginal) => `${key} ${orientation} ${way}`
