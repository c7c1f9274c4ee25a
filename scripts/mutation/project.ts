/** A copy of the contracts that may be broken, and what their tests in TypeScript say of it. */
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A test that hangs counts as one that failed. */
const TIMEOUT_MS = 600_000

export interface Project {
  /** Writes a file below contracts/. */
  write(file: string, source: string): void
  /** Whether all tests pass. */
  passes(): Promise<boolean>
  remove(): void
}

/** @param root the repository. Its Solidity tests are left out: they would be compiled each time. */
export function createProject(root: string): Project {
  const folder = mkdtempSync(join(tmpdir(), 'mutation-'))
  const copied = ['contracts', 'test/contracts', 'package.json', 'tsconfig.json', 'hardhat.config.ts']
  for (const name of copied)
    cpSync(join(root, name), join(folder, name), { recursive: true, filter: (path) => !path.endsWith('.t.sol') })
  for (const name of ['node_modules', 'server', 'docs', 'scripts', 'ignition'])
    symlinkSync(join(root, name), join(folder, name))

  return {
    write: (file, source) => writeFileSync(join(folder, 'contracts', file), source),
    passes: () => run(folder),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** The suites that see the contracts' own source: the others run the committed bytecode. */
const MOCHA = ['publisherRegistry', 'mediaRegistry']

function run(folder: string): Promise<boolean> {
  const files = MOCHA.map((name) => `test/contracts/${name}.test.ts`)
  const child = spawn(join(folder, 'node_modules/.bin/hardhat'), ['test', 'mocha', ...files], {
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
