/** Checks that the contracts of a deployment are this source's, byte by byte. */
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { fromHex } from '../server/bytes.ts'
import { checkBytecode } from '../server/chain/bytecode.ts'
import { createNode } from '../server/chain/node.ts'

const USAGE = `Usage: RPC_URL=… npm run check-deployment -- deployments/<chainId>.json

Compares the code of both contracts on the chain with what this source compiles to, and exits 1 where it differs.

  RPC_URL  address of a JSON-RPC node (http or https)
  --help   print this`

/** A setting that the caller has to put right. */
class UsageError extends Error {}

interface Noted {
  chainId: number
  publisherRegistry: string
  mediaRegistry: string
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { help: { type: 'boolean' } }, allowPositionals: true })
  if (values.help) return console.log(USAGE)
  const [file] = positionals
  const url = process.env.RPC_URL
  if (!file || positionals.length > 1) throw new UsageError('expected one file of deployments/')
  if (!url) throw new UsageError('RPC_URL is missing: set it to the address of a JSON-RPC node')
  const noted = JSON.parse(await readFile(file, 'utf8')) as Noted
  const node = createNode({ url })
  try {
    const chainId = await node.chainId()
    if (chainId !== noted.chainId) throw new Error(`the node is of chain ${chainId}, ${file} of ${noted.chainId}`)
    const [publisherRegistry, mediaRegistry] = [noted.publisherRegistry, noted.mediaRegistry].map((one) =>
      fromHex(one, 20),
    )
    await checkBytecode(node, { chainId, publisherRegistry: publisherRegistry!, mediaRegistry: mediaRegistry! })
    console.log(`${file}: both contracts on chain ${chainId} are this source's`)
  } finally {
    node.close()
  }
}

main().catch((error: Error & { code?: unknown }) => {
  console.error(`check-deployment: ${error.message}`)
  process.exitCode = error instanceof UsageError || String(error.code).startsWith('ERR_PARSE_ARGS') ? 2 : 1
})
