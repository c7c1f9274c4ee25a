/** What a publisher does on chain (docs/protocol.md §2). */
import { Interface, ZeroAddress } from 'ethers'
import { fromHex, toHex0x } from '../bytes.ts'
import { RegistryError } from '../errors.ts'
import { requireMaySign } from './accounts.ts'
import { type BatchLimits, inBatches, LOGGED, MAX_GAS, STORED } from './batches.ts'
import { createDecoder } from './decode.ts'
import type { Deployment, Registration, RegistryEvent, RootedBatch } from './events.ts'
import { mediaRegistryAbi, publisherRegistryAbi } from './generated.ts'
import { claimOf, leafOf, recordId } from './ids.ts'
import type { Receipt } from './node.ts'
import { createSender, type SenderOptions, type Transaction, type TransactionSigner } from './sender.ts'
import {
  authorize,
  batchValue,
  claimsValue,
  createNonces,
  type KeyConsent,
  type RequestName,
  type RequestSigner,
  type RequestValues,
  registrationValue,
} from './typed-data.ts'

/** Where something came to stand. */
export interface Anchored {
  /** 32 bytes. */
  transactionHash: Uint8Array
  blockNumber: number
}

export interface AnchoredRecord extends Anchored {
  /** 32 bytes. */
  recordId: Uint8Array
  /** False where the same was registered before: then the transaction changed nothing of it. */
  isNew: boolean
}

/** All methods resolve when the transaction is mined, and throw as `Sender` does; the contract's reason is in the message, and as a
 *  ContractRevert in `cause`. Accounts have 20 bytes. */
export interface PublisherClient {
  /** The account that acts. */
  address: Uint8Array
  /** The publisher whose custody is this account, or null. */
  publisherId(): Promise<number | null>
  isLive(publisherId: number, key: Uint8Array): Promise<boolean>
  /** Null for a publisher that does not exist. */
  custodyOf(publisherId: number): Promise<Uint8Array | null>
  /** For an account that is not yet custody of a publisher. @param recovery null for none yet. */
  createPublisher(
    profileUri: string,
    profileDigest: Uint8Array,
    recovery: Uint8Array | null,
  ): Promise<Anchored & { publisherId: number }>
  /** For custody. */
  setProfile(publisherId: number, profileUri: string, profileDigest: Uint8Array): Promise<Anchored>
  /** For custody. */
  addKey(publisherId: number, consent: KeyConsent): Promise<Anchored>
  /** For custody, and for the key itself. */
  endKey(publisherId: number, key: Uint8Array): Promise<Anchored>
  /** For custody; for good; several accounts in one transaction. @param sinceS seconds since 1970: all that they signed from then on is
   *  void; for an account that came later, from its first time on. */
  declareCompromised(publisherId: number, accounts: Uint8Array[], sinceS: number): Promise<Anchored>
  /** For custody. @param to null withdraws. */
  offerCustody(publisherId: number, to: Uint8Array | null): Promise<Anchored>
  /** For the recovery account. @param to null withdraws. */
  recoverCustody(publisherId: number, to: Uint8Array | null): Promise<Anchored>
  /** For whom custody was offered to. */
  acceptCustody(publisherId: number): Promise<Anchored>
  /** For custody; waits seven days where there is a recovery account. @param to null for none. */
  changeRecovery(publisherId: number, to: Uint8Array | null): Promise<Anchored>
  finishRecoveryChange(publisherId: number): Promise<Anchored>
  cancelRecoveryChange(publisherId: number): Promise<Anchored>
  /** Stored, for a live key. In as few transactions as fit, each of which stands or falls alone. One entry for each registration, in order.
   *  @throws RegistryError `registration.conflict` if one is registered with other content; what was sent before stays, and asking
   *  again for it changes nothing. */
  registerMany(publisherId: number, registrations: Registration[]): Promise<AnchoredRecord[]>
  /** Logged, for a live key; else as `registerMany`. */
  registerLogged(publisherId: number, registrations: Registration[]): Promise<AnchoredRecord[]>
  /** Rooted, for a live key, in one transaction. One entry for each batch, in order. */
  registerRoots(publisherId: number, batches: RootedBatch[]): Promise<(Anchored & { isNew: boolean })[]>
  /** For a live key, and for custody. @param reason 1 mistake, 2 rights, 3 privacy, 4 authenticity doubted, 255 other. */
  revoke(publisherId: number, contentDigest: Uint8Array, reason: number): Promise<Anchored>
  /** For a live key, and for custody. @param by another content digest of the publisher. */
  supersede(publisherId: number, contentDigest: Uint8Array, by: Uint8Array): Promise<Anchored>
  /** For the key itself while it is live, and for custody. @param nonces of one slot of 256. */
  cancelNonces(publisherId: number, key: Uint8Array, nonces: readonly bigint[]): Promise<Anchored>
}

export interface PublisherOptions extends Omit<SenderOptions, 'chainId' | 'signer'> {
  deployment: Deployment
  signer: TransactionSigner & RequestSigner
  /** Sends and pays, while `signer` only signs (docs/protocol.md §2.3), for what a live key may do. Custody and recovery send by themselves. */
  payer?: TransactionSigner | undefined
}

const publishers = new Interface(publisherRegistryAbi)
const media = new Interface(mediaRegistryAbi)

/** How long a signed request holds: it is sent at once. */
const REQUEST_S = 3_600

/** @throws RegistryError `signer.unavailable` for one of Hardhat's well-known accounts on another chain than the local one. */
export function createPublisherClient({ node, deployment, payer, ...options }: PublisherOptions): PublisherClient {
  const { signer } = options
  requireMaySign(signer.address, deployment.chainId)
  const sender = createSender({ node, chainId: deployment.chainId, ...options })
  const paying = payer ? createSender({ node, chainId: deployment.chainId, ...options, signer: payer }) : null
  const nextNonce = createNonces()

  const toPublishers = (name: string, values: unknown[]) =>
    transaction(deployment.publisherRegistry, publishers, name, values)
  const toMedia = (name: string, values: unknown[]) => transaction(deployment.mediaRegistry, media, name, values)

  /** For custody, recovery, and whoever custody is offered to. */
  async function manage(name: string, values: unknown[]): Promise<Receipt> {
    const request = toPublishers(name, values)
    return sender.mined(await sender.send(request), request)
  }

  /** For a live key: sent by itself, or signed and sent by the payer.
   *  @param signed what it signs, by the names of the request's fields. */
  async function request(name: RequestName, publisherId: number, values: unknown[], signed: RequestValues) {
    const call = name.charAt(0).toLowerCase() + name.slice(1)
    if (!paying) return { by: sender, transaction: toMedia(call, [publisherId, ...values]) }
    const head = await node.header('latest')
    const deadlineS = Math.max(head?.time ?? 0, Math.floor(Date.now() / 1000)) + REQUEST_S
    const authorization = await authorize(deployment, signer, name, {
      publisherId,
      values: signed,
      nonce: nextNonce(),
      deadlineS,
    })
    return { by: paying, transaction: toMedia(`${call}For`, [publisherId, ...values, authorization]) }
  }

  async function carryOut(...asked: Parameters<typeof request>): Promise<Receipt> {
    const { by, transaction } = await request(...asked)
    return by.mined(await by.send(transaction), transaction)
  }

  async function createPublisher(profileUri: string, profileDigest: Uint8Array, recovery: Uint8Array | null) {
    const receipt = await manage('createPublisher', [profileUri, toHex0x(profileDigest), accountOf(recovery)])
    const created = eventsOf(receipt, deployment).find((event) => event.type === 'publisherCreated')
    if (!created) throw new RegistryError('chain.mismatch', 'the receipt of createPublisher holds no PublisherCreated')
    return { ...anchored(receipt), publisherId: created.publisherId }
  }

  type Ask = (publisherId: number, items: Registration[]) => ReturnType<typeof request>

  const askStored: Ask = (publisherId, items) => {
    const registrations = items.map(registrationValue)
    return request('RegisterMany', publisherId, [registrations], { registrations })
  }

  const askLogged: Ask = (publisherId, items) => {
    const leaves = items.map((item) => toHex0x(leafOf(claimOf(deployment, publisherId, item))))
    return request('RegisterLogged', publisherId, [claimsValue(items)], { leaves })
  }

  async function registerAll(publisherId: number, registrations: Registration[], ask: Ask, limits: BatchLimits) {
    const sent: { items: Registration[]; transaction: Transaction; hash: Uint8Array }[] = []
    for (const items of inBatches(registrations, limits))
      for (const { by, ...part } of await fitting(publisherId, items, ask))
        sent.push({ ...part, hash: await by.send(part.transaction) })
    const records: AnchoredRecord[] = []
    for (const { items, transaction, hash } of sent) {
      const receipt = await (paying ?? sender).mined(hash, transaction)
      records.push(...recordsOf(receipt, items, publisherId, deployment))
    }
    return records
  }

  /** One transaction for the items, or several where the node finds one too heavy. */
  async function fitting(
    publisherId: number,
    items: Registration[],
    ask: Ask,
  ): Promise<(Awaited<ReturnType<Ask>> & { items: Registration[] })[]> {
    const { by, transaction } = await ask(publisherId, items)
    const gas = await by.estimate(transaction)
    if (gas <= MAX_GAS || items.length === 1) return [{ items, by, transaction: { ...transaction, gas } }]
    const half = Math.ceil(items.length / 2)
    return [
      ...(await fitting(publisherId, items.slice(0, half), ask)),
      ...(await fitting(publisherId, items.slice(half), ask)),
    ]
  }

  async function registerRoots(publisherId: number, batches: RootedBatch[]) {
    const values = batches.map(batchValue)
    const receipt = await carryOut('RegisterRoots', publisherId, [values], { batches: values })
    const events = eventsOf(receipt, deployment).filter((event) => event.type === 'batchRooted')
    const fresh = new Set(events.map((event) => JSON.stringify(batchValue(event))))
    return values.map((value) => ({ ...anchored(receipt), isNew: fresh.delete(JSON.stringify(value)) }))
  }

  async function view(name: string, values: unknown[]): Promise<unknown> {
    const { to, data } = toPublishers(name, values)
    return publishers.decodeFunctionResult(name, await node.call({ to, data }))[0]
  }

  /** When an account first could sign anything for the publisher, in seconds; 0 for never. */
  async function firstTime(publisherId: number, account: Uint8Array): Promise<number> {
    const standing = (await view('standingOf', [publisherId, toHex0x(account)])) as Record<string, bigint>
    const times = [standing.addedAt, standing.custodySince].map(Number).filter((time) => time > 0)
    return times.length > 0 ? Math.min(...times) : 0
  }

  async function declareCompromised(publisherId: number, accounts: Uint8Array[], sinceS: number): Promise<Anchored> {
    const calls: unknown[][] = []
    for (const account of accounts)
      calls.push([publisherId, toHex0x(account), Math.max(sinceS, await firstTime(publisherId, account))])
    if (calls.length === 1) return managed('declareCompromised', ...calls[0]!)
    return managed(
      'multicall',
      calls.map((values) => publishers.encodeFunctionData('declareCompromised', values)),
    )
  }

  const managed = async (name: string, ...values: unknown[]) => anchored(await manage(name, values))

  return {
    address: sender.address,
    publisherId: async () => Number(await view('publisherIdOf', [toHex0x(sender.address)])) || null,
    isLive: async (publisherId, key) => Boolean(await view('isLive', [publisherId, toHex0x(key)])),
    async custodyOf(publisherId) {
      const custody = String(await view('custodyOf', [publisherId]))
      return custody === ZeroAddress ? null : fromHex(custody, 20)
    },
    createPublisher,
    setProfile: (publisherId, uri, digest) => managed('setProfile', publisherId, uri, toHex0x(digest)),
    addKey: (publisherId, { key, deadlineS, signature }) =>
      managed('addKey', publisherId, toHex0x(key), deadlineS, toHex0x(signature)),
    endKey: (publisherId, key) => managed('endKey', publisherId, toHex0x(key)),
    declareCompromised,
    offerCustody: (publisherId, to) => managed('offerCustody', publisherId, accountOf(to)),
    recoverCustody: (publisherId, to) => managed('recoverCustody', publisherId, accountOf(to)),
    acceptCustody: (publisherId) => managed('acceptCustody', publisherId),
    changeRecovery: (publisherId, to) => managed('changeRecovery', publisherId, accountOf(to)),
    finishRecoveryChange: (publisherId) => managed('finishRecoveryChange', publisherId),
    cancelRecoveryChange: (publisherId) => managed('cancelRecoveryChange', publisherId),
    registerMany: (publisherId, registrations) => registerAll(publisherId, registrations, askStored, STORED),
    registerLogged: (publisherId, registrations) => registerAll(publisherId, registrations, askLogged, LOGGED),
    registerRoots,
    async revoke(publisherId, digest, reason) {
      const contentDigest = toHex0x(digest)
      return anchored(await carryOut('Revoke', publisherId, [contentDigest, reason], { contentDigest, reason }))
    },
    async supersede(publisherId, digest, by) {
      const signed = { contentDigest: toHex0x(digest), supersededBy: toHex0x(by) }
      return anchored(await carryOut('Supersede', publisherId, Object.values(signed), signed))
    },
    async cancelNonces(publisherId, key, nonces) {
      const [wordIndex, mask] = maskOf(nonces)
      const cancel = toMedia('cancelNonces', [publisherId, toHex0x(key), wordIndex, mask])
      return anchored(await sender.mined(await sender.send(cancel), cancel))
    },
  }
}

const accountOf = (account: Uint8Array | null): string => (account ? toHex0x(account) : ZeroAddress)

/** @throws RangeError unless all nonces share a slot. */
function maskOf(nonces: readonly bigint[]): [wordIndex: bigint, mask: bigint] {
  const [first = 0n] = nonces
  const stray = nonces.find((nonce) => nonce >> 8n !== first >> 8n)
  if (stray !== undefined) throw new RangeError(`"nonces" expected all of one slot of 256, got ${first} and ${stray}`)
  return [first >> 8n, nonces.reduce((mask, nonce) => mask | (1n << (nonce & 255n)), 0n)]
}

function transaction(to: Uint8Array, contract: Interface, name: string, values: unknown[]): Transaction {
  return { to, data: fromHex(contract.encodeFunctionData(name, values)) }
}

const anchored = ({ transactionHash, blockNumber }: Receipt): Anchored => ({ transactionHash, blockNumber })

function eventsOf(receipt: Receipt, deployment: Deployment): RegistryEvent[] {
  return receipt.logs
    .map(createDecoder(deployment))
    .map((decoded) => decoded?.log)
    .filter((log) => log !== undefined)
}

function recordsOf(
  receipt: Receipt,
  items: Registration[],
  publisherId: number,
  deployment: Deployment,
): AnchoredRecord[] {
  const fresh = new Set(
    eventsOf(receipt, deployment).flatMap((event) => {
      if (event.type === 'mediaRegistered') return [toHex0x(event.recordId)]
      return event.type === 'batchLogged' ? event.claims.map((claim) => toHex0x(claim.recordId)) : []
    }),
  )
  return items.map(({ contentDigest }) => {
    const id = recordId(deployment.chainId, deployment.mediaRegistry, publisherId, contentDigest)
    return { ...anchored(receipt), recordId: id, isNew: fresh.delete(toHex0x(id)) }
  })
}
