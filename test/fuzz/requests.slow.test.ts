import { expect } from 'chai'
import { openApi } from '../../server/http/openapi.ts'
import { seeded } from '../random.ts'
import { createCheck } from './answers.ts'
import { fuzzRequests } from './request-run.ts'
import { type FuzzRequest, type Known, operationsOf, requestsOf } from './requests.ts'
import { damaged, diceOf, type Json, spoilt } from './values.ts'

const document = JSON.parse(JSON.stringify(openApi('1.2.3'))) as Json
const KNOWN: Known = {
  recordIds: ['0x01'],
  lookupIds: ['ab'],
  cids: ['bafy'],
  car: Buffer.from('car'),
  token: 't',
  bait: ['http://127.0.0.1/'],
}
/** So many take half a minute; `npm run fuzz:requests` sends 50,000. */
const REQUESTS = 2_000
const SEED = 20_261_125

const some = (seed: number, count: number): FuzzRequest[] => {
  const made = requestsOf(document, KNOWN, seed)
  return Array.from({ length: count }, () => made.next().value)
}

describe('fuzzed requests', () => {
  it('are the same for the same seed, and others for another', () => {
    expect(some(7, 300)).to.deep.equal(some(7, 300))
    expect(some(7, 300)).not.to.deep.equal(some(8, 300))
  })

  it('reach every operation of the document', () => {
    const reached = new Set(some(1, 3_000).map(({ operation }) => operation && `${operation.method} ${operation.path}`))
    for (const { method, path } of operationsOf(document)) expect([...reached]).to.include(`${method} ${path}`)
  })

  it('are spoilt in many ways, and bytes in others', () => {
    const dice = diceOf(seeded(3))
    const spoiltOnes = Array.from({ length: 500 }, () => JSON.stringify(spoilt({ a: [1, 'x'], b: { c: null } }, dice)))
    expect(new Set(spoiltOnes).size).to.be.above(60)
    const bytes = Array.from({ length: 200 }, () => damaged(Buffer.from('some bytes'), dice).toString('latin1'))
    expect(new Set(bytes).size).to.be.above(60)
  })
})

describe('the check of answers', () => {
  const check = createCheck(document, ['secret'])
  const get = (path: string): FuzzRequest => ({
    method: 'GET',
    path,
    headers: [],
    body: null,
    operation: { path, method: 'get' },
  })
  const json = (status: number, body: unknown) => ({
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

  it('finds what does not fit the document: a status, a field, a type', () => {
    expect(check(get('/v1/records'), json(200, { records: [], next: null }))).to.deep.equal([])
    expect(check(get('/v1/records'), json(200, { records: 7, next: null })).join()).to.match(/does not fit/)
    expect(check(get('/v1/records'), json(201, {})).join()).to.match(/is 201/)
    expect(check(get('/v1/records'), { ...json(200, {}), headers: { 'content-type': 'text/html' } }).join()).to.match(
      /is text\/html/,
    )
  })

  it('finds what an error must not be: no problem, a stack, a secret, a failure of the server', () => {
    expect(check(get('/v1/records'), json(400, { error: 'bad' })).join()).to.match(/is application\/json/)
    expect(check(get('/v1/records'), json(500, {})).join()).to.match(/is 500/)
    expect(check(get('/v1/records'), json(503, { code: 'server.busy' })).join()).to.match(/Retry-After/)
    expect(check(get('/v1/records'), json(200, { records: [], next: 'secret' })).join()).to.match(/tells secret/)
  })
})

describe('a server that is sent fuzzed requests', function () {
  this.timeout(300_000)

  it(`answers ${REQUESTS} of them as its document says, is led nowhere, and goes on`, async () => {
    const found = await fuzzRequests({ requests: REQUESTS, seed: SEED })
    expect(found.faults).to.deep.equal([])
    expect(found.asked, 'the canary').to.deep.equal([])
    expect(found.healthy).to.equal(true)
    expect(found.exitCode).to.equal(0)
    expect(found.requests).to.be.at.least(REQUESTS)
    expect([...found.statuses.keys()]).to.include.members([200, 202, 400, 404, 405])
    expect(Math.max(...found.memory)).to.be.below(600_000_000)
  })
})
