/**
 * Where a local hash looks around its point.
 *
 * Places lie on rings around the point, the outer ones blurred more (as in BRISK, Leutenegger et al. 2011, and FREAK, Alahi et al. 2012). The pattern is
 * its own reflection in the axis along which the feature is oriented, and so is the list of tests: the hash of a mirrored picture
 * has the same bits in other places, some of them inverted.
 */

import { TESTS } from './local-tests.ts'

export const LOCAL_BITS = 256

/** Parts of a pixel in which places are given. */
export const PLACE_UNIT = 1024

interface Ring {
  /** Pixels of the feature's level, at its own scale. */
  radius: number
  places: number
  /** Levels coarser than the feature's at which it is looked up. */
  coarser: number
  /** Whether places lie between those of the ring within. */
  between: boolean
}

const RINGS: readonly Ring[] = [
  { radius: 0, places: 1, coarser: 0, between: false },
  { radius: 2.6, places: 8, coarser: 0, between: false },
  { radius: 5.2, places: 12, coarser: 1, between: true },
  { radius: 8.4, places: 12, coarser: 3, between: false },
  { radius: 12.4, places: 12, coarser: 4, between: true },
]

export interface Place {
  /** In 1/1,024 of a pixel; x along the axis. */
  x: number
  y: number
  coarser: number
}

/** Rounded: whatever an engine makes of the last digit of a cosine, the numbers here are the same. */
export const PLACES: readonly Place[] = RINGS.flatMap(({ radius, places, coarser, between }) =>
  Array.from({ length: places }, (_, k) => {
    const angle = (2 * Math.PI * (k + (between ? 0.5 : 0))) / places
    return {
      x: Math.round(radius * Math.cos(angle) * PLACE_UNIT),
      y: Math.round(radius * Math.sin(angle) * PLACE_UNIT),
      coarser,
    }
  }),
)

/** The place on the other side of the axis. */
export const REFLECTED: readonly number[] = PLACES.map(({ x, y, coarser }) =>
  PLACES.findIndex((other) => other.coarser === coarser && Math.abs(other.x - x) < 2 && Math.abs(other.y + y) < 2),
)

const pairOf = (a: number, b: number) => (a < b ? `${a},${b}` : `${b},${a}`)

const TEST_NUMBERS = new Map(
  Array.from({ length: LOCAL_BITS }, (_, bit) => {
    const [a, b, c, d] = TESTS.subarray(4 * bit, 4 * bit + 4)
    return [`${pairOf(a!, b!)} ${pairOf(c!, d!)}`, bit] as const
  }),
)

/** For each bit of a mirrored picture's hash: the bit of the plain hash that it is, and whether it is inverted. */
export const MIRRORED: readonly { bit: number; inverted: boolean }[] = Array.from({ length: LOCAL_BITS }, (_, bit) => {
  const [a, b, c, d] = TESTS.subarray(4 * bit, 4 * bit + 4)
  const [first, second] = [pairOf(REFLECTED[a!]!, REFLECTED[b!]!), pairOf(REFLECTED[c!]!, REFLECTED[d!]!)]
  const plain = TEST_NUMBERS.get(`${first} ${second}`)
  return plain !== undefined
    ? { bit: plain, inverted: false }
    : { bit: TEST_NUMBERS.get(`${second} ${first}`)!, inverted: true }
})
