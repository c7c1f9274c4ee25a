// npm started by Node 20 drops an optional package whose "engines" ask for more, though our scripts run on Node 24:
// Hardhat's native part (EDR) would then be missing. Without "engines" in the lock, npm keeps it. Run after each change
// of dependencies (CONTRIBUTING.md, "Dependencies"); test/frame/lock.test.ts holds the lock to it.
import { readFileSync, writeFileSync } from 'node:fs'

const file = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(file, 'utf8'))
for (const [path, entry] of Object.entries(lock.packages)) {
  if (/node_modules\/@nomicfoundation\/edr/.test(path)) delete entry.engines
}
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
