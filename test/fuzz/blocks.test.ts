/** CARs, manifests and lists that were spoilt: they are refused as what they are, and nothing else happens. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as dagCbor from '@ipld/dag-cbor'
import { expect } from 'chai'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { createBlockStore } from '../../server/catalogue/index.ts'
import { encodeBlock } from '../../server/fingerprint/block.ts'
import { type Listed, readList, readManifest, writeList, writeManifest } from '../../server/fingerprint/index.ts'
import { writeCar } from '../../server/registry/car.ts'
import { picture, video } from '../fingerprint/make.ts'
import { type Served, serve } from '../http/harness.ts'
import { randomBytes, seeded } from '../random.ts'
import { inMemory, readCar } from '../registry/cars.ts'
import { corpus } from './blocks-corpus.ts'
import { damaged, diceOf, spoilt } from './values.ts'

const CLIENT = { key: 'fuzz', limited: false }

const NOTHING = { title: 'x', text: null, sourceUrl: null, derivedFrom: null }
const claim = (seed: number): Listed => {
  const random = seeded(seed)
  return {
    contentDigest: randomBytes(random),
    manifestDigest: randomBytes(random),
    kind: 1,
    algorithm: 1,
    perceptualHashes: [randomBytes(random)],
  }
}
const [still, film, list] = [
  await writeManifest(picture(1), NOTHING),
  await writeManifest(video(1, 300), NOTHING),
  await writeList(Array.from({ length: 40 }, (_, i) => claim(i))),
]
const CARS = await Promise.all(
  [still, film, list].map(async ({ root, blocks }) => Buffer.from(await writeCar(root, blocks))),
)
const seeds = fc.integer({ min: 0, max: 2 ** 31 })

/** @returns the code of its refusal, or null. @throws whatever is no refusal. */
async function codeOf(work: () => Promise<unknown>): Promise<string | null> {
  try {
    await work()
    return null
  } catch (error) {
    if ((error as { code?: string }).code === 'block.invalid') return 'block.invalid'
    throw error
  }
}

describe('spoilt blocks', () => {
  let server: Served
  before(async () => {
    server = await serve()
  })
  after(() => server.close())

  it('in a CAR are refused, wherever its bytes are damaged', async () => {
    const refused = { yes: 0, no: 0 }
    await fc.assert(
      fc.asyncProperty(seeds, fc.constantFrom(...CARS), fc.integer({ min: 1, max: 3 }), async (seed, car, times) => {
        const dice = diceOf(seeded(seed))
        let bytes: Buffer = car
        for (let i = 0; i < times; i++) bytes = damaged(bytes, dice)
        refused[(await codeOf(() => server.registry.hold(inMemory(bytes), CLIENT))) ? 'yes' : 'no']++
      }),
      { numRuns: 3_000 },
    )
    expect(refused.yes).to.be.above(10 * refused.no)
  }).timeout(120_000)

  it('with their right CIDs are refused for what they say', async () => {
    const shapes = [...still.blocks, ...film.blocks, ...list.blocks].map(({ bytes }) => dagCbor.decode(bytes))
    await fc.assert(
      fc.asyncProperty(seeds, fc.constantFrom(...shapes), async (seed, shape) => {
        const dice = diceOf(seeded(seed))
        const value = spoilt(shape, dice)
        const block = await encodeBlock(encodable(value)).catch(() => null)
        if (!block) return
        const get = async (cid: string) =>
          cid === block.cid ? block.bytes : (film.blocks.find((one) => one.cid === cid)?.bytes ?? null)
        await codeOf(() => readManifest(block.cid, get))
        await codeOf(() => readList(block.cid, get))
        await codeOf(async () =>
          server.registry.hold(inMemory(await writeCar(block.cid, [block, ...film.blocks.slice(1)])), CLIENT),
        )
      }),
      { numRuns: 2_000 },
    )
  }).timeout(120_000)

  it('of any DAG-CBOR at all are refused', async () => {
    const leaf = fc.oneof(
      fc.integer(),
      fc.string({ unit: 'binary' }),
      fc.boolean(),
      fc.constant(null),
      fc.uint8Array(),
      fc.constant(CID.parse(still.root)),
    )
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('tree')), fc.dictionary(fc.string(), tie('tree'))),
    }))
    const named = fc.tuple(
      fc.constantFrom('manifest1', 'list1', 'frames1', 'leaves1', 'x'),
      fc.dictionary(fc.constantFrom('kind', 'content', 'frames', 'leaves', 'count'), tree),
    )
    await fc.assert(
      fc.asyncProperty(named, async ([firsthand, rest]) => {
        const block = await encodeBlock(encodable({ ...rest, firsthand })).catch(() => null)
        if (!block) return
        expect(
          await codeOf(async () => server.registry.hold(inMemory(await writeCar(block.cid, [block])), CLIENT)),
        ).to.equal('block.invalid')
      }),
      { numRuns: 1_000 },
    )
  }).timeout(120_000)

  it('of any bytes under a name that fits are refused, or are blocks of no known shape', async () => {
    const { sha256 } = await import('multiformats/hashes/sha2')
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const cid = CID.createV1(dagCbor.code, await sha256.digest(bytes)).toString()
        const get = async () => bytes
        expect(await codeOf(() => readManifest(cid, get))).to.equal('block.invalid')
        expect(await codeOf(() => readList(cid, get))).to.equal('block.invalid')
      }),
    )
  })

  it('that hurt once do not any more, and reach the disk as blocks that are whole', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'firsthand-blocks-'))
    const store = createBlockStore({ directory, now: () => 1_000 })
    for (const { name, bytes } of corpus(CARS)) {
      const work = async () => {
        const { root, blocks } = await readCar(new Uint8Array(bytes))
        await store.hold(root, blocks)
        await store.adopt(root)
        for (const block of blocks) expect(await store.get(block.cid), name).to.deep.equal(block.bytes)
      }
      expect(await codeOf(work), name).to.be.oneOf([null, 'block.invalid'])
    }
    rmSync(directory, { recursive: true })
  })
})

/** What DAG-CBOR has no form for becomes something that it has. */
function encodable(value: unknown): unknown {
  if (CID.asCID(value) || value instanceof Uint8Array) return value
  if (typeof value === 'number') return Number.isFinite(value) && Math.abs(value) < 2 ** 60 ? value : 0
  if (typeof value === 'string') return value.toWellFormed()
  if (Array.isArray(value)) return value.map(encodable)
  if (value === null || typeof value !== 'object') return value ?? null
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.toWellFormed(), encodable(inner)]))
}
