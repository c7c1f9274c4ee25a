import { readdirSync, readFileSync } from 'node:fs'
import { expect } from 'chai'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import type { Vector } from '../../scripts/vectors.ts'
import { fromHex, toHex } from '../../server/bytes.ts'
import {
  anchoredWords,
  type Description,
  type Fingerprint,
  fromDocument,
  keptEvidence,
  manifestCid,
  mismatch,
  readManifest,
  readStretch,
  writeManifest,
} from '../../server/fingerprint/index.ts'
import { links, linksLater } from '../../server/registry/links.ts'
import { frame, picture, sound, video } from './make.ts'

import { expectInvalid, from, NOTHING } from './manifests.ts'

const folder = new URL('../vectors/manifest/', import.meta.url)
const vectors = readdirSync(folder).map(
  (name) => [name, JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Vector] as const,
)
describe('manifest1 on the vectors', () => {
  it('has a picture and a video over one minute', () => {
    expect(vectors.map(([name, { blocks }]) => [name, blocks.length])).to.deep.equal([
      ['picture.json', 1],
      ['video.json', 3],
    ])
  })

  for (const [name, vector] of vectors) {
    const description = {
      ...vector.description,
      derivedFrom: vector.description.derivedFrom && fromHex(vector.description.derivedFrom, 32),
    } as Description

    it(`writes ${name} byte for byte`, async () => {
      const written = await writeManifest(fromDocument(vector.fingerprint), description)
      expect(written.blocks.map(({ cid, bytes }) => ({ cid, bytes: toHex(bytes) }))).to.deep.equal(vector.blocks)
      expect([written.root, toHex(written.digest)]).to.deep.equal([vector.root, vector.manifestDigest])
    })

    it(`reads ${name} back from its anchor's digest`, async () => {
      const blocks = vector.blocks.map(({ cid, bytes }) => ({ cid, bytes: fromHex(bytes) }))
      const root = manifestCid(fromHex(vector.manifestDigest, 32))
      expect(root).to.equal(vector.root)
      const read = (await readManifest(root, from(blocks)))!
      expect(read.frames).to.deep.equal(fromDocument(vector.fingerprint).frames)
      expect(read.description).to.deep.equal(description)
    })

    it(`names each block of ${name} by the SHA-256 of its bytes`, async () => {
      for (const { cid, bytes } of vector.blocks)
        expect(CID.createV1(0x71, await sha256.digest(fromHex(bytes))).toString()).to.equal(cid)
    })
  }
})

describe('a manifest', () => {
  const text = (max: number) =>
    fc.option(fc.string({ unit: 'grapheme', maxLength: max }).filter((t) => t.length <= max))
  const description = fc.record({
    title: text(300),
    text: text(100),
    sourceUrl: text(100),
    derivedFrom: fc.option(fc.uint8Array({ minLength: 32, maxLength: 32 })),
  })
  const any = fc.oneof(
    fc.nat().map((seed) => picture(seed)),
    fc.nat().map(sound),
    fc
      .uniqueArray(fc.nat(4 * 3_600_000), { maxLength: 300 })
      .map((times) => times.sort((a, b) => a - b))
      .chain((times) => fc.nat().map((seed) => timed(times, seed))),
  )

  function timed(times: number[], seed: number): Fingerprint {
    const of = video(seed, times.length)
    return { ...of, frames: of.frames.map(({ hash }, i) => frame(times[i]!, hash, (seed + i * 7) % 101)) }
  }

  it('reads back as it was written, and matches its anchor', async () => {
    await fc.assert(
      fc.asyncProperty(any, description, async (of, said) => {
        const { root, blocks } = await writeManifest(of, said)
        const read = (await readManifest(root, from(blocks)))!
        const { algorithm, words, quality } = anchoredWords(of)
        expect(read).to.deep.equal({
          kind: of.kind,
          content: { digest: of.contentDigest, size: of.byteLength, type: of.mediaType },
          description: said,
          extent: { width: of.width, height: of.height, durationMs: of.durationMs },
          perceptual: { algorithm: algorithm === 1 ? 'pdq1' : null, words, quality },
          frames: of.frames,
          bars: null,
          keys: [],
          keyCids: [],
          stretches: [],
          local: null,
          sound: null,
          evidence: null,
          keptEvidence: null,
        })
        expect(mismatch(read, { ...of, algorithm, perceptualHashes: words })).to.equal(null)
      }),
      { numRuns: 60 },
    )
  })

  it('of a picture links to its local hashes and evidence, unless the publisher keeps the latter', async () => {
    const [local, evidence] = [new Uint8Array(37), Uint8Array.of(1, 2, 3)]
    const of = picture(1, { picture: { ...picture(1).picture!, local, evidence } })
    const { root, blocks } = await writeManifest(of, NOTHING)
    const [, first, second] = blocks
    const read = (await readManifest(root, from(blocks)))!
    expect(read.local).to.deep.equal({ cid: first!.cid, bytes: local })
    expect([read.evidence, second!.bytes]).to.deep.equal([second!.cid, evidence])
    expect(links(root, blocks[0]!.bytes)).to.deep.equal([first!.cid, second!.cid])
    const server = await writeManifest(of, NOTHING, 'server')
    const kept = (await readManifest(server.root, from(server.blocks)))!
    expect([kept.evidence, kept.keptEvidence]).to.deep.equal([null, server.blocks[2]!.cid])
    expect(links(server.root, server.blocks[0]!.bytes)).to.deep.equal([first!.cid])
    expect(server.blocks.map(({ bytes }) => keptEvidence(bytes))).to.deep.equal([null, null, evidence])
    const own = await writeManifest(of, NOTHING, 'none')
    expect(own.blocks).to.have.length(2)
    expect((await readManifest(own.root, from(own.blocks)))!.evidence).to.equal(null)
  })

  describe('of a video', () => {
    /** A minute and ten seconds, two frames a second: evidence of each, and local hashes each five seconds. */
    const plain = video(4, 140)
    const still = (i: number) => Uint8Array.of(1, 1, 0, 192, 0, 108, i)
    const frames = plain.frames.map((one, i) => ({
      ...one,
      local: i % 10 === 0 ? new Uint8Array(37 * (1 + (i % 3))).fill(i % 90) : null,
      evidence: still(i),
    }))
    const of = { ...plain, frames }
    const expected = frames.map(({ timeMs, evidence }) => ({ timeMs, evidence }))
    const stretchesOf = async ({ root, blocks }: Awaited<ReturnType<typeof writeManifest>>) => {
      const { stretches } = (await readManifest(root, from(blocks)))!
      const found = new Map(blocks.map(({ cid, bytes }) => [cid, bytes]))
      const open = stretches.map(({ cid, kept }) => (kept ? keptEvidence(found.get(cid)!)! : found.get(cid)!))
      return { stretches, stills: open.flatMap(readStretch) }
    }

    it('has local hashes of each minute, and evidence of each twenty seconds, in blocks of their own', async () => {
      const written = await writeManifest(of, NOTHING)
      const read = (await readManifest(written.root, from(written.blocks)))!
      expect(read.frames).to.deep.equal(plain.frames)
      expect(read.keys).to.deep.equal(frames.flatMap(({ timeMs, local }) => (local ? [{ timeMs, local }] : [])))
      const { stretches, stills } = await stretchesOf(written)
      expect(stretches.map(({ startMs, endMs, kept }) => [startMs, endMs, kept])).to.deep.equal([
        [0, 20_000, false],
        [20_000, 40_000, false],
        [40_000, 60_000, false],
        [60_000, 70_000, false],
      ])
      expect(stills).to.deep.equal(expected)
      const { root, blocks } = written
      expect(links(root, blocks[0]!.bytes)).to.deep.equal(blocks.slice(1).map(({ cid }) => cid))
      expect(linksLater(root, blocks[0]!.bytes)).to.deep.equal(stretches.map(({ cid }) => cid))
    })

    it('says which part of the frame is its picture, where there are bars', async () => {
      const bars = { x: 0, y: 700 / 4096, w: 1, h: 2696 / 4096 }
      const { root, blocks } = await writeManifest({ ...of, bars }, NOTHING)
      expect((await readManifest(root, from(blocks)))!.bars).to.deep.equal(bars)
    })

    it('whose evidence is for the server alone links to none of it', async () => {
      const written = await writeManifest(of, NOTHING, 'server')
      const { stretches, stills } = await stretchesOf(written)
      expect(stretches.map(({ kept }) => kept)).to.deep.equal([true, true, true, true])
      expect(stills).to.deep.equal(expected)
      const linked = links(written.root, written.blocks[0]!.bytes)
      expect(linked.filter((cid) => stretches.some((one) => one.cid === cid))).to.deep.equal([])
      expect(linked.length + 1 + stretches.length).to.equal(written.blocks.length)
      const again = await writeManifest(of, NOTHING, 'server')
      expect((await stretchesOf(again)).stretches[0]!.cid, 'salted').not.to.equal(stretches[0]!.cid)
    })

    it('whose evidence is for nobody has none', async () => {
      const written = await writeManifest(of, NOTHING, 'none')
      expect((await stretchesOf(written)).stretches).to.deep.equal([])
      expect(written.blocks.length).to.equal(1 + 2 + 2)
    })

    it('is read without its evidence, and not without its local hashes', async () => {
      const { root, blocks } = await writeManifest(of, NOTHING)
      expect((await readManifest(root, from(blocks.slice(0, 5))))!.stretches).to.have.length(4)
      await expectInvalid(readManifest(root, from(blocks.slice(0, 4))), /is linked from .* and missing/)
    })
  })

  it('whose local hashes are none, or whose evidence is missing, cannot be read', async () => {
    const of = (local: Uint8Array) =>
      picture(1, { picture: { ...picture(1).picture!, local, evidence: Uint8Array.of(1) } })
    const rubbish = await writeManifest(of(new Uint8Array(38)), NOTHING)
    await expectInvalid(readManifest(rubbish.root, from(rubbish.blocks)), /expected at most 256 times 37 bytes, got 38/)
    const { root, blocks } = await writeManifest(of(new Uint8Array(37)), NOTHING)
    await expectInvalid(readManifest(root, from(blocks.slice(0, 2))), /is linked from .* and missing/)
  })

  it('anchors at most 64 words, of frames with detail that differ from the one before', () => {
    const of = video(5, 1_000)
    const frames = of.frames.map((f, i) => frame(f.timeMs, of.frames[i - (i % 3)]!.hash, i % 5 === 0 ? 49 : 50))
    const { words, quality } = anchoredWords({ ...of, frames })
    expect(words).to.have.length(64)
    expect(Math.min(...quality)).to.equal(50)
    expect(new Set(words.map(toHex)).size).to.equal(64)
    const places = words.map((word) => frames.findIndex(({ hash }) => hash === word))
    const gaps = places.slice(1).map((place, i) => place - places[i]!)
    expect(Math.max(...gaps), 'spread over the whole video').to.be.below(30)
    expect(anchoredWords({ ...of, frames: frames.slice(0, 1) })).to.deep.equal({ algorithm: 0, words: [], quality: [] })
  })

  it('without its root block is null', async () => {
    expect(await readManifest(manifestCid(new Uint8Array(32)), async () => null)).to.equal(null)
  })

  it('of a root over 1 MiB is not written', async () => {
    await expectInvalid(writeManifest(picture(1), { ...NOTHING, text: 'x'.repeat(1 << 20) }), /at most 1048576 bytes/)
  })
})

describe('mismatch', () => {
  const of = video(9, 10)
  const anchor = {
    kind: of.kind,
    contentDigest: of.contentDigest,
    algorithm: 1,
    perceptualHashes: of.frames.map((f) => f.hash),
  }
  for (const [what, change] of [
    ['kind is video, anchored image', { kind: 'image' }],
    ['kind is video, anchored null', { kind: null }],
    ['content digest differs', { contentDigest: new Uint8Array(32) }],
    ['algorithm differs', { algorithm: 2 }],
    ['perceptual hashes differ', { perceptualHashes: anchor.perceptualHashes.slice(1) }],
    ['perceptual hashes differ', { perceptualHashes: anchor.perceptualHashes.toReversed() }],
  ] as const)
    it(`says: ${what}`, async () => {
      const { root, blocks } = await writeManifest(of, NOTHING)
      const read = (await readManifest(root, from(blocks)))!
      expect(mismatch(read, anchor)).to.equal(null)
      expect(mismatch(read, { ...anchor, ...change } as typeof anchor)).to.equal(what)
    })
})
