import { expect } from 'chai'
import { PRINT_MIDDLE_S, PRINT_STEP_S, type SoundPrints } from '../../server/fingerprint/index.ts'
import { isBelieved, SoundIndex, type SoundProposal } from '../../server/matching/sound-index.ts'
import { agreement, heard } from '../../server/matching/sound-line.ts'
import { COMMON, createPostings } from '../../server/matching/sound-postings.ts'
import { joined, randomOf, seconds, silence, voice, withNoise } from '../fingerprint/sounds.ts'
import { candidate, original } from './sounds.ts'

/** Records of which some offset is believed, of all that are 12 ms apart. */
function bruteForce(sounds: readonly SoundPrints[], asked: ReturnType<typeof candidate>): number[] {
  const of = heard(asked)
  const lengthS = asked.prints.length * asked.stepS
  return [...sounds.keys()].filter((record) => {
    const sound = sounds[record]!
    const last = sound.startS + sound.prints.length * sound.stepS
    for (let offsetS = sound.startS - lengthS; offsetS < last; offsetS += PRINT_STEP_S / 4)
      if (isBelieved(agreement(of, sound, { offsetS, tempo: 1 }))) return true
    return false
  })
}

const shown = ({ record, offsetS }: SoundProposal) => `${record} at ${offsetS.toFixed(1)}`

describe('postings of prints', () => {
  it('visit what a scan finds, in order, through growth', () => {
    const random = randomOf(5)
    const prints = Uint32Array.from({ length: 150_000 }, () => 1 + Math.floor(random() * 30_000))
    const postings = createPostings()
    for (let at = 0; at < prints.length; at += 1_234) postings.append(prints.subarray(at, at + 1_234))
    for (let print = 1; print < 30_000; print += 997) {
      const found: number[] = []
      postings.visit(print, (place) => found.push(place))
      expect(found).to.deep.equal([...prints.keys()].filter((i) => prints[i] === print).slice(0, COMMON))
    }
    expect(postings.slice(60_000, 70_000)).to.deep.equal(prints.slice(60_000, 70_000))
  })

  it('find the first of what is common, and none of what says nothing', () => {
    const postings = createPostings()
    postings.append(new Uint32Array(100_000).fill(9))
    postings.append(new Uint32Array(10))
    const found: number[] = []
    postings.visit(9, (place) => found.push(place))
    postings.visit(0, (place) => found.push(-place))
    expect(found).to.deep.equal(Array.from({ length: COMMON }, (_, i) => i))
  })
})

describe('the index of sounds', () => {
  const voices = Array.from({ length: 8 }, (_, i) => voice(100 + i, 20 + i))
  const sounds = voices.map((sound, i) => original(sound, i / 3))

  it('finds what brute force finds, and nothing else, through removals', () => {
    const index = new SoundIndex()
    for (const [record, sound] of sounds.entries()) index.add(record, sound)
    for (const [removed, asked] of [
      [[], candidate(withNoise(seconds(voices[3]!, 5, 13), 15))],
      [[1], candidate(joined(seconds(voices[1]!, 2, 8), seconds(voices[6]!, 9, 16)))],
      [[1, 3], candidate(joined(seconds(voices[2]!, 2, 8), seconds(voices[3]!, 9, 16)))],
      [[1, 3, 5], candidate(voice(999, 12))],
    ] as const) {
      for (const record of removed) index.remove(record)
      const expected = bruteForce(sounds, asked).filter((record) => !(removed as readonly number[]).includes(record))
      const found = index.propose(asked)
      expect([...new Set(found.map(({ record }) => record))].sort(), `${removed}`).to.deep.equal(expected)
      for (const { record, offsetS } of found) {
        expect(isBelieved(agreement(heard(asked), sounds[record]!, { offsetS, tempo: 1 })), 'where it says').to.equal(
          true,
        )
      }
    }
  })

  it('tells where the candidate begins, in the time of the media', () => {
    const index = new SoundIndex()
    index.add(7, original(voices[0]!, 100))
    const [found] = index.propose(candidate(seconds(voices[0]!, 6, 12), 2))
    expect(found!.record).to.equal(7)
    expect(found!.offsetS).to.be.closeTo(100 + 6 - 2, 0.03)
    expect([found!.tempo, found!.pitch]).to.deep.equal([1, 1])
    expect(found!.followedS).to.be.closeTo(6 - 2 * PRINT_MIDDLE_S, 0.6)
  })

  it('finds each part of a compilation', () => {
    const index = new SoundIndex()
    for (const [record, sound] of voices.entries()) index.add(record, original(sound))
    const parts = joined(seconds(voices[4]!, 10, 15), seconds(voices[2]!, 3, 7), seconds(voices[4]!, 2, 6))
    expect(index.propose(candidate(parts)).map(shown).sort()).to.deep.equal(['2 at -2.0', '4 at -7.0', '4 at 10.0'])
  })

  it('finds what was played faster or slower, higher or lower, and says how much', () => {
    const index = new SoundIndex()
    for (const [record, seed] of [50, 51, 52].entries()) index.add(record, original(voice(seed, 20)))
    for (const [speed, pitch] of [
      [1.05, 1],
      [1.25, 1],
      [0.8, 1],
      [0.95, 1],
      [1, 1.04],
      [1, 0.96],
      [1.04, 1.04],
    ] as const) {
      const [found] = index.propose(candidate(voice(51, 20, { speed, pitch })))
      expect(found?.record, `${speed} ${pitch}`).to.equal(1)
      expect(found!.tempo, `${speed} ${pitch}`).to.be.closeTo(speed, 0.011)
      expect(found!.pitch, `${speed} ${pitch}`).to.be.closeTo(pitch, 0.013)
    }
  })

  it('finds the rare part of a sound beside a jingle that many have, and the jingle in the first that had it', () => {
    const index = new SoundIndex()
    const jingle = voice(77, 5)
    for (let record = 0; record < 60; record++) index.add(record, original(joined(jingle, voice(1_000 + record, 4))))
    const asked = candidate(joined(jingle, seconds(voice(1_050, 4), 0.5, 4)))
    const found = index.propose(asked)
    expect(found.length).to.be.at.most(64)
    expect(found.map(({ record }) => record)).to.include(50)
    expect(index.propose(candidate(jingle)).map(({ record }) => record)).to.include(0)
  })

  it('finds nothing of silence, of nothing and of what is too short', () => {
    const index = new SoundIndex()
    index.add(0, original(joined(silence(10), voices[0]!, silence(10))))
    for (const sound of [silence(10), silence(0), seconds(voices[0]!, 3, 4)])
      expect(index.propose(candidate(sound))).to.deep.equal([])
  })

  it('replaces what is added again, and forgets what is removed', () => {
    const index = new SoundIndex()
    index.add(1, sounds[0]!)
    index.add(1, sounds[2]!)
    expect(index.propose(candidate(voices[0]!))).to.deep.equal([])
    expect(index.propose(candidate(voices[2]!)).map(({ record }) => record)).to.deep.equal([1])
    index.remove(1)
    index.remove(1)
    expect(index.propose(candidate(voices[2]!))).to.deep.equal([])
  })

  it('takes at most 1.5 MB an hour', () => {
    const index = new SoundIndex()
    const random = randomOf(3)
    const hour = Uint32Array.from({ length: 3_600 / PRINT_STEP_S }, () => random() * 2 ** 32)
    for (let record = 0; record < 20; record++)
      index.add(record, { startS: 0, stepS: PRINT_STEP_S, prints: hour, levels: new Uint8Array(0) })
    expect(index.bytes / 20).to.be.within(0.7e6, 1.5e6)
  })
})
