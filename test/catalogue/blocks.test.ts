/** Blocks that are kept. Those that wait are in `held.test.ts`. */
import { spawn } from 'node:child_process'
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { type Block, type BlockStore, createBlockStore } from '../../server/catalogue/index.ts'
import { madeBlock } from './block-writer.ts'
import { temporaryPath } from './databases.ts'
import { failureOf, filesIn } from './expect.ts'

describe('the block store', () => {
  let directory: string
  let time: number
  let store: BlockStore

  const open = () => createBlockStore({ directory, now: () => time })
  const [root, one, two] = ['root', 'one', 'two'].map((name) => madeBlock(name)) as [Block, Block, Block]

  beforeEach(() => {
    directory = temporaryPath()
    time = 1_700_000_000
    store = open()
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  describe('for blocks', () => {
    it('gives back what was put, and null for what was not', async () => {
      await store.put([root, one])
      expect(await store.get(root.cid)).to.deep.equal(root.bytes)
      expect(await store.get(one.cid)).to.deep.equal(one.bytes)
      expect(await store.get(two.cid)).to.equal(null)
      expect(await open().get(one.cid)).to.deep.equal(one.bytes)
    })

    it('keeps each in a file of its name, in the directory of its last two characters, and nothing beside', async () => {
      await store.put([root, one, one])
      const expected = [root, one].map(({ cid }) => join('blocks', cid.slice(-2), cid))
      expect(filesIn(directory).sort()).to.deep.equal(expected.sort())
    })

    it('takes the same block again, and the empty list, and an empty block', async () => {
      const empty = madeBlock('')
      await store.put([])
      await store.put([empty, root])
      await store.put([root])
      expect(await store.get(empty.cid)).to.deep.equal(new Uint8Array())
    })

    it('takes the same blocks from several at once', async () => {
      await Promise.all(Array.from({ length: 8 }, () => store.put([root, one, two])))
      expect(await store.get(two.cid)).to.deep.equal(two.bytes)
    })
  })

  describe('for names that are no CIDs', () => {
    const { multihash } = CID.parse(root.cid)
    const names = [
      '',
      '.',
      '..',
      '/',
      '../../etc/passwd',
      '/etc/passwd',
      'held/x',
      `../blocks/${root.cid}`,
      `${root.cid}/..`,
      `${root.cid}/`,
      `${root.cid}\0`,
      `${root.cid} `,
      ` ${root.cid}`,
      root.cid.toUpperCase(),
      root.cid.slice(0, -1),
      `${root.cid}aa`,
      'bafy',
      'b',
      CID.createV0(multihash as Digest.Digest<0x12, number>).toString(),
      CID.createV1(0x71, Digest.create(0, new Uint8Array(200))).toString(),
      'x'.repeat(100_000),
    ]

    it('refuses them everywhere, and touches nothing', async () => {
      for (const name of names) {
        const bytes = new Uint8Array(1)
        const attempts = [
          store.get(name),
          store.put([root, { cid: name, bytes }]),
          store.hold(name, [root]),
          store.hold(root.cid, [{ cid: name, bytes }]),
          store.adopt(name),
        ]
        for (const attempt of attempts)
          expect((await failureOf(attempt)).code, JSON.stringify(name.slice(0, 80))).to.equal('block.invalid')
      }
      expect(filesIn(directory)).to.deep.equal([])
    })

    it('never makes a path of any text', async () => {
      const text = fc.oneof(
        fc.string(),
        fc.string({ unit: fc.constantFrom(...'b./\\afk234\0') }).map((s) => `b${s}`),
      )
      await fc.assert(
        fc.asyncProperty(text, async (name) => {
          const answer = await store.get(name).catch((error) => error)
          if (answer !== null) expect(answer.code).to.equal('block.invalid')
          else expect(basename(name)).to.equal(name)
        }),
        { numRuns: 300 },
      )
    })
  })

  describe('after a crash', () => {
    it('removes what was left unfinished an hour ago, and leaves what is younger', async () => {
      for (const place of ['blocks', 'held']) {
        mkdirSync(join(directory, place, '.new'), { recursive: true })
        for (const [name, age] of [
          ['old', 3601],
          ['young', 3599],
        ] as const) {
          writeFileSync(join(directory, place, '.new', name), 'half')
          utimesSync(join(directory, place, '.new', name), time - age, time - age)
        }
      }
      await open().get(root.cid)
      expect(filesIn(directory).sort()).to.deep.equal([join('blocks', '.new', 'young'), join('held', '.new', 'young')])
    })

    it('has whole blocks only, when it was killed while it wrote', async function () {
      this.timeout(60_000)
      for (let round = 0; round < 4; round++) {
        const child = spawn(process.execPath, [join(import.meta.dirname, 'block-writer.ts'), directory], {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        const kept: string[] = []
        for await (const line of createInterface(child.stdout)) {
          kept.push(line)
          if (kept.length === 1) setTimeout(() => child.kill('SIGKILL'), 10 + 23 * round)
        }
        store = open()
        for (const cid of kept.slice(0, -1))
          expect(await store.get(cid), 'a block that put() had kept').not.to.equal(null)
        for (const file of filesIn(join(directory, 'blocks')).filter((path) => !path.startsWith('.new'))) {
          const bytes = (await store.get(basename(file)))!
          expect(madeBlock(bytes).cid).to.equal(basename(file))
        }
      }
    })
  })
})
