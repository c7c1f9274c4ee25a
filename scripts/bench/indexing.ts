/** Indexing of 100,000 registrations into the embedded database, from anvil where it is on the PATH, else from a local Hardhat network; ours
 *  beside ethers' own way to read events. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Contract, JsonRpcProvider } from 'ethers'
import { toHex0x } from '../../server/bytes.ts'
import { createCatalogue, openDatabase } from '../../server/catalogue/index.ts'
import { mediaRegistryAbi } from '../../server/chain/generated.ts'
import { createIndexer, createNode, type Registration, startDevnet } from '../../server/chain/index.ts'
import { localDeployment, localPublisher } from '../../server/local.ts'
import { generator } from './hamming.ts'
import { type Row, timedAsync } from './table.ts'

const EVENTS = 100_000
const PER_CALL = 5_000
/** Of the events, how many ethers is asked to read: its rate does not depend on more. */
const ETHERS_BLOCKS = 100
const PONDER = 1_646

export async function benchIndexing(): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'firsthand-bench-'))
  const devnet = hasAnvil() ? await startAnvil() : await startDevnet({ dataDir: directory, port: 0 })
  const node = createNode({ url: devnet.url })
  try {
    const deployment = await localDeployment(devnet.url, node)
    const { client, publisherId } = await localPublisher(node, deployment)
    const random = generator(3)
    const [fillS] = await timedAsync(async () => {
      for (let done = 0; done < EVENTS; done += PER_CALL)
        await client.registerMany(
          publisherId,
          Array.from({ length: PER_CALL }, () => registration(random)),
        )
    })
    process.stderr.write(`  ${EVENTS} registrations made in ${fillS.toFixed(0)} s\n`)
    const head = await node.blockNumber()

    const catalogue = createCatalogue(await openDatabase({ dataDir: directory }))
    await catalogue.bind(deployment)
    const indexer = createIndexer({ node, sink: catalogue, deployment })
    const [ourS] = await timedAsync(async () => {
      indexer.start()
      await indexer.reached(head, 600_000)
    })
    await indexer.stop()
    const { records } = await catalogue.counts()
    await catalogue.close()
    if (records !== EVENTS) throw new Error(`${records} of ${EVENTS} records were indexed`)
    const ethersRate = await withEthers(devnet.url, toHex0x(deployment.mediaRegistry), head)
    return [
      {
        what: `registrations indexed a second (${EVENTS.toLocaleString('en')}, ${hasAnvil() ? 'anvil' : 'Hardhat network'} to committed rows)`,
        ours: (records / ourS).toFixed(0),
        peer: ethersRate.toFixed(0),
        beside: 'ethers queryFilter, decoded and not stored, same run',
      },
      {
        what: 'the same',
        ours: (records / ourS).toFixed(0),
        peer: String(PONDER),
        beside:
          'Ponder, cold, from anvil; up to 40 % of its time is anvil serving whole blocks, which we do not ask for; measured apart, not run here',
      },
    ]
  } finally {
    node.close()
    await devnet.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

const hasAnvil = () => spawnSync('anvil', ['--version']).error === undefined

async function startAnvil(): Promise<{ url: string; close(): Promise<void> }> {
  const child = spawn('anvil', ['--port', '0', '--chain-id', '31337', '--gas-limit', '60000000'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const url = await new Promise<string>((resolve, reject) => {
    let said = ''
    child.stdout.on('data', (piece: Buffer) => {
      said = (said + piece).slice(-4_096)
      const address = /Listening on (\S+)/.exec(said)?.[1]
      if (address) resolve(`http://${address}`)
    })
    child.once('exit', () => reject(new Error(`anvil ended: ${said}`)))
  })
  return {
    url,
    async close() {
      child.kill()
      await ended
    },
  }
}

function registration(random: () => number): Registration {
  const word = () => new Uint8Array(Uint32Array.from({ length: 8 }, () => random() * 2 ** 32).buffer)
  return { contentDigest: word(), manifestDigest: word(), kind: 1, algorithm: 1, perceptualHashes: [word()] }
}

/** Events a second. */
async function withEthers(url: string, address: string, head: number): Promise<number> {
  const provider = new JsonRpcProvider(url, undefined, { staticNetwork: true })
  const contract = new Contract(address, mediaRegistryAbi, provider)
  const [seconds, events] = await timedAsync(() =>
    contract.queryFilter(contract.filters.MediaRegistered!(), Math.max(0, head - ETHERS_BLOCKS + 1), head),
  )
  provider.destroy()
  return events.length / seconds
}
