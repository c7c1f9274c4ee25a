/** What a thread of examiners runs. */
import { examinePicture, type PictureCandidate, type PictureOriginal } from '../matching/index.ts'

export default ({ candidate, originals }: { candidate: PictureCandidate; originals: PictureOriginal[] }) =>
  examinePicture(candidate, originals)
