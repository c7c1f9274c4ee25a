import { CarBlockIterator, CarWriter } from '@ipld/car'
import { expect } from 'chai'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { sha256, sha512 } from 'multiformats/hashes/sha2'
import { writeManifest } from '../../server/fingerprint/index.ts'
import { carLength, writeCar } from '../../server/registry/car.ts'
import { video } from '../fingerprint/make.ts'
import { readCar } from './cars.ts'

const NOTHING = { title: null, text: null, sourceUrl: null, derivedFrom: null }
const manifest = await writeManifest(video(1, 200), NOTHING)

async function carOf(roots: CID[], blocks: { cid: CID; bytes: Uint8Array }[]): Promise<Uint8Array> {
  const { writer, out } = CarWriter.create(roots)
  const chunks = Array.fromAsync(out)
  for (const block of blocks) await writer.put(block)
  await writer.close()
  return new Uint8Array(Buffer.concat(await chunks))
}

const BYTES = new Uint8Array([1, 2, 3])
const raw = async (bytes = BYTES) => ({ cid: CID.createV1(0x55, await sha256.digest(bytes)), bytes })

async function refusal(car: Uint8Array): Promise<string> {
  const error = await readCar(car).then(
    () => new Error('nothing was refused'),
    (thrown: Error) => thrown,
  )
  expect(error, error.message).to.have.property('code', 'block.invalid')
  return error.message
}

describe('a CAR', () => {
  it('is read as it was written: root, blocks and their order', async () => {
    const read = await readCar(await writeCar(manifest.root, manifest.blocks))
    expect(read.root).to.equal(manifest.root)
    expect(read.blocks.map(({ cid }) => cid)).to.deep.equal(manifest.blocks.map(({ cid }) => cid))
    for (const [i, { bytes }] of read.blocks.entries())
      expect(Buffer.compare(bytes, manifest.blocks[i]!.bytes)).to.equal(0)
  })

  it('is as long as is said before it is written', async () => {
    const { length } = await writeCar(manifest.root, manifest.blocks)
    expect(carLength(manifest.root, manifest.blocks)).to.equal(length)
  })

  it('is what other programs read and write', async () => {
    const written = await writeCar(manifest.root, manifest.blocks)
    const blocks = manifest.blocks.map(({ cid, bytes }) => ({ cid: CID.parse(cid), bytes }))
    expect(written).to.deep.equal(await carOf([CID.parse(manifest.root)], blocks))
    const read = await Array.fromAsync(await CarBlockIterator.fromBytes(written), ({ cid }) => cid.toString())
    expect(read).to.deep.equal(manifest.blocks.map(({ cid }) => cid))
  })

  it('that announces a block of any length is refused at once', async () => {
    const head = await carOf([CID.parse(manifest.root)], [])
    for (const length of [
      [255, 255, 255, 255, 127],
      [255, 255, 255, 255, 255, 255, 1],
    ])
      expect(await refusal(Uint8Array.of(...head, ...length, 1, 0x55))).to.equal('the body is not a CAR, version 1')
  })

  it('with a block twice, as other writers make them, has it once', async () => {
    const read = await readCar(await writeCar(manifest.root, [...manifest.blocks, ...manifest.blocks.slice(0, 2)]))
    expect(read.blocks.map(({ cid }) => cid)).to.deep.equal(manifest.blocks.map(({ cid }) => cid))
  })

  it('of two roots, or of none, is refused', async () => {
    const [a, b] = [await raw(), await raw(new Uint8Array([4]))]
    expect(await refusal(await carOf([a.cid, b.cid], [a, b]))).to.equal('the CAR has 2 roots, one is expected')
    expect(await refusal(await carOf([], [a]))).to.match(/0 roots|not a CAR/)
  })

  it('without its root is refused', async () => {
    const [a, b] = [await raw(), await raw(new Uint8Array([4]))]
    expect(await refusal(await carOf([a.cid], [b]))).to.equal(`the CAR does not hold its root ${a.cid}`)
  })

  it('with a block that is not what its CID names is refused, by that name', async () => {
    const { cid } = await raw()
    expect(await refusal(await carOf([cid], [{ cid, bytes: new Uint8Array([9]) }]))).to.equal(
      `block ${cid} does not hash to its CID`,
    )
  })

  it('with a block over 1 MiB is refused, and one of 1 MiB is taken', async () => {
    const [fits, large] = [await raw(new Uint8Array(1 << 20)), await raw(new Uint8Array((1 << 20) + 1))]
    expect((await readCar(await carOf([fits.cid], [fits]))).blocks).to.have.length(1)
    expect(await refusal(await carOf([large.cid], [large]))).to.contain('at most 1048576 are taken')
  })

  it('with another hash, codec or version of CID is refused', async () => {
    const foreign = [
      CID.createV1(0x55, await sha512.digest(BYTES)),
      CID.createV1(0x55, identity.digest(BYTES)),
      CID.createV1(0x70, await sha256.digest(BYTES)),
      CID.createV0((await sha256.digest(BYTES)) as never),
    ]
    for (const cid of foreign)
      expect(await refusal(await carOf([cid], [{ cid, bytes: BYTES }]))).to.match(/is not CIDv1 of dag-cbor or raw/)
  })

  it('that is cut off anywhere is refused', async () => {
    const car = await writeCar(manifest.root, manifest.blocks.slice(0, 1))
    for (let length = 0; length < car.length; length += 7) await refusal(car.slice(0, length))
  })

  it('of any bytes is refused and does nothing else', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => void (await refusal(bytes))))
  })

  it('whose blocks are missing is not written', async () => {
    async function* broken() {
      yield manifest.blocks[0]!
      throw new Error('gone')
    }
    const error = await writeCar(manifest.root, broken()).catch((thrown: unknown) => thrown)
    expect(error).to.have.property('message', 'gone')
  })
})
