import { expect } from 'chai'
import { toHex, toHex0x } from '../../server/bytes.ts'
import { RegistryError } from '../../server/errors.ts'
import { anchoredWords, type Fingerprint, manifestCid } from '../../server/fingerprint/index.ts'
import { type Ledger, type MediaFile, type RegisterOptions, registerFiles } from '../../server/registry/registrar.ts'
import { picture, video } from '../fingerprint/make.ts'

const DESCRIPTION = { title: 'Quay', text: null, sourceUrl: null, derivedFrom: null }

function file(name: string, of: Fingerprint, log: string[] = []): MediaFile {
  return {
    name,
    digest: async () => of.contentDigest,
    fingerprint: async (onProgress) => {
      log.push(`fingerprint ${name}`)
      onProgress(0.5)
      return of
    },
  }
}

/** A ledger that notes what it is asked for; a record's id is its digest. */
function memoryLedger() {
  const log: string[] = []
  const records = new Set<string>()
  const held = new Set<string>()
  const ledger: Ledger = {
    recordId: (digest) => digest,
    exists: async (id) => records.has(toHex(id)),
    hold: async (root) => void held.add(root),
    send: async (registrations) => {
      log.push(`send ${registrations.length}`)
      for (const { contentDigest, manifestDigest } of registrations) {
        expect(held.has(manifestCid(manifestDigest)), 'blocks are handed over before the anchor').to.equal(true)
        records.add(toHex(contentDigest))
      }
      return registrations.map((_, i) => new Uint8Array(32).fill(i))
    },
    searchable: async (id) => void log.push(`searchable ${records.has(toHex(id))}`),
  }
  return { ledger, log, records }
}

const register = (files: MediaFile[], ledger: Ledger, options: Partial<RegisterOptions> = {}) =>
  Array.fromAsync(
    registerFiles(files, ledger, {
      description: DESCRIPTION,
      evidence: 'public',
      way: 'stored',
      batch: 2,
      concurrency: 2,
      wait: false,
      ...options,
    }),
  )

describe('registerFiles', () => {
  it('sends batches of the size asked for, and tells of each file in their order', async () => {
    const { ledger, log } = memoryLedger()
    const files = [1, 2, 3, 4, 5].map((seed) => file(`f${seed}`, picture(seed)))
    const outcomes = await register(files, ledger)
    expect(log).to.deep.equal(['send 2', 'send 2', 'send 1'])
    expect(outcomes.map(({ file: name, status }) => [name, status])).to.deep.equal(
      files.map(({ name }) => [name, 'registered']),
    )
    expect(outcomes[1]).to.deep.include({
      recordId: toHex0x(picture(2).contentDigest),
      contentDigest: toHex(picture(2).contentDigest),
      transaction: `0x${'01'.repeat(32)}`,
    })
  })

  it('anchors digest, kind, algorithm and words', async () => {
    const { ledger } = memoryLedger()
    const sent: unknown[] = []
    const { send } = ledger
    ledger.send = (registrations, way) => {
      sent.push(...registrations)
      return send(registrations, way)
    }
    await register([file('v', video(1, 200))], ledger)
    const { algorithm, words } = anchoredWords(video(1, 200))
    expect(sent[0]).to.deep.include({
      contentDigest: video(1, 200).contentDigest,
      kind: 2,
      algorithm,
      perceptualHashes: words,
    })
  })

  it('neither decodes nor sends what is registered already', async () => {
    const { ledger, log, records } = memoryLedger()
    records.add(toHex(picture(1).contentDigest))
    const outcomes = await register([file('known', picture(1), log)], ledger)
    expect(outcomes[0]).to.include({ status: 'already_registered', transaction: null })
    expect(log).to.deep.equal([])
  })

  it('sends a file once that is given twice', async () => {
    const { ledger, log } = memoryLedger()
    const outcomes = await register([file('a', picture(1)), file('copy of a', picture(1))], ledger)
    expect(log).to.deep.equal(['send 1'])
    expect(outcomes.map(({ file: name, status }) => [name, status])).to.have.deep.members([
      ['a', 'registered'],
      ['copy of a', 'already_registered'],
    ])
  })

  it('goes on after a file that fails, before it was read or after', async () => {
    const { ledger } = memoryLedger()
    const missing = {
      ...file('missing', picture(1)),
      digest: () => Promise.reject(new RegistryError('media.empty', '')),
    }
    const broken = { ...file('broken', picture(2)), fingerprint: () => Promise.reject(new Error('broken')) }
    const outcomes = await register([missing, broken, file('good', picture(3))], ledger)
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['failed', 'failed', 'registered'])
    expect(outcomes.map(({ contentDigest }) => contentDigest)).to.deep.equal([
      null,
      toHex(picture(2).contentDigest),
      toHex(picture(3).contentDigest),
    ])
  })

  it('says of each file of a transaction that it failed, and sends the next one', async () => {
    const { ledger } = memoryLedger()
    const { send } = ledger
    let first = true
    ledger.send = (registrations, way) => {
      if (!first) return send(registrations, way)
      first = false
      return Promise.reject(new RegistryError('chain.rejected', 'no funds'))
    }
    const outcomes = await register(
      [1, 2, 3].map((seed) => file(`f${seed}`, picture(seed))),
      ledger,
    )
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['failed', 'failed', 'registered'])
    const [failed] = outcomes
    expect(failed).to.have.nested.property('error.message', 'no funds (one transaction with 2 files)')
    expect(failed).to.have.nested.property('error.code', 'chain.rejected')
  })

  it('waits until each record is searchable, when asked', async () => {
    const { ledger, log } = memoryLedger()
    await register([file('a', picture(1)), file('b', picture(2))], ledger, { wait: true })
    expect(log).to.deep.equal(['send 2', 'searchable true', 'searchable true'])
  })

  it('fingerprints as many at a time as allowed, and no more', async () => {
    const { ledger } = memoryLedger()
    let [running, most] = [0, 0]
    const slow = (seed: number): MediaFile => ({
      ...file(`f${seed}`, picture(seed)),
      fingerprint: async () => {
        most = Math.max(most, ++running)
        for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
        running--
        return picture(seed)
      },
    })
    await register([1, 2, 3, 4, 5, 6, 7].map(slow), ledger, { concurrency: 3, batch: 100 })
    expect(most).to.equal(3)
  })

  it('tells progress of each file by its name', async () => {
    const { ledger } = memoryLedger()
    const told: unknown[] = []
    await register([file('a', picture(1))], ledger, { onProgress: (...step) => told.push(step) })
    expect(told).to.deep.equal([
      ['a', 'fingerprinting', 0],
      ['a', 'fingerprinting', 0.5],
      ['a', 'registering', 1],
      ['a', 'done', 1],
    ])
  })
})
