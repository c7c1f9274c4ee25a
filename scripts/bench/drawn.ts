/** Local hashes of as many pictures as are wanted: those of some made ones, with an eighth of the bits flipped. */
import { type LocalFeatures, localFeatures } from '../../server/fingerprint/index.ts'
import { renderScene } from '../scene.ts'
import { generator } from './hamming.ts'

/** Made pictures from which the features of all others are drawn. */
export const SCENES = 60
/** Pictures that a bench looks up are made with smaller seeds. */
const FIRST_SEED = 1_000

export interface Drawn {
  /** The same for the same number: an index holds a hundredth of it, so it is made again where it is needed. */
  featuresOf(number: number): LocalFeatures
  /** One of those that all are drawn from. */
  scene(random: () => number): LocalFeatures
}

export function drawFeatures(): Drawn {
  const scenes = Array.from({ length: SCENES }, (_, i) => {
    const plane = { ...renderScene(480, 360, { seed: FIRST_SEED + i }), channels: 3 as const }
    return localFeatures(plane, plane)
  })
  const scene = (random: () => number) => scenes[Math.floor(random() * scenes.length)]!

  function featuresOf(number: number): LocalFeatures {
    const random = generator(number + 1)
    for (let i = 0; i < 8; i++) random()
    const drawn = scene(random)
    const word = () => random() * 2 ** 32
    return { ...drawn, words: drawn.words.map((bits) => bits ^ (word() & word() & word())) }
  }

  return { featuresOf, scene }
}
