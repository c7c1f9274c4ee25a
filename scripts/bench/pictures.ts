/** Pictures fingerprinted a CPU second: decoded as the decoder processes do it, and hashed. */
import sharp from 'sharp'
import { DEFAULT_LIMITS } from '../../server/fingerprint/job.ts'
import { type Detail, featuresOf, localGrids } from '../../server/fingerprint/local.ts'
import { hashPicture } from '../../server/fingerprint/pdq.ts'
import { type DecodedPicture, decodePicture } from '../../server/fingerprint/picture.ts'
import { hashWhole } from '../../server/fingerprint/picture-hash.ts'
import { renderScene } from '../scene.ts'
import type { Row } from './table.ts'

/** 0.66 megapixels. */
const [WIDTH, HEIGHT] = [1024, 640]
const PICTURES = 8
const ROUNDS = 25

export async function benchPictures(): Promise<Row[]> {
  const files = await Promise.all(Array.from({ length: PICTURES }, (_, seed) => jpeg(seed)))
  await fingerprintAll(files, 3)
  const before = process.cpuUsage()
  await fingerprintAll(files, ROUNDS)
  const { user, system } = process.cpuUsage(before)
  const cpuS = (user + system) / 1e6
  const picture = await decodePicture(files[0]!, DEFAULT_LIMITS)
  const wholeS = await wholly(files)
  const hashS = hashOnly(picture)
  const localS = { original: withLocal(picture, 'original'), candidate: withLocal(picture, 'candidate') }
  return [
    {
      what: `pictures of ${((WIDTH * HEIGHT) / 1e6).toFixed(2)} megapixels (JPEG) fingerprinted a CPU second, all eight orientations`,
      ours: ((PICTURES * ROUNDS) / cpuS).toFixed(0),
      peer: '130',
      beside:
        'reference PDQ hasher (C++) on such a machine, one orientation; as published with the corpus, not run here',
    },
    {
      what: 'the same with local hashes and evidence: all that is registered of a picture',
      ours: (1 / wholeS).toFixed(0),
      peer: '-',
      beside: '-',
    },
    { what: 'of that, PDQ without decoding', ours: `${(1000 * hashS).toFixed(1)} ms`, peer: '-', beside: '-' },
    {
      what: 'PDQ and local hashes in one pass, without decoding: of an original, and of a candidate',
      ours: `${(1000 * localS.original).toFixed(1)} and ${(1000 * localS.candidate).toFixed(1)} ms`,
      peer: '-',
      beside: '-',
    },
  ]
}

async function jpeg(seed: number): Promise<Buffer> {
  const { width, height, data } = renderScene(WIDTH, HEIGHT, { seed })
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 85 })
    .toBuffer()
}

async function fingerprintAll(files: Buffer[], rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++)
    for (const file of files) hashPicture((await decodePicture(file, DEFAULT_LIMITS)).pixels)
}

/** CPU seconds a picture. */
async function wholly(files: Buffer[]): Promise<number> {
  const all = async () => {
    for (const file of files) {
      const picture = await decodePicture(file, DEFAULT_LIMITS)
      hashWhole(picture.pixels, picture)
    }
  }
  for (let round = 0; round < 3; round++) await all()
  const before = process.cpuUsage()
  for (let round = 0; round < ROUNDS; round++) await all()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6 / (PICTURES * ROUNDS)
}

function withLocal(picture: DecodedPicture, detail: Detail): number {
  const hash = () => {
    const grids = localGrids(picture.pixels, picture, detail)
    hashPicture(picture.pixels, grids)
    featuresOf(grids)
  }
  // What the engine has not seen often it has not compiled well.
  for (let round = 0; round < ROUNDS; round++) hash()
  const before = process.cpuUsage()
  for (let round = 0; round < ROUNDS; round++) hash()
  return process.cpuUsage(before).user / 1e6 / ROUNDS
}

function hashOnly({ pixels }: DecodedPicture): number {
  const before = process.cpuUsage()
  for (let round = 0; round < ROUNDS; round++) hashPicture(pixels)
  return process.cpuUsage(before).user / 1e6 / ROUNDS
}
