/** For tests of manifests: one that describes nothing, and blocks by CID. */
import { expect } from 'chai'
import type { Description } from '../../server/fingerprint/index.ts'

export const NOTHING: Description = { title: null, text: null, sourceUrl: null, derivedFrom: null }

export const from = (blocks: { cid: string; bytes: Uint8Array }[]) => {
  const found = new Map(blocks.map(({ cid, bytes }) => [cid, bytes]))
  return async (cid: string) => found.get(cid) ?? null
}

export async function expectInvalid(promise: Promise<unknown>, says: RegExp): Promise<void> {
  const error = await promise.then(
    () => new Error('nothing was refused'),
    (thrown: Error) => thrown,
  )
  expect(error, error.message).to.have.property('code', 'block.invalid')
  expect(error.message).to.match(says)
}
