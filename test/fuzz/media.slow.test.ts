/** A few hundred broken files in each run of the slow tests; `npm run fuzz:media -- --files 10000` tries more. */
import { existsSync, readdirSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { RegistryError } from '../../server/errors.ts'
import { DEFAULT_LIMITS } from '../../server/fingerprint/job.ts'
import { createDecoderPool, type DecoderPool } from '../../server/fingerprint/pool.ts'
import { seeded } from '../random.ts'
import { fuzzMedia, type Target } from './media-fuzz.ts'
import { mutated } from './media-mutations.ts'

/** Files that once hurt, by what they did. */
const CORPUS = join(import.meta.dirname, 'corpus', 'media')
const LIMITS = { ...DEFAULT_LIMITS, timeoutS: 20 }
const FILES = 300
/** Bytes by which the memory of the parent may differ between a tenth of the files and all. */
const MAX_GROWTH_BYTES = 64 * 2 ** 20

describe('decoders that are given broken media', function () {
  this.timeout(300_000)
  let pool: DecoderPool
  beforeEach(() => {
    pool = createDecoderPool({ size: 2, limits: LIMITS, replaceAfterRefusal: false })
  })
  afterEach(() => pool.close())

  const target: Target = async (file, openFile) => {
    const opened = await openFile()
    try {
      return await pool.decode(opened.fd, file.bytes.length)
    } finally {
      await opened.close()
    }
  }

  it(`answer or refuse ${FILES} broken files, read no other, ask for no address, and the parent does not grow`, async () => {
    const report = await fuzzMedia({ files: FILES, seed: 7_000_000, abreast: 4, target })
    expect(report.faults).to.deep.equal([])
    expect(report.connections).to.equal(0)
    expect(report.fileRead).not.to.equal(true)
    expect(Object.values(report.outcomes).reduce((sum, n) => sum + n, 0)).to.equal(FILES)
    // Some of each: files that are all refused, or all read, would not be broken in an interesting way.
    expect(report.outcomes).to.include.keys('decoded', 'media.undecodable')
    expect(report.residentBytes.late - report.residentBytes.early).to.be.below(MAX_GROWTH_BYTES)
  })

  for (const name of existsSync(CORPUS) ? readdirSync(CORPUS) : [])
    it(`survive what once hurt: ${name}`, async () => {
      const path = join(CORPUS, name)
      const bytes = await readFile(path)
      const outcome = await target({ name, bytes }, () => open(path, 'r')).catch((error) => error)
      if (outcome instanceof RegistryError) expect(outcome.code).to.match(/^media\./)
      else expect(outcome).to.have.property('kind')
    })

  it('of which the same seed makes the same files', () => {
    const seeds = [{ name: 'numbers', bytes: Buffer.from(Array.from({ length: 999 }, (_, i) => i & 255)) }]
    const files = () => Array.from({ length: 50 }, (_, i) => mutated(seeds, seeded(i)))
    expect(files()).to.deep.equal(files())
    expect(new Set(files().map(({ bytes }) => bytes.toString('hex'))).size).to.be.above(40)
  })
})
