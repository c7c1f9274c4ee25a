/** A folder for each test and the local network in it, and what a program does with the network. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Devnet, startDevnet } from '../../server/chain/devnet.ts'
import type { ChainLog } from '../../server/chain/log.ts'
import { RegistryError } from '../../server/errors.ts'
import { type RpcAnswer, result, rpc } from './json-rpc.ts'
import { temporaryFolder } from './local-network.ts'

export interface DevnetSetting {
  folder: { path: string; remove(): Promise<void> }
  /** The network that `start` started last. */
  devnet: Devnet | undefined
  /** What was said in the log. */
  said: string[]
  log: ChainLog
  journalPath(): string
  /** Of the child process. */
  pid(): Promise<number>
  /** @returns the address. */
  start(options?: { port?: number; fresh?: boolean }): Promise<string>
  stop(): Promise<void>
  /** Starts, and expects that it is refused. */
  refusal(): Promise<RegistryError>
}

/** Call it in a `describe`: it sets up before each test and cleans up after it. */
export function devnetSetting(): DevnetSetting {
  const say = (_: object, message: string) => void setting.said.push(message)
  const setting: DevnetSetting = {
    folder: { path: '', remove: async () => {} },
    devnet: undefined,
    said: [],
    log: { info: say, warn: say },
    journalPath: () => join(setting.folder.path, 'devnet', 'journal.jsonl'),
    pid: async () => Number(await readFile(join(setting.folder.path, 'devnet', 'pid'), 'utf8')),
    async start(options = {}) {
      setting.devnet = await startDevnet({ dataDir: setting.folder.path, port: 0, log: setting.log, ...options })
      return setting.devnet.url
    },
    async stop() {
      await setting.devnet?.close()
      setting.devnet = undefined
    },
    async refusal() {
      const starting = startDevnet({ dataDir: setting.folder.path, port: 0, log: setting.log })
      const error = await starting.then(
        () => null,
        (thrown: unknown) => thrown,
      )
      expect(error).to.be.instanceOf(RegistryError)
      return error as RegistryError
    },
  }
  beforeEach(async () => {
    setting.folder = await temporaryFolder()
    setting.said = []
  })
  afterEach(async () => {
    await setting.stop()
    await setting.folder.remove()
  })
  return setting
}

/** Sends one unit to account 1; with a value of its own, so that no two transactions are the same. */
export async function pay(url: string, value = 1): Promise<RpcAnswer> {
  const [from, to] = (await result(url, 'eth_accounts')) as string[]
  return rpc(url, 'eth_sendTransaction', [{ from, to, value: `0x${value.toString(16)}` }])
}
/** Deploys code that reverts, with a gas limit so that it is mined all the same. */
export async function revert(url: string): Promise<RpcAnswer> {
  const [from] = (await result(url, 'eth_accounts')) as string[]
  return rpc(url, 'eth_sendTransaction', [{ from, data: '0x60006000fd', gas: '0x20000' }])
}
export async function hashes(url: string): Promise<string[]> {
  const count = Number(await result(url, 'eth_blockNumber')) + 1
  const blocks = Array.from({ length: count }, (_, i) =>
    result(url, 'eth_getBlockByNumber', [`0x${i.toString(16)}`, false]),
  )
  return (await Promise.all(blocks)).map((block) => (block as { hash: string }).hash)
}
