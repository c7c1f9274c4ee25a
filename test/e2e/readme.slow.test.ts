import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { ROOT, run, type ServerProcess, startServerProcess, temporaryFolder } from './server.ts'

interface Step {
  command: string
  /** Lines as the README shows them; … stands for what differs from run to run. */
  shown: string[]
}

function session(): Step[] {
  const block = /```console\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.[1] ?? ''
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [command = '', ...shown] = step.trimEnd().split('\n')
      return { command, shown }
    })
}

/** What the shown text stands for. */
function pattern(shown: string): RegExp {
  const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${shown.split('…').map(literal).join('.*')}$`)
}

describe("the README's session", () => {
  const folder = temporaryFolder()
  let server: ServerProcess
  before(async () => {
    server = await startServerProcess(folder.path)
  })
  after(async () => {
    await server?.stop()
    folder.remove()
  })

  it('has commands', () => expect(session().length).to.be.greaterThan(5))

  for (const { command, shown } of session())
    it(`$ ${command}`, async () => {
      const there = command.replaceAll('http://localhost:8080', server.url)
      const { code, stdout, stderr } = await run(['-c', `${there} 2>&1`], { program: 'bash', server: server.url })
      expect(code, stdout + stderr).to.equal(0)
      const lines = stdout.trimEnd().replaceAll(server.url, 'http://localhost:8080').split('\n')
      expect(lines, stdout).to.have.length(shown.length)
      for (const [i, line] of shown.entries()) expect(lines[i]).to.match(pattern(line))
    })
})
