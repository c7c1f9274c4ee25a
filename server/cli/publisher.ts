/** The life of a publisher: its profile, keys, custody and recovery. Each resolves with its exit code: 0 done, 1 failed. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { text } from 'node:stream/consumers'
import { toHex0x } from '../bytes.ts'
import { consentFor, type Identity, openIdentity, openManager, verifyConsent } from '../command.ts'
import type { Config } from '../config.ts'
import { RegistryError } from '../errors.ts'
import type { PublisherView } from '../registry/index.ts'
import type { Api } from './api.ts'
import { declared, note, print, printJson } from './terminal.ts'

/** What all of these are given. */
export interface Setting {
  config: Config
  api: Api
  json: boolean
  /** The publisher that is meant; else FIRSTHAND_PUBLISHER, else that of the acting account. */
  publisher: number | undefined
}

export async function show({ config, api, json }: Setting, id: number | undefined): Promise<number> {
  const view = await api.publisher(id ?? (await openIdentity(config, api)).publisherId)
  if (json) printJson(view, 2)
  else printPublisher(view)
  return 0
}

function printPublisher(view: PublisherView): void {
  print(`publisher ${view.id}: ${view.name ?? '(no name)'} (${view.trust})`)
  print(`custody   ${view.custody}`, `created   ${view.createdAt}`)
  if (view.recovery) print(`recovery  ${view.recovery}`)
  if (view.custodyOfferedTo) print(`offered   custody, by custody, to ${view.custodyOfferedTo}`)
  if (view.recoveryOfferedTo) print(`offered   custody, by recovery, to ${view.recoveryOfferedTo}`)
  if (view.recoveryChange)
    print(
      `waiting   recovery is to be ${view.recoveryChange.to ?? 'none'}, from ${view.recoveryChange.notBefore} to ${view.recoveryChange.notAfter}`,
    )
  for (const gateway of view.gateways) print(`gateway   ${gateway}`)
  for (const key of view.keys)
    print(`key       ${key.address} since ${key.addedAt}${key.endedAt ? ` until ${key.endedAt}` : ''}${disowned(key)}`)
  for (const former of view.formerCustody)
    print(`former    custody ${former.address} until ${former.until}${disowned(former)}`)
  if (view.unlisted) print(`lists     ${view.unlisted.summary}`)
}

const disowned = ({ disowned: by }: PublisherView['keys'][number] | PublisherView['formerCustody'][number]) =>
  by ? `, compromised since ${declared(by)}` : ''

type Outcome = Awaited<ReturnType<Identity['client']['acceptCustody']>>

/** Does one thing as custody, recovery, or whoever is asked to take over, and says that it is done. */
async function manage(
  { config, api, json, publisher }: Setting,
  done: string,
  work: (identity: Identity) => Promise<Outcome>,
): Promise<number> {
  const identity = await openManager(config, api, publisher)
  if (identity.publisherId === 0)
    throw new RegistryError(
      'publisher.not_found',
      `${toHex0x(identity.client.address)} is custody of no publisher: name one with --publisher`,
    )
  const { transactionHash } = await work(identity)
  const transaction = toHex0x(transactionHash)
  if (json) printJson({ publisher: identity.publisherId, done, transaction })
  else print(`publisher ${identity.publisherId}: ${done}`, `transaction ${transaction}`)
  return 0
}

interface ProfileFlags {
  name: string
  domain?: string
  gateway?: string[]
}

/** A profile that carries itself. */
export function profileOf({ name, domain, gateway: gateways }: ProfileFlags): { uri: string; digest: Uint8Array } {
  const json = JSON.stringify({ name, ...(domain !== undefined && { domain }), ...(gateways && { gateways }) })
  const digest = new Uint8Array(createHash('sha256').update(json).digest())
  return { uri: `data:application/json,${encodeURIComponent(json)}`, digest }
}

export async function create(
  { config, api, json }: Setting,
  flags: ProfileFlags & { recovery?: Uint8Array },
): Promise<number> {
  const { client } = await openManager(config, api)
  const { uri, digest } = profileOf(flags)
  const { publisherId, transactionHash } = await client.createPublisher(uri, digest, flags.recovery ?? null)
  const answer = { publisher: publisherId, custody: toHex0x(client.address), transaction: toHex0x(transactionHash) }
  if (json) printJson(answer)
  else print(`publisher ${publisherId} created, custody ${answer.custody}`, `transaction ${answer.transaction}`)
  return 0
}

export const setProfile = (setting: Setting, flags: ProfileFlags): Promise<number> => {
  const { uri, digest } = profileOf(flags)
  return manage(setting, `profile of ${flags.name} set`, ({ client, publisherId }) =>
    client.setProfile(publisherId, uri, digest),
  )
}

/** Run by the new key's holder: the consent goes to custody, on any way. */
export async function consent({ config, api, publisher }: Setting): Promise<number> {
  printJson(await consentFor(config, api, publisher))
  return 0
}

export async function addKey(setting: Setting, file: string): Promise<number> {
  const written = await (file === '-' ? text(process.stdin) : readFile(file, 'utf8'))
  return manage(setting, 'key added', async (identity) =>
    identity.client.addKey(identity.publisherId, verifyConsent(identity, written)),
  )
}

export const endKey = (setting: Setting, key: Uint8Array): Promise<number> =>
  manage(setting, `key ${toHex0x(key)} ended, for good`, ({ client, publisherId }) => client.endKey(publisherId, key))

export async function declareCompromised(
  setting: Setting,
  accounts: Uint8Array[],
  { since, yes }: { since: number; yes: boolean },
): Promise<number> {
  const from = new Date(since * 1000).toISOString()
  const what = `everything that ${accounts.map(toHex0x).join(', ')} signed since ${from} becomes void, for good`
  if (!yes) await confirm(what)
  return manage(setting, what, ({ client, publisherId }) => client.declareCompromised(publisherId, accounts, since))
}

async function confirm(what: string): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new RegistryError('request.invalid', `${what}: give --yes to say that you mean it`)
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal.question(`${what}. This cannot be undone. Type "yes" to go on: `)
  terminal.close()
  if (answer.trim() !== 'yes') throw new RegistryError('request.invalid', 'not confirmed: nothing was changed')
  note('')
}

export const cancelNonces = (setting: Setting, key: Uint8Array, nonces: bigint[]): Promise<number> =>
  manage(setting, `nonces ${nonces.join(', ')} of ${toHex0x(key)} cancelled`, ({ client, publisherId }) =>
    client.cancelNonces(publisherId, key, nonces),
  )

const nameOf = (account: Uint8Array | null) => (account ? toHex0x(account) : 'nobody')

export const offerCustody = (setting: Setting, to: Uint8Array | null): Promise<number> =>
  manage(setting, `custody offered to ${nameOf(to)}`, ({ client, publisherId }) => client.offerCustody(publisherId, to))

export async function recoverCustody(setting: Setting, to: Uint8Array | null): Promise<number> {
  return manage(setting, `custody offered by recovery to ${nameOf(to)}`, async ({ client, publisherId }) => {
    if (to) requireFresh(await setting.api.publisher(publisherId), toHex0x(to))
    return client.recoverCustody(publisherId, to)
  })
}

/** Whoever holds custody could declare an account that the publisher knows, before it accepts. */
function requireFresh({ custody, keys, formerCustody }: PublisherView, to: string): void {
  const known = [custody, ...[...keys, ...formerCustody].map(({ address }) => address)]
  if (known.includes(to))
    throw new RegistryError(
      'request.invalid',
      `${to} is or was a key or custody of this publisher, and whoever has custody could keep it from accepting: choose a fresh account`,
    )
}

export const acceptCustody = (setting: Setting): Promise<number> =>
  manage(setting, 'custody taken over', ({ client, publisherId }) => client.acceptCustody(publisherId))

export const changeRecovery = (setting: Setting, to: Uint8Array | null): Promise<number> =>
  manage(setting, `recovery is to be ${nameOf(to)}: at once where there was none, else after seven days`, (identity) =>
    identity.client.changeRecovery(identity.publisherId, to),
  )

export const finishRecoveryChange = (setting: Setting): Promise<number> =>
  manage(setting, 'recovery changed', ({ client, publisherId }) => client.finishRecoveryChange(publisherId))

export const cancelRecoveryChange = (setting: Setting): Promise<number> =>
  manage(setting, 'change of recovery dropped', ({ client, publisherId }) => client.cancelRecoveryChange(publisherId))
