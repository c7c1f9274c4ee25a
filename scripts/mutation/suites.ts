/** The contracts' Solidity tests, compiled once and run in this process against any version of the contracts. Their `new` is replaced by
 *  `vm.getCode`, so that a fault in a contract needs no new compilation of the tests, which takes ten times as long as running them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Artifact,
  type ArtifactId,
  EdrContext,
  L1_CHAIN_TYPE,
  l1GenesisState,
  l1HardforkFromString,
  l1SolidityTestRunnerFactory,
  OSAKA,
  type SolidityTestRunnerConfigArgs,
} from '@nomicfoundation/edr'
import { compileSources } from './compiler.ts'

/** Fewer random runs than in the repository itself: there are hundreds of faults. */
const FUZZ_RUNS = 32
const INVARIANT = { runs: 8, depth: 60, failOnRevert: false }

const DEPLOY = `
function deployed(string memory name, bytes memory arguments) returns (address made) {
    bytes memory code = bytes.concat(vm.getCode(name), arguments);
    assembly {
        made := create(0, add(code, 32), mload(code))
        if iszero(made) {
            returndatacopy(0, 0, returndatasize())
            revert(0, returndatasize())
        }
    }
}
`

export interface Suites {
  /** Whether all tests pass. Stops at the first suite that does not.
   * @param contracts both registries; @param file the changed one, whose own suites come first. */
  pass(contracts: Artifact[], file: string): Promise<boolean>
}

/** @param root the repository. @param tell is called after each suite, with the names of the tests that fail. */
export async function createSuites(
  root: string,
  tell: (suite: string, passing: number, failing: string[]) => void = () => {},
): Promise<Suites> {
  const folder = join(root, 'test/contracts')
  const files = readdirSync(folder).filter((name) => name.endsWith('.sol'))
  const tests = Object.fromEntries(
    files.map((name) => [`test/contracts/${name}`, withoutNew(name, readFileSync(join(folder, name), 'utf8'))]),
  )
  const compiled = compileSources(root, tests, ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'], true)
  if (compiled.errors.length > 0) throw new Error(`the tests do not compile: ${compiled.errors[0]}`)
  const artifacts = compiled.artifacts.filter(({ id }) => id.source.startsWith('test/'))
  const suites = artifacts.filter(isSuite).map(({ id }) => id)
  const context = new EdrContext()
  await context.registerSolidityTestRunnerFactory(L1_CHAIN_TYPE, l1SolidityTestRunnerFactory())

  async function passes(suite: ArtifactId, all: Artifact[]): Promise<boolean> {
    // The results of a suite may come after the run has ended.
    const told = Promise.withResolvers<boolean>()
    const run = context.runSolidityTests(L1_CHAIN_TYPE, all, [suite], settings(root), {}, ({ testResults }) => {
      const failing = testResults.filter(({ status }) => status !== 'Success')
      tell(
        suite.name,
        testResults.length - failing.length,
        failing.map(({ name, reason }) => `${name}: ${reason}`),
      )
      told.resolve(failing.length === 0 && testResults.length > 0)
    })
    run.catch(told.reject)
    return told.promise
  }

  return {
    async pass(contracts, file) {
      const ofFile = (id: ArtifactId) =>
        file.startsWith('PublisherRegistry') === /\/Publisher/.test(id.source) ? 0 : 1
      const last = (id: ArtifactId) => (id.name.includes('Invariants') ? 2 : 0)
      const ordered = [...suites].sort((a, b) => ofFile(a) + last(a) - ofFile(b) - last(b))
      for (const suite of ordered) if (!(await passes(suite, [...artifacts, ...contracts]))) return false
      return true
    },
  }
}

/** A test's source in which contracts of this project come from outside. */
function withoutNew(name: string, source: string): string {
  if (name === 'Vm.sol')
    return `${source.replace('interface Vm {', 'interface Vm {\n    function getCode(string calldata name) external view returns (bytes memory);')}${DEPLOY}`
  const changed = source
    .replaceAll('new PublisherRegistry()', 'PublisherRegistry(deployed("PublisherRegistry", ""))')
    .replaceAll(
      /new MediaRegistry\(((?:[^()]|\([^()]*\))*)\)/g,
      'MediaRegistry(deployed("MediaRegistry", abi.encode($1)))',
    )
  if (changed === source) return source
  return changed.replace(/import \{ vm([^}]*)\} from "\.\/Vm\.sol";|$/, (found, others: string | undefined) =>
    found ? `import { vm, deployed${others}} from "./Vm.sol";` : '\nimport { deployed } from "./Vm.sol";\n',
  )
}

function isSuite({ contract }: Artifact): boolean {
  const abi = JSON.parse(contract.abi) as { type: string; name?: string }[]
  return (
    !!contract.bytecode && abi.some(({ type, name }) => type === 'function' && /^(test|invariant)/.test(name ?? ''))
  )
}

function settings(root: string): SolidityTestRunnerConfigArgs {
  return {
    projectRoot: root,
    hardfork: OSAKA,
    localPredeploys: l1GenesisState(l1HardforkFromString(OSAKA)),
    disableBlockGasLimit: true,
    disableTransactionGasCap: true,
    fuzz: { runs: FUZZ_RUNS },
    invariant: INVARIANT,
  }
}
