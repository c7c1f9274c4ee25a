/** `npm run kill -- [--times 300] [--seed N] [--database postgres]`: kills a server at random moments while it starts, indexes, takes blocks
 *  and answers, and shows that nothing is missing, doubled or different in the end.
 *
 *  The chain and whoever registers live on: a Hardhat network in a process of its own, and this process. Exit 1 on any difference. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { toHex0x } from '../server/bytes.ts'
import { createNode, startDevnet } from '../server/chain/index.ts'
import { localDeployment, localPublisher } from '../server/local.ts'
import { generator } from './bench/hamming.ts'
import { checkAll } from './kill/check.ts'
import { createDatabase } from './kill/database.ts'
import { startRegistering } from './kill/registering.ts'
import { type Settings, startVictim } from './kill/victim.ts'

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '300' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    database: { type: 'string' },
  },
})
const times = Number(values.times)
const seed = Number(values.seed)
if (!Number.isSafeInteger(times) || times < 1 || !Number.isSafeInteger(seed) || seed < 1) {
  console.error('kill: --times and --seed expect whole numbers from 1')
  process.exit(2)
}

/** Milliseconds. A kill comes between the start and this long after the server is ready. */
const LONGEST_LIFE_MS = 2_500
const READY_MS = 120_000
/** Registrations without blocks that are sent while no server runs, so that the next one has something to index. */
const BEHIND = 120

const random = generator(seed)
const directory = mkdtempSync(join(tmpdir(), 'firsthand-kill-'))
const opened: (() => Promise<void>)[] = []

async function run(): Promise<boolean> {
  const devnet = await startDevnet({ dataDir: join(directory, 'chain'), port: 0 })
  opened.push(() => devnet.close())
  const node = createNode({ url: devnet.url })
  opened.push(async () => node.close())
  const deployment = await localDeployment(devnet.url, node)
  const publisher = await localPublisher(node, deployment)
  const database = await createDatabase(values.database)
  opened.push(database.drop)
  const settings: Settings = {
    RPC_URL: devnet.url,
    PUBLISHER_REGISTRY: toHex0x(deployment.publisherRegistry),
    MEDIA_REGISTRY: toHex0x(deployment.mediaRegistry),
    START_BLOCK: String(deployment.startBlock),
    DATA_DIR: join(directory, 'server'),
    DATABASE_URL: database.url,
  }
  const registering = await startRegistering({ deployment, directory, ...publisher })
  opened.push(registering.stop)
  const ready = await killOften(settings, registering)
  const last = await startVictim(settings)
  registering.goesTo(last.url)
  await Promise.race([last.ready, sleep(READY_MS)])
  await registering.stop()
  await last.caughtUp(await node.blockNumber())
  await last.shows(registering.answered().map(({ recordId }) => recordId))
  await last.end()
  console.log(
    `killed ${times} times, ${ready} of them after it was ready; ${registering.answered().length} registrations answered`,
  )
  return checkAll(settings, registering.answered())
}

/** @returns how often the server had become ready. */
async function killOften(
  settings: Settings,
  registering: Awaited<ReturnType<typeof startRegistering>>,
): Promise<number> {
  let wasReady = 0
  for (let i = 1; i <= times; i++) {
    await registering.fallBehind(i % 4 === 0 ? BEHIND : 0)
    const victim = await startVictim(settings)
    registering.goesTo(victim.url)
    // A third die while they start, by the time that the last start took.
    if (random() < 1 / 3 && i > 1) await sleep(random() * victim.usualStartMs)
    else {
      await Promise.race([victim.ready, sleep(READY_MS)])
      await sleep(random() * LONGEST_LIFE_MS)
    }
    const alive = victim.isReady()
    wasReady += Number(alive)
    await victim.kill()
    const moment = alive ? 'at work' : 'starting'
    console.log(`${i} of ${times}: killed ${moment}; ${registering.answered().length} registrations answered`)
  }
  return wasReady
}

console.log(`seed ${seed}`)
let good = false
try {
  good = await run()
} finally {
  for (const close of opened.reverse()) await close()
  rmSync(directory, { recursive: true, force: true })
}
console.log(good ? 'Nothing is missing, doubled or different.' : 'DIFFERENT.')
process.exit(good ? 0 : 1)
