import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { type ChainNode, createNode } from '../../server/chain/node.ts'
import { asksTooMuch, isPruned, type RpcOptions, rpcErrorOf } from '../../server/chain/rpc.ts'
import { RegistryError } from '../../server/errors.ts'

interface Call {
  id: number
  method: string
  params: unknown[]
}
type Script = (body: Call | Call[], response: ServerResponse, request: IncomingMessage) => void

const HEADER = {
  number: '0x5',
  hash: `0x${'aa'.repeat(32)}`,
  parentHash: `0x${'bb'.repeat(32)}`,
  timestamp: '0x10',
  logsBloom: `0x${'00'.repeat(256)}`,
}
const RAW = new Uint8Array([1, 2, 3])

describe('the node', () => {
  let server: Server
  let node: ChainNode
  let requests: (Call | Call[])[]
  let script: Script

  const answerAll =
    (result: unknown): Script =>
    (body, response) => {
      const one = ({ id }: Call) => ({ jsonrpc: '2.0', id, result })
      response.end(JSON.stringify(Array.isArray(body) ? body.map(one) : one(body)))
    }
  const fail = (response: ServerResponse, code: number, message: string, data?: unknown) =>
    response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, error: { code, message, data } }))
  const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  function connect(options: Partial<RpcOptions> = {}): ChainNode {
    node?.close()
    node = createNode({ url: `${address()}/v2/SECRET`, backoffMs: 1, ...options })
    return node
  }
  async function errorOf(work: Promise<unknown>): Promise<RegistryError> {
    const error = await work.then(
      () => null,
      (thrown: unknown) => thrown,
    )
    expect(error).to.be.instanceOf(RegistryError)
    expect(String((error as Error).message)).not.to.contain('SECRET')
    return error as RegistryError
  }

  before(async () => {
    server = createServer(async (request, response) => {
      const pieces: Buffer[] = []
      for await (const piece of request) pieces.push(piece as Buffer)
      const body = JSON.parse(Buffer.concat(pieces).toString()) as Call | Call[]
      requests.push(body)
      script(body, response, request)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  beforeEach(() => {
    requests = []
    connect()
  })
  after(() => {
    node.close()
    server.closeAllConnections()
    server.close()
  })

  it('asks as JSON-RPC 2.0 and reads numbers', async () => {
    script = answerAll('0x7a69')
    expect(await node.chainId()).to.equal(31337)
    expect(requests).to.deep.equal([{ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }])
  })

  it('reads headers in one batch, whatever the order of the answers', async () => {
    script = (body, response) => {
      const answers = (body as Call[]).map(({ id, params }) => {
        const number = params[0] === 'latest' ? '0x9' : String(params[0])
        return { jsonrpc: '2.0', id, result: number === '0x8' ? null : { ...HEADER, number } }
      })
      response.end(JSON.stringify(answers.reverse()))
    }
    const headers = await node.headers([5, 'latest', 8])
    expect(headers.map((header) => header?.number ?? null)).to.deep.equal([5, 9, null])
    expect(headers[0]).to.deep.include({ time: 16, hash: new Uint8Array(32).fill(0xaa) })
    expect(requests).to.have.length(1)
  })

  it('splits a batch of more than 100', async () => {
    script = (body, response) => {
      const answers = (body as Call[]).map(({ id, params }) => ({
        jsonrpc: '2.0',
        id,
        result: { ...HEADER, number: params[0] },
      }))
      response.end(JSON.stringify(answers))
    }
    const numbers = Array.from({ length: 250 }, (_, i) => i)
    expect((await node.headers(numbers)).map((header) => header!.number)).to.deep.equal(numbers)
    expect(requests.map((body) => (body as Call[]).length)).to.deep.equal([100, 100, 50])
  })

  it('asks one by one where the node takes no batches', async () => {
    script = (body, response) => {
      if (Array.isArray(body)) fail(response, -32600, 'batches are not supported')
      else response.end(JSON.stringify({ jsonrpc: '2.0', id: body.id, result: { ...HEADER, number: body.params[0] } }))
    }
    expect((await node.headers([1, 2])).map((header) => header!.number)).to.deep.equal([1, 2])
    expect((await node.headers([3])).map((header) => header!.number)).to.deep.equal([3])
    expect(requests.map((body) => Array.isArray(body))).to.deep.equal([true, false, false, false])
  })

  it('takes an error for a final block as there being none', async () => {
    script = (body, response) => {
      const answers = (body as Call[]).map(({ id, params }) =>
        params[0] === 'latest'
          ? { jsonrpc: '2.0', id, result: HEADER }
          : { jsonrpc: '2.0', id, error: { code: -39001, message: 'finalized block not found' } },
      )
      response.end(JSON.stringify(answers))
    }
    const [latest, safe, finalized] = await node.headers(['latest', 'safe', 'finalized'])
    expect([latest?.number, safe, finalized]).to.deep.equal([5, null, null])
  })

  it('asks for logs by numbers or by the hash of a block', async () => {
    script = answerAll([])
    const addresses = [new Uint8Array(20).fill(1)]
    await node.logs({ from: 16, to: 255 }, addresses)
    await node.logs({ blockHash: new Uint8Array(32) }, addresses)
    expect(requests.map((body) => (body as Call).params)).to.deep.equal([
      [{ fromBlock: '0x10', toBlock: '0xff', address: [`0x${'01'.repeat(20)}`] }],
      [{ blockHash: `0x${'00'.repeat(32)}`, address: [`0x${'01'.repeat(20)}`] }],
    ])
  })

  it('sends user and password of the address as authorisation', async () => {
    let authorization: string | undefined
    script = (body, response, request) => {
      authorization = request.headers.authorization
      answerAll('0x1')(body, response, request)
    }
    await connect({ url: address().replace('//', '//me:SECRET@') }).chainId()
    expect(authorization).to.equal(`Basic ${Buffer.from('me:SECRET').toString('base64')}`)
  })

  it('refuses an address that is not http', () => {
    expect(() => createNode({ url: 'ws://localhost' })).to.throw(RegistryError, 'begin with http')
    expect(() => createNode({ url: 'SECRET' }))
      .to.throw(RegistryError)
      .and.not.match(/SECRET/)
  })

  describe('when the node is busy or down', () => {
    /** Answers with this status for so many times, then well. */
    const failing =
      (times: number, status: number): Script =>
      (body, response, request) => {
        if (requests.length > times) return answerAll('0x1')(body, response, request)
        response.writeHead(status).end('busy')
      }

    for (const status of [429, 500, 502, 503]) {
      it(`repeats a read after status ${status}`, async () => {
        script = failing(3, status)
        expect(await node.chainId()).to.equal(1)
        expect(requests).to.have.length(4)
      })
    }

    it('gives up a read after the last repetition', async () => {
      script = failing(9, 503)
      expect(await errorOf(node.chainId())).to.include({ code: 'chain.unreachable' })
      expect(requests).to.have.length(4)
    })

    it('does not repeat what is refused for good', async () => {
      script = failing(9, 401)
      expect((await errorOf(node.chainId())).message).to.match(/^eth_chainId at 127\.0\.0\.1:\d+: HTTP status 401$/)
      expect(requests).to.have.length(1)
    })

    it('never repeats a transaction by itself', async () => {
      script = failing(9, 503)
      expect(await errorOf(node.sendRaw(RAW))).to.include({ code: 'chain.unreachable' })
      expect(requests).to.have.length(1)
    })

    it('repeats a read when the connection breaks', async () => {
      script = (body, response, request) => {
        if (requests.length > 1) answerAll('0x1')(body, response, request)
        else response.destroy()
      }
      expect(await node.chainId()).to.equal(1)
    })

    it('does not wait longer than it has patience for', async () => {
      script = (_body, response) => void response.writeHead(429, { 'retry-after': '3600' }).end()
      expect(await errorOf(node.chainId())).to.include({ code: 'chain.unreachable' })
      expect(requests).to.have.length(1)
    })

    it('hands on how long the node asks to be left alone, in seconds or as a date', async () => {
      for (const [header, least] of [
        ['3600', 3600],
        [new Date(Date.now() + 600_000).toUTCString(), 590],
      ] as const) {
        script = (_body, response) => void response.writeHead(429, { 'retry-after': header }).end()
        expect((await errorOf(node.chainId())).retryAfterS).to.be.within(least, 3600)
      }
    })

    it('does not take a limit of requests for a question that is too large, nor what is pruned', async () => {
      for (const [code, message, pruned] of [
        [-32005, 'daily request count exceeded, request rate limited', false],
        [429, 'Too Many Requests', false],
        [4444, 'pruned history unavailable', true],
        [-32000, 'missing trie node', true],
      ] as const) {
        script = (_body, response) => void fail(response, code, message)
        const error = await errorOf(node.logs({ from: 1, to: 2 }, []))
        expect([asksTooMuch(error), isPruned(error)], message).to.deep.equal([false, pruned])
      }
    })

    it('names the host when nobody listens', async () => {
      const error = await errorOf(connect({ url: 'http://127.0.0.1:1/SECRET', retries: 0 }).chainId())
      expect(error.message).to.match(/^eth_chainId at 127\.0\.0\.1:1: .+/)
    })

    it('ends what is under way when it is closed', async () => {
      script = () => node.close()
      expect((await errorOf(node.chainId())).message).to.match(/was closed/)
      expect((await errorOf(node.chainId())).message).to.match(/was closed/)
    })
  })

  describe('when an answer is too slow or too large', () => {
    it('says so, and that a smaller question may succeed', async () => {
      script = () => {}
      const slow = await errorOf(connect({ timeoutMs: 20 }).chainId())
      expect(slow.message).to.match(/no answer within 20 ms/)
      script = answerAll('0x'.padEnd(2_000, '0'))
      const large = await errorOf(connect({ maxResponseBytes: 1_000 }).chainId())
      expect(large.message).to.match(/more than 1000 bytes/)
      expect([slow, large].map(asksTooMuch)).to.deep.equal([true, true])
    })

    it('says the same of an error that the node answers with', async () => {
      script = (_body, response) => void fail(response, -32005, 'query returned more than 10000 results')
      const error = await errorOf(node.logs({ from: 1, to: 2 }, []))
      expect(error).to.include({ code: 'chain.unreachable' })
      expect(error.message).to.equal('eth_getLogs: the node answered: query returned more than 10000 results')
      expect(asksTooMuch(error)).to.equal(true)
    })
  })

  describe('when an answer is not what was asked for', () => {
    const cases: [string, unknown, RegExp][] = [
      ['not a number', 'seven', /expected a number as hex, got seven/],
      ['a number beyond 2^53', '0xffffffffffffffff', /below 2\^53/],
      ['absent', undefined, /not one to the question/],
    ]
    for (const [name, result, message] of cases) {
      it(`refuses a number that is ${name}`, async () => {
        script = answerAll(result)
        const error = await errorOf(node.chainId())
        expect(error.code).to.equal('chain.unreachable')
        expect(error.message).to.match(message)
      })
    }

    it('refuses what is not JSON', async () => {
      script = (_body, response) => void response.end('<html>')
      expect((await errorOf(node.chainId())).message).to.match(/not JSON/)
    })
    it('refuses an answer to another question', async () => {
      script = (_body, response) => void response.end('{"jsonrpc":"2.0","id":77,"result":"0x1"}')
      expect((await errorOf(node.chainId())).message).to.match(/not one to the question/)
    })
    it('refuses the header of another block', async () => {
      script = answerAll(HEADER)
      expect((await errorOf(node.header(6))).message).to.match(/expected block 6, got 5/)
    })
    it('refuses a header with a short hash', async () => {
      script = answerAll({ ...HEADER, hash: '0x12' })
      expect((await errorOf(node.header(5))).message).to.match(/expected 32 bytes/)
    })
    it('refuses logs that are no list', async () => {
      script = answerAll({})
      expect((await errorOf(node.logs({ from: 1, to: 1 }, []))).message).to.match(/expected a list of logs/)
    })
  })

  it('tells a refusal of the chain from a failure of the node', async () => {
    script = (_body, response) => void fail(response, 3, 'execution reverted', '0x1234')
    for (const refused of [node.call({ data: RAW }), node.estimateGas({ data: RAW }), node.sendRaw(RAW)]) {
      const error = await errorOf(refused)
      expect(error.code).to.equal('chain.rejected')
      expect(rpcErrorOf(error)).to.include({ code: 3, data: '0x1234' })
    }
  })
})
