import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import fc from 'fast-check'
import { toHex0x } from '../../server/bytes.ts'
import { createFinality } from '../../server/chain/finality.ts'
import { type ChainNode, createNode } from '../../server/chain/node.ts'
import { createStepper } from '../../server/chain/step.ts'
import { RegistryError } from '../../server/errors.ts'
import { DEPLOYMENT } from './events.ts'
import { anyRegistration } from './fake-chain.ts'
import { type JsonChain, jsonChain } from './json-chain.ts'
import { type MemorySink, memorySink } from './memory-sink.ts'

interface Call {
  id: number
  method: string
  params: unknown[]
}

/** One place of an answer, and what stands there instead; or bytes of its text. */
type Mutation =
  | { kind: 'value'; place: number; value: unknown }
  | { kind: 'key'; place: number; key: string }
  | { kind: 'repeat'; place: number }
  | { kind: 'bytes'; at: number; bytes: string }
  | { kind: 'cut'; at: number }

const oddValue = fc.oneof(
  fc.constantFrom(
    null,
    true,
    '',
    '0x',
    '0x0',
    '0x00',
    'latest',
    '0xffffffffffffffffffff',
    '-0x1',
    0,
    -1,
    1e308,
    [],
    {},
  ),
  fc.constantFrom(
    `0x${'f'.repeat(64)}`,
    '0X1',
    ' 0x1',
    '0x1\n',
    '０x1',
    [[]],
    [null],
    [{}],
    { toString: 1 },
    { length: 9 },
  ),
  fc.json({ maxDepth: 3 }).map((text) => JSON.parse(text) as unknown),
  fc.string({ maxLength: 70 }),
  fc.uint8Array({ maxLength: 40 }).map(toHex0x),
)
const place = fc.nat({ max: 400 })
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('value' as const), place, value: oddValue }) },
  fc.record({
    kind: fc.constant('key' as const),
    place,
    key: fc.constantFrom('result', 'error', 'id', '__proto__', 'x'),
  }),
  fc.record({ kind: fc.constant('repeat' as const), place }),
  fc.record({
    kind: fc.constant('bytes' as const),
    at: fc.nat(),
    bytes: fc.constantFrom('\0', '"', '}', ',', '\u{fffe}', '9'),
  }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat() }),
)

/** All objects and lists of an answer, with a key in each. */
function placesOf(value: unknown, found: [Record<string, unknown>, string][] = []) {
  if (typeof value !== 'object' || value === null) return found
  for (const key of Object.keys(value)) {
    found.push([value as Record<string, unknown>, key])
    placesOf((value as Record<string, unknown>)[key], found)
  }
  return found
}

function mutated(answer: unknown, mutation: Mutation): string {
  const whole = { answer: structuredClone(answer) }
  const places = placesOf(whole)
  if ('place' in mutation) {
    const [parent, key] = places[mutation.place % places.length]!
    if (mutation.kind === 'value') parent[key] = mutation.value
    if (mutation.kind === 'repeat' && Array.isArray(parent)) parent.push(parent[Number(key)])
    if (mutation.kind === 'key') {
      Object.defineProperty(parent, mutation.key, { value: parent[key], enumerable: true, configurable: true })
      delete parent[key]
    }
    return JSON.stringify(whole.answer) ?? ''
  }
  const text = JSON.stringify(whole.answer)
  const at = mutation.at % text.length
  return mutation.kind === 'cut' ? text.slice(0, at) : text.slice(0, at) + mutation.bytes + text.slice(at + 1)
}

/** What once came out as something else than an error of the node, or could have. Each is an answer to every question. */
const CORPUS: [name: string, body: string][] = [
  ['nothing', ''],
  ['null', 'null'],
  ['a number', '7'],
  ['an empty list', '[]'],
  ['a list of nothing', '[null,null,null]'],
  ['an error that is a text', '{"jsonrpc":"2.0","id":1,"error":"no"}'],
  ['an error without anything', '{"jsonrpc":"2.0","id":1,"error":{}}'],
  ['an error whose message is an object', '{"jsonrpc":"2.0","id":1,"error":{"code":"x","message":{"toString":1}}}'],
  ['a result that has no text', '{"jsonrpc":"2.0","id":1,"result":{"toString":1}}'],
  ['a result of another prototype', '{"jsonrpc":"2.0","id":1,"result":{"__proto__":null}}'],
  ['fees that are no list', '{"jsonrpc":"2.0","id":1,"result":{"baseFeePerGas":{"length":1}}}'],
  ['logs without topics', '{"jsonrpc":"2.0","id":1,"result":[{"address":"0x","topics":null}]}'],
  ['ten thousand brackets', '['.repeat(10_000)],
  ['ten thousand lists in each other', '['.repeat(10_000) + ']'.repeat(10_000)],
  ['half a character', '{"jsonrpc":"2.0","id":1,"result":"\ud800"}'],
]

describe('answers of a node that are mutated', () => {
  let server: Server
  let node: ChainNode
  let chain: JsonChain
  /** What is sent for an answer. */
  let spoil: (answer: unknown) => string

  before(async () => {
    chain = jsonChain([[], [anyRegistration(1)], [], [anyRegistration(2), anyRegistration(3)], []])
    server = createServer(async (request, response) => {
      const pieces: Buffer[] = []
      for await (const piece of request) pieces.push(piece as Buffer)
      const body = JSON.parse(Buffer.concat(pieces).toString()) as Call | Call[]
      const one = ({ id, method, params }: Call) => ({ jsonrpc: '2.0', id, result: chain.answer(method, params) })
      response.end(spoil(Array.isArray(body) ? body.map(one) : one(body)))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  beforeEach(() => {
    const { port } = server.address() as AddressInfo
    node = createNode({ url: `http://127.0.0.1:${port}`, retries: 0, maxResponseBytes: 100_000 })
  })
  afterEach(() => node.close())
  after(() => {
    server.closeAllConnections()
    server.close()
  })

  const questions: Record<string, () => Promise<unknown>> = {
    chainId: () => node.chainId(),
    blockNumber: () => node.blockNumber(),
    header: () => node.header('latest'),
    headers: () => node.headers([1, 2, 'latest', 'finalized']),
    logs: () => node.logs({ from: 1, to: 5 }, []),
    blockLogs: () => node.blockLogs([new Uint8Array(32), new Uint8Array(32)], null),
    call: () => node.call({ data: new Uint8Array(1) }),
    estimateGas: () => node.estimateGas({ data: new Uint8Array(1) }),
    code: () => node.code(new Uint8Array(20)),
    fees: () => node.fees(),
    nextNonce: () => node.nextNonce(new Uint8Array(20)),
    sendRaw: () => node.sendRaw(new Uint8Array(1)),
    receipt: () => node.receipt(new Uint8Array(32)),
  }

  /** Asks, and takes an answer or an error of the chain; anything else is a defect. */
  async function ask(question: () => Promise<unknown>): Promise<void> {
    const error: unknown = await question().then(
      () => null,
      (thrown: unknown) => thrown,
    )
    if (error === null) return
    expect(error).to.be.instanceOf(RegistryError)
    expect((error as RegistryError).code).to.match(/^chain\.(unreachable|mismatch|rejected)$/)
    expect((error as RegistryError).message.length).to.be.lessThan(2_000)
  }

  for (const [name, body] of CORPUS)
    it(`are errors of the chain or answers: ${name}`, async () => {
      spoil = () => body
      for (const question of Object.values(questions)) await ask(question)
    })

  it('are errors of the chain or answers to every question, whatever stands in them', async () => {
    const anyAnswer = fc.asyncProperty(fc.constantFrom(...Object.keys(questions)), mutation, async (name, change) => {
      spoil = (answer) => mutated(answer, change)
      await ask(questions[name]!)
    })
    await fc.assert(anyAnswer, { numRuns: 600, seed: 1 })
  }).timeout(120_000)

  it('never leave half of a range, or anything of a block that is not the chain’s', async () => {
    const step = (sink: MemorySink) =>
      createStepper({
        node,
        sink,
        deployment: DEPLOYMENT,
        finality: createFinality(false),
        maxBlocks: 3,
        patienceMs: 0,
        clock: { monotonicMs: () => 0 },
      })
    const stored = fc.asyncProperty(
      fc.nat({ max: 12 }),
      fc.array(mutation, { minLength: 1, maxLength: 2 }),
      async (nth, changes) => {
        let answered = 0
        spoil = (answer) => {
          const change = changes[answered++ - nth]
          return change ? mutated(answer, change) : JSON.stringify(answer)
        }
        const sink = memorySink()
        for (let i = 0; i < 2; i++) await ask(step(sink))
        const head = sink.headers.at(-1)?.number ?? 0
        const expected = chain.logs.filter(({ blockNumber }) => Number(blockNumber) <= head)
        expect(sink.logs.map(({ at }) => [at.blockNumber, at.logIndex])).to.deep.equal(
          expected.map(({ blockNumber, logIndex }) => [Number(blockNumber), Number(logIndex)]),
        )
        if (head === 5) expect(toHex0x(sink.headers.at(-1)!.hash)).to.equal(chain.headHash)
      },
    )
    await fc.assert(stored, { numRuns: 300, seed: 2 })
  }).timeout(180_000)

  it('are not read beyond what one may have', async () => {
    spoil = () => `{"jsonrpc":"2.0","id":1,"result":"${'0'.repeat(200_000)}"}`
    const error = await node.chainId().catch((thrown: unknown) => thrown)
    expect((error as Error).message).to.match(/more than 100000 bytes/)
  })
})
