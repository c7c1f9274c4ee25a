/** Blocks that wait for their registration. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { type Block, type BlockStore, createBlockStore } from '../../server/catalogue/index.ts'
import { madeBlock } from './block-writer.ts'
import { temporaryPath } from './databases.ts'
import { failureOf, filesIn } from './expect.ts'

const MIB = 1024 * 1024

describe('the block store', () => {
  let directory: string
  let time: number
  let store: BlockStore

  const open = (limits = {}) => createBlockStore({ directory, now: () => time, limits })
  const [root, one, two] = ['root', 'one', 'two'].map((name) => madeBlock(name)) as [Block, Block, Block]
  const heldPath = (name: string) => join(directory, 'held', name)

  beforeEach(() => {
    directory = temporaryPath()
    time = 1_700_000_000
    store = open()
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  describe('for blocks that wait', () => {
    it('shows none of them before they are adopted, all of them after, and holds them no more', async () => {
      await store.hold(root.cid, [root, one])
      expect(await store.get(root.cid)).to.equal(null)
      expect(await store.adopt(root.cid)).to.equal(true)
      expect(await store.get(root.cid)).to.deep.equal(root.bytes)
      expect(await store.get(one.cid)).to.deep.equal(one.bytes)
      expect(await store.adopt(root.cid)).to.equal(false)
      expect(filesIn(join(directory, 'held'))).to.deep.equal([])
    })

    it('adopts only the root that is named', async () => {
      await store.hold(root.cid, [root, one])
      await store.hold(two.cid, [two])
      expect(await store.adopt(one.cid)).to.equal(false)
      expect(await store.adopt(two.cid)).to.equal(true)
      expect(await store.get(one.cid)).to.equal(null)
    })

    it('still has them after a restart, until the same time', async () => {
      const { expiresAt } = await store.hold(root.cid, [root, one])
      expect(expiresAt).to.equal(time + 600)
      const again = open()
      expect(await again.expireHeld(expiresAt - 1)).to.equal(0)
      expect(await again.adopt(root.cid)).to.equal(true)
      expect(await again.get(one.cid)).to.deep.equal(one.bytes)
    })

    it('drops them when they expire, and only those', async () => {
      await store.hold(root.cid, [root, one])
      time += 300
      await store.hold(two.cid, [two])
      time += 300
      expect(await store.expireHeld(time)).to.equal(1)
      expect(await store.adopt(root.cid)).to.equal(false)
      expect(await store.get(root.cid)).to.equal(null)
      expect(await store.adopt(two.cid)).to.equal(true)
      expect(filesIn(join(directory, 'held'))).to.deep.equal([])
    })

    it('adds to a root that waits already, and lets it wait anew', async () => {
      await store.hold(root.cid, [root])
      time += 300
      const { expiresAt } = await store.hold(root.cid, [root, one])
      expect(expiresAt).to.equal(time + 600)
      expect(await store.expireHeld(time + 301)).to.equal(0)
      expect(await store.adopt(root.cid)).to.equal(true)
      expect(await store.get(one.cid)).to.deep.equal(one.bytes)
    })

    it('takes a root that is kept already', async () => {
      await store.put([root, one])
      await store.hold(root.cid, [root, one])
      expect(await store.adopt(root.cid)).to.equal(true)
      expect(await store.get(root.cid)).to.deep.equal(root.bytes)
    })

    it('adopts once when it is asked several times at once', async () => {
      await store.hold(root.cid, [root, one])
      const answers = await Promise.all([1, 2, 3].map(() => store.adopt(root.cid)))
      expect(answers.filter(Boolean)).to.have.length(1)
      expect(await store.get(root.cid)).to.deep.equal(root.bytes)
    })
  })

  describe('when too much waits', () => {
    const large = (name: string, bytes: number): Block => ({ cid: madeBlock(name).cid, bytes: new Uint8Array(bytes) })

    it('refuses more, says when there will be room, and has it then', async () => {
      store = open({ heldBytes: 3 * MIB })
      await store.hold(root.cid, [large('root', 2 * MIB)])
      time += 100
      const error = await failureOf(store.hold(one.cid, [large('one', 1.5 * MIB)]))
      expect([error.code, error.retryAfterS]).to.deep.equal(['server.busy', 500])
      expect(await store.adopt(one.cid)).to.equal(false)
      await store.hold(two.cid, [large('two', MIB)])
      await store.expireHeld(time + 500)
      await store.hold(one.cid, [large('one', 1.5 * MIB)])
    })

    it('counts what it found at the start, and what is still being written', async () => {
      await store.hold(root.cid, [large('root', 2 * MIB)])
      store = open({ heldBytes: 4 * MIB })
      const attempts = await Promise.allSettled([one, two].map(({ cid }) => store.hold(cid, [large('x', 1.5 * MIB)])))
      expect(attempts.map(({ status }) => status)).to.have.members(['fulfilled', 'rejected'])
    })

    it('counts a tiny block as what it takes on the disk', async () => {
      store = open({ heldBytes: 10 * 4096 })
      const tiny = Array.from({ length: 11 }, (_, i) => madeBlock(`tiny ${i}`))
      expect((await failureOf(store.hold(root.cid, tiny))).code).to.equal('server.busy')
      await store.hold(root.cid, tiny.slice(1))
    })

    it('has room again after an adoption, and counts a root once though it is held twice', async () => {
      store = open({ heldBytes: 3 * MIB })
      for (let i = 0; i < 5; i++) {
        await store.hold(root.cid, [large('root', MIB)])
        await store.hold(root.cid, [large('root', MIB)])
        await store.hold(two.cid, [large('two', MIB)])
        await store.adopt(root.cid)
      }
    })

    it('of one holder refuses it more, not others, and has room again when what it held is adopted or expires', async () => {
      store = open({ holderBytes: 3 * MIB })
      await store.hold(root.cid, [large('root', 2 * MIB)], 'a')
      const error = await failureOf(store.hold(one.cid, [large('one', 1.5 * MIB)], 'a'))
      expect([error.code, error.retryAfterS]).to.deep.equal(['request.rate_limited', 10])
      await store.hold(one.cid, [large('one', 1.5 * MIB)], 'b')
      await store.hold(two.cid, [large('two', 4 * MIB)], null)
      await store.adopt(root.cid)
      await store.hold(root.cid, [large('root', 3 * MIB)], 'a')
      await failureOf(store.hold(one.cid, [large('one', MIB)], 'a'))
      await store.expireHeld(time + 600)
      await store.hold(one.cid, [large('one', 3 * MIB)], 'a')
    })

    it('counts what a holder has still being written, and no more what another has held since', async () => {
      store = open({ holderBytes: 3 * MIB })
      const hold = ({ cid }: Block, holder: string) => store.hold(cid, [large('x', 2 * MIB)], holder)
      const attempts = await Promise.allSettled([root, one, two].map((block) => hold(block, 'a')))
      expect(attempts.filter(({ status }) => status === 'fulfilled')).to.have.length(1)
      await hold(root, 'b')
      await hold(two, 'a')
    })

    it('leaves nothing of what it refused', async () => {
      store = open({ heldBytes: 4096 })
      await failureOf(store.hold(root.cid, [root, one]))
      expect(filesIn(directory)).to.deep.equal([])
    })
  })

  describe('after a crash', () => {
    it('finishes an adoption that had begun, wherever it stopped', async () => {
      for (const moved of [0, 1, 2]) {
        rmSync(directory, { recursive: true, force: true })
        await open().hold(root.cid, [root, one, two])
        // As far as adopt() came: the directory renamed, so many files moved.
        renameSync(heldPath(root.cid), heldPath(`${root.cid}.adopting`))
        for (const { cid } of [one, two].slice(0, moved)) {
          mkdirSync(join(directory, 'blocks', cid.slice(-2)), { recursive: true })
          renameSync(join(heldPath(`${root.cid}.adopting`), cid), join(directory, 'blocks', cid.slice(-2), cid))
        }
        const again = open()
        for (const { cid, bytes } of [root, one, two])
          expect(await again.get(cid), `${moved} moved`).to.deep.equal(bytes)
        expect(await again.adopt(root.cid)).to.equal(false)
        expect(filesIn(join(directory, 'held'))).to.deep.equal([])
      }
    })

    it('adopts again what failed on the way', async () => {
      await store.hold(root.cid, [root, one])
      const inTheWay = join(directory, 'blocks', one.cid.slice(-2))
      mkdirSync(dirname(inTheWay), { recursive: true })
      writeFileSync(inTheWay, 'a file where a directory has to be')
      const error = await store.adopt(root.cid).catch((cause) => cause)
      expect(error).to.be.instanceOf(Error)
      expect(await store.get(root.cid), 'a root without its blocks').to.equal(null)
      rmSync(inTheWay)
      await store.hold(root.cid, [root])
      expect(await store.adopt(root.cid)).to.equal(true)
      expect(await store.get(root.cid)).to.deep.equal(root.bytes)
      expect(await store.get(one.cid)).to.deep.equal(one.bytes)
    })

    it('minds nothing that lies in its directory by accident', async () => {
      mkdirSync(join(directory, 'held'), { recursive: true })
      writeFileSync(heldPath('.DS_Store'), 'x')
      await store.hold(root.cid, [root])
      expect(await open().adopt(root.cid)).to.equal(true)
      expect(readFileSync(heldPath('.DS_Store'), 'utf8')).to.equal('x')
    })
  })
})
