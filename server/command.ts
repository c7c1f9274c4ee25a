/** What the command needs of the world, built from its configuration: a server far away, a key, a chain. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Wallet } from 'ethers'
import * as z from 'zod'
import { equalBytes, fromHex, toHex0x } from './bytes.ts'
import type { Withdrawals } from './catalogue/index.ts'
import {
  type ChainNode,
  consentSigner,
  createNodes,
  createPublisherClient,
  type Deployment,
  developmentWallet,
  type KeyConsent,
  type Listing,
  type PublisherClient,
  recordId,
  signKeyConsent,
} from './chain/index.ts'
import { type Config, isLoopback, nodeUrls } from './config.ts'
import { RegistryError } from './errors.ts'
import { anchorBy, CAR_TYPE, carLength, carPieces, type Ledger, type NetworkView } from './registry/index.ts'

/** A body that is too large to be one piece. */
export interface PiecedBody {
  byteLength: number
  pieces(): AsyncIterable<Uint8Array>
}

/** The server's HTTP interface, as far as registering needs it. */
export interface ServerApi {
  status(): Promise<NetworkView>
  /** Whether it is there and not void: what is void may be registered again. */
  recordExists(recordId: string): Promise<boolean>
  /** @param body is asked for its pieces for each try. @param onSent is told the bytes sent so far. */
  post(path: string, type: string, body: PiecedBody, onSent?: (bytes: number) => void): Promise<unknown>
}

/** A publisher with a key that is at hand. */
export interface Identity {
  publisherId: number
  deployment: Deployment
  client: PublisherClient
}

/** Milliseconds between two looks whether a record can be found, and after which nobody waits any longer. */
const POLL_MS = 100
const SEARCHABLE_MS = 120_000

/** Whoever signs for a publisher: the development publisher on a local network, else the key of the environment.
 * @param options relay: whether the key only signs, and another account sends and pays; orCustody: whether custody will do as well.
 * @throws RegistryError `signer.unavailable` naming the variable that is missing, or for a key that is not live. */
export async function openIdentity(
  config: Config,
  api: ServerApi,
  { relay = false, orCustody = false } = {},
): Promise<Identity> {
  const chain = await openChain(config, api)
  const signer = signerOf(config, chain, 'signing')
  const payer = relay ? payerOf(config, chain) : undefined
  const client = createPublisherClient({ ...chain, signer, payer })
  const publisherId = await publisherIdOf(config, chain)
  if (await client.isLive(publisherId, client.address)) return { publisherId, deployment: chain.deployment, client }
  if (orCustody && !relay && (await client.publisherId()) === publisherId)
    return { publisherId, deployment: chain.deployment, client }
  const what = `a live key of publisher ${publisherId}${orCustody && !relay ? ', nor its custody' : ''}`
  throw new RegistryError('signer.unavailable', `${toHex0x(client.address)} is not ${what}`)
}

/** Whoever acts for the publisher's custody or recovery: the key of the environment, else the development custody account.
 *  @param known the publisher, where the caller names one. */
export async function openManager(config: Config, api: ServerApi, known?: number): Promise<Identity> {
  const chain = await openChain(config, api)
  const client = createPublisherClient({ ...chain, signer: signerOf(config, chain, 'custody') })
  const publisherId = known || config.FIRSTHAND_PUBLISHER || (await client.publisherId()) || 0
  return { publisherId, deployment: chain.deployment, client }
}

/** The key of the environment, and its chain; it need not be anybody's key yet. */
export async function openKey(config: Config, api: ServerApi) {
  const chain = await openChain(config, api)
  return { ...chain, signer: signerOf(config, chain, 'signing') }
}

/** What the operator withdrew, in the directory of the server on this machine.
 *  @throws RegistryError `request.invalid` where there is none: a mistyped DATA_DIR would withdraw nothing and say that it had. */
export async function openWithdrawals({ DATA_DIR }: Config): Promise<Withdrawals> {
  if (!existsSync(DATA_DIR))
    throw new RegistryError('request.invalid', `DATA_DIR names no directory: ${resolve(DATA_DIR)}`)
  // Loaded when needed: the door of the catalogue leads to its databases.
  const { createWithdrawals } = await import('./catalogue/index.ts')
  return createWithdrawals(DATA_DIR)
}

interface Chain {
  node: ChainNode
  deployment: Deployment
  local: boolean
}

async function openChain(config: Config, api: ServerApi): Promise<Chain> {
  const status = await api.status()
  const deployment: Deployment = {
    chainId: status.chainId,
    publisherRegistry: fromHex(status.publisherRegistry, 20),
    mediaRegistry: fromHex(status.mediaRegistry, 20),
    startBlock: status.startBlock,
  }
  return { node: createNodes({ urls: nodeUrlsOf(config, status) }), deployment, local: status.local }
}

/** A server elsewhere must not send this machine's keys to a node of its choice. */
function nodeUrlsOf({ RPC_URL }: Config, { local, rpcUrl }: NetworkView): string[] {
  if (RPC_URL) return nodeUrls(RPC_URL).http
  const url = new URL(rpcUrl ?? 'http://nowhere.invalid')
  if (local && isLoopback(url.hostname)) return [url.href]
  throw new RegistryError(
    'signer.unavailable',
    local
      ? 'the development publisher signs only for a network on this machine; set RPC_URL to a node of your own'
      : `to sign on this chain ${NEEDED}`,
  )
}

const NEEDED =
  'set FIRSTHAND_KEY (private key), FIRSTHAND_PUBLISHER (your number) and RPC_URL (a node), see .env.example'

function signerOf({ FIRSTHAND_KEY }: Config, { local, deployment }: Chain, role: 'custody' | 'signing'): Wallet {
  if (FIRSTHAND_KEY) return walletOf('FIRSTHAND_KEY', FIRSTHAND_KEY)
  if (local) return developmentWallet(role, deployment.chainId)
  throw new RegistryError('signer.unavailable', `to sign on this chain ${NEEDED}`)
}

function payerOf({ FIRSTHAND_PAYER_KEY }: Config, { local, deployment }: Chain): Wallet {
  if (FIRSTHAND_PAYER_KEY) return walletOf('FIRSTHAND_PAYER_KEY', FIRSTHAND_PAYER_KEY)
  if (local) return developmentWallet('custody', deployment.chainId)
  throw new RegistryError('signer.unavailable', 'for --relay set FIRSTHAND_PAYER_KEY: the account that sends and pays')
}

async function publisherIdOf({ FIRSTHAND_PUBLISHER }: Config, chain: Chain): Promise<number> {
  if (FIRSTHAND_PUBLISHER) return FIRSTHAND_PUBLISHER
  if (!chain.local) throw new RegistryError('signer.unavailable', `to sign on this chain ${NEEDED}`)
  const custody = developmentWallet('custody', chain.deployment.chainId)
  const publisherId = await createPublisherClient({ ...chain, signer: custody }).publisherId()
  // Custody may have moved: the development publisher is the first one all the same.
  return publisherId ?? DEVELOPMENT_PUBLISHER
}

const DEVELOPMENT_PUBLISHER = 1

function walletOf(name: string, key: string): Wallet {
  try {
    return new Wallet(key)
  } catch {
    // Without the cause: it may quote the key.
    throw new RegistryError('signer.unavailable', `${name} is not a private key: expected 0x and 64 hex digits`)
  }
}

/** Registers by that identity, with the server as the place of the blocks. */
export function openLedger({ publisherId, deployment, client }: Identity, api: ServerApi): Ledger {
  const hold: Ledger['hold'] = async (root, blocks, onSent) => {
    const byteLength = carLength(root, blocks)
    const body = { byteLength, pieces: () => carPieces(root, blocks) }
    await api.post('/v1/registrations', CAR_TYPE, body, (bytes) => onSent?.(bytes / byteLength))
  }
  return {
    recordId: (digest) => recordId(deployment.chainId, deployment.mediaRegistry, publisherId, digest),
    exists: (id) => api.recordExists(toHex0x(id)),
    hold,
    async send(registrations, way) {
      const anchored = await anchorBy(way, registrations, { deployment, publisherId, client, hold })
      return anchored.map(({ transactionHash }) => transactionHash)
    },
    searchable: (id) => searchable(toHex0x(id), api),
  }
}

async function searchable(id: string, api: ServerApi): Promise<void> {
  const until = performance.now() + SEARCHABLE_MS
  while (!(await api.recordExists(id))) {
    if (performance.now() > until)
      throw new RegistryError('server.busy', `record ${id} is on the chain, but the server has not indexed it yet`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** What the holder of a new key gives to custody, as JSON. */
export interface WrittenConsent {
  publisher: number
  key: string
  /** Seconds since 1970. */
  deadline: number
  consent: string
}

/** Seconds that a consent holds: long enough to be carried to custody by hand, and within the contract's 30 days. */
const CONSENT_S = 7 * 86_400

/** The key of the environment consents to be listed by a publisher. */
export async function consentFor(config: Config, api: ServerApi, known?: number): Promise<WrittenConsent> {
  const { node, deployment, signer, local } = await openKey(config, api)
  const publisher = known ?? (await publisherIdOf(config, { node, deployment, local }))
  const head = await node.header('latest')
  const deadlineS = Math.max(head?.time ?? 0, Math.floor(Date.now() / 1000)) + CONSENT_S
  const custody = await createPublisherClient({ node, deployment, signer }).custodyOf(publisher)
  if (!custody) throw new RegistryError('publisher.not_found', `there is no publisher ${publisher}`)
  const { signature } = await signKeyConsent(deployment, { publisherId: publisher, custody }, signer, deadlineS)
  return { publisher, key: signer.address, deadline: deadlineS, consent: toHex0x(signature) }
}

/** Reads a consent, and checks it as far as can be done without the chain.
 * @throws RegistryError `request.invalid` that says what is wrong. */
export function verifyConsent({ deployment, publisherId, client }: Identity, written: string): KeyConsent {
  const said = parseConsent(written)
  if (said.publisher !== publisherId)
    throw new RegistryError('request.invalid', `"publisher" expected ${publisherId}, got ${said.publisher}`)
  const consent = { key: fromHex(said.key, 20), deadlineS: said.deadline, signature: fromHex(said.consent) }
  return checkKeyConsent(deployment, { publisherId, custody: client.address }, consent)
}

function parseConsent(written: string): WrittenConsent {
  try {
    return consentShape.parse(JSON.parse(written))
  } catch (cause) {
    const detail = 'expected what `firsthand publisher key consent` prints: {"publisher", "key", "deadline", "consent"}'
    throw new RegistryError('request.invalid', detail, { cause })
  }
}

const consentShape = z.object({
  publisher: z.int().min(1),
  key: z.string().regex(/^0x[0-9a-f]{40}$/i),
  deadline: z.int().min(1),
  consent: z.string().regex(/^0x([0-9a-f]{2})*$/i),
})

/** A plain signature must be the key's; what a contract accepts, only the chain can tell. */
function checkKeyConsent(deployment: Deployment, listing: Listing, consent: KeyConsent): KeyConsent {
  if (consent.deadlineS < Date.now() / 1000)
    throw new RegistryError(
      'request.invalid',
      `"deadline" is past: ${new Date(consent.deadlineS * 1000).toISOString()}`,
    )
  const signer = consent.signature.length === 65 ? consentSigner(deployment, listing, consent) : null
  if (signer && !equalBytes(signer, consent.key))
    throw new RegistryError(
      'request.invalid',
      `"consent" is a signature of ${toHex0x(signer)}, not of ${toHex0x(consent.key)}: it is for another key, publisher, custody or chain`,
    )
  return consent
}
