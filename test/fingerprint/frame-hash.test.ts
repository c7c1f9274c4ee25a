import { expect } from 'chai'
import { decodeEvidence } from '../../server/fingerprint/evidence.ts'
import { createFrameHasher, FRAME_FEATURES, frameEvidence } from '../../server/fingerprint/frame-hash.ts'
import { type Detail, MAX_FEATURES } from '../../server/fingerprint/local.ts'
import { decodeLocal } from '../../server/fingerprint/local-code.ts'
import { hashPicture, type PixelPlane } from '../../server/fingerprint/pdq.ts'
import { scene } from './scene.ts'

describe('what is computed of a frame', () => {
  const size = { width: 400, height: 300 }
  const shots = Array.from({ length: 4 }, (_, seed) => scene({ ...size, seed }))
  const plain: PixelPlane = { ...size, channels: 1, data: new Uint8Array(size.width * size.height).fill(90) }

  /** Times of the frames that got local hashes. */
  function keyTimes(detail: Detail, frames: [timeMs: number, pixels: PixelPlane][]): number[] {
    const hasher = createFrameHasher(detail)
    return frames.map(([timeMs, pixels]) => hasher.hash(timeMs, pixels, size)).flatMap((f) => (f.local ? f.timeMs : []))
  }
  const each = (stepMs: number, untilMs: number, pixels: (timeMs: number) => PixelPlane) =>
    Array.from(
      { length: Math.floor(untilMs / stepMs) + 1 },
      (_, i) => [i * stepMs, pixels(i * stepMs)] as [number, PixelPlane],
    )

  it('is its hash and quality, and of a candidate the hash of the mirrored frame', () => {
    const { orientations, quality } = hashPicture(shots[0]!)
    const original = createFrameHasher('original').hash(40, shots[0]!, size)
    expect(original).to.deep.include({ timeMs: 40, hash: orientations[0], quality })
    expect(original).not.to.have.property('mirrored')
    const candidate = createFrameHasher('candidate').hash(40, shots[0]!, size)
    expect(candidate).to.deep.include({ hash: orientations[0], mirrored: orientations[4] })
  })

  it('are local hashes of the first frame, and of none that is plain', () => {
    expect(
      keyTimes('original', [
        [0, plain],
        [500, shots[0]!],
        [1000, shots[0]!],
      ]),
    ).to.deep.equal([500])
  })

  it('are local hashes of a frame with something in it that is too plain for its hash to count', () => {
    const data = plain.data.slice()
    const spots = scene({ width: 90, height: 70, seed: 5 })
    for (let y = 0; y < 70; y++)
      for (let x = 0; x < 90; x++) data[(y + 100) * size.width + x + 200] = spots.data[3 * (y * 90 + x)]!
    const frame = createFrameHasher('original').hash(0, { ...plain, data }, size)
    expect(frame.quality).to.be.below(50)
    expect(frame.local!.length / 37).to.be.above(8)
  })

  it('are local hashes where another shot begins, though not more often than each two seconds', () => {
    expect(
      keyTimes(
        'original',
        each(500, 6000, (ms) => shots[ms < 3000 ? 0 : 1]!),
      ),
    ).to.deep.equal([0, 3000])
    expect(
      keyTimes(
        'original',
        each(500, 6000, (ms) => shots[(ms / 500) % 3]!),
      ),
    ).to.deep.equal([0, 2000, 4000, 6000])
  })

  it('are local hashes of a candidate as often as of an original, once it is long', () => {
    const cuts = (fromMs: number) =>
      keyTimes(
        'candidate',
        each(500, 4000, (ms) => shots[(ms / 500) % 3]!).map(([ms, shot]) => [fromMs + ms, shot]),
      ).map((ms) => ms - fromMs)
    expect(cuts(0)).to.have.length(9)
    expect(cuts(600_000)).to.deep.equal([0, 2000, 4000])
  })

  it('are local hashes of a shot that goes on, each 4 s', () => {
    const still = each(500, 17_000, () => shots[2]!)
    for (const detail of ['original', 'candidate'] as const)
      expect(keyTimes(detail, still)).to.deep.equal([0, 4000, 8000, 12_000, 16_000])
  })

  it('are as many local hashes of an original as pay, and more of a candidate', () => {
    const local = (detail: Detail) => createFrameHasher(detail).hash(0, shots[3]!, size).local!
    const [original, candidate] = [decodeLocal(local('original')), decodeLocal(local('candidate'), 'candidate')]
    expect(original.count).to.equal(FRAME_FEATURES)
    expect(candidate.count).to.be.within(FRAME_FEATURES + 1, 2 * MAX_FEATURES)
    expect(original.words).to.deep.equal(candidate.words.slice(0, original.words.length))
  })

  it('is evidence that looks like the frame, closely where it shows something new, and once a second', () => {
    const { data, ...small } = scene({ width: 192, height: 144, seed: 3 })
    const grey = { ...small, channels: 1 as const, data: data.filter((_, i) => i % 3 === 1) }
    const errorOf = (evidence: Uint8Array) => {
      const { luma } = decodeEvidence(evidence)
      const sum = luma.samples.reduce((sum, value, i) => sum + (value - grey.data[i]!) ** 2, 0)
      return Math.sqrt(sum / luma.samples.length)
    }
    const of = (timeMs: number, local: Uint8Array | null) => frameEvidence({ timeMs, local }, grey)
    const [close, fine, rough] = [of(3_500, new Uint8Array(37)), of(3_000, null), of(3_500, null)]
    expect(fine.length).to.be.below(close.length)
    expect(rough.length).to.be.below(close.length / 2)
    expect(close.length).to.be.at.most(6_000)
    expect(errorOf(close)).to.be.below(errorOf(fine)).and.below(16)
    expect(errorOf(fine)).to.be.below(errorOf(rough))
  })
})
