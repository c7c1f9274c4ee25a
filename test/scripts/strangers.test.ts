import { expect } from 'chai'
import { createAsker } from '../../scripts/strangers/ask.ts'
import { upperBound } from '../../scripts/strangers/bounds.ts'
import examinePairs from '../../scripts/strangers/examine-worker.ts'
import { createRegistries } from '../../scripts/strangers/registry.ts'
import {
  type Asked,
  type Lookup,
  leaveOut,
  readStrangers,
  summarise,
  tableOf,
} from '../../scripts/strangers/results.ts'
import { hashAndView, hashWhole } from '../../server/fingerprint/picture-hash.ts'
import { cropped } from '../fingerprint/copies.ts'
import { picture } from '../fingerprint/make.ts'
import { scene } from '../fingerprint/scene.ts'

describe('the bound on a rate of failures', () => {
  it('is the rule of three where nothing failed', () => {
    expect(upperBound(0, 10_000)).to.be.closeTo(1 - 0.05 ** 1e-4, 1e-9)
    expect(upperBound(0, 1e8)).to.be.closeTo(2.9957e-8, 1e-11)
  })

  it('is that of tables of the exact interval where something failed', () => {
    // One-sided 95 % limits of a Poisson mean are 4.744, 6.296 and 16.962; of 3 in 20 Clopper and Pearson give 0.3437.
    expect(1e6 * upperBound(1, 1e6)).to.be.closeTo(4.744, 1e-3)
    expect(1e6 * upperBound(2, 1e6)).to.be.closeTo(6.296, 1e-3)
    expect(1e6 * upperBound(10, 1e6)).to.be.closeTo(16.962, 1e-3)
    expect(upperBound(3, 20)).to.be.closeTo(0.3437, 1e-4)
  })

  it('is 1 where everything failed, and refuses more failures than trials', () => {
    expect(upperBound(5, 5)).to.equal(1)
    expect(() => upperBound(6, 5)).to.throw(RangeError, 'expected 0 to 5 failures, got 6')
  })
})

describe('a summary of strangers', () => {
  const nothing: Omit<Lookup, 'registered'> = { kind: 'found', matches: [], compared: 0, bestScore: 0, bestFile: null }
  const lookup = (registered: number, of: Partial<Lookup> = {}): Lookup => ({ registered, ...nothing, ...of })
  const match = { file: 'b', relation: 'excerpt', distanceBits: null, likeness: 0.4, explained: 0.5 }
  const asked: Asked[] = [
    { file: 'a', quality: 100, lookups: [lookup(10), lookup(100, { matches: [match, match], compared: 2 })] },
    { file: 'b', quality: 20, lookups: [lookup(10, { kind: 'inconclusive' }), lookup(100, { bestScore: 7 })] },
  ]

  it('counts for each size what matched, and of how many', () => {
    const [small, large] = summarise(asked, [10, 100])
    expect(small).to.deep.include({ lookups: 2, inconclusive: 1, falseLookups: 0, falsePairs: 0, compared: 0 })
    expect(large).to.deep.include({ lookups: 2, inconclusive: 0, falseLookups: 1, falsePairs: 2, compared: 1 })
    expect(large!.pairBound).to.equal(upperBound(2, 200))
    expect(large!.scores).to.deep.equal([0, 7, 7, 7])
  })

  it('leaves out what a person found to be no stranger, and names what was not asked', () => {
    const marked = leaveOut(asked, 'a\tthe same poster\n')
    expect(marked.map(({ leftOut }) => leftOut)).to.deep.equal(['the same poster', undefined])
    const lines = [{ strangers: 1 }, ...marked].map((line) => JSON.stringify(line)).join('\n')
    expect(readStrangers(lines).asked.map(({ file }) => file)).to.deep.equal(['b'])
    expect(() => leaveOut(asked, 'c\tno')).to.throw('"c" is to be left out, and was not asked')
  })

  it('is told as a row for each size', () => {
    const rows = tableOf(summarise(asked, [10, 100])).split('\n')
    expect(rows).to.have.length(4)
    expect(rows[3]).to.match(/^\| 100 \| 2 \| 2 \| 9\.7 · 10⁻¹ \| 3\.1 · 10⁻² \|/)
  })
})

describe('strangers that are asked', () => {
  const made = (seed: number) => scene({ width: 480, height: 360, seed, shapes: 40 })

  it('match nothing, and a crop of what is registered does from the size on at which it is', async () => {
    const registries = createRegistries()
    for (const seed of [1, 2, 3]) {
      const pixels = made(seed)
      await registries.add(picture(seed, { ...pixels, picture: hashWhole(pixels, pixels) }), `${seed}.png`)
    }
    const { ask } = createAsker(await registries.ofSizes([1, 3]), registries.fileOf, async (pairs) =>
      examinePairs(pairs),
    )
    const lookUp = (pixels: ReturnType<typeof made>) => {
      const { view, ...of } = hashAndView(pixels, pixels)
      return ask('asked.png', picture(9, { width: pixels.width, height: pixels.height, ...of }), view)
    }
    const crop = await lookUp(cropped(made(2), { x: 150, y: 80, width: 280, height: 220 }))
    expect(crop.lookups.map(({ matches }) => matches.map(({ file }) => file))).to.deep.equal([[], ['2.png']])
    expect(crop.lookups[1]).to.deep.include({ compared: 1, bestFile: '2.png' })
    expect(crop.lookups[1]!.bestScore).to.be.above(20)
    const stranger = await lookUp(made(4))
    expect(stranger.lookups.flatMap(({ matches }) => matches)).to.deep.equal([])
    expect(stranger.lookups[1]!.bestScore).to.be.below(10)
  })
})
