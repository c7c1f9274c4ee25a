import { expect } from 'chai'
import fc from 'fast-check'
import {
  decodeLocal,
  encodeLocal,
  FEATURE_BYTES,
  type LocalFeatures,
  localFeatures,
  MAX_FEATURES,
  PLACE_PARTS,
} from '../../server/fingerprint/index.ts'
import type { PixelPlane } from '../../server/fingerprint/pdq.ts'
import { mirroredWords } from '../../server/matching/local-matches.ts'
import { computed, localVectors } from './local-vectors.ts'
import { scenePlane, warped } from './planes.ts'

const scene = scenePlane(800, 600)
const features = localFeatures(scene, scene)

const flat = (width: number, height: number, value: (x: number, y: number) => number): PixelPlane => ({
  width,
  height,
  channels: 1,
  data: Uint8Array.from({ length: width * height }, (_, i) => value(i % width, Math.floor(i / width))),
})

describe('local hashes', () => {
  it('of a picture with detail are 256, spread over all of it and over sizes of 1 to 5', () => {
    expect(features.count).to.equal(MAX_FEATURES)
    for (const [name, at, extent] of [
      ['x', features.x, 4096],
      ['y', features.y, 3072],
    ] as const)
      for (let third = 0; third < 3; third++) {
        const inside = [...at].filter((value) => Math.floor((3 * value) / extent) === third)
        expect(inside.length, `${name}, third ${third}`).to.be.at.least(40)
      }
    expect(Math.max(...features.size) - Math.min(...features.size)).to.be.at.least((8 * Math.log(5)) / Math.log(1.25))
  })

  it('are none of a picture in which there is nothing', () => {
    for (const value of [() => 128, (x: number) => x / 4, (x: number, y: number) => (x + y) / 8])
      expect(localFeatures(flat(640, 480, value), { width: 640, height: 480 }).count).to.equal(0)
    for (const [width, height] of [
      [1, 1],
      [1, 500],
      [7, 7],
    ] as const)
      expect(
        localFeatures(
          flat(width, height, (x) => x * 37),
          { width, height },
        ).count,
      ).to.equal(0)
  })

  it('are the same of a plane reduced on each side for itself, but for a little blur', () => {
    const squeezed = warped(scene, { width: 400, height: 600 }, [2, 0, 0, 0, 1, 0])
    expect(share(localFeatures(squeezed, scene), features)).to.be.at.least(0.6)
  })

  it('lie at the same places, in the same sizes, of a picture of half the size', () => {
    const half = warped(scene, { width: 400, height: 300 }, [2, 0, 0, 0, 2, 0])
    expect(share(localFeatures(half, half), features)).to.be.at.least(0.5)
  })

  it('of the mirrored picture are those of the plain one, with their bits in other places and some inverted', () => {
    const other = warped(scene, { width: 800, height: 600 }, [-1, 0, 800, 0, 1, 0])
    const back = localFeatures(other, other)
    const unmirrored = {
      ...back,
      x: back.x.map((x) => PLACE_PARTS - 1 - x),
      direction: back.direction.map((direction) => (128 - direction) & 255),
      words: mirroredWords(back.words),
    }
    expect(share(unmirrored, features)).to.be.at.least(0.5)
    expect(mirroredWords(mirroredWords(features.words))).to.deep.equal(features.words)
  })

  it('of a candidate are those of an original, and up to 144 smaller ones', () => {
    const closer = localFeatures(scene, scene, 'candidate')
    expect(closer.count).to.be.within(MAX_FEATURES + 100, MAX_FEATURES + 144)
    expect(encodeLocal(closer).subarray(0, MAX_FEATURES * FEATURE_BYTES)).to.deep.equal(encodeLocal(features))
    expect(Math.max(...closer.size.subarray(MAX_FEATURES))).to.be.below(Math.min(...features.size))
    expect(decodeLocal(encodeLocal(closer), 'candidate')).to.deep.equal(closer)
  })

  it('of a small candidate are those of an original: there is nothing smaller to be seen', () => {
    const small = warped(scene, { width: 320, height: 240 }, [2.5, 0, 0, 0, 2.5, 0])
    expect(localFeatures(small, small, 'candidate')).to.deep.equal(localFeatures(small, small, 'original'))
  })

  for (const vector of localVectors)
    it(`of ${vector.width}×${vector.height}, ${vector.detail}, are the bits that the protocol promises`, () => {
      expect(computed(vector)).to.deep.equal(vector)
    })
})

/** Share of features that have one at the same place, of the same size and direction, with at most 40 other bits. */
function share(of: LocalFeatures, among: LocalFeatures): number {
  const numbers = Array.from({ length: of.count }, (_, i) => i)
  return numbers.filter((i) => numbers.some((j) => j < among.count && isSame(of, i, among, j))).length / of.count
}

function isSame(a: LocalFeatures, i: number, b: LocalFeatures, j: number): boolean {
  const turn = Math.abs(a.direction[i]! - b.direction[j]!)
  if (Math.abs(a.x[i]! - b.x[j]!) > 40 || Math.abs(a.y[i]! - b.y[j]!) > 40) return false
  if (Math.abs(a.size[i]! - b.size[j]!) > 8 || Math.min(turn, 256 - turn) > 15) return false
  let bits = 0
  for (let w = 0; w < 8; w++) for (let x = a.words[8 * i + w]! ^ b.words[8 * j + w]!; x !== 0; x &= x - 1) bits++
  return bits <= 40
}

describe('local hashes as bytes', () => {
  it('take 37 each, and come back', () => {
    const bytes = encodeLocal(features)
    expect(bytes.length)
      .to.equal(features.count * FEATURE_BYTES)
      .and.to.equal(9_472)
    expect(decodeLocal(bytes)).to.deep.equal(features)
    expect(decodeLocal(new Uint8Array(0)).count).to.equal(0)
  })

  it('are refused or read back unchanged, whatever they are', () => {
    const bytes = fc.uint8Array({ maxLength: 6 * FEATURE_BYTES })
    fc.assert(
      fc.property(bytes, (written) => {
        let read: LocalFeatures
        try {
          read = decodeLocal(written)
        } catch (error) {
          expect(error).to.be.instanceOf(RangeError)
          return
        }
        expect(encodeLocal(read)).to.deep.equal(written)
      }),
    )
  })

  it('are refused with another length, too many of them, or a size that there is not', () => {
    expect(() => decodeLocal(new Uint8Array(36))).to.throw(RangeError, 'at most 256 times 37 bytes, got 36')
    expect(() => decodeLocal(new Uint8Array(37 * 257))).to.throw(RangeError, 'got 9509')
    expect(() => decodeLocal(new Uint8Array(37 * 401), 'candidate')).to.throw(RangeError, 'at most 400 times')
    const bytes = encodeLocal(features)
    bytes[3] = 104
    expect(() => decodeLocal(bytes)).to.throw(RangeError, 'sizes of at most 103, got 104')
  })
})
