/** `firsthand publisher …`: its words and what they call. */

import { type Command, InvalidArgumentError } from 'commander'
import { getAddress } from 'ethers'
import { fromHex } from '../bytes.ts'
import type { Config } from '../config.ts'
import { createApi } from './api.ts'
import * as publisher from './publisher.ts'

interface Flags {
  server: string
  json: boolean
  publisher?: number
}

/** Of a profile; more and longer ones are not read (docs/protocol.md §2.1). */
const MAX_GATEWAYS = 8
const MAX_GATEWAY_LENGTH = 200
const GATEWAYS = 'IPFS gateways that serve its manifests and lists, without the /ipfs'

/** @param root the command `publisher`, which has the options that all share. */
export function publisherCommands(root: Command, config: Config, done: (code: Promise<number>) => void): void {
  root
    .argument('[id]', 'number of the publisher; without it the one that you sign for', publisherNumber)
    .option('--publisher <id>', 'the publisher that is meant, where you act for another', publisherNumber)
    .addHelpText('after', ACTING)
    .action((id: number | undefined) => done(publisher.show(setting(), id)))

  function setting(): publisher.Setting {
    const { server, json, publisher: meant } = root.opts<Flags>()
    return { config, api: createApi(server), json, publisher: meant }
  }
  const group = (name: string, description: string) => root.command(name).description(description).exitOverride()
  const under = (parent: Command, signature: string, description: string) =>
    parent.command(signature).description(description).exitOverride()

  group('create', 'become custody of a new publisher')
    .requiredOption('--name <name>', 'its name')
    .option('--domain <domain>', 'its domain')
    .option('--gateway <url...>', GATEWAYS, gateway)
    .option('--recovery <address>', 'account that can move custody; keep it offline', address)
    .action((flags) => done(publisher.create(setting(), flags)))

  group('profile', 'replace name, domain and gateways')
    .requiredOption('--name <name>', 'its name')
    .option('--domain <domain>', 'its domain')
    .option('--gateway <url...>', GATEWAYS, gateway)
    .action((flags) => done(publisher.setProfile(setting(), flags)))

  const key = group('key', 'keys that sign for the publisher')
  under(key, 'consent', 'for a new key: print its consent, which custody needs to add it').action(() =>
    done(publisher.consent(setting())),
  )
  under(key, 'add <file>', 'add a key with its consent; - reads it from the standard input').action((file: string) =>
    done(publisher.addKey(setting(), file)),
  )
  under(key, 'end', 'end a key, for good')
    .argument('<address>', 'the key', address)
    .action((account: Uint8Array) => done(publisher.endKey(setting(), account)))
  under(
    key,
    'compromised',
    'make void what keys, or former custody accounts, signed since a time, for good; again only for an earlier time',
  )
    .argument('<addresses...>', 'the accounts', (text: string, before?: Uint8Array[]) => [
      ...(before ?? []),
      address(text),
    ])
    .requiredOption('--since <time>', 'ISO 8601, such as 2026-11-24T08:00:00Z, or seconds since 1970', time)
    .option('--yes', 'do not ask', false)
    .action((accounts: Uint8Array[], flags) => done(publisher.declareCompromised(setting(), accounts, flags)))
  under(
    key,
    'cancel',
    'make requests useless that a key signed and nobody has sent; for custody and for the key itself',
  )
    .argument('<address>', 'the key', address)
    .argument('<nonces...>', 'their nonces, of one slot of 256', nonces)
    .action((account: Uint8Array, numbers: bigint[]) => done(publisher.cancelNonces(setting(), account, numbers)))

  const custody = group('custody', 'who manages the publisher')
  under(custody, 'offer', 'offer custody to another account')
    .argument('<address>', 'the account, or none to withdraw', addressOrNone)
    .action((to: Uint8Array | typeof NONE) => done(publisher.offerCustody(setting(), orNull(to))))
  under(custody, 'recover', 'as the recovery account: offer custody to another account')
    .argument('<address>', 'the account, or none to withdraw', addressOrNone)
    .action((to: Uint8Array | typeof NONE) => done(publisher.recoverCustody(setting(), orNull(to))))
  under(custody, 'accept', 'take over custody that was offered to you').action(() =>
    done(publisher.acceptCustody(setting())),
  )

  const recovery = group('recovery', 'the account that can move custody')
  under(recovery, 'change', 'name another recovery account; waits seven days where there is one')
    .argument('<address>', 'the account, or none', addressOrNone)
    .action((to: Uint8Array | typeof NONE) => done(publisher.changeRecovery(setting(), orNull(to))))
  under(recovery, 'finish', 'put a change into force that has waited').action(() =>
    done(publisher.finishRecoveryChange(setting())),
  )
  under(recovery, 'cancel', 'drop a change that waits').action(() => done(publisher.cancelRecoveryChange(setting())))
}

const ACTING =
  '\nYou act as the account of FIRSTHAND_KEY: custody, recovery or a key; on a local network without it as the development custody account.'

/** Commander takes null for an argument that was not given. */
const NONE = 'none'
const orNull = (value: Uint8Array | typeof NONE) => (value === NONE ? null : value)

function addressOrNone(text: string): Uint8Array | typeof NONE {
  return text === NONE ? NONE : address(text)
}

/** @throws InvalidArgumentError where the capitals do not fit: a digit was mistyped. */
function address(text: string): Uint8Array {
  try {
    return fromHex(getAddress(text), 20)
  } catch {
    throw new InvalidArgumentError('expected an address: 0x and 40 hex digits, with the right capitals if it has any.')
  }
}

function publisherNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1 || value > 0xffffffff)
    throw new InvalidArgumentError('expected the number of a publisher, or one of the subcommands.')
  return value
}

/** One transaction cancels nonces of one slot. */
function nonces(text: string, before: bigint[] = []): bigint[] {
  const nonce = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? BigInt(text) : -1n
  if (nonce < 0n || nonce >> 256n) throw new InvalidArgumentError('expected a number of 0 to 2^256 - 1.')
  const [first = nonce] = before
  if (first >> 8n !== nonce >> 8n)
    throw new InvalidArgumentError(`expected one of the slot of ${first}: the same number when divided by 256.`)
  return [...before, nonce]
}

function time(text: string): number {
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.floor(Date.parse(text) / 1000)
  if (!Number.isSafeInteger(seconds) || !/^\d+$|^\d{4}-\d{2}-\d{2}/.test(text))
    throw new InvalidArgumentError('expected ISO 8601, such as 2026-11-24T08:00:00Z, or seconds since 1970.')
  return seconds
}

function gateway(text: string, before: string[] = []): string[] {
  const url = URL.parse(text)
  const plain = url && /^https?:$/.test(url.protocol) && !(url.username || url.password || url.search || url.hash)
  if (!plain || text.length > MAX_GATEWAY_LENGTH)
    throw new InvalidArgumentError(
      `expected an http or https address of at most ${MAX_GATEWAY_LENGTH} characters, without password or query.`,
    )
  if (before.length === MAX_GATEWAYS) throw new InvalidArgumentError(`at most ${MAX_GATEWAYS} are read.`)
  return [...before, text]
}
