import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import sharp from 'sharp'
import { RegistryError } from '../../server/errors.ts'
import { encodeEvidence } from '../../server/fingerprint/index.ts'
import { hashWhole } from '../../server/fingerprint/picture-hash.ts'
import { planesOf } from '../../server/fingerprint/planes.ts'
import { createExaminers, type Examiners } from '../../server/registry/examiners.ts'
import { cropped, pasted } from '../fingerprint/copies.ts'
import { childrenOf } from '../fingerprint/processes.ts'
import { scene } from '../fingerprint/scene.ts'

const original = scene({ width: 320, height: 240, seed: 11 })
const hashes = hashWhole(original, original)
const ours = { ...hashes, key: 'a', width: 320, height: 240, orientation: 0, way: null }
const candidate = { width: 320, height: 240, local: null, evidence: null, view: planesOf(original) }
const signal = new AbortController().signal
const hostile = new URL('./hostile-examiner.ts', import.meta.url)
const directory = mkdtempSync(join(tmpdir(), 'firsthand-examiners-'))
after(() => rmSync(directory, { recursive: true }))

describe('examiners', function () {
  this.timeout(60_000)
  let examiners: Examiners
  before(() => {
    examiners = createExaminers(1, { directory })
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

  it('are started before there is anything to compare, one of them', async () => {
    const count = () => childrenOf(process.pid).length
    const before = count()
    const early = createExaminers(2, { directory })
    try {
      for (let i = 0; i < 3; i++) early.prepare()
      await sleep(50)
      expect(count()).to.equal(before + 1)
      expect((await early.examine(candidate, [ours], signal))[0]!.relation).to.equal('same_content')
      expect(count()).to.equal(before + 1)
    } finally {
      await early.close()
    }
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

  it('draw evidence, and tell what is none', async () => {
    const png = (await examiners.draw(encodeEvidence(original)))!
    expect(await sharp(png).metadata()).to.include({ format: 'png', width: 320, height: 240 })
    expect(await examiners.draw(Uint8Array.of(1, 3, 255, 255, 255, 255, 0, 9))).to.equal(null)
  })
})

describe('films that are compared', function () {
  this.timeout(60_000)
  const film = { width: 2, height: 1, timesMs: [0, 40], samples: Uint8Array.of(1, 2, 3, 4) }
  const asked = { film, durationMs: 80, frames: [] }

  it('lie in a file on their way, which is gone when they were compared, and when that broke down', async () => {
    const examiners = createExaminers(1, { directory, worker: hostile })
    try {
      const shown = await examiners.examineFilm(asked, [], signal)
      expect(shown).to.deep.equal([{ read: film, left: [] }])
      const failed = await examiners.examineFilm(asked, [{ key: 'exit' } as never], signal).catch((error) => error)
      expect(failed).to.include({ code: 'server.internal' })
      expect(readdirSync(directory)).to.deep.equal([])
    } finally {
      await examiners.close()
    }
  })
})

describe('examiners that fall', function () {
  this.timeout(60_000)
  let examiners: Examiners
  before(() => {
    examiners = createExaminers(1, { worker: hostile, directory, limitMs: 15_000 })
  })
  after(() => examiners.close())
  const named = (key: string) => examiners.examine(candidate, [{ ...ours, key }], signal)
  const failure = (key: string) => named(key).catch((error: RegistryError) => error) as Promise<RegistryError>

  for (const [key, fate] of [
    ['exit', 'exits'],
    ['kill', 'is killed'],
  ] as const)
    it(`say so where a process ${fate} in the middle of a comparison, and compare what waited`, async () => {
      const [failed, ...others] = await Promise.all([failure(key), named('a'), named('b')])
      expect(failed).to.be.instanceOf(RegistryError).and.include({ code: 'server.internal' })
      expect(failed.message).to.match(/^a comparison broke down: /)
      expect(others.map(([one]) => one!.relation)).to.deep.equal(['same_content', 'same_content'])
    })

  it('are not missed where a process ends with nothing to do', async () => {
    await named('exit later')
    await sleep(1_000)
    expect((await named('a'))[0]!.relation).to.equal('same_content')
  })

  it('compare what waited for one that nobody waits for any more', async () => {
    const abort = new AbortController()
    const cancelled = examiners.examine(candidate, [{ ...ours, key: 'for ever' }], abort.signal)
    const next = named('a')
    setTimeout(() => abort.abort(new RegistryError('lookup.cancelled', 'enough')), 200)
    expect(await cancelled.catch((error: RegistryError) => error.code)).to.equal('lookup.cancelled')
    expect((await next)[0]!.relation).to.equal('same_content')
  })

  it('end a comparison that takes for ever, and compare what waited', async () => {
    const hasty = createExaminers(1, { worker: hostile, directory, limitMs: 6_000 })
    try {
      const [failed, next] = await Promise.all([
        hasty.examine(candidate, [{ ...ours, key: 'for ever' }], signal).catch((error: RegistryError) => error),
        hasty.examine(candidate, [ours], signal),
      ])
      expect(failed).to.include({ code: 'server.internal', message: 'a comparison broke down: it took more than 6 s' })
      expect(next[0]!.relation).to.equal('same_content')
    } finally {
      await hasty.close()
    }
  })
})
