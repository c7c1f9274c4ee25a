/** What a process of the examiners runs. */
import { decodeEvidence, type Evidence, pixelsOf } from '../fingerprint/index.ts'
import {
  examineFilm,
  examinePicture,
  type FilmCandidate,
  type FilmOriginal,
  type PictureCandidate,
  type PictureOriginal,
} from '../matching/index.ts'
import { writePng } from './png.ts'

export const examine = ({ candidate, originals }: { candidate: PictureCandidate; originals: PictureOriginal[] }) =>
  examinePicture(candidate, originals)

export const film = ({ candidate, originals }: { candidate: FilmCandidate; originals: FilmOriginal[] }) =>
  examineFilm(candidate, originals)

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
