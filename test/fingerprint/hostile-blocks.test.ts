import * as dagCbor from '@ipld/dag-cbor'
import { expect } from 'chai'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { RegistryError } from '../../server/errors.ts'
import { readKeys, readManifest, readStretch, writeManifest } from '../../server/fingerprint/index.ts'
import { video } from './make.ts'

import { expectInvalid, from, NOTHING } from './manifests.ts'

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
