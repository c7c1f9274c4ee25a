import { expect } from 'chai'
import { createFilm, FILM_STEP_MS } from '../../server/fingerprint/film.ts'
import type { PixelPlane } from '../../server/fingerprint/pdq.ts'

describe('a film', () => {
  const picture = (value: number, width = 4, height = 3): PixelPlane => ({
    width,
    height,
    channels: 1,
    data: new Uint8Array(width * height).fill(value),
  })

  /** A film of so many pictures, each filled with its number. */
  function filmed(pictures: number, maxBytes: number) {
    const film = createFilm({ maxBytes })
    for (let i = 0; i < pictures; i++) film.add(FILM_STEP_MS * i, picture(i))
    return film.finish()!
  }

  it('says how far apart its pictures are where some were dropped', () => {
    expect(filmed(5, 12 * 6).stepMs).to.equal(undefined)
    expect(filmed(20, 12 * 6).stepMs).to.equal(128)
    expect(filmed(200, 12 * 6).stepMs).to.equal(2_048)
  })

  it('holds all pictures, one after the other, while there is room', () => {
    const { width, height, timesMs, samples } = filmed(5, 12 * 6)
    expect([width, height]).to.deep.equal([4, 3])
    expect(timesMs).to.deep.equal([0, 1, 2, 3, 4].map((i) => FILM_STEP_MS * i))
    expect([...samples]).to.deep.equal([0, 1, 2, 3, 4].flatMap((value) => Array(12).fill(value)))
  })

  it('drops every second picture when there is no more room, and takes half as many from then on', () => {
    const { timesMs, samples } = filmed(23, 12 * 6)
    expect(timesMs).to.deep.equal([0, 8, 16].map((i) => FILM_STEP_MS * i))
    expect(samples.length).to.equal(12 * 3)
    expect([...samples.filter((_, i) => i % 12 === 0)]).to.deep.equal(timesMs.map((ms) => ms / FILM_STEP_MS))
  })

  it('never has more bytes than it may, nor less than half of them, once it was full', () => {
    for (const pictures of [30, 100, 777]) {
      const { timesMs, samples } = filmed(pictures, 12 * 40)
      expect(samples.length).to.equal(12 * timesMs.length)
      expect(samples.length, `${pictures}`).to.be.at.most(12 * 40)
      if (pictures > 40) expect(timesMs.length).to.be.at.least(19)
    }
  })

  it('of a video that says how long it is has them evenly all along, within its bytes', () => {
    for (const seconds of [7, 30, 100, 1_000]) {
      const film = createFilm({ maxBytes: 12 * 100, expectedMs: 1000 * seconds })
      for (let ms = 0; ms < 1000 * seconds; ms += 40) film.add(ms, picture(1))
      const { timesMs } = film.finish()!
      expect(timesMs.length, `${seconds} s`).to.be.within(40, 100)
      const steps = timesMs.slice(1).map((ms, i) => ms - timesMs[i]!)
      expect(Math.max(...steps) - Math.min(...steps), `${seconds} s`).to.be.at.most(40)
    }
  })

  it('of a long video shows a moment of the original every few pictures, whatever the rate and wherever it begins', () => {
    for (const rate of [20, 24, 25, 29.97, 30, 50])
      for (const minutes of [15, 31, 60, 120]) {
        const film = createFilm({ maxBytes: 12 * 2_300, expectedMs: 60_000 * minutes })
        for (let n = 0; n < 60 * minutes * rate; n++) film.add(Math.round((1000 * n) / rate), picture(1))
        const { timesMs, stepMs } = film.finish()!
        expect(stepMs).to.be.greaterThan(200)
        expect(timesMs.length).to.be.at.least(1_000)
        for (const frames of [0, 1, 179]) {
          const misses = missedInARow(timesMs, (1000 * frames) / rate, rate)
          expect(misses, `${rate} a second, ${minutes} min, from frame ${frames} on`).to.be.at.most(20)
        }
      }
  })

  /** Pictures between two that lie within 40 ms of a frame of the original that is registered: the first of each half second. */
  function missedInARow(timesMs: number[], offsetMs: number, rate: number): number {
    let [longest, missed] = [0, 0]
    for (const ms of timesMs) {
      const moment = 500 * Math.round((ms + offsetMs) / 500)
      const registered = (1000 / rate) * Math.ceil((moment * rate) / 1000 - 1e-6)
      missed = Math.abs(ms + offsetMs - registered) <= 40 ? 0 : missed + 1
      longest = Math.max(longest, missed)
    }
    return longest
  }

  it('says which pictures it would take', () => {
    const film = createFilm({ maxBytes: 12 * 6 })
    expect(film.wants(0)).to.equal(true)
    for (let i = 0; i < 6; i++) film.add(FILM_STEP_MS * i, picture(i))
    expect([5, 6].map((i) => film.wants(FILM_STEP_MS * i))).to.deep.equal([false, true])
  })

  it('leaves out pictures of another size', () => {
    const film = createFilm()
    film.add(0, picture(1))
    film.add(80, picture(2, 3, 4))
    film.add(160, picture(3))
    expect(film.finish()!.timesMs).to.deep.equal([0, 160])
  })

  it('without a picture is none', () => {
    expect(createFilm().finish()).to.equal(null)
  })
})
