/** What copies are by themselves: PDQ alone, how well local hashes fit to those of their own originals, and vPDQ. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createDecoderPool, decodeLocal, type Fingerprint } from '../../server/fingerprint/index.ts'
import { fitFeatures, prepareFeatures } from '../../server/matching/index.ts'
import { decodeFile } from '../strangers/fingerprints.ts'
import { inOrder } from '../strangers/in-order.ts'
import { type Hashed, type Measured, nearestByPdq } from './beside.ts'
import { type FilmMeasured, type FrameSet, frameSetOf, vpdqMatches } from './films.ts'
import type { Result } from './results.ts'
import { wholeFrames } from './whole-frames.ts'

/** Of videos only. */
export async function measureFilms(results: readonly Result[], { corpus, copies }: Folders): Promise<FilmMeasured[]> {
  const films = results.filter(({ kind }) => kind === 'video')
  const names = [...new Set(films.map(({ original }) => original).filter((name) => !!name))] as string[]
  const framesOf = async (path: string) => frameSetOf(await wholeFrames(path))
  const originals: { name: string; frames: FrameSet }[] = []
  for (const name of names) originals.push({ name, frames: await framesOf(join(corpus, name)) })
  const measured: FilmMeasured[] = []
  await inOrder(
    'measuring',
    films,
    2,
    async ({ file }) => {
      const frames = await framesOf([join(copies, file), join(corpus, file)].find(existsSync)!)
      return { file, matches: originals.filter((one) => vpdqMatches(frames, one.frames)).map(({ name }) => name) }
    },
    async (one) => void measured.push(one),
  )
  return measured
}

interface Folders {
  corpus: string
  copies: string
}

/** Of pictures only. */
export async function measure(results: readonly Result[], { corpus, copies }: Folders): Promise<Measured[]> {
  const pictures = results.filter(({ kind }) => kind === 'image')
  const names = [...new Set(pictures.map(({ original }) => original).filter((name) => !!name))] as string[]
  const decoders = createDecoderPool()
  try {
    const originals = new Map<string, Fingerprint>()
    for (const name of names) originals.set(name, await decodeFile(decoders, join(corpus, name), 'original'))
    const hashes = [...originals].map(([original, { picture }]) => ({ original, hash: picture!.orientations[0]! }))
    const measured: Measured[] = []
    await inOrder(
      'measuring',
      pictures,
      4,
      async (one) => {
        const path = [join(copies, one.file), join(corpus, one.file)].find(existsSync)!
        return measureOne(one, await decodeFile(decoders, path, 'asked'), hashes, originals.get(one.original ?? ''))
      },
      async (one) => void measured.push(one),
    )
    return measured
  } finally {
    await decoders.close()
  }
}

function measureOne(
  { file, expected }: Result,
  { picture }: Fingerprint,
  hashes: Hashed[],
  original?: Fingerprint,
): Measured {
  const nearest = nearestByPdq(picture!.orientations, picture!.quality, hashes)
  const [local, registered] = [picture!.local, original?.picture?.local]
  if (expected === 'none' || !local || !registered) return { file, nearest, score: null }
  const fit = fitFeatures(prepareFeatures(decodeLocal(local, 'candidate')), decodeLocal(registered))
  return { file, nearest, score: fit?.score ?? 0 }
}
