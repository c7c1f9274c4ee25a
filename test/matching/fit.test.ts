import { expect } from 'chai'
import { decodeLocal, type LocalFeatures, localFeatures } from '../../server/fingerprint/index.ts'
import { type Affine, apply, determinant } from '../../server/matching/affine.ts'
import { type Fit, fitFeatures, prepareFeatures } from '../../server/matching/fit.ts'
import { FIT } from '../../server/matching/thresholds.ts'
import { scenePlane, warped } from '../fingerprint/planes.ts'

const [WIDTH, HEIGHT] = [640, 480]
const original = scenePlane(WIDTH, HEIGHT, 5)
const features = localFeatures(original, original)

interface Copy {
  width: number
  height: number
  /** Pixels of the copy to pixels of the original. */
  map: Affine
}

function turn(degrees: number): Affine {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]
  return [cos, -sin, 320 - 320 * cos + 240 * sin, sin, cos, 240 - 320 * sin - 240 * cos]
}

const COPIES: Record<string, Copy> = {
  'of a quarter of the size': { width: 160, height: 120, map: [4, 0, 0, 0, 4, 0] },
  'cropped to a corner of 70 %': { width: 448, height: 336, map: [1, 0, 192, 0, 1, 144] },
  mirrored: { width: WIDTH, height: HEIGHT, map: [-1, 0, WIDTH, 0, 1, 0] },
  'turned by a quarter': { width: HEIGHT, height: WIDTH, map: [0, 1, 0, -1, 0, HEIGHT] },
  'upside down': { width: WIDTH, height: HEIGHT, map: [-1, 0, WIDTH, 0, -1, HEIGHT] },
  'mirrored and turned by a quarter': { width: HEIGHT, height: WIDTH, map: [0, 1, 0, 1, 0, 0] },
  'turned by 20°': { width: WIDTH, height: HEIGHT, map: turn(20) },
  'turned by 137°': { width: WIDTH, height: HEIGHT, map: turn(137) },
  'squashed by 15 %': { width: 544, height: HEIGHT, map: [1 / 0.85, 0, 0, 0, 1, 0] },
  'in the middle of a frame three times as high': { width: 700, height: 1440, map: [1, 0, -30, 0, 1, -480] },
}

/** The farthest that the corners of the copy land from where they belong, in longer sides of the original. */
function error(fit: Fit, { width, height, map }: Copy): number {
  const longer = Math.max(width, height)
  const corners = [
    [0, 0],
    [width, 0],
    [0, height],
    [width, height],
  ] as const
  return Math.max(
    ...corners.map(([x, y]) => {
      const found = apply(fit.transform, { x: x / longer, y: y / longer })
      const truth = apply(map, { x, y })
      return Math.hypot(found.x - truth.x / WIDTH, found.y - truth.y / WIDTH)
    }),
  )
}

describe('a fit', () => {
  for (const [name, copy] of Object.entries(COPIES))
    it(`finds how the copy ${name} lies in its original`, () => {
      const pixels = warped(original, copy, copy.map)
      const fit = fitFeatures(prepareFeatures(localFeatures(pixels, copy)), features)!
      expect(fit.inliers.length).to.be.at.least(15)
      expect(fit.score).to.be.at.least(4 * FIT.minScore)
      expect(fit.mirrored).to.equal(determinant(copy.map) < 0)
      expect(error(fit, copy)).to.be.below(0.015)
    })

  it('says when all that agrees lies along a line, where it fits any stretch of another one', () => {
    const along = (keep: (x: number, y: number) => boolean): Fit => {
      const some = [...features.x.keys()].filter((i) => keep(features.x[i]!, features.y[i]!))
      const of = <T extends { filter(is: (value: number, i: number) => boolean): T }>(values: T) =>
        values.filter((_, i) => some.includes(i))
      const { x, y, size, direction, words } = features
      const part = { x: of(x), y: of(y), size: of(size), direction: of(direction) }
      const kept = words.filter((_, i) => some.includes(Math.floor(i / 8)))
      return fitFeatures(prepareFeatures(features), { count: some.length, ...part, words: kept })!
    }
    expect(along((x, y) => Math.abs(x - y - 300) < 200).spread).to.be.below(0.03)
    expect(along(() => true).spread).to.be.above(0.15)
  })

  it('of another picture is none, or one that chance explains', () => {
    for (let seed = 20; seed < 40; seed++) {
      const stranger = scenePlane(400, 300, seed)
      const fit = fitFeatures(prepareFeatures(localFeatures(stranger, stranger)), features)
      expect(fit?.score ?? 0, `seed ${seed}`).to.be.below(FIT.minScore)
    }
  })

  it('of nothing is none', () => {
    const none = decodeLocal(new Uint8Array(0))
    expect(fitFeatures(prepareFeatures(none), features)).to.equal(null)
    expect(fitFeatures(prepareFeatures(features), none)).to.equal(null)
  })

  it('counts features at one place once: a record of few places gains nothing by many hashes', () => {
    const crowded = {
      ...features,
      x: features.x.map((_, i) => 1_000 * (1 + (i % 3))),
      y: features.y.map((_, i) => (i % 3) ** 2 * 300),
    }
    const posed = { ...crowded, size: features.size.map(() => 30), direction: features.direction.map(() => 0) }
    expect(fitFeatures(prepareFeatures(posed), posed)).to.equal(null)
  })

  it('is none where a record repeats one feature', () => {
    const one = only(
      features,
      Array.from({ length: 200 }, () => 0),
    )
    expect(fitFeatures(prepareFeatures(features), one)).to.equal(null)
    expect(fitFeatures(prepareFeatures(one), one)).to.equal(null)
  })
})

function only(of: LocalFeatures, numbers: number[]): LocalFeatures {
  return {
    count: numbers.length,
    x: Uint16Array.from(numbers, (i) => of.x[i]!),
    y: Uint16Array.from(numbers, (i) => of.y[i]!),
    size: Uint8Array.from(numbers, (i) => of.size[i]!),
    direction: Uint8Array.from(numbers, (i) => of.direction[i]!),
    words: Uint32Array.from(numbers.flatMap((i) => [...of.words.subarray(8 * i, 8 * i + 8)])),
  }
}
