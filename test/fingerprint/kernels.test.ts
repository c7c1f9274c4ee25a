/** WebAssembly computes the bits that plain code computes: hashes are anchored, and nobody would find them again by others. */
import { expect } from 'chai'
import { grid, type PixelPlane, reduceByArea } from '../../server/fingerprint/area.ts'
import { dct, filterAndDecimate } from '../../server/fingerprint/pdq.ts'
import { planesOf } from '../../server/fingerprint/planes.ts'
import { findExtrema, scaleSpace } from '../../server/fingerprint/scale-space.ts'
import { colourView } from '../../server/fingerprint/view.ts'
import { randomBytes, seeded } from '../random.ts'
import * as plainArea from './plain/area.ts'
import * as plainPdq from './plain/pdq.ts'
import * as plainSpace from './plain/scale-space.ts'
import * as plainView from './plain/view.ts'
import { scene } from './scene.ts'

/** From large to small and back: what a picture leaves in memory must not matter to the next one. */
const SIZES = [
  [640, 427],
  [1, 1],
  [513, 300],
  [2, 9],
  [37, 130],
  [320, 213],
  [3, 2],
  [333, 481],
] as const

const noise = (width: number, height: number, channels: 1 | 3, seed: number): PixelPlane => {
  return { width, height, channels, data: randomBytes(seeded(seed), width * height * channels) }
}

/** Noise has each value everywhere; a scene has detail of all sizes. */
const pictures = SIZES.flatMap(([width, height], seed) => [
  noise(width, height, 3, seed),
  noise(width, height, 1, seed),
  scene({ width, height, seed }),
  greyOf(scene({ width, height, seed })),
])

function greyOf({ width, height, data }: PixelPlane): PixelPlane {
  return { width, height, channels: 1, data: data.filter((_, i) => i % 3 === 1) }
}

/** Bits, not values: −0 is not 0. */
const bitsOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('base64')

const shown = ({ width, height, channels }: PixelPlane) => `${width}×${height}×${channels}`

describe('a kernel', () => {
  it('reduces by area as plain code does', () => {
    for (const pixels of pictures) {
      const { width, height } = pixels
      const grids = () => [
        grid(pixels, 64, 64, 0),
        grid(pixels, Math.min(width, 512), Math.min(height, 512), 0.5),
        grid(pixels, 77, 33, 0.5),
        grid(pixels, width, 2 * height, 0),
      ]
      const [ours, plain] = [grids(), grids()]
      reduceByArea(pixels, ours)
      plainArea.reduceByArea(pixels, plain)
      expect(
        ours.map(({ means }) => bitsOf(means)),
        shown(pixels),
      ).to.deep.equal(plain.map(({ means }) => bitsOf(means)))
    }
  })

  it("filters and transforms as plain code does, which rounds as PDQ's reference", () => {
    for (const [seed, [columns, rows]] of SIZES.entries()) {
      const next = seeded(seed)
      const luma = Float32Array.from({ length: columns * rows }, () => 255 * next())
      const samples = plainPdq.filterAndDecimate(luma, columns, rows)
      expect(bitsOf(filterAndDecimate(luma, columns, rows)), `${columns}×${rows}`).to.equal(bitsOf(samples))
      expect(bitsOf(dct(samples)), `${columns}×${rows}`).to.equal(bitsOf(plainPdq.dct(samples)))
    }
  })

  it('makes the levels that plain code makes, and finds the same extrema', () => {
    for (const pixels of pictures.filter(({ channels }) => channels === 1)) {
      const [ours, plain] = [scaleSpace(pixels, 12), plainSpace.scaleSpace(pixels, 12)]
      const levels = ({ width, height, data }: { width: number; height: number; data: Int16Array }) => ({
        width,
        height,
        data: bitsOf(data),
      })
      expect(ours.map(levels), shown(pixels)).to.deep.equal(plain.map(levels))
      expect(findExtrema(ours, 9, 300), shown(pixels)).to.deep.equal(plainSpace.findExtrema(plain, 9, 300))
    }
  })

  it('reduces colours as plain code does, and tells them from luminance', () => {
    for (const pixels of pictures.filter(({ channels }) => channels === 3))
      for (const size of [pixels, { width: 50, height: 33 }, { width: 7, height: 90 }]) {
        const view = colourView(pixels, { width: size.width, height: size.height })
        if (size !== pixels)
          expect(bitsOf(view.data), shown(pixels)).to.equal(bitsOf(plainView.colourView(pixels, size).data))
        expect(planesOf(view), shown(pixels)).to.deep.equal(plainView.planesOf(view))
      }
  })
})
