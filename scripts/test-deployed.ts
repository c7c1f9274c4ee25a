/** Runs the contracts' Solidity tests against the bytecode that is committed and deployed: `npm test` compiles the contracts faster, by
 *  another way of the compiler. */
import { join } from 'node:path'
import type { Artifact } from '@nomicfoundation/edr'
import * as generated from '../server/chain/generated.ts'
import { createSuites } from './mutation/suites.ts'

const artifact = (name: string, abi: unknown, bytecode: string): Artifact => ({
  id: { name, source: `contracts/${name}.sol`, solcVersion: '0.8.37' },
  contract: { abi: JSON.stringify(abi), bytecode, linkReferences: {}, deployedLinkReferences: {} },
})

const deployed = [
  artifact('PublisherRegistry', generated.publisherRegistryAbi, generated.publisherRegistryBytecode),
  artifact('MediaRegistry', generated.mediaRegistryAbi, generated.mediaRegistryBytecode),
]
const suites = await createSuites(join(import.meta.dirname, '..'), (name, passing, failing) => {
  for (const test of failing) console.log(`failed ${name}: ${test}`)
  console.log(`${name}: ${passing} of ${passing + failing.length} hold`)
})
const passed = await suites.pass(deployed, '')
console.log(passed ? 'the deployed code passes' : 'the deployed code fails: see above')
process.exit(passed ? 0 : 1)
