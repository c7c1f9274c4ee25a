import * as dagCbor from '@ipld/dag-cbor'
import { expect } from 'chai'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { sha256 } from 'multiformats/hashes/sha2'
import { RegistryError } from '../../server/errors.ts'
import { type Listed, listBytes, listCid, readList, writeList } from '../../server/fingerprint/list.ts'
import { randomBytes, seeded } from '../random.ts'

const random = seeded(7)
function listed(words: number): Listed {
  const perceptualHashes = Array.from({ length: words }, () => randomBytes(random))
  const [contentDigest, manifestDigest] = [randomBytes(random), randomBytes(random)]
  return { contentDigest, manifestDigest, kind: 1, algorithm: words > 0 ? 1 : 0, perceptualHashes }
}

const storeOf = (blocks: { cid: string; bytes: Uint8Array }[]) => {
  const store = new Map(blocks.map(({ cid, bytes }) => [cid, bytes]))
  return async (cid: string) => store.get(cid) ?? null
}

async function block(value: unknown) {
  const bytes = dagCbor.encode(value)
  return { cid: CID.createV1(dagCbor.code, await sha256.digest(bytes)).toString(), bytes }
}

async function refusal(root: unknown, leaves: unknown[]): Promise<string> {
  const leafBlocks = await Promise.all(leaves.map((list) => block({ firsthand: 'leaves1', leaves: list })))
  const links = leafBlocks.map(({ cid }) => CID.parse(cid))
  const top = await block({ firsthand: 'list1', count: 1, leaves: links, ...(root as object) })
  const error = await readList(top.cid, storeOf([top, ...leafBlocks])).catch((cause) => cause)
  expect(error).to.be.instanceOf(RegistryError)
  expect(error.code).to.equal('block.invalid')
  return error.message
}

describe('a list', () => {
  it('is read as it was written, in its order', async () => {
    for (const claims of [
      [listed(0)],
      [listed(2), listed(0), listed(64)],
      Array.from({ length: 3_000 }, () => listed(2)),
    ]) {
      const { root, digest, blocks } = await writeList(claims)
      expect(listCid(digest)).to.equal(root)
      expect(await readList(root, storeOf(blocks))).to.deep.equal(claims)
    }
  })

  it('has blocks of at most 256 KiB, also with 64 words a claim', async () => {
    const claims = Array.from({ length: 400 }, () => listed(64))
    const { blocks } = await writeList(claims)
    expect(blocks.length).to.be.at.least(5)
    for (const { bytes } of blocks) expect(bytes.length).to.be.at.most(256 << 10)
    const written = blocks.reduce((sum, { bytes }) => sum + bytes.length, 0)
    expect(listBytes(claims)).to.be.within(0.98 * written, 1.02 * written)
  })

  it('is null while a block is missing', async () => {
    const { root, blocks } = await writeList([listed(1)])
    expect(await readList(root, storeOf([]))).to.equal(null)
    expect(await readList(root, storeOf(blocks.slice(0, 1)))).to.equal(null)
  })

  it('holds 1 to 8,192 claims', async () => {
    for (const count of [0, 8_193])
      expect(await writeList(Array(count).fill(listed(0))).catch(({ message }) => message)).to.match(/1 to 8192/)
  })

  describe('is refused', () => {
    const one = (change: unknown[] = []) => {
      const { contentDigest, manifestDigest } = listed(0)
      return Object.assign([contentDigest, manifestDigest, 1, 1, new Uint8Array(32)], change)
    }
    it('with another count than it has', async () => {
      expect(await refusal({ count: 2 }, [[one()]])).to.match(/"count" expected 1/)
      expect(await refusal({ count: 1 }, [[one(), one()]])).to.match(/"count"/)
    })
    it('with a claim that no contract would take', async () => {
      expect(await refusal({}, [[one([new Uint8Array(32)])]])).to.match(/digest is zero/)
      expect(await refusal({}, [[Object.assign(one(), { 2: 0 })]])).to.match(/leaves/)
      expect(await refusal({}, [[Object.assign(one(), { 3: 0 })]])).to.match(/algorithm 0 with 32 bytes/)
      expect(await refusal({}, [[Object.assign(one(), { 4: new Uint8Array() })]])).to.match(/algorithm 1 with 0 bytes/)
      expect(await refusal({}, [[Object.assign(one(), { 4: new Uint8Array(31) })]])).to.match(/words of 32 bytes/)
      expect(await refusal({}, [[Object.assign(one(), { 4: new Uint8Array(65 * 32) })]])).to.match(/at most 64 words/)
    })
    it('with anything else in it', async () => {
      expect(await refusal({ more: 1 }, [[one()]])).to.match(/more/)
      expect(await refusal({ leaves: ['x'] }, [])).to.match(/link/)
      expect(await refusal({}, [[[...one(), 1]]])).to.match(/leaves/)
    })
    it('with links to what is fetched from nowhere, though none of it is here', async () => {
      const digest = await sha256.digest(new Uint8Array([1]))
      const links = [
        CID.createV0(digest),
        CID.createV1(0x70, digest),
        CID.createV1(0x71, identity.digest(digest.digest)),
      ]
      for (const link of links)
        expect(await refusal({ leaves: [link] }, [])).to.match(/leaves\[0\]: expected a link to/)
      expect(await refusal({ leaves: Array(2_001).fill(CID.createV1(0x71, digest)) }, [])).to.match(/2000/)
    })
  })
})
