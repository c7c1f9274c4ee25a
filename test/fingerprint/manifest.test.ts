import { readdirSync, readFileSync } from 'node:fs'
import * as dagCbor from '@ipld/dag-cbor'
import { expect } from 'chai'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import type { Vector } from '../../scripts/vectors.ts'
import { fromHex, toHex } from '../../server/bytes.ts'
import { RegistryError } from '../../server/errors.ts'
import {
  anchoredWords,
  type Description,
  type Fingerprint,
  fromDocument,
  keptEvidence,
  manifestCid,
  mismatch,
  readKeys,
  readManifest,
  readStretch,
  type Sound,
  writeManifest,
} from '../../server/fingerprint/index.ts'
import { PRINT_STEP_S, type SoundPrints } from '../../server/fingerprint/sound-prints.ts'
import { links, linksLater } from '../../server/registry/links.ts'
import { frame, picture, sound, video } from './make.ts'

const folder = new URL('../vectors/manifest/', import.meta.url)
const vectors = readdirSync(folder).map(
  (name) => [name, JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Vector] as const,
)
const NOTHING: Description = { title: null, text: null, sourceUrl: null, derivedFrom: null }

const from = (blocks: { cid: string; bytes: Uint8Array }[]) => {
  const found = new Map(blocks.map(({ cid, bytes }) => [cid, bytes]))
  return async (cid: string) => found.get(cid) ?? null
}

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

describe('the sound of a manifest', () => {
  const STEP_S = PRINT_STEP_S
  /** So many prints, of which none says nothing. */
  const printed = (count: number, startS = 0.5): SoundPrints => ({
    startS,
    stepS: STEP_S,
    prints: Uint32Array.from({ length: count }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 0 || 1),
    levels: Uint8Array.from({ length: count }, (_, i) => (i * 37) & 255),
  })
  const audio = (prints: SoundPrints | null, more: Partial<Sound> = {}): Fingerprint => ({
    ...sound(1),
    sound: { prints, tracks: 1, damaged: false, readable: true, ...more },
  })

  it('reads back as it was written, in blocks of two minutes', async () => {
    const of = audio(printed(6_000))
    const { root, blocks } = await writeManifest(of, NOTHING)
    const read = (await readManifest(root, from(blocks)))!
    expect(read.sound).to.deep.equal({
      prints: of.sound!.prints,
      without: null,
      cids: blocks.slice(1).map(({ cid }) => cid),
    })
    expect(blocks).to.have.length(4)
    expect(links(root, blocks[0]!.bytes)).to.deep.equal(read.sound!.cids)
    expect(linksLater(root, blocks[0]!.bytes)).to.deep.equal([])
    const bytes = blocks.reduce((sum, { bytes }) => sum + bytes.length, 0)
    expect(bytes / ((6_000 * STEP_S) / 60), 'a minute').to.be.below(8_000)
  })

  it('says why there is none, and nothing where nobody has listened', async () => {
    const said = async (of: Fingerprint) => {
      const { root, blocks } = await writeManifest(of, NOTHING)
      return (await readManifest(root, from(blocks)))!.sound
    }
    const without = (why: string) => ({ prints: null, without: why, cids: [] })
    expect(await said(audio(null))).to.deep.equal(without('featureless'))
    expect(await said(audio(null, { readable: false }))).to.deep.equal(without('unreadable'))
    expect(await said({ ...video(1, 3), sound: null })).to.deep.equal(without('none'))
    expect(await said(video(1, 3))).to.equal(null)
  })

  it('is on the chain as words of eight prints, the loudest of each of 64 stretches', async () => {
    const prints = printed(8 * 640)
    const { algorithm, words, quality } = anchoredWords(audio(prints))
    expect([algorithm, words.length, quality.length]).to.deep.equal([2, 64, 64])
    const bytes = new Uint8Array(prints.prints.buffer)
    const loud = (run: number) => prints.levels.subarray(8 * run, 8 * run + 8).reduce((sum, one) => sum + one, 0)
    for (const [k, word] of words.entries()) {
      const run = Array.from({ length: 10 }, (_, i) => 10 * k + i).reduce((a, b) => (loud(b) > loud(a) ? b : a))
      expect([...word]).to.deep.equal([...bytes.subarray(32 * run, 32 * run + 32)])
      expect(quality[k]).to.equal(Math.floor((100 * loud(run)) / 2_040))
    }
    const { root, blocks } = await writeManifest(audio(prints), NOTHING)
    const read = (await readManifest(root, from(blocks)))!
    expect(read.perceptual.algorithm).to.equal('sound1')
    const anchor = { kind: 'audio', contentDigest: read.content.digest, perceptualHashes: words } as const
    expect(mismatch(read, { ...anchor, algorithm: 2 })).to.equal(null)
    expect(mismatch(read, { ...anchor, algorithm: 1 })).to.equal('algorithm differs')
  })

  it('is on the chain as fewer words where it is short, and where prints say nothing', () => {
    const prints = printed(40)
    expect(anchoredWords(audio(prints)).words).to.have.length(5)
    prints.prints[17] = 0
    expect(anchoredWords(audio(prints)).words).to.have.length(4)
    expect(anchoredWords(audio(printed(7)))).to.deep.equal({ algorithm: 0, words: [], quality: [] })
    expect(anchoredWords(audio(null)).algorithm).to.equal(0)
  })

  it('of a video leaves the words to its picture', async () => {
    const of = { ...video(2, 4), sound: audio(printed(100)).sound! }
    expect(anchoredWords(of)).to.deep.equal(anchoredWords(video(2, 4)))
    const { root, blocks } = await writeManifest(of, NOTHING, 'none')
    expect((await readManifest(root, from(blocks)))!.sound!.prints).to.deep.equal(of.sound.prints)
  })

  const block = async (value: unknown) => {
    const bytes = dagCbor.encode(value)
    return { cid: CID.createV1(0x71, await sha256.digest(bytes)).toString(), bytes }
  }

  /** The manifest with one block of its sound changed, and the entry in its root. */
  async function tampered({
    part = {},
    entry = {},
    root: more = {},
  }: {
    part?: object
    entry?: object
    root?: object
  }) {
    const { blocks } = await writeManifest(audio(printed(100)), NOTHING)
    const [root, first] = blocks
    const changed = await block({ ...dagCbor.decode<object>(first!.bytes), ...part })
    const said = { start: 0, blocks: [CID.parse(changed.cid)], ...entry }
    const top = await block({ ...dagCbor.decode<object>(root!.bytes), sound: said, ...more })
    return readManifest(top.cid, from([top, changed]))
  }

  it('was not changed: this one is read', async () => {
    expect((await tampered({}))!.sound!.prints!.prints).to.have.length(100)
  })

  for (const [name, change, says] of [
    ['prints cut off', { part: { prints: new Uint8Array(399) } }, /lengths differ/],
    ['no prints', { part: { prints: new Uint8Array(), levels: new Uint8Array() } }, /1 to 2560 prints/],
    [
      'more prints than a block has',
      { part: { prints: new Uint8Array(4 * 2_561), levels: new Uint8Array(2_561) } },
      /1 to 2560/,
    ],
    ['a block that begins elsewhere', { part: { first: 1 } }, /"first" expected 0, got 1/],
    ['a block of another name', { part: { firsthand: 'sound2' } }, /firsthand/],
    ['a beginning before the media', { entry: { start: -1 } }, /sound/],
    ['a beginning that is no number of samples', { entry: { start: 0.5 } }, /sound/],
    ['no blocks', { entry: { blocks: [] } }, /sound/],
    [
      'what is no block',
      { entry: { blocks: [CID.parse('bafybeidkxvnyxvx3s4opxnqhgcqqkzmhcnklzhphz2m2nzkqvyslpgmyvy')] } },
      /sound/,
    ],
    ['a word for why that is none', { root: { sound: 'quiet' } }, /sound/],
    ['a picture', { root: { kind: 'image' } }, /a picture has no sound/],
    [
      'words of an algorithm that is none',
      { root: { perceptual: { algorithm: 'sound2', words: [], quality: [] } } },
      /algorithm/,
    ],
  ] as const)
    it(`with ${name} is refused`, () => expectInvalid(tampered(change), says))

  it('of more prints than are kept in memory is refused', async () => {
    const parts = await Promise.all(
      Array.from({ length: 489 }, (_, i) =>
        block({
          firsthand: 'sound1',
          first: 2_560 * i,
          prints: new Uint8Array(4 * 2_560),
          levels: new Uint8Array(2_560),
        }),
      ),
    )
    const [top] = (await writeManifest(audio(printed(8)), NOTHING)).blocks
    const blocks = parts.map(({ cid }) => CID.parse(cid))
    const root = await block({ ...dagCbor.decode<object>(top!.bytes), sound: { start: 0, blocks } })
    await expectInvalid(readManifest(root.cid, from([root, ...parts])), /more than 1250000 prints/)
  })

  it('that is linked and missing is asked for by name', async () => {
    const { root, blocks } = await writeManifest(audio(printed(100)), NOTHING)
    await expectInvalid(readManifest(root, from(blocks.slice(0, 1))), new RegExp(`block ${blocks[1]!.cid} is linked`))
  })
})

/** DAG-PB, as IPFS has directories. */
const DIRECTORY = CID.parse('bafybeidkxvnyxvx3s4opxnqhgcqqkzmhcnklzhphz2m2nzkqvyslpgmyvy')

describe('a hostile block', () => {
  const of = video(3, 121)

  /** The manifest of `of` with one of its blocks changed, and links and root after it. */
  async function tampered(change: { root?: object; frames?: object }): Promise<unknown> {
    const { blocks } = await writeManifest(of, NOTHING)
    const [root, first, ...rest] = blocks
    const changed = await block({ ...dagCbor.decode<object>(first!.bytes), ...change.frames })
    const links = [changed, ...rest].map(({ cid }) => CID.parse(cid))
    const top = await block({ ...dagCbor.decode<object>(root!.bytes), frames: links, ...change.root })
    return readManifest(top.cid, from([top, changed, ...rest]))
  }

  async function block(value: unknown) {
    const bytes = dagCbor.encode(value)
    return { cid: CID.createV1(0x71, await sha256.digest(bytes)).toString(), bytes }
  }

  it('is one that was changed: this one is not', async () => {
    expect(await tampered({}))
      .to.have.property('frames')
      .with.length(121)
  })

  const times = of.frames.slice(0, 120).map(({ timeMs }) => timeMs)
  for (const [name, change, says] of [
    ['too few qualities', { frames: { quality: new Uint8Array(119) } }, /lengths differ/],
    ['a hash too short by a byte', { frames: { pdq: new Uint8Array(32 * 120 - 1) } }, /lengths differ/],
    ['a quality over 100', { frames: { quality: new Uint8Array(120).fill(101) } }, /quality expected 0 to 100/],
    ['times that fall', { frames: { timesMs: times.with(5, 0) } }, /do not rise/],
    ['times that repeat', { frames: { timesMs: times.with(5, times[4]!) } }, /do not rise/],
    ['a time of the next block', { frames: { timesMs: times.with(-1, 60_000) } }, /within 60000 ms of startMs/],
    ['a time before its start', { frames: { startMs: 1 } }, /within 60000 ms of startMs/],
    ['no frames', { frames: { timesMs: [], quality: new Uint8Array(), pdq: new Uint8Array() } }, /timesMs/],
    ['a fractional time', { frames: { timesMs: times.with(1, 0.5) } }, /timesMs\[1\]/],
    ['a negative time', { frames: { startMs: -1 } }, /startMs/],
    ['another name', { frames: { firsthand: 'frames2' } }, /firsthand/],
    ['a root of another version', { root: { firsthand: 'manifest2' } }, /firsthand/],
    ['a link to what is no block', { root: { frames: [DIRECTORY] } }, /frames\[0\]: expected a link to a block/],
    ['2,001 links', { root: { frames: Array(2_001).fill(DIRECTORY) } }, /frames: .*2000/],
    ['a text in place of a link', { root: { frames: ['bafy'] } }, /frames\[0\]: expected a link/],
    [
      'a digest of 31 bytes',
      { root: { content: { digest: new Uint8Array(31), size: 1, type: '' } } },
      /content.digest: expected 32 bytes/,
    ],
    [
      '65 words',
      { root: { perceptual: { algorithm: 'pdq1', words: Array(65).fill(new Uint8Array(32)), quality: [] } } },
      /perceptual.words/,
    ],
    [
      'words without quality',
      { root: { perceptual: { algorithm: 'pdq1', words: [new Uint8Array(32)], quality: [] } } },
      /differ in length/,
    ],
    ['an extent of nothing', { root: { extent: { width: 0, height: 0, durationMs: null } } }, /extent.width/],
    [
      'an extent beyond safe integers',
      { root: { extent: { width: 2n ** 60n, height: 1, durationMs: 1 } } },
      /extent.width/,
    ],
    ['no description', { root: { description: undefined } }, null],
    ['a list as its root', { root: [] }, null],
  ] as const)
    it(`with ${name} is refused`, async () => {
      if (says === null)
        return expectInvalid(readOne(name === 'no description' ? { firsthand: 'manifest1' } : []), /block /)
      await expectInvalid(tampered(change), says)
    })

  async function readOne(value: unknown) {
    const root = await block(value)
    return readManifest(root.cid, from([root]))
  }

  describe('of a video', () => {
    const part = (length: number) => Uint8Array.of(1, 1, 0, 8, 0, 8, ...new Uint8Array(length - 6))
    const good = {
      firsthand: 'stretch1',
      timesMs: [0, 500],
      lengths: [37, 37],
      bytes: Uint8Array.of(...part(37), ...part(37)),
    }
    const key = { ...good, firsthand: 'keys1', bytes: new Uint8Array(74) }

    it('is one that was changed: these are not', async () => {
      expect(readStretch(dagCbor.encode(good))).to.have.length(2)
      expect(readKeys('c', dagCbor.encode(key))).to.have.length(2)
    })

    for (const [name, change, says] of [
      ['lengths that leave bytes', { lengths: [37, 36] }, /lengths do not add up/],
      ['a length too many', { lengths: [37, 36, 1] }, /lengths differ/],
      ['a length of nothing', { lengths: [74, 0] }, /lengths\[1\]/],
      ['times that repeat', { timesMs: [500, 500] }, /do not rise/],
      ['times of another stretch', { timesMs: [0, 70_000] }, /expected within/],
      ['a time that is none', { timesMs: [0, 0.5] }, /timesMs\[1\]/],
      ['nothing', { timesMs: [], lengths: [], bytes: new Uint8Array() }, /timesMs/],
      [
        'more parts than a stretch has',
        { timesMs: Array.from({ length: 129 }, (_, i) => i), lengths: Array(129).fill(1), bytes: new Uint8Array(129) },
        /timesMs/,
      ],
      ['another name', { firsthand: 'frames1' }, /firsthand/],
    ] as const)
      it(`with ${name} is refused, be it local hashes or evidence`, () => {
        expectRefused(() => readStretch(dagCbor.encode({ ...good, ...change })), says)
        expectRefused(() => readKeys('c', dagCbor.encode({ ...key, ...change })), says)
      })

    it('with half a local hash is refused', () => {
      expectRefused(() => readKeys('c', dagCbor.encode({ ...key, lengths: [36, 38] })), /times 37 bytes, got 36/)
    })

    it('with evidence in colour, larger than that of frames, or longer, is refused', () => {
      const changed = (at: number, value: number) => dagCbor.encode({ ...good, bytes: good.bytes.with(at, value) })
      expectRefused(() => readStretch(changed(1, 3)), /expected grey, at most 192 pixels a side/)
      expectRefused(() => readStretch(changed(2, 1)), /expected grey/)
      expectRefused(() => readStretch(changed(5, 193)), /expected grey/)
      const long = { ...good, timesMs: [0], lengths: [16_385], bytes: part(16_385) }
      expectRefused(() => readStretch(dagCbor.encode(long)), /lengths\[0\]/)
    })

    for (const [name, change, says] of [
      ['bars outside the frame', { bars: [4000, 0, 4000, 4096] }, /bars: expected within the frame/],
      ['a picture of no width', { bars: [0, 0, 0, 4096] }, /bars/],
      ['starts that fall', { evidence: { startsMs: [20_000, 0], stretches: [] } }, /do not rise/],
      ['starts without stretches', { evidence: { startsMs: [0], stretches: [] } }, /lengths differ/],
      ['starts without what is kept', { evidence: { startsMs: [0, 1], kept: [new Uint8Array(32)] } }, /lengths differ/],
      ['stretches that are no blocks', { evidence: { startsMs: [0], stretches: [DIRECTORY] } }, /evidence/],
      ['local hashes that are no blocks', { keys: [DIRECTORY] }, /keys\[0\]: expected a link/],
      [
        'evidence by stretches, being a picture',
        { kind: 'image', evidence: { startsMs: [0], kept: [new Uint8Array(32)] } },
        /only a video/,
      ],
      [
        'more links than are followed, of all kinds together',
        {
          evidence: {
            startsMs: Array.from({ length: 1_999 }, (_, i) => i),
            kept: Array(1_999).fill(new Uint8Array(32)),
          },
        },
        /more than 2000 links/,
      ],
    ] as const)
      it(`with ${name} is refused`, async () => {
        await expectInvalid(tampered({ root: change }), says)
      })
  })

  it('of more frames than are kept in memory is refused', async () => {
    const times = Array.from({ length: 60_000 }, (_, i) => i)
    const blocks = await Promise.all(
      [0, 60_000, 120_000].map((startMs) => {
        const timesMs = times.map((ms) => startMs + ms)
        return block({
          firsthand: 'frames1',
          startMs,
          timesMs,
          quality: new Uint8Array(60_000),
          pdq: new Uint8Array(1_920_000),
        })
      }),
    )
    const [top] = (await writeManifest(of, NOTHING)).blocks
    const links = blocks.map(({ cid }) => CID.parse(cid))
    const root = await block({ ...dagCbor.decode<object>(top!.bytes), frames: links })
    await expectInvalid(readManifest(root.cid, from([root, ...blocks])), /more than 120000 frames/)
  })

  it('that is linked and missing is refused by name', async () => {
    const { root, blocks } = await writeManifest(of, NOTHING)
    await expectInvalid(readManifest(root, from(blocks.slice(0, 2))), new RegExp(`block ${blocks[2]!.cid} is linked`))
  })

  it('of any bytes is refused and does nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await expectInvalid(
          readManifest('root', async () => bytes),
          /^block root/,
        )
      }),
    )
  })
})

function expectRefused(work: () => unknown, says: RegExp): void {
  expect(work).to.throw(RegistryError, says).with.property('code', 'block.invalid')
}

async function expectInvalid(promise: Promise<unknown>, says: RegExp): Promise<void> {
  const error = await promise.then(
    () => new Error('nothing was refused'),
    (thrown: Error) => thrown,
  )
  expect(error, error.message).to.have.property('code', 'block.invalid')
  expect(error.message).to.match(says)
}
