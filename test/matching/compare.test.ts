import { expect } from 'chai'
import { decodeEvidence, encodeEvidence } from '../../server/fingerprint/evidence.ts'
import type { PixelPlane } from '../../server/fingerprint/pdq.ts'
import { planesOf } from '../../server/fingerprint/planes.ts'
import { type Affine, compose, invert } from '../../server/matching/affine.ts'
import { type Comparison, comparePictures } from '../../server/matching/compare.ts'
import { badged, cropped, framed, graded, grey, mirrored, noisy, pasted, turned } from '../fingerprint/copies.ts'
import { scene } from '../fingerprint/scene.ts'

const SIZE = { width: 480, height: 360 }
const original = scene({ ...SIZE, seed: 11 })
const other = scene({ ...SIZE, seed: 12, shapes: 120 })
const evidence = decodeEvidence(encodeEvidence(original))

/** The map from the candidate to the original, given where the candidate's pixels lie in the original's. */
function inLongerSides(pixels: Affine, candidate: PixelPlane): Affine {
  const [ours, theirs] = [Math.max(SIZE.width, SIZE.height), Math.max(candidate.width, candidate.height)]
  return compose([1 / ours, 0, 0, 0, 1 / ours, 0], compose(pixels, [theirs, 0, 0, 0, theirs, 0]))
}

/** A map as a fit of features has it: a little off. */
const ROUGH: Affine = [1.004, 0.003, 2, -0.003, 0.997, -1.5]

function compared(candidate: PixelPlane, pixels: Affine = [1, 0, 0, 0, 1, 0]): Comparison {
  const result = comparePictures(
    evidence,
    planesOf(noisy(candidate, 3, 5)),
    inLongerSides(compose(ROUGH, pixels), candidate),
  )
  if (!result.compared) throw new Error(result.reason)
  return result
}

const altered = ({ findings }: Comparison) => findings.filter(({ kind }) => kind === 'region')

describe('a copy in which nothing was changed', () => {
  const box = { x: 90, y: 40, width: 330, height: 260 }
  const inBox: Affine = [1, 0, box.x, 0, 1, box.y]
  const copies: [name: string, copy: PixelPlane, map?: Affine][] = [
    ['with noise', original],
    ['darker and of more contrast, clipped', graded(original, (value) => 1.5 * (value - 128) + 110)],
    [
      'with another colour in each channel',
      graded(original, (value, channel) => 255 * (value / 255) ** [0.8, 1, 1.3][channel]!),
    ],
    ['in grey', grey(original)],
    ['cropped', cropped(original, box), inBox],
    ['mirrored', mirrored(original), [-1, 0, SIZE.width, 0, 1, 0]],
    ['turned', turned(original), [0, 1, 0, -1, 0, SIZE.height]],
    ['framed', framed(original, 40, [250, 250, 250]), [1, 0, -40, 0, 1, -40]],
  ]
  for (const [name, copy, map] of copies)
    it(`${name}, has no finding, and its map is found to a third of a pixel`, () => {
      const result = compared(copy, map)
      expect(result.findings).to.deep.equal([])
      expect(result.likeness).to.be.above(0.8)
      const off = compose(result.transform, invert(inLongerSides(map ?? [1, 0, 0, 0, 1, 0], copy)))
      expect(480 * Math.abs(off[2])).to.be.below(0.34)
      expect(480 * Math.abs(off[5])).to.be.below(0.34)
    })

  it('is described in words and shares', () => {
    expect(compared(grey(original)).transforms).to.deep.equal(['greyscale'])
    expect(compared(mirrored(original), [-1, 0, SIZE.width, 0, 1, 0]).transforms).to.deep.equal(['mirrored'])
    expect(compared(turned(original), [0, 1, 0, -1, 0, SIZE.height]).transforms).to.deep.equal(['rotated 90'])
    const crop = compared(cropped(original, box), inBox)
    expect(crop.transforms).to.deep.equal(['cropped'])
    expect(crop.seen).to.be.closeTo((330 * 260) / (480 * 360), 0.01)
    const frame = compared(framed(original, 40, [20, 20, 20]), [1, 0, -40, 0, 1, -40])
    expect(frame).to.deep.include({ around: 'plain', transforms: ['framed'] })
    expect(frame.explained).to.be.closeTo((480 * 360) / (560 * 440), 0.01)
  })
})

describe('a copy with another content in a box', () => {
  const box = { x: 200, y: 150, width: 90, height: 70 }

  it('has one region there, of a high score', () => {
    const [finding, ...more] = compared(pasted(original, other, box)).findings
    expect(more).to.deep.equal([])
    expect(finding).to.include({ kind: 'region' })
    expect(finding!.score).to.be.at.least(0.98)
    expect(finding!.region.x * 480).to.be.closeTo(box.x, 8)
    expect(finding!.region.y * 360).to.be.closeTo(box.y, 8)
    expect(finding!.region.w * 480).to.be.closeTo(box.width, 16)
    expect(finding!.region.h * 360).to.be.closeTo(box.height, 16)
  })

  it('has it in its own frame when it is mirrored, graded and cropped too', () => {
    const copy = graded(mirrored(pasted(original, other, box)), (value) => 0.8 * value + 40)
    const [finding] = altered(compared(copy, [-1, 0, SIZE.width, 0, 1, 0]))
    expect(finding!.region.x * 480).to.be.closeTo(480 - box.x - box.width, 8)
    expect(finding!.region.w * 480).to.be.closeTo(box.width, 16)
  })

  it('has it when only the colour was changed', () => {
    const red = graded(original, (value, channel) => (channel === 0 ? value + 60 : value - 40))
    expect(altered(compared(pasted(original, red, box)))).to.have.length(1)
  })
})

describe('a copy with many badges and another content in a box', () => {
  it('has the region first, however many overlays there are', () => {
    const places = Array.from({ length: 12 }, (_, i) => ({
      x: 10 + 76 * (i % 6),
      y: i < 6 ? 8 : 300,
      width: 50,
      height: 50,
    }))
    const copy = places.reduce(badged, pasted(original, other, { x: 200, y: 140, width: 80, height: 80 }))
    const kinds = compared(copy).findings.map(({ kind }) => kind)
    expect(kinds[0]).to.equal('region')
    expect(kinds.filter((kind) => kind === 'overlay').length).to.be.greaterThan(4)
  })
})

describe('a copy with a small and faint change', () => {
  const box = { x: 200, y: 160, width: 30, height: 36 }

  it('has a region there, where all else agrees', () => {
    const [finding, ...more] = compared(pasted(original, noisy(original, 14, 21), box)).findings
    expect(more).to.deep.equal([])
    expect(finding).to.include({ kind: 'region' })
    expect(finding!.region.x * 480).to.be.closeTo(box.x, 16)
  })
})

describe('a copy with a banner that touches another content', () => {
  it('has an overlay, and a region beside it', () => {
    const flat = (shade: number) => graded(original, () => shade)
    const banner = pasted(pasted(original, other, { x: 200, y: 130, width: 70, height: 70 }), flat(220), {
      x: 5,
      y: 200,
      width: 470,
      height: 90,
    })
    const copy = [220, 250].reduce((of, y) => pasted(of, flat(20), { x: 30, y, width: 420, height: 10 }), banner)
    const findings = compared(copy).findings
    expect(findings.map(({ kind }) => kind)).to.include('overlay')
    expect(findings[0]!.kind).to.equal('region')
    expect(findings[0]!.region.y * 360).to.be.closeTo(130, 12)
    expect(findings[0]!.region.h * 360).to.be.closeTo(62, 16)
  })
})

describe('a copy with a badge', () => {
  it('has an overlay there and no region', () => {
    const [finding, ...more] = compared(badged(original, { x: 380, y: 10, width: 80, height: 80 })).findings
    expect(more).to.deep.equal([])
    expect(finding).to.include({ kind: 'overlay' })
    expect(finding!.region.x * 480).to.be.closeTo(380, 10)
  })
})

describe('a copy with white letters that have a dark rim', () => {
  it('has overlays and no region, also where half of it is white itself', () => {
    const flat = (shade: number) => graded(original, () => shade)
    const box = { x: 60, y: 200, width: 360, height: 90 }
    const white = pasted(pasted(original, flat(150), box), flat(250), {
      ...box,
      y: 245,
      height: 45,
    })
    const strokes = [90, 130, 170, 210, 250, 290, 330].map((x) => ({
      x,
      y: 220,
      width: 16,
      height: 50,
    }))
    const letters = strokes.reduce((copy, { x, y, width, height }) => {
      const rim = { x: x - 2, y: y - 2, width: width + 4, height: height + 4 }
      return pasted(pasted(copy, flat(5), rim), flat(252), {
        x,
        y,
        width,
        height,
      })
    }, white)
    const own = decodeEvidence(encodeEvidence(white))
    const result = comparePictures(own, planesOf(noisy(letters, 1, 5)), inLongerSides(ROUGH, letters)) as Comparison
    expect(result.findings.map(({ kind }) => kind)).to.include('overlay')
    expect(altered(result)).to.deep.equal([])
  })
})

describe('a copy with something plain over it that is not flat', () => {
  it('has a region there: sand is no ink', () => {
    const sand = noisy(
      graded(original, () => 140),
      7,
      9,
    )
    const [finding] = compared(pasted(original, sand, { x: 150, y: 100, width: 120, height: 100 })).findings
    expect(finding).to.include({ kind: 'region' })
  })
})

describe('a copy with a mark through which it shines', () => {
  it('has overlays and no region', () => {
    const shining = graded(original, (value) => 0.4 * value + 150)
    const bars = [150, 190, 230].map((y) => ({
      x: 120,
      y,
      width: 240,
      height: 12,
    }))
    const marked = bars.reduce((copy, bar) => pasted(copy, shining, bar), original)
    const { findings } = compared(marked)
    expect(findings).to.not.deep.equal([])
    expect(altered(compared(marked))).to.deep.equal([])
  })
})

describe('a candidate of which only the evidence is here', () => {
  const box = { x: 200, y: 150, width: 90, height: 70 }
  const sent = (copy: PixelPlane) => {
    const planes = decodeEvidence(encodeEvidence(noisy(copy, 3, 5)))
    return comparePictures(evidence, planes, inLongerSides(ROUGH, copy)) as Comparison
  }

  it('is compared as its pixels are', () => {
    expect(sent(original).findings).to.deep.equal([])
    const [finding] = altered(sent(pasted(original, other, box)))
    expect(finding!.region.x * 480).to.be.closeTo(box.x, 9)
  })
})

describe('what is compared', () => {
  it('is answered the same each time', () => {
    const copy = pasted(original, other, {
      x: 60,
      y: 200,
      width: 80,
      height: 60,
    })
    expect(compared(copy)).to.deep.equal(compared(copy))
  })
})

describe('another picture', () => {
  it('is not compared: it does not agree', () => {
    const result = comparePictures(evidence, planesOf(other), [1, 0, 0, 0, 1, 0])
    expect(result).to.deep.equal({
      compared: false,
      reason: 'the pictures do not agree',
    })
  })

  it('is not compared where next to nothing of the original is shown', () => {
    const result = comparePictures(evidence, planesOf(original), [1, 0, 0.99, 0, 1, 0.7])
    expect(result).to.include({ compared: false })
  })
})
