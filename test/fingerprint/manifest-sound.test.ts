import * as dagCbor from '@ipld/dag-cbor'
import { expect } from 'chai'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import {
  anchoredWords,
  type Fingerprint,
  mismatch,
  readManifest,
  type Sound,
  writeManifest,
} from '../../server/fingerprint/index.ts'
import { PRINT_STEP_S, type SoundPrints } from '../../server/fingerprint/sound-prints.ts'
import { links, linksLater } from '../../server/registry/links.ts'
import { sound, video } from './make.ts'

import { expectInvalid, from, NOTHING } from './manifests.ts'

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
