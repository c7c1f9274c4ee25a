/** What test/vectors/local promises. `node test/fingerprint/local-vectors.ts` prints what it would be. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { renderScene } from '../../scripts/scene.ts'
import { type Detail, encodeLocal, localFeatures } from '../../server/fingerprint/index.ts'

export interface LocalVector {
  /** Of a made picture (scripts/scene.ts). */
  width: number
  height: number
  seed: number
  detail: Detail
  features: number
  /** Of the features as bytes; hex. */
  sha256: string
}

const FILE = new URL('../vectors/local/local1.json', import.meta.url)

export const localVectors: LocalVector[] = JSON.parse(readFileSync(FILE, 'utf8')).vectors

export const pixelsOf = ({ width, height, seed }: LocalVector): Uint8Array => renderScene(width, height, { seed }).data

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

export function computed(vector: LocalVector): LocalVector {
  const { width, height, detail } = vector
  const features = localFeatures({ width, height, channels: 3, data: pixelsOf(vector) }, { width, height }, detail)
  return { ...vector, features: features.count, sha256: sha256(encodeLocal(features)) }
}

if (import.meta.main) console.log(JSON.stringify(localVectors.map(computed), null, 2))
