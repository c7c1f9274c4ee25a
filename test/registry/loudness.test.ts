import { expect } from 'chai'
import { PrintMaker } from '../../server/fingerprint/index.ts'
import { loudnessOf } from '../../server/registry/loudness.ts'
import { sound, video } from '../fingerprint/make.ts'
import { joined, silence, voice } from '../fingerprint/sounds.ts'

describe('the loudness of a candidate', () => {
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

  it('is not told where nothing is heard', () => {
    expect(loudnessOf(sound(1))).to.equal(null)
    expect(loudnessOf({ ...video(1, 3), sound: null })).to.equal(null)
  })
})
