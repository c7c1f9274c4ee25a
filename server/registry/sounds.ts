/** How sound is looked up, of a sound and of a video: prints propose records, and those that are chosen are compared from beginning to end. What is seen of
 *  a video is heard as well. */
import type { BlockStore, RecordRow } from '../catalogue/index.ts'
import { RegistryError } from '../errors.ts'
import {
  type CandidateSound,
  type Fingerprint,
  type Kind,
  type ManifestSound,
  manifestCid,
  readManifest,
} from '../fingerprint/index.ts'
import {
  type Answer,
  alongPicture,
  besidePicture,
  type Found,
  foundByEar,
  inaudible,
  joined,
  type Matcher,
  type ProposedSound,
  SOUND_NOT_COMPARED,
  soundOf,
  withoutComparing,
} from '../matching/index.ts'
import { filmsCompared } from './compared.ts'
import type { ExamineSound } from './examiners.ts'
import { type Context, trustOf } from './present.ts'
import type { Rows } from './rows.ts'

export interface SoundLookup {
  /** @param seen what was found by its picture: each video of it is answered again, with what is known of its sound.
   *  @returns these, and what is found by its sound alone. @throws the signal's reason. */
  find(candidate: Fingerprint, seen: readonly Found[], options: SoundOptions): Promise<Answer>
}

export interface SoundOptions {
  /** Whose records alone are searched, and of which kind. */
  publisher?: number | undefined
  kind?: Kind | undefined
  rows: Rows
  signal: AbortSignal
}

interface Parts {
  matcher: Matcher
  blocks: Pick<BlockStore, 'get'>
  examineSound: ExamineSound
  trusted: Context['trusted']
}

export function createSoundLookup({ matcher, blocks, examineSound, trusted }: Parts): SoundLookup {
  const trust = (publisherId: number) => trustOf(publisherId, { trusted })

  async function find(candidate: Fingerprint, seen: readonly Found[], options: SoundOptions): Promise<Answer> {
    const sound = soundOf(candidate)
    const proposed = sound ? matcher.proposeSounds(sound) : []
    const found = await allWithSound(candidate, sound, seen, proposed, options)
    const others = sound ? await allByEar(candidate, sound, seen, proposed, options) : []
    if (found.length + others.length > 0 || sound || candidate.kind !== 'audio')
      return { kind: 'found', found: [...found, ...others] }
    return { kind: 'inconclusive', reason: inaudible(candidate) }
  }

  async function allWithSound(
    candidate: Fingerprint,
    sound: CandidateSound | null,
    seen: readonly Found[],
    proposed: readonly ProposedSound[],
    { rows, signal }: SoundOptions,
  ): Promise<Found[]> {
    const rowOf = new Map((await rows.of(seen)).map(({ one, row }) => [one, row]))
    const found: Found[] = []
    for (const one of seen) {
      const row = rowOf.get(one)
      const own = proposed.find(({ key }) => key === one.key)
      found.push(
        row?.kind === 'video' && one.segments.length > 0
          ? await withSound(candidate, sound, one, row, own, signal)
          : one,
      )
    }
    return found
  }

  async function withSound(
    candidate: Fingerprint,
    sound: CandidateSound | null,
    seen: Found,
    row: RecordRow,
    own: ProposedSound | undefined,
    signal: AbortSignal,
  ): Promise<Found> {
    const original = await soundIn(row)
    const known = withoutComparing(candidate, original, seen.segments)
    const both = { ...seen, heard: original?.prints ?? null }
    if (known) return joined(both, known)
    const [asked, prints] = [sound!, original!.prints!]
    const proposals = own?.proposals ?? alongPicture(seen.segments)
    const answer = await examined(asked, prints, proposals, signal)
    if (answer instanceof RegistryError) return joined(both, { limits: [SOUND_NOT_COMPARED] })
    return joined(both, besidePicture(seen, answer, asked, prints))
  }

  /** Whoever registers chooses what is compared: one sound that is too much for it must not hide the others. */
  async function examined(...asked: Parameters<ExamineSound>) {
    try {
      return await examineSound(...asked)
    } catch (error) {
      const [, , , signal] = asked
      if (error instanceof RegistryError && !signal.aborted) return error
      throw error
    }
  }

  async function allByEar(
    candidate: Fingerprint,
    sound: CandidateSound,
    seen: readonly Found[],
    proposed: readonly ProposedSound[],
    { rows, publisher, kind, signal }: SoundOptions,
  ): Promise<Found[]> {
    const known = new Set(seen.map(({ key }) => key))
    const others = proposed
      .filter((one) => !known.has(one.key) && (kind === undefined || one.kind === kind))
      .filter(({ standing }) => publisher === undefined || standing.publisherId === publisher)
    const found: Found[] = []
    let broken: RegistryError | null = null
    for (const { one, row } of await rows.of(filmsCompared(others, trust))) {
      const original = await soundIn(row)
      const answer = original?.prints && (await examined(sound, original.prints, one.proposals, signal))
      if (answer instanceof RegistryError) broken = answer
      else if (answer) found.push({ ...foundByEar(one, answer, candidate.kind === 'video'), heard: original!.prints })
    }
    if (broken && found.length + seen.length === 0) throw broken
    return found
  }

  /** Null where nothing is said of it, or the manifest is not here. */
  async function soundIn(row: RecordRow): Promise<ManifestSound | null> {
    if (row.manifest.state !== 'present') return null
    return (await readManifest(manifestCid(row.manifestDigest), blocks.get))?.sound ?? null
  }

  return { find }
}
