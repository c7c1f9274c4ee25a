/** The command `firsthand`: arguments in, exit code out (0 done, 1 failed, 2 wrong usage). */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { fromHex } from '../bytes.ts'
import { type Config, readConfig } from '../config.ts'
import { RegistryError } from '../errors.ts'
import { BATCH_SIZES, EVIDENCE_CHOICES, type EvidenceChoice, REASONS, WAYS, type Way } from '../registry/index.ts'
import { createApi } from './api.ts'
import { blockCommands } from './block-commands.ts'
import { fingerprint, record, register, revoke, status, supersede } from './commands.ts'
import { lookup } from './lookup-command.ts'
import { maintenanceCommands } from './maintenance-commands.ts'
import { publisherCommands } from './publisher-commands.ts'
import { describeError, note } from './terminal.ts'

interface Common {
  server: string
  json: boolean
}

interface RegisterFlags extends Common {
  title?: string
  description?: string
  sourceUrl?: string
  derivedFrom?: Uint8Array
  evidence: EvidenceChoice
  way: Way
  relay: boolean
  batch?: number
  wait: boolean
}

const RELAY = 'only sign; another account sends and pays (FIRSTHAND_PAYER_KEY)'

function program(config: Config, done: (code: Promise<number>) => void): Command {
  const root = new Command('firsthand')
    .description(
      'Registers original media on an EVM chain, and looks up whether a file comes from a registered original.',
    )
    .version(config.version)
    .showHelpAfterError('(add --help for what there is)')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 wrong usage. A lookup exits 0 whatever its verdict.')

  const command = (signature: string, description: string) =>
    root
      .command(signature)
      .description(description)
      .exitOverride()
      .addOption(
        new Option('--server <url>', 'server to talk to').default(config.FIRSTHAND_SERVER).argParser(serverUrl),
      )
      .option('--json', 'one JSON document instead of text (register: one line a file)', false)

  command('register <files...>', 'register original files')
    .option('--title <text>', 'title of the original', atMost('title', 300))
    .option('--description <text>', 'what it shows', atMost('description', 10_000))
    .option('--source-url <url>', 'where it was first published', webAddress)
    .option('--derived-from <digest>', 'SHA-256 of the original that it was made from', sha256)
    .addOption(
      new Option(
        '--evidence <what>',
        'small copies of a picture, or of the frames of a video, by which alterations are found. public: are published; server: only the server has them, and compares with them; none: alterations are not found',
      )
        .choices(EVIDENCE_CHOICES)
        .default('public'),
    )
    .addOption(
      new Option('--way <way>', 'stored: contracts can read it; logged: cheaper; rooted: for millions, the list apart')
        .choices(WAYS)
        .default('stored'),
    )
    .option('--relay', RELAY, false)
    .option('--batch <files>', `files a transaction at most (${batchHelp()})`, wholeNumber(1, BATCH_SIZES.rooted.most))
    .option('--no-wait', 'return when it is on the chain, not when it can be found')
    .addHelpText(
      'after',
      '\nA file that is registered already costs nothing. A file that fails does not stop the others; the exit code is then 1.',
    )
    .action((files: string[], flags: RegisterFlags) =>
      done(register(config, createApi(flags.server), registerArguments(files, flags))),
    )

  command('lookup <file-or-url>', 'ask whether a file comes from a registered original').action(
    (target: string, flags: Common) => done(lookup(createApi(flags.server), target, flags.json)),
  )

  root
    .command('fingerprint <file>')
    .description('compute the fingerprint of a file, on this machine alone')
    .exitOverride()
    .option('--json', 'the document that POST /v1/lookups takes', false)
    .action((file: string, flags: Common) => done(fingerprint(config, file, flags.json)))

  command('revoke <record-or-file>', 'mark a record (id, content digest, or the file itself) as revoked, for good')
    .addOption(new Option('--reason <reason>', 'why').choices(Object.values(REASONS)).default('mistake'))
    .option('--relay', RELAY, false)
    .action((target: string, flags: Common & { reason: string; relay: boolean }) =>
      done(revoke(config, createApi(flags.server), target, flags)),
    )

  command('supersede <record-or-file> <by>', 'say that another original of yours takes the place of a record, for good')
    .option('--relay', RELAY, false)
    .action((target: string, by: string, flags: Common & { relay: boolean }) =>
      done(supersede(config, createApi(flags.server), [target, by], flags)),
    )

  command('record <id>', 'show a record').action((id: string, flags: Common) =>
    done(record(createApi(flags.server), id, flags.json)),
  )

  publisherCommands(command('publisher', 'show a publisher, or manage your own'), config, done)

  blockCommands(root, config, done)
  maintenanceCommands(root, config, done)

  command('status', 'show chain, contracts and index of a server').action((flags: Common) =>
    done(status(createApi(flags.server), flags.json)),
  )

  root
    .command('serve')
    .description('run the server; its settings are in the environment (.env.example)')
    .exitOverride()
    .option('--fresh', 'begin the local chain anew; the old one is put aside', false)
    .action((flags: { fresh: boolean }) => done(serve(flags.fresh)))

  return root
}

async function serve(fresh: boolean): Promise<number> {
  const { main } = await import('../main.ts')
  return main(fresh ? ['--fresh'] : [])
}

function registerArguments(files: string[], flags: RegisterFlags) {
  const { title = null, description: text = null, sourceUrl = null, derivedFrom = null } = flags
  const { evidence, way, relay, json, wait, batch = BATCH_SIZES[way].usual } = flags
  if (batch > BATCH_SIZES[way].most)
    throw new RegistryError('request.invalid', `--batch ${batch}: at most ${BATCH_SIZES[way].most} with --way ${way}`)
  return { files, description: { title, text, sourceUrl, derivedFrom }, evidence, way, relay, batch, json, wait }
}

const batchHelp = () =>
  WAYS.map((way) => `${way}: ${BATCH_SIZES[way].usual}, at most ${BATCH_SIZES[way].most}`).join('; ')

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!Number.isSafeInteger(value) || value < min || value > max)
      throw new InvalidArgumentError(`expected a whole number of ${min} to ${max}.`)
    return value
  }
}

function atMost(name: string, max: number): (text: string) => string {
  return (text) => {
    if (text.length > max)
      throw new InvalidArgumentError(`a ${name} has at most ${max} characters, this one has ${text.length}.`)
    return text
  }
}

function webAddress(text: string): string {
  if (!/^https?:$/.test(URL.parse(text)?.protocol ?? ''))
    throw new InvalidArgumentError('expected an http or https address.')
  return atMost('source', 2_000)(text)
}

function serverUrl(text: string): string {
  return webAddress(text)
}

function sha256(text: string): Uint8Array {
  if (!/^(?:0x)?[0-9a-f]{64}$/i.test(text)) throw new InvalidArgumentError('expected the 64 hex digits of a SHA-256.')
  return fromHex(text, 32)
}

/** Runs one command line, without the name of the program. */
export async function run(args: readonly string[]): Promise<number> {
  let code: Promise<number> = Promise.resolve(0)
  try {
    const parsed = program(readConfig(process.env), (running) => {
      code = running
    })
    await parsed.parseAsync(args, { from: 'user' })
    return await code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    note(
      `firsthand: ${error instanceof RegistryError ? describeError(error) : error instanceof Error ? error.stack : String(error)}`,
    )
    return 1
  }
}
