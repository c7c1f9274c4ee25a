import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { firsthand } from './capture.ts'

const COMMANDS = ['register', 'lookup', 'fingerprint', 'revoke', 'record', 'publisher', 'status', 'serve']

describe('firsthand --help', () => {
  it('lists every command, and what its exit codes mean', async () => {
    const { code, out } = await firsthand('--help')
    expect(code).to.equal(0)
    const listed = [...out.matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name)
    expect(listed).to.include.members(COMMANDS)
    expect(out).to.contain('Exit codes: 0 done, 1 failed, 2 wrong usage.')
  })

  for (const name of COMMANDS)
    it(`tells the usage of ${name}`, async () => {
      const { code, out, err } = await firsthand(name, '--help')
      expect(code).to.equal(0)
      expect(err).to.equal('')
      expect(out).to.match(new RegExp(`^Usage: firsthand ${name} \\[options\\]`))
      if (!['serve', 'fingerprint'].includes(name)) expect(out).to.contain('--server <url>')
    })

  it('tells the version', async () => {
    const { code, out } = await firsthand('--version')
    expect([code, out]).to.satisfy(([c, o]: [number, string]) => c === 0 && /^\d+\.\d+\.\d+\n$/.test(o))
  })
})

describe('wrong usage', () => {
  const digest = 'ab'.repeat(32)
  for (const [args, says] of [
    [[], /Usage: firsthand/],
    [['regster', 'a'], /unknown command 'regster'/],
    [['--nonsense'], /unknown option '--nonsense'/],
    [['register'], /missing required argument 'files'/],
    [['register', 'a', '--batch', '0'], /--batch.*expected a whole number of 1 to 8192/],
    [['register', 'a', '--batch', '2.5'], /expected a whole number/],
    [['register', 'a', '--title', 'x'.repeat(301)], /a title has at most 300 characters, this one has 301/],
    [['register', 'a', '--source-url', 'javascript:1'], /expected an http or https address/],
    [['register', 'a', '--derived-from', 'abc'], /expected the 64 hex digits of a SHA-256/],
    [['register', 'a', '--evidence', 'some'], /Allowed choices are public, server, none/],
    [['lookup'], /missing required argument/],
    [['lookup', 'a', 'b'], /too many arguments/],
    [['lookup', 'a', '--server', 'nowhere'], /--server.*expected an http or https address/],
    [['revoke', digest, '--reason', 'whim'], /Allowed choices are mistake, rights, privacy/],
    [['publisher', 'seven'], /expected the number of a publisher, or one of the subcommands/],
    [['publisher', '0'], /expected the number of a publisher/],
    [['register', 'a', '--way', 'carved'], /Allowed choices are stored, logged, rooted/],
    [['publisher', 'key', 'end', '0x12'], /expected an address/],
    [['publisher', 'key', 'end', `0x${'aB'.repeat(20)}`], /with the right capitals/],
    [['publisher', 'key', 'compromised', `0x${'ab'.repeat(20)}`], /--since <time>' not specified/],
    [['publisher', 'key', 'compromised', `0x${'ab'.repeat(20)}`, '--since', 'May'], /expected ISO 8601/],
    [['publisher', 'key', 'cancel', `0x${'ab'.repeat(20)}`], /missing required argument 'nonces'/],
    [['publisher', 'key', 'cancel', `0x${'ab'.repeat(20)}`, '7', '-1'], /expected a number of 0 to/],
    [['publisher', 'key', 'cancel', `0x${'ab'.repeat(20)}`, '7', 'x'], /expected a number of 0 to 2\^256 - 1/],
    [['publisher', 'key', 'cancel', `0x${'ab'.repeat(20)}`, `0x1${'0'.repeat(64)}`], /expected a number of 0 to/],
    [['publisher', 'key', 'cancel', `0x${'ab'.repeat(20)}`, '255', '256'], /expected one of the slot of 255/],
    [['publisher', 'custody', 'offer', 'somebody'], /expected an address/],
    [['supersede', digest], /missing required argument/],
    [['fingerprint'], /missing required argument/],
    [['serve', '--port', '1'], /unknown option '--port'/],
  ] as [string[], RegExp][])
    it(`ends with 2 and says why: firsthand ${args.join(' ').slice(0, 60)}`, async () => {
      const { code, out, err } = await firsthand(...args)
      expect(err).to.match(says)
      expect(code).to.equal(2)
      expect(out).to.equal('')
    })
})

describe('the program', () => {
  const program = fileURLToPath(new URL('../../bin/firsthand.mjs', import.meta.url))
  const start = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' })

  it('ends with the code of its command', () => {
    const { status, stdout, stderr } = start('lookup')
    expect([status, stdout]).to.deep.equal([2, ''])
    expect(stderr).to.match(/missing required argument/)
  })

  it('does not mind a reader that has gone', () => {
    const piped = `("${process.execPath}" "${program}" --help; echo "ended with $?" >&2) | true`
    expect(spawnSync('sh', ['-c', piped], { encoding: 'utf8' }).stderr).to.equal('ended with 0\n')
  })
})
