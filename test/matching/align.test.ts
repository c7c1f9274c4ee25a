import { expect } from 'chai'
import fc from 'fast-check'
import { distanceBits } from '../../server/bytes.ts'
import { align, createTally, type TimedHash } from '../../server/matching/align.ts'
import { MAX_DISTANCE_BITS } from '../../server/matching/thresholds.ts'
import { flipped, randomBytes, seeded } from '../random.ts'

/** Random scenes, two a second. */
function film(frames: number, seed: number): TimedHash[] {
  const random = seeded(seed)
  return Array.from({ length: frames }, (_, i) => ({ timeMs: i * 500, hash: randomBytes(random) }))
}

/** What a copy has of `from`: frames `first` to `end`, beginning at `startMs`, each hash off by `bits`. */
function part(from: TimedHash[], first: number, end: number, startMs = 0, bits = 0, seed = 1): TimedHash[] {
  const random = seeded(seed)
  return from.slice(first, end).map(({ hash }, i) => ({ timeMs: startMs + i * 500, hash: flipped(hash, bits, random) }))
}

function offsetsOf(candidate: TimedHash[], original: TimedHash[]): number[] {
  const tally = createTally()
  for (const c of candidate)
    for (const o of original)
      if (distanceBits(c.hash, o.hash) <= MAX_DISTANCE_BITS) tally.add({ candidateMs: c.timeMs, originalMs: o.timeMs })
  return tally.offsets()
}

const aligned = (candidate: TimedHash[], original: TimedHash[]) =>
  align(candidate, original, offsetsOf(candidate, original), MAX_DISTANCE_BITS)

const places = (stretches: ReturnType<typeof align>) =>
  stretches.map(({ startMs, endMs, offsetMs }) => [startMs, endMs, offsetMs])

describe('align', () => {
  const original = film(120, 1)

  it('finds a clip that starts 12 s in', () => {
    const [found, ...more] = aligned(part(original, 24, 64, 0, 20), original)
    expect(found).to.deep.equal({ startMs: 0, endMs: 19_500, offsetMs: 12_000, frames: 40, distanceBits: 40 * 20 })
    expect(more).to.deep.equal([])
  })

  it('finds the original in a longer candidate', () => {
    const candidate = [...part(film(20, 2), 0, 20), ...part(original, 0, 120, 10_000, 5)]
    expect(places(aligned(candidate, original))).to.deep.equal([[10_000, 69_500, -10_000]])
  })

  it('gives two stretches for a cut, in order of the candidate', () => {
    const candidate = [...part(original, 80, 100), ...part(original, 0, 30, 10_000)]
    expect(places(aligned(candidate, original))).to.deep.equal([
      [0, 9_500, 40_000],
      [10_000, 24_500, -10_000],
    ])
  })

  it('ends a stretch where nothing resembles for more than three seconds, and not before', () => {
    const replaced = (frames: number) =>
      original.map((f, i) => (i >= 40 && i < 40 + frames ? { ...f, hash: film(120, 3)[i]!.hash } : f))
    expect(places(aligned(replaced(5), original))).to.deep.equal([[0, 59_500, 0]])
    expect(places(aligned(replaced(6), original))).to.deep.equal([
      [0, 19_500, 0],
      [23_000, 59_500, 0],
    ])
  })

  it('follows a still scene without a place of its own once, at no offset', () => {
    const still = film(40, 4).map(({ timeMs }) => ({ timeMs, hash: original[0]!.hash }))
    const found = aligned(still, still)
    expect(places(found)).to.deep.equal([[0, 19_500, 0]])
    expect(found[0]!.frames).to.equal(40)
  })

  it('bears times that a container rounds', () => {
    const random = seeded(6)
    const candidate = part(original, 10, 60).map((f) => ({ ...f, timeMs: f.timeMs + Math.floor(random() * 80) }))
    const [found, ...more] = aligned(candidate, original)
    expect(more).to.deep.equal([])
    expect(found!.frames).to.equal(50)
    expect(found!.offsetMs).to.be.within(4_900, 5_000)
  })

  it('finds nothing in two frames, in nothing, and in a stranger', () => {
    expect(aligned(part(original, 3, 5), original)).to.deep.equal([])
    expect(aligned([], original)).to.deep.equal([])
    expect(aligned(original, [])).to.deep.equal([])
    expect(align(film(50, 7), original, [0, 500, 12_000], MAX_DISTANCE_BITS)).to.deep.equal([])
  })

  it('takes the offset that explains most frames, as trying every offset does', () => {
    const scene = fc.record({
      seed: fc.nat(),
      first: fc.integer({ min: 0, max: 90 }),
      length: fc.integer({ min: 8, max: 30 }),
      bits: fc.integer({ min: 0, max: 31 }),
      strange: fc.integer({ min: 0, max: 3 }),
    })
    fc.assert(
      fc.property(scene, ({ seed, first, length, bits, strange }) => {
        const whole = film(120, seed)
        const noise = film(120, seed + 1)
        const candidate = part(whole, first, first + length, 0, bits, seed).map((f, i) =>
          i % 4 < strange ? { ...f, hash: noise[i]!.hash } : f,
        )
        const best = bestOffset(candidate, whole)
        const found = aligned(candidate, whole)
        if (best.frames < 3) return
        expect(Math.max(...found.map(({ frames }) => frames))).to.be.at.most(best.frames)
        expect(found.map(({ offsetMs }) => offsetMs)).to.satisfy((all: number[]) =>
          all.every((o) => o === best.offsetMs),
        )
        expect(found.reduce((sum, { frames }) => sum + frames, 0)).to.equal(best.frames)
      }),
      { numRuns: 60 },
    )
  })

  it('shares no frame between stretches, whatever it is given', () => {
    const choice = fc.array(fc.nat(11), { minLength: 3, maxLength: 40 })
    const scenes = film(12, 8)
    const strip = (picks: number[]) => picks.map((pick, i) => ({ timeMs: i * 500, hash: scenes[pick]!.hash }))
    fc.assert(
      fc.property(choice, choice, (a, b) => {
        const found = aligned(strip(a), strip(b))
        expect(found.reduce((sum, { frames }) => sum + frames, 0)).to.be.at.most(a.length)
        for (const s of found) {
          expect(s.frames).to.be.at.least(3)
          expect(s.startMs).to.be.at.most(s.endMs)
          expect(s.startMs + s.offsetMs).to.be.at.least(-300)
          expect(s.endMs + s.offsetMs).to.be.at.most((b.length - 1) * 500 + 300)
        }
        expect(found.map(({ startMs }) => startMs)).to.deep.equal(found.map((s) => s.startMs).sort((x, y) => x - y))
      }),
    )
  })
})

/** The oracle: each offset on the grid, each pair of frames. */
function bestOffset(candidate: TimedHash[], original: TimedHash[]): { offsetMs: number; frames: number } {
  let best = { offsetMs: 0, frames: 0 }
  for (let offsetMs = -candidate.length * 500; offsetMs <= original.length * 500; offsetMs += 500) {
    const frames = candidate.filter((c) =>
      original.some((o) => o.timeMs === c.timeMs + offsetMs && distanceBits(o.hash, c.hash) <= MAX_DISTANCE_BITS),
    ).length
    if (frames > best.frames) best = { offsetMs, frames }
  }
  return best
}

describe('the tally of votes', () => {
  it('counts a frame once for an offset, however often the original repeats it', () => {
    const tally = createTally()
    for (let repeat = 0; repeat < 50; repeat++) tally.add({ candidateMs: 0, originalMs: 7_000 + repeat })
    for (const candidateMs of [500, 1_000]) tally.add({ candidateMs, originalMs: candidateMs + 3_000 })
    expect(tally.offsets()).to.deep.equal([3_000, 7_000])
  })

  it('names the nearest to no offset first among equals, and never more than it will check', () => {
    const tally = createTally()
    for (let i = 0; i < 500; i++) tally.add({ candidateMs: 0, originalMs: (250 - i) * 500 })
    expect(tally.offsets()).to.have.length(48)
    expect(tally.offsets().slice(0, 3).map(Math.abs)).to.deep.equal([0, 500, 500])
  })
})
