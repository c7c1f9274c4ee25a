/** A copy of the contracts and their tests that may be broken, and what its tests say. */
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A test that hangs counts as one that failed. */
const TIMEOUT_MS = 240_000

export interface Project {
  /** Writes a file below contracts/. */
  write(file: string, source: string): void
  /** Whether all tests pass. */
  passes(suite: 'solidity' | 'mocha'): Promise<boolean>
  remove(): void
}

/** @param root the repository. Fewer random runs than in the repository itself: there are hundreds of copies to test. */
export function createProject(root: string): Project {
  const folder = mkdtempSync(join(tmpdir(), 'mutation-'))
  for (const name of ['contracts', 'test/contracts']) cpSync(join(root, name), join(folder, name), { recursive: true })
  for (const name of ['node_modules', 'server', 'docs', 'scripts', 'ignition'])
    symlinkSync(join(root, name), join(folder, name))
  for (const name of ['package.json', 'tsconfig.json', 'hardhat.config.ts'])
    cpSync(join(root, name), join(folder, name))
  const config = join(folder, 'hardhat.config.ts')
  writeFileSync(config, withFewRuns(readFileSync(config, 'utf8')))

  return {
    write: (file, source) => writeFileSync(join(folder, 'contracts', file), source),
    passes: (suite) => run(folder, suite),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function withFewRuns(config: string): string {
  const changed = config.replace(
    /test: \{ solidity: .*/,
    'test: { solidity: { fuzz: { runs: 24 }, invariant: { runs: 6, depth: 60 } } },',
  )
  if (changed === config)
    throw new Error('hardhat.config.ts has no "test: { solidity: …" to lower the number of runs in')
  return changed
}

/** The suites that see the contracts' own source: the others run the committed bytecode. */
const MOCHA = ['publisherRegistry', 'mediaRegistry']

function run(folder: string, suite: 'solidity' | 'mocha'): Promise<boolean> {
  const files = suite === 'mocha' ? MOCHA.map((name) => `test/contracts/${name}.test.ts`) : []
  const child = spawn(join(folder, 'node_modules/.bin/hardhat'), ['test', suite, ...files], {
    cwd: folder,
    stdio: 'ignore',
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      clearTimeout(timer)
      resolve(code === 0)
    })
  })
}
