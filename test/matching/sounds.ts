/** Prints for tests of matching. */
import { type CandidateSound, PrintMaker, type SoundPrints } from '../../server/fingerprint/index.ts'

export function original(sound: Float32Array, startS = 0): SoundPrints {
  const maker = new PrintMaker(startS, 'original')
  maker.push(sound)
  return maker.finish()
}

export function candidate(sound: Float32Array, startS = 0): CandidateSound {
  const maker = new PrintMaker(startS, 'candidate')
  maker.push(sound)
  return maker.finish()
}
