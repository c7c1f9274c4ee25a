import { expect } from 'chai'
import { type Bars, between, createBarFinder } from '../../server/fingerprint/bars.ts'
import type { PixelPlane } from '../../server/fingerprint/pdq.ts'
import { seeded } from '../random.ts'
import { scene } from './scene.ts'

const SIZE = { width: 320, height: 240 }

/** A picture laid on a plain frame. */
function laid(picture: PixelPlane, x: number, y: number, colour: [number, number, number] = [0, 0, 0], noise = 0) {
  const random = seeded(x + 7 * y)
  const data = Uint8Array.from({ length: SIZE.width * SIZE.height * 3 }, (_, i) =>
    Math.min(255, Math.max(0, colour[i % 3]! + Math.round(noise * (random() - 0.5)))),
  )
  for (let v = 0; v < picture.height; v++)
    for (let u = 0; u < picture.width; u++)
      for (let k = 0; k < 3; k++)
        data[((v + y) * SIZE.width + u + x) * 3 + k] = picture.data[(v * picture.width + u) * 3 + k]!
  return { ...SIZE, channels: 3 as const, data }
}

const pictures = (width: number, height: number) => [1, 2, 3].map((seed) => scene({ width, height, seed }))

function foundIn(frames: PixelPlane[]): Bars | null {
  const finder = createBarFinder()
  for (const frame of frames) finder.look(frame)
  return finder.found()
}

const inPixels = (bars: Bars | null) =>
  bars && [bars.x * SIZE.width, bars.y * SIZE.height, bars.w * SIZE.width, bars.h * SIZE.height].map(Math.round)

/** As far as PLAIN lets an edge be placed. */
const near = (bars: Bars | null, expected: number[]) => {
  const found = inPixels(bars)!
  expect(found, 'bars').not.to.equal(null)
  for (const [i, value] of expected.entries()) expect(found[i], `${found}`).to.be.closeTo(value, 3)
}

describe('bars', () => {
  it('above and below, at the sides, or all around, black or of any plain colour, are left out', () => {
    const cases: [number, number, number, number][] = [
      [320, 180, 0, 30],
      [135, 240, 92, 0],
      [240, 180, 40, 30],
      [320, 90, 0, 75],
    ]
    for (const [w, h, x, y] of cases)
      for (const colour of [
        [0, 0, 0],
        [255, 255, 255],
        [30, 60, 140],
      ] as [number, number, number][])
        near(foundIn(pictures(w, h).map((picture) => laid(picture, x, y, colour, 12))), [x, y, w, h])
  })

  it('on one side are left out where they are narrow, and taken for the picture where they are wide', () => {
    near(foundIn(pictures(320, 216).map((picture) => laid(picture, 0, 24))), [0, 24, 320, 216])
    expect(foundIn(pictures(320, 160).map((picture) => laid(picture, 0, 80)))).to.equal(null)
  })

  it('are none in a picture that fills its frame', () => {
    expect(foundIn(pictures(320, 240).map((picture) => laid(picture, 0, 0)))).to.equal(null)
  })

  it('are none where only some frames have them', () => {
    const frames = pictures(320, 180).map((picture) => laid(picture, 0, 30))
    expect(foundIn([...frames, scene({ ...SIZE, seed: 9 })])).to.equal(null)
  })

  it('are none around a title on black, a light in the night, or stripes of letters', () => {
    const title = laid(scene({ width: 200, height: 24, seed: 1 }), 60, 110)
    const light = laid(scene({ width: 60, height: 80, seed: 2 }), 200, 120)
    const strokes = Uint8Array.from({ length: 280 * 120 * 3 }, (_, i) => (Math.floor(i / 12) % 3 ? 0 : 230))
    const letters = laid({ width: 280, height: 120, channels: 3, data: strokes }, 20, 60)
    expect(createBarFinder().look(letters)).to.equal(true)
    for (const frame of [title, light, letters]) expect(foundIn([frame, frame, frame])).to.equal(null)
  })

  it('are none of a night that is dark at its edges and ends at no line', () => {
    const night = pictures(320, 240).map((picture) => {
      const data = picture.data.map((value, i) => {
        const [x, y] = [Math.floor(i / 3) % 320, Math.floor(i / 960)]
        return value * Math.max(0, Math.min(1, (y - 50 - 30 * Math.sin(x / 25)) / 60))
      })
      return { ...picture, data: Uint8Array.from(data) }
    })
    expect(foundIn(night)).to.equal(null)
  })

  it('are told from frames that show something: a fade from black counts for nothing', () => {
    const finder = createBarFinder()
    const black = laid(scene({ width: 1, height: 1, seed: 1 }), 0, 0)
    expect([black, black].map((frame) => finder.look(frame))).to.deep.equal([false, false])
    for (const picture of pictures(320, 180)) expect(finder.look(laid(picture, 0, 30))).to.equal(true)
    expect(finder.seen).to.equal(3)
    near(finder.found(), [0, 30, 320, 180])
  })

  it('of nothing are none', () => {
    expect(createBarFinder().found()).to.equal(null)
  })

  describe('later on', () => {
    const finder = createBarFinder()
    for (const picture of pictures(320, 180)) finder.look(laid(picture, 0, 30))
    const bars = finder.found()!
    const { shrunk } = finder

    it('stay as they are while nothing is in them but a subtitle', () => {
      const frame = laid(scene({ width: 320, height: 180, seed: 4 }), 0, 30)
      const subtitle = scene({ width: 100, height: 12, seed: 5 })
      for (let v = 0; v < 12; v++)
        frame.data.set(subtitle.data.subarray(v * 300, v * 300 + 300), ((220 + v) * 320 + 110) * 3)
      expect(shrunk(bars, frame)).to.equal(bars)
    })

    it('shrink to where a picture appears, and never come back', () => {
      const taller = shrunk(bars, laid(scene({ width: 320, height: 210, seed: 4 }), 0, 15))
      near(taller, [0, 15, 320, 210])
      const again = shrunk(taller!, laid(scene({ width: 320, height: 180, seed: 4 }), 0, 30))
      expect(again).to.deep.equal(taller)
      expect(shrunk(taller!, scene({ ...SIZE, seed: 6 }))).to.equal(null)
    })

    it('stay as they are while all is of one colour', () => {
      expect(shrunk(bars, laid(scene({ width: 1, height: 1, seed: 1 }), 0, 0, [255, 255, 255]))).to.equal(bars)
    })
  })

  it('leave the picture between them', () => {
    const picture = scene({ width: 320, height: 180, seed: 4 })
    expect(between(laid(picture, 0, 30), { x: 0, y: 30 / 240, w: 1, h: 180 / 240 }).data).to.deep.equal(picture.data)
  })
})
