/** Deploys both contracts to a node and notes where they are in deployments/. */
import { access, mkdir, rename, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { FetchRequest, getAddress, JsonRpcProvider, keccak256, NonceManager, Wallet } from 'ethers'
import { toHex0x } from '../server/bytes.ts'
import { requireMaySign } from '../server/chain/accounts.ts'
import { deploy, LOCAL_CHAIN_ID } from '../server/chain/deploy.ts'
import type { Deployment } from '../server/chain/events.ts'
import { mediaRegistryBytecode, publisherRegistryBytecode } from '../server/chain/generated.ts'
import { RegistryError } from '../server/errors.ts'
import { deployBoth, hasProxy, SALT } from './deploy/create2.ts'

const USAGE = `Usage: RPC_URL=… DEPLOYER_KEY=… node scripts/deploy.ts

Deploys PublisherRegistry and MediaRegistry and writes deployments/<chainId>.json. Where the chain has the deterministic
deployment proxy, the contracts get the same addresses as on every other such chain, and are left alone where they are
there already; elsewhere they are created by the account's nonce.

  RPC_URL       address of a JSON-RPC node (http or https)
  DEPLOYER_KEY  private key of the account that pays, 32 bytes of hex; it gets no rights over the contracts
  --help        print this

Hardhat's well-known keys are refused on any chain but ${LOCAL_CHAIN_ID}. A deployment that is noted already stays as it
is: move its file away first. On chain ${LOCAL_CHAIN_ID} it is replaced.`

const ROOT = join(import.meta.dirname, '..')
const solcVersion: string = createRequire(import.meta.url)('solc/package.json').version
const TIMEOUT_MS = 20_000

/** A setting that the caller has to put right. */
class UsageError extends Error {}

/** @throws UsageError where one is missing. Never repeats a key, nor an address: both may hold a secret. */
function readSettings(env: NodeJS.ProcessEnv): { url: string; wallet: Wallet } {
  const { RPC_URL: url, DEPLOYER_KEY: key } = env
  if (!url) throw new UsageError('RPC_URL is missing: set it to the address of a JSON-RPC node')
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    throw new UsageError('RPC_URL expected an http or https address')
  if (!key) throw new UsageError('DEPLOYER_KEY is missing: set it to the private key of the account that pays')
  if (!/^(0x)?[0-9a-f]{64}$/i.test(key)) throw new UsageError('DEPLOYER_KEY expected 32 bytes of hex')
  return { url, wallet: new Wallet(key) }
}

/** A provider that has heard from its node: left alone, ethers asks a silent one for ever. */
async function connect(url: string): Promise<JsonRpcProvider> {
  const request = new FetchRequest(url)
  request.timeout = TIMEOUT_MS
  const probe = new JsonRpcProvider(request)
  try {
    const network = await probe._detectNetwork()
    return new JsonRpcProvider(request, network, {
      staticNetwork: network,
      polling: true,
      pollingInterval: 500,
      cacheTimeout: -1,
    })
  } catch (cause) {
    const detail = `no answer from the node at ${new URL(url).host}: ${(cause as Error).message}`
    throw new RegistryError('chain.unreachable', detail, { cause })
  } finally {
    probe.destroy()
  }
}

async function refuseOverwriting(file: string, chainId: number): Promise<void> {
  if (chainId === LOCAL_CHAIN_ID) return
  const exists = await access(join(ROOT, file)).then(
    () => true,
    () => false,
  )
  if (exists) throw new Error(`${file} notes a deployment already: move it away to deploy again`)
}

interface Noted extends Deployment {
  how: 'create' | 'create2'
  salt: string | null
  deployer: string
  transactions: string[]
}

/** The deployment as it is committed: addresses with checksums, and what they were made of. */
function render(deployment: Noted): string {
  const publisherRegistry = getAddress(toHex0x(deployment.publisherRegistry))
  const mediaRegistry = getAddress(toHex0x(deployment.mediaRegistry))
  const compiler = { version: solcVersion, profile: 'production', evmVersion: 'cancun', runs: 1_000_000, viaIR: true }
  const creationCode = {
    publisherRegistry: keccak256(publisherRegistryBytecode),
    mediaRegistry: keccak256(mediaRegistryBytecode),
  }
  const noted = { ...deployment, publisherRegistry, mediaRegistry, compiler, creationCode }
  return `${JSON.stringify({ ...noted, date: new Date().toISOString() }, null, 2)}\n`
}

async function deployTo(provider: JsonRpcProvider, wallet: Wallet): Promise<Noted> {
  const signer = wallet.connect(provider)
  const about = { deployer: wallet.address }
  if (await hasProxy(provider)) {
    requireMaySign(wallet.address, Number((await provider.getNetwork()).chainId))
    return { ...(await deployBoth(new NonceManager(signer), provider)), how: 'create2', salt: SALT, ...about }
  }
  return { ...(await deploy({ signer })), how: 'create', salt: null, transactions: [], ...about }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { help: { type: 'boolean' } } })
  if (values.help) return console.log(USAGE)
  const { url, wallet } = readSettings(process.env)
  const provider = await connect(url)
  try {
    const chainId = Number((await provider.getNetwork()).chainId)
    const file = join('deployments', `${chainId}.json`)
    await refuseOverwriting(file, chainId)
    await mkdir(join(ROOT, 'deployments'), { recursive: true })
    const text = render(await deployTo(provider, wallet))
    // Printed before it is written: a full disk must not lose the addresses.
    console.log(text.trimEnd())
    // Whole or not at all.
    await writeFile(join(ROOT, `${file}.new`), text)
    await rename(join(ROOT, `${file}.new`), join(ROOT, file))
    console.log(`wrote ${file}`)
  } finally {
    provider.destroy()
  }
}

main().catch((error: Error & { code?: unknown }) => {
  console.error(`deploy: ${error.message}`)
  const wrongUsage = error instanceof UsageError || String(error.code).startsWith('ERR_PARSE_ARGS')
  process.exitCode = wrongUsage ? 2 : 1
})
