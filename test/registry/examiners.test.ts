import { expect } from 'chai'
import { RegistryError } from '../../server/errors.ts'
import { hashWhole } from '../../server/fingerprint/picture-hash.ts'
import { planesOf } from '../../server/fingerprint/planes.ts'
import { createExaminers, type Examiners } from '../../server/registry/examiners.ts'
import { cropped, pasted } from '../fingerprint/copies.ts'
import { scene } from '../fingerprint/scene.ts'

const original = scene({ width: 320, height: 240, seed: 11 })
const hashes = hashWhole(original, original)
const ours = { ...hashes, key: 'a', width: 320, height: 240, orientation: 0, way: null }
const candidate = { width: 320, height: 240, local: null, evidence: null, view: planesOf(original) }
const signal = new AbortController().signal

describe('examiners', function () {
  this.timeout(60_000)
  let examiners: Examiners
  before(() => {
    examiners = createExaminers(1)
  })
  after(() => examiners.close())

  it('compare in a process of their own, one picture after the other', async () => {
    const other = scene({ width: 320, height: 240, seed: 12, shapes: 90 })
    const box = { x: 120, y: 90, width: 70, height: 70 }
    const altered = { ...candidate, view: planesOf(pasted(original, other, box)) }
    const asked = [candidate, altered, candidate].map((one) => examiners.examine(one, [ours], signal))
    const answers = await Promise.all(asked)
    expect(answers.map(([one]) => one?.relation)).to.deep.equal(['same_content', 'altered', 'same_content'])
    expect(answers[0]![0]!.placement!.candidate.w).to.be.closeTo(1, 0.001)
  })

  it('stop when nobody waits any more, and take the next', async () => {
    const abort = new AbortController()
    const cancelled = examiners.examine(
      { ...candidate, view: planesOf(cropped(original, { x: 9, y: 9, width: 300, height: 200 })) },
      [ours],
      abort.signal,
    )
    abort.abort(new RegistryError('lookup.cancelled', 'enough'))
    expect((await cancelled.catch((error: RegistryError) => error)) as RegistryError).to.include({
      code: 'lookup.cancelled',
    })
    expect((await examiners.examine(candidate, [ours], signal))[0]!.relation).to.equal('same_content')
  })

  it('say that they broke down, and go on', async () => {
    const failed = (await examiners
      .examine(candidate, [null as never], signal)
      .catch((error) => error)) as RegistryError
    expect(failed).to.include({ code: 'server.internal' })
    expect((await examiners.examine(candidate, [ours], signal))[0]!.relation).to.equal('same_content')
  })
})
