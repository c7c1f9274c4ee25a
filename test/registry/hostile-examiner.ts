/** What a process of examiners may come to, by the key of the first original. */
import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { PictureCandidate, PictureOriginal } from '../../server/matching/index.ts'
import { examine as compare } from '../../server/registry/examine-worker.ts'
import { type FilmFile, readFilm } from '../../server/registry/film-files.ts'

export { draw } from '../../server/registry/examine-worker.ts'

export function examine(job: { candidate: PictureCandidate; originals: PictureOriginal[] }) {
  const [first] = job.originals
  if (first?.key === 'exit') process.exit(3)
  if (first?.key === 'kill') process.kill(process.pid, 'SIGKILL')
  if (first?.key === 'exit later') setTimeout(() => process.exit(4), 20)
  while (first?.key === 'for ever');
  return compare(job)
}

/** Tells what came, and what is left in its directory. */
export function film({ candidate, originals }: { candidate: { film: FilmFile }; originals: { key: string }[] }) {
  if (originals[0]?.key === 'exit') process.exit(3)
  return [{ read: readFilm(candidate.film), left: readdirSync(dirname(candidate.film.path)) }]
}
