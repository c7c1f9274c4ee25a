/** Deploys both contracts to a node and notes where they are in deployments/. */
import { access, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { FetchRequest, getAddress, JsonRpcProvider, Wallet } from 'ethers'
import { toHex0x } from '../server/bytes.ts'
import { deploy, LOCAL_CHAIN_ID } from '../server/chain/deploy.ts'
import type { Deployment } from '../server/chain/events.ts'
import { RegistryError } from '../server/errors.ts'

const USAGE = `Usage: RPC_URL=… DEPLOYER_KEY=… node scripts/deploy.ts

Deploys PublisherRegistry and MediaRegistry and writes deployments/<chainId>.json.

  RPC_URL       address of a JSON-RPC node (http or https)
  DEPLOYER_KEY  private key of the account that pays, 32 bytes of hex; it gets no rights over the contracts
  --help        print this

Hardhat's well-known keys are refused on any chain but ${LOCAL_CHAIN_ID}. A deployment that is noted already stays as it
is: move its file away first. On chain ${LOCAL_CHAIN_ID} it is replaced.`

const ROOT = join(import.meta.dirname, '..')
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
    return new JsonRpcProvider(request, network, { staticNetwork: network, polling: true, pollingInterval: 500 })
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

/** The deployment as it is committed: addresses with checksums. */
function render(deployment: Deployment): string {
  const publisherRegistry = getAddress(toHex0x(deployment.publisherRegistry))
  const mediaRegistry = getAddress(toHex0x(deployment.mediaRegistry))
  return `${JSON.stringify({ ...deployment, publisherRegistry, mediaRegistry }, null, 2)}\n`
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
    const text = render(await deploy({ signer: wallet.connect(provider) }))
    // Printed before it is written: a full disk must not lose the addresses.
    console.log(text.trimEnd())
    await writeFile(join(ROOT, file), text)
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
