/** `firsthand block …`: what the operator of a server withdraws from being served, in the server's own directory. */
import type { Command } from 'commander'
import { openWithdrawals } from '../command.ts'
import type { Config } from '../config.ts'
import { RegistryError } from '../errors.ts'
import { print, printJson } from './terminal.ts'

/** Characters: it stands in an error's detail, of which 500 are shown. */
const MAX_REASON_LENGTH = 300

export function blockCommands(root: Command, config: Config, done: (code: Promise<number>) => void): void {
  const block = root
    .command('block')
    .description('withdraw blocks of manifests and lists from being served by the server in DATA_DIR, running or not')
    .exitOverride()
  const under = (signature: string, description: string) =>
    block
      .command(signature)
      .description(description)
      .exitOverride()
      .option('--json', 'one JSON document instead of text', false)

  under('withdraw <cid>', 'answer 410 for a block from now on, and never fetch it again')
    .option('--reason <text>', 'shown to whoever asks for it', '')
    .action((cid: string, flags: { reason: string; json: boolean }) => done(withdraw(config, cid, flags)))
  under('restore <cid>', 'serve a withdrawn block again').action((cid: string, { json }: { json: boolean }) =>
    done(restore(config, cid, json)),
  )
  under('list', 'the blocks that are withdrawn').action(({ json }: { json: boolean }) => done(list(config, json)))
}

async function withdraw(
  config: Config,
  cid: string,
  { reason, json }: { reason: string; json: boolean },
): Promise<number> {
  if (reason.length > MAX_REASON_LENGTH)
    throw new RegistryError('request.invalid', `--reason has at most ${MAX_REASON_LENGTH} characters`)
  const withdrawal = { at: Math.floor(Date.now() / 1000), reason: reason || null }
  await (await openWithdrawals(config)).withdraw(cid, withdrawal)
  if (json) printJson({ cid, ...withdrawal })
  else print(`withdrawn ${cid}`)
  return 0
}

async function restore(config: Config, cid: string, json: boolean): Promise<number> {
  const restored = await (await openWithdrawals(config)).restore(cid)
  if (json) printJson({ cid, restored })
  else print(restored ? `served again ${cid}` : `not withdrawn ${cid}`)
  return restored ? 0 : 1
}

async function list(config: Config, json: boolean): Promise<number> {
  const all = [...(await (await openWithdrawals(config)).all())].map(([cid, withdrawal]) => ({ cid, ...withdrawal }))
  all.sort((a, b) => a.at - b.at)
  if (json) printJson(all, 2)
  else
    for (const { cid, at, reason } of all)
      print(`${cid} ${new Date(at * 1000).toISOString()} ${reason ?? ''}`.trimEnd())
  return 0
}
