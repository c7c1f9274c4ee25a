import { expect } from 'chai'
import type { PixelPlane } from '../../server/fingerprint/index.ts'
import { hashWhole } from '../../server/fingerprint/picture-hash.ts'
import { planesOf } from '../../server/fingerprint/planes.ts'
import { examinePicture, type PictureCandidate, type PictureOriginal } from '../../server/matching/index.ts'
import { cropped, framed, mirrored, noisy, pasted, turned } from '../fingerprint/copies.ts'
import { scene } from '../fingerprint/scene.ts'

const original = scene({ width: 480, height: 360, seed: 11 })
const other = scene({ width: 480, height: 360, seed: 12, shapes: 120 })

function originalOf(pixels: PixelPlane, change: Partial<PictureOriginal> = {}): PictureOriginal {
  const { width, height } = pixels
  const { local, evidence } = hashWhole(pixels, pixels)
  return { key: 'a', width, height, local, evidence, orientation: null, way: null, ...change }
}

function candidateOf(pixels: PixelPlane, change: Partial<PictureCandidate> = {}): PictureCandidate {
  const view = noisy(pixels, 3, 7)
  const { width, height } = view
  const { local, evidence } = hashWhole(view, view, 'candidate')
  return { width, height, local, evidence, view: planesOf(view), ...change }
}

const ours = originalOf(original)
const examine = (pixels: PixelPlane, change: Partial<PictureCandidate> = {}, of = ours) =>
  examinePicture(candidateOf(pixels, change), [of])[0]

const box = { x: 120, y: 60, width: 300, height: 240 }
const patch = { x: 150, y: 120, width: 90, height: 90 }

describe('an examination of a picture', () => {
  it('of a copy in which nothing was changed says so', () => {
    expect(examine(original)).to.deep.include({
      relation: 'same_content',
      transforms: [],
      findings: [],
      notCompared: null,
    })
  })

  it('says which part of the original a crop shows', () => {
    const { relation, placement, findings } = examine(cropped(original, box))!
    expect([relation, findings]).to.deep.equal(['excerpt', []])
    expect(placement!.original.x).to.be.closeTo(box.x / 480, 0.01)
    expect(placement!.original.w).to.be.closeTo(box.width / 480, 0.01)
    expect(placement!.candidate).to.deep.equal({ x: 0, y: 0, w: 1, h: 1 })
    expect(placement!.corners[0].x).to.be.closeTo(-box.x / box.width, 0.01)
  })

  it('says where in a copy the original is', () => {
    const { transforms, placement } = examine(framed(mirrored(original), 40, [250, 250, 250]))!
    expect(transforms).to.include('mirrored').and.to.include('framed')
    expect(placement!.candidate.x).to.be.closeTo(40 / 560, 0.01)
    // Mirrored: the left of the original is at the right.
    expect(placement!.corners[0].x).to.be.closeTo(520 / 560, 0.01)
    expect(placement!.corners[1].x).to.be.closeTo(40 / 560, 0.01)
  })

  it('says where a copy was altered', () => {
    const { relation, findings } = examine(pasted(original, other, patch))!
    expect(relation).to.equal('altered')
    const [{ kind, region, score }] = findings as [(typeof findings)[0]]
    expect([kind, score > 0.9]).to.deep.equal(['region', true])
    expect(region.x + region.w / 2).to.be.closeTo((patch.x + 45) / 480, 0.04)
    expect(region.y + region.h / 2).to.be.closeTo((patch.y + 45) / 360, 0.04)
  })

  it('compares a client’s evidence where the media was not sent', () => {
    expect(examine(original, { view: null })!.relation).to.equal('same_content')
    expect(examine(pasted(original, other, patch), { view: null })!.relation).to.equal('altered')
  })

  it('believes a fit alone where the candidate has nothing to compare by, and says so', () => {
    const { relation, notCompared } = examine(cropped(original, box), { view: null, evidence: null })!
    expect([relation, notCompared]).to.deep.equal(['excerpt', 'the fingerprint has no evidence to compare by'])
  })

  it('takes the size of an original from what it is compared with, not from what its manifest says', () => {
    for (const claimed of [
      { width: 1, height: 1_000_000 },
      { width: 0, height: 0 },
    ]) {
      const lying = { ...ours, ...claimed, orientation: 0, local: null }
      expect(examine(original, {}, lying)).to.deep.include({ relation: 'same_content', notCompared: null })
      expect(examine(cropped(original, box), {}, { ...ours, ...claimed })!.placement).to.deep.equal(
        examine(cropped(original, box))!.placement,
      )
    }
  })

  it('compares nothing with evidence that is a line', () => {
    const line = scene({ width: 480, height: 6, seed: 3 })
    const of = { ...ours, evidence: originalOf(line).evidence, orientation: 0 }
    expect(examine(line, { local: null }, of)!.notCompared).to.be.a('string')
  })

  it('keeps a copy that is too small to be compared, and says that', () => {
    const small = scene({ width: 28, height: 28, seed: 3 })
    expect(examine(small, { local: null }, originalOf(small, { orientation: 0 }))).to.deep.include({
      relation: 'same_content',
      notCompared: 'too little of the original is shown',
    })
  })

  it('finds nothing of a stranger', () => {
    expect(examine(other)).to.equal(undefined)
  })

  it('finds nothing of another picture of the same scene, whose parts have moved against each other', () => {
    // Bands of a quarter of the height, to the left and to the right by turns: as from another place, near things and far ones.
    const moved = (x: number, y: number) => Math.min(479, Math.max(0, x + (Math.floor(y / 90) % 2 ? 5 : -5)))
    const data = original.data.map((_, i) => {
      const [y, x] = [Math.floor(i / 1_440), Math.floor((i % 1_440) / 3)]
      return original.data[(y * 480 + moved(x, y)) * 3 + (i % 3)]!
    })
    const sameFeatures = { local: ours.local }
    expect(examine({ ...original, data }, sameFeatures)).to.equal(undefined)
    // Where hashes of the whole say that it is a copy, it stays one.
    expect(examine({ ...original, data }, sameFeatures, { ...ours, orientation: 0 })!.relation).to.equal('altered')
  })

  it('believes a fit alone where there is no evidence, and says that nothing was compared', () => {
    const { relation, notCompared, placement } = examine(cropped(original, box), {}, { ...ours, evidence: null })!
    expect([relation, notCompared]).to.deep.equal(['excerpt', 'no evidence of the original is published'])
    expect(placement!.original.x).to.be.closeTo(box.x / 480, 0.01)
    expect(examine(other, {}, { ...ours, evidence: null })).to.equal(undefined)
  })

  it('does not take a part for the whole where evidence does not agree with the hashes', () => {
    const doctored = { ...ours, evidence: originalOf(other).evidence }
    expect(examine(original, {}, doctored)).to.equal(undefined)
    expect(examine(original, {}, { ...doctored, orientation: 0 })).to.deep.include({
      relation: 'same_content',
      notCompared: 'the picture could not be laid over its original',
    })
  })

  it('survives evidence that is none', () => {
    const rubbish = { ...ours, evidence: Uint8Array.of(1, 2, 3), orientation: 0 }
    expect(examine(original, {}, rubbish)).to.deep.include({ relation: 'same_content', findings: [] })
  })

  it('lays over a whole copy by what its hashes say where there are no local ones, however it was turned', () => {
    const turns = (of: PixelPlane) => [of, turned(of), turned(turned(of)), turned(turned(turned(of)))]
    const copies = [...turns(original), ...turns(mirrored(original))]
    const found = copies.map((copy, orientation) => examine(copy, { local: null }, { ...ours, orientation }))
    expect(found.map((one) => one?.notCompared)).to.deep.equal(Array(8).fill(null))
    expect(found.map((one) => one?.relation)).to.deep.equal(Array(8).fill('same_content'))
  })
})
