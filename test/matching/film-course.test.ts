import { expect } from 'chai'
import type { Film } from '../../server/fingerprint/index.ts'
import { courseOf } from '../../server/matching/film-course.ts'
import { reduceFrames } from '../../server/matching/film-sight.ts'

const [WIDTH, HEIGHT] = [32, 18]
const NOWHERE_ELSE = [1, 0, 0, 0, 1, 0] as const

/** Blots that wander, none of them back to where all were before. @param s seconds. */
function pictureAt(s: number): Uint8Array {
  const out = new Uint8Array(WIDTH * HEIGHT)
  for (let y = 0; y < HEIGHT; y++)
    for (let x = 0; x < WIDTH; x++) {
      let value = 128
      for (let blot = 1; blot <= 6; blot++) {
        const [atX, atY] = [0.5 + 0.45 * Math.sin(s / (2.3 * blot) + blot), 0.5 + 0.45 * Math.cos(s / (1.9 * blot))]
        const [dx, dy] = [x / WIDTH - atX, (y / HEIGHT - atY) / 2]
        value += (blot % 2 ? 90 : -90) * Math.exp(-60 * (dx * dx + dy * dy))
      }
      out[y * WIDTH + x] = Math.max(0, Math.min(255, value))
    }
  return out
}

const planeOf = (samples: Uint8Array) => ({ width: WIDTH, height: HEIGHT, samples })

function filmOf(lengthS: number, secondAt: (s: number) => number): Film {
  const timesMs = Array.from({ length: Math.floor(lengthS / 0.08) }, (_, i) => 80 * i)
  const samples = new Uint8Array(timesMs.length * WIDTH * HEIGHT)
  for (const [i, ms] of timesMs.entries()) samples.set(pictureAt(secondAt(ms / 1_000)), i * WIDTH * HEIGHT)
  return { width: WIDTH, height: HEIGHT, timesMs, samples }
}

function momentsOf(lengthS: number) {
  const timesMs = Array.from({ length: 2 * lengthS }, (_, i) => 500 * i)
  return { timesMs, reduced: reduceFrames(timesMs.map((ms) => planeOf(pictureAt(ms / 1_000)))) }
}

describe('the course of a candidate', () => {
  const moments = momentsOf(260)

  it('is found at another speed, of a minute and of one longer than all that is tried', () => {
    for (const lengthS of [60, 180]) {
      const course = courseOf(
        filmOf(lengthS, (s) => 10 + 1.25 * s),
        moments,
        NOWHERE_ELSE,
      )!
      expect(course.speed, `${lengthS} s`).to.be.closeTo(1.25, 0.005)
      expect(course.followed, `${lengthS} s`).to.be.greaterThan(0.97)
      expect(course.runs.map(({ offsetMs }) => Math.round(offsetMs / 100))).to.deep.equal([100])
    }
  }).timeout(60_000)

  it('of which pictures were dropped is told by those that show a moment, whatever was shown between', () => {
    const [width, height] = [6 * WIDTH, 6 * HEIGHT]
    const grown = (small: Uint8Array) =>
      Uint8Array.from(
        { length: width * height },
        (_, i) => small[WIDTH * Math.floor(i / width / 6) + Math.floor((i % width) / 6)]!,
      )
    const timesMs = Array.from({ length: 1_300 }, (_, i) => 660 * i)
    const film: Film = {
      width,
      height,
      timesMs,
      samples: new Uint8Array(timesMs.length * width * height),
      stepMs: 660,
    }
    for (const [i, ms] of timesMs.entries()) film.samples.set(grown(pictureAt(ms / 1_000)), i * width * height)
    const momentsMs = Array.from({ length: 1_700 }, (_, i) => 500 * i)
    const planes = momentsMs.map((ms) => ({ width, height, samples: grown(pictureAt(ms / 1_000)) }))
    const course = courseOf(film, { timesMs: momentsMs, reduced: reduceFrames(planes) }, NOWHERE_ELSE)!
    expect(course.runs.map(({ offsetMs }) => Math.round(offsetMs / 100))).to.deep.equal([0])
    expect(course.followed).to.be.greaterThan(0.95)
  }).timeout(60_000)

  it('is none where something else is shown, however long', () => {
    for (const lengthS of [60, 180]) {
      const course = courseOf(
        filmOf(lengthS, (s) => 5_000 + s),
        moments,
        NOWHERE_ELSE,
      )!
      expect(course.runs, `${lengthS} s`).to.deep.equal([])
    }
  }).timeout(60_000)
})
