/** A short run of `npm run kill`. */
import { join } from 'node:path'
import { expect } from 'chai'
import { ROOT, run } from './server.ts'

const SCRIPT = join(ROOT, 'scripts/kill.ts')
const node = (...args: string[]) => run(['node', SCRIPT, ...args], { program: 'env' })

describe('a server that is killed again and again while it registers and indexes', () => {
  const databases = [
    ['PGlite', []],
    ['PostgreSQL', ['--database', 'postgres']],
  ] as const
  for (const [name, args] of databases) {
    if (name === 'PostgreSQL' && !process.env.TEST_DATABASE_URL) {
      it('ends with what an index from zero has, in PostgreSQL: not tested, TEST_DATABASE_URL is not set')
      continue
    }
    it(`ends with what an index from zero has, in ${name}`, async () => {
      const { code, stdout, stderr } = await node('--times', '4', '--seed', '7', ...args)
      expect(code, stdout + stderr).to.equal(0)
      expect(stdout).to.match(/killed 4 times, [1-4] of them after it was ready; [1-9]\d* registrations answered/)
      expect(stdout).to.match(/Nothing is missing, doubled or different\.\n$/)
    })
  }
})
