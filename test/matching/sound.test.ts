import { expect } from 'chai'
import { examineSound, SOUND_LIMITS, type SoundExamination } from '../../server/matching/sound.ts'
import { SoundIndex } from '../../server/matching/sound-index.ts'
import { joined, seconds, silence, voice, withNoise } from '../fingerprint/sounds.ts'
import { candidate, original } from './sounds.ts'

const spoken = voice(31, 20)
const other = voice(32, 20)

/** What is found of a sound against `spoken`. */
function examined(sound: Float32Array, startS = 0): SoundExamination | null {
  const registered = original(spoken, startS)
  const index = new SoundIndex()
  index.add(0, registered)
  index.add(1, original(voice(33, 20)))
  const asked = candidate(sound)
  const proposals = index.propose(asked)
  return examineSound(
    asked,
    registered,
    proposals.filter(({ record }) => record === 0),
  )
}

const kinds = (found: SoundExamination | null) => found?.findings.map(({ kind }) => kind)

function expectSpan(found: SoundExamination | null, kind: string, startS: number, endS: number) {
  expect([found?.relation, kinds(found)]).to.deep.equal(['altered', [kind]])
  const { span } = found!.findings[0]!
  expect(span.startMs / 1_000, 'begins').to.be.closeTo(startS, 0.25)
  expect(span.endMs / 1_000, 'ends').to.be.closeTo(endS, 0.25)
}

const claimed = { record: 0, offsetS: 0, tempo: 1, pitch: 1, votes: 9, differing: 0.1, followedS: 9 }

/** Noise like that of a recording, so that what is joined differs nowhere else. */
const quieter = (sound: Float32Array) => withNoise(sound, 40)

describe('the examination of sound', () => {
  it('of a copy with noise, quieter, finds the whole and nothing that differs', () => {
    for (const sound of [spoken, withNoise(spoken, 10), spoken.map((one) => one / 5)]) {
      const found = examined(sound)
      expect([found?.relation, kinds(found)]).to.deep.equal(['same_content', []])
      expect(found!.segments.length).to.equal(1)
      const [{ candidate: own, original: its, speed }] = found!.segments as [SoundExamination['segments'][0]]
      expect([own.startMs, its.startMs, speed]).to.deep.equal([0, 0, 1])
      expect(own.endMs).to.be.closeTo(20_000, 60)
    }
  })

  it('of a part finds where it lies, in the time of the media', () => {
    const found = examined(seconds(spoken, 6, 12), 100)
    expect([found?.relation, kinds(found)]).to.deep.equal(['excerpt', []])
    expect(found!.segments[0]!.original.startMs).to.be.closeTo(106_000, 30)
    expect(found!.segments[0]!.original.endMs).to.be.closeTo(112_000, 60)
  })

  it('finds words that are missing', () => {
    for (const lengthS of [0.3, 0.6, 2]) {
      const found = examined(joined(seconds(spoken, 0, 9), seconds(spoken, 9 + lengthS)))
      expectSpan(found, 'missing', 9, 9)
      expect(found!.findings[0]!.span.startMs).to.equal(found!.findings[0]!.span.endMs)
    }
  })

  it('finds words that were replaced, also by others of the same voice, and at the end', () => {
    expectSpan(
      examined(joined(seconds(spoken, 0, 9), seconds(other, 3, 4.2), seconds(spoken, 10.2))),
      'replaced',
      9,
      10.2,
    )
    expectSpan(examined(joined(seconds(spoken, 0, 9), seconds(spoken, 14, 16), seconds(spoken, 11))), 'replaced', 9, 11)
    expectSpan(examined(joined(seconds(spoken, 0, 17), seconds(other, 3, 6))), 'replaced', 17, 20)
  })

  it('finds what was inserted, silenced, repeated, put in another order', () => {
    expectSpan(examined(joined(seconds(spoken, 0, 9), seconds(other, 3, 5), seconds(spoken, 9))), 'inserted', 9, 11)
    expectSpan(examined(joined(seconds(spoken, 0, 9), silence(0.8), seconds(spoken, 9.8))), 'muted', 9, 9.8)
    expectSpan(examined(joined(seconds(spoken, 0, 11), seconds(spoken, 9))), 'repeated', 11, 13)
    const reordered = joined(
      seconds(spoken, 0, 5),
      seconds(spoken, 10, 15),
      seconds(spoken, 5, 10),
      seconds(spoken, 15),
    )
    expectSpan(examined(reordered), 'reordered', 5, 15)
  })

  it('finds the same through noise and a changed tempo', () => {
    const cut = joined(seconds(spoken, 0, 9), seconds(other, 3, 5), seconds(spoken, 11))
    expectSpan(examined(withNoise(cut, 15)), 'replaced', 9, 11)
    const fast = voice(31, 20, { speed: 1.1 })
    const found = examined(joined(seconds(fast, 0, 9), seconds(fast, 10)))
    expectSpan(found, 'missing', 9, 9)
    expect(found!.transforms).to.deep.equal(['sped up'])
    expect(found!.segments[0]!.speed).to.be.closeTo(1.1, 0.003)
  })

  it('names another pitch as a transform', () => {
    const found = examined(voice(31, 20, { pitch: 0.977 }))
    expect([found?.relation, kinds(found)]).to.deep.equal(['same_content', []])
    expect(found!.transforms).to.deep.equal(['pitch lowered'])
  })

  it('calls a compilation a composite, and what comes before and after no alteration', () => {
    const found = examined(joined(seconds(other, 0, 4), seconds(spoken, 5, 13), seconds(other, 6, 10)))
    expect([found?.relation, kinds(found)]).to.deep.equal(['composite', []])
    expect(found!.explained).to.be.within(0.4, 0.6)
  })

  it('tells another voice over the whole as mixed, which leaves the relation as it is', () => {
    const under = voice(35, 20).map((one, i) => 0.35 * one + spoken[i]!)
    const found = examined(quieter(Float32Array.from(under)))
    expect(found?.relation).to.equal('same_content')
    expect(found!.findings.every(({ kind }) => kind === 'mixed')).to.equal(true)
  })

  it('does not compare what is hardly heard, and says so', () => {
    const found = examineSound(candidate(withNoise(spoken, -5)), original(spoken), [claimed])
    expect([found?.findings, found?.limits]).to.deep.equal([[], [SOUND_LIMITS.notCompared]])
  })

  it('of another sound finds nothing', () => {
    expect(examined(other)).to.equal(null)
    expect(examined(silence(20))).to.equal(null)
    const asked = candidate(other)
    expect(examineSound(asked, original(spoken), [claimed])).to.equal(null)
    expect(examineSound(asked, original(silence(0)), [claimed])).to.equal(null)
    expect(examineSound(candidate(silence(0)), original(spoken), [claimed])).to.equal(null)
  })
})
