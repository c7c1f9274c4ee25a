/** What a process of examiners may come to, by the key of the first original. */
import type { PictureCandidate, PictureOriginal } from '../../server/matching/index.ts'
import { examine as compare } from '../../server/registry/examine-worker.ts'

export { draw } from '../../server/registry/examine-worker.ts'

export function examine(job: { candidate: PictureCandidate; originals: PictureOriginal[] }) {
  const [first] = job.originals
  if (first?.key === 'exit') process.exit(3)
  if (first?.key === 'kill') process.kill(process.pid, 'SIGKILL')
  if (first?.key === 'exit later') setTimeout(() => process.exit(4), 20)
  while (first?.key === 'for ever');
  return compare(job)
}
