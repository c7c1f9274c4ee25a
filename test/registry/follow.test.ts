/** Whatever happens to the catalogue, the search holds what one holds that is filled from nothing, and finds what a comparison with
 *  every row finds. */
import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { type Catalogue, createCatalogue } from '../../server/catalogue/index.ts'
import type { Fingerprint } from '../../server/fingerprint/index.ts'
import { distanceBits, type Original } from '../../server/matching/index.ts'
import { openPgliteForTest } from '../catalogue/databases.ts'
import { memoryCatalogue } from '../catalogue/memory-catalogue.ts'
import { picture } from '../fingerprint/make.ts'
import { flipped } from '../random.ts'
import { type Random, randomOf } from '../simulation/random.ts'
import { expectedOriginal, type Media, makeMedia } from './follow-media.ts'
import { createWorld, type World } from './follow-world.ts'

const PUBLISHERS = 3
const STEPS = 6
/** Bits; as far as the search goes. */
const NEAR = 31

describe('the search follows the catalogue exactly', function () {
  this.timeout(180_000)
  let media: Media
  /** Records that were taken from what was saved. */
  let taken = 0
  before(async () => {
    media = await makeMedia(PUBLISHERS)
  })

  async function live(catalogue: Catalogue, seed: number, rounds: number): Promise<void> {
    const random = randomOf(seed)
    const world = createWorld(catalogue, media, random)
    await world.start()
    for (let round = 0; round < rounds; round++) {
      for (let i = 1 + random.below(STEPS); i > 0; i--) await world.step()
      const said = `seed ${seed}, round ${round}`
      const held = await world.settled()
      expectSame(held, await expected(world), said)
      expectSame(held, await world.fromZero(), `${said}, from zero`)
      expectFound(world, held, random, said)
    }
    expect(world.errors, `seed ${seed}`).to.deep.equal([])
    taken += world.taken()
  }

  async function expected(world: World): Promise<Original[]> {
    const all = (await world.records()).flatMap((row) => expectedOriginal(media, row, world.isHere) ?? [])
    return all.sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  it('in memory, in 60 lives', async () => {
    for (let seed = 1; seed <= 60; seed++) await live(memoryCatalogue(), seed, 12)
    expect(taken, 'taken from what was saved').to.be.above(20)
  })

  it('in PGlite, in 2 lives', async () => {
    for (let seed = 1_001; seed <= 1_002; seed++) {
      const database = await openPgliteForTest()
      try {
        await live(createCatalogue(database.db), seed, 6)
      } finally {
        await database.dispose()
      }
    }
  })
})

/** In lines short enough to be read when they differ. */
function expectSame(held: Original[], wanted: Original[], said: string): void {
  expect(held.map(shown), said).to.deep.equal(wanted.map(shown))
}

function shown({ key, kind, standing, frames }: Original): string {
  const hash = createHash('sha256')
  for (const { timeMs, hash: own } of frames) hash.update(`${timeMs} `).update(own)
  return `${key.slice(0, 12)}: ${kind}, ${frames.length} frames ${hash.digest('hex').slice(0, 12)}, ${JSON.stringify(standing)}`
}

/** A picture near one that is held, and one near none. */
function expectFound(world: World, held: Original[], random: Random, said: string): void {
  const images = held.filter(({ kind }) => kind === 'image')
  if (images.length === 0) return
  const near = flipped(
    random.pick(images).frames[0]!.hash,
    random.below(NEAR + 1),
    () => random.below(1 << 30) / 2 ** 30,
  )
  for (const hash of [near, random.bytes(32)]) {
    const answer = world.find(candidateOf(hash))
    const found = answer.kind === 'found' ? answer.found.map(({ key }) => key).sort() : []
    const close = images.filter(({ frames }) => frames.some((frame) => distanceBits(frame.hash, hash) <= NEAR))
    expect(found, `${said}, found`).to.deep.equal(close.map(({ key }) => key))
  }
}

const candidateOf = (hash: Uint8Array): Fingerprint =>
  picture(0, {
    picture: {
      orientations: Array(8).fill(hash),
      reduced: Array(8).fill(hash),
      quality: 100,
      local: null,
      evidence: null,
    },
  })
