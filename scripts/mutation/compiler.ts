/** The compiler of the lock, called in this process. */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Artifact } from '@nomicfoundation/edr'

const require = createRequire(import.meta.url)
const solc = require('solc') as { compile(input: string, callbacks: object): string }
const solcVersion: string = require('solc/package.json').version

export interface Compiled {
  /** What each contract became, in the form that tests are run with. */
  artifacts: Artifact[]
  asts: Map<string, unknown>
  errors: string[]
}

/** Names of the contracts' sources below contracts/. */
export function contractFiles(root: string): string[] {
  return readdirSync(join(root, 'contracts'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.sol'))
    .sort()
}

/** Without metadata: equal behaviour by an equal text shows as equal bytes.
 * @param sources texts by their path from the root; what they import is read from there. @param wanted outputs of each contract.
 * @param optimised takes three times as long. */
export function compileSources(
  root: string,
  sources: Record<string, string>,
  wanted: string[],
  optimised: boolean,
): Compiled {
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(Object.entries(sources).map(([path, content]) => [path, { content }])),
    settings: {
      evmVersion: 'cancun',
      optimizer: { enabled: optimised, runs: 200 },
      metadata: { appendCBOR: false, bytecodeHash: 'none' },
      outputSelection: { '*': { '*': wanted, '': ['ast'] } },
    },
  }
  const find = (path: string) => ({
    contents: readFileSync(join(root, path.startsWith('@') ? 'node_modules' : '', path), 'utf8'),
  })
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find }))
  const errors = (output.errors ?? []).filter((error: { severity: string }) => error.severity === 'error')
  return {
    artifacts: Object.entries(output.contracts ?? {}).flatMap(([source, contracts]) =>
      Object.entries(contracts as Record<string, Output>).map(([name, made]) => artifact(source, name, made)),
    ),
    asts: new Map(Object.entries(output.sources ?? {}).map(([path, of]) => [path, (of as { ast: unknown }).ast])),
    errors: errors.map((error: { formattedMessage: string }) => error.formattedMessage),
  }
}

interface Output {
  abi?: unknown
  evm?: { bytecode?: { object: string }; deployedBytecode?: { object: string } }
}

function artifact(source: string, name: string, { abi = [], evm }: Output): Artifact {
  return {
    id: { name, source, solcVersion },
    contract: {
      abi: JSON.stringify(abi),
      bytecode: `0x${evm?.bytecode?.object ?? ''}`,
      deployedBytecode: `0x${evm?.deployedBytecode?.object ?? ''}`,
      linkReferences: {},
      deployedLinkReferences: {},
    },
  }
}
