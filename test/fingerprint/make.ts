/** Fingerprints without media. */
import type { Fingerprint, Frame } from '../../server/fingerprint/index.ts'
import { randomBytes, seeded } from '../random.ts'

/** A picture whose sixteen hashes are random. */
export function picture(seed: number, change: Partial<Fingerprint> = {}): Fingerprint {
  const random = seeded(seed)
  return {
    kind: 'image',
    contentDigest: randomBytes(random),
    byteLength: 1_234,
    mediaType: 'image/jpeg',
    width: 640,
    height: 480,
    durationMs: null,
    picture: { orientations: eight(random), reduced: eight(random), quality: 100, local: null, evidence: null },
    frames: [],
    ...change,
  }
}

const eight = (random: () => number) => Array.from({ length: 8 }, () => randomBytes(random))

/** A video of random frames, two a second. */
export function video(seed: number, frames: number, change: Partial<Fingerprint> = {}): Fingerprint {
  const random = seeded(seed)
  return {
    ...picture(seed, { kind: 'video', mediaType: 'video/mp4', picture: null, durationMs: frames * 500 }),
    frames: Array.from({ length: frames }, (_, i) => frame(i * 500, randomBytes(random))),
    ...change,
  }
}

export function sound(seed: number): Fingerprint {
  return picture(seed, {
    kind: 'audio',
    mediaType: 'audio/mpeg',
    picture: null,
    width: null,
    height: null,
    durationMs: 9_000,
  })
}

export function frame(timeMs: number, hash: Uint8Array, quality = 100): Frame {
  return { timeMs, hash, quality }
}
