import { expect } from 'chai'
import { PrintMaker } from '../../server/fingerprint/index.ts'
import { loudnessAround, loudnessOf } from '../../server/registry/loudness.ts'
import { sound, video } from '../fingerprint/make.ts'
import { joined, silence, voice } from '../fingerprint/sounds.ts'

describe('the loudness of a sound', () => {
  it('is high where it is loud, and nothing where it is silent', () => {
    const maker = new PrintMaker(0, 'candidate')
    maker.push(joined(silence(5), voice(1, 5)))
    const heard = { prints: maker.finish(), tracks: 1, damaged: false, readable: true }
    const loudness = loudnessOf({ ...sound(1), durationMs: 10_000, sound: heard })!
    expect(loudness).to.have.length(200)
    expect(Math.max(...loudness.slice(0, 90))).to.equal(0)
    expect(Math.max(...loudness.slice(110))).to.be.within(30, 100)
    expect(loudnessOf({ ...sound(1), durationMs: 600_000, sound: heard })).to.have.length(240)
  })

  it('of an original is told about what of it is heard', () => {
    const maker = new PrintMaker(0, 'original')
    maker.push(joined(silence(10), voice(1, 10)))
    const prints = maker.finish()
    const around = loudnessAround(prints, [{ startMs: 8_000, endMs: 10_000 }], 20_000)!
    expect(around.span).to.deep.equal({ startMs: 7_000, endMs: 11_000 })
    expect(around.values).to.have.length(80)
    expect(Math.max(...around.values.slice(0, 55))).to.equal(0)
    expect(Math.max(...around.values.slice(65))).to.be.within(30, 100)
    expect(loudnessAround(prints, [{ startMs: 0, endMs: 19_000 }], 20_000)!.span).to.deep.equal({
      startMs: 0,
      endMs: 20_000,
    })
    expect(loudnessAround(prints, [{ startMs: 25_000, endMs: 25_000 }], 20_000)).to.equal(null)
  })

  it('is not told where nothing is heard', () => {
    expect(loudnessOf(sound(1))).to.equal(null)
    expect(loudnessOf({ ...video(1, 3), sound: null })).to.equal(null)
  })
})
