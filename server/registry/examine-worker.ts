/** What a process of the examiners runs. */
import { type CandidateSound, decodeEvidence, type Evidence, pixelsOf, type SoundPrints } from '../fingerprint/index.ts'
import {
  examineFilm,
  examinePicture,
  examineSound,
  type FilmCandidate,
  type FilmOriginal,
  type PictureCandidate,
  type PictureOriginal,
  type SoundProposal,
} from '../matching/index.ts'
import { type FilmFile, readFilm } from './film-files.ts'
import { writePng } from './png.ts'

/** Does nothing: whoever is asked has been started. */
export const prepare = () => null

export const examine = ({ candidate, originals }: { candidate: PictureCandidate; originals: PictureOriginal[] }) =>
  examinePicture(candidate, originals)

interface FilmJob {
  candidate: Omit<FilmCandidate, 'film'> & { film: FilmFile }
  originals: FilmOriginal[]
}

export const film = ({ candidate, originals }: FilmJob) =>
  examineFilm({ ...candidate, film: readFilm(candidate.film) }, originals)

interface SoundJob {
  candidate: CandidateSound
  original: SoundPrints
  proposals: SoundProposal[]
}

export const sound = ({ candidate, original, proposals }: SoundJob) => examineSound(candidate, original, proposals)

/** @returns null for what is no evidence: whoever registers chooses these bytes. */
export async function draw(bytes: Uint8Array): Promise<Uint8Array | null> {
  const evidence = decoded(bytes)
  return evidence && writePng(pixelsOf(evidence))
}

function decoded(bytes: Uint8Array): Evidence | null {
  try {
    return decodeEvidence(bytes)
  } catch {
    return null
  }
}
