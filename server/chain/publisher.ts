/** What a publisher does on chain (docs/protocol.md §2). */
import { type BaseWallet, Interface } from 'ethers'
import { fromHex, toHex0x } from '../bytes.ts'
import { RegistryError } from '../errors.ts'
import { createDecoder } from './decode.ts'
import type { Deployment, RegistryEvent } from './events.ts'
import { mediaRegistryAbi, publisherRegistryAbi } from './generated.ts'
import { recordId } from './ids.ts'
import type { ChainNode, Receipt } from './node.ts'
import { ContractRevert, explained } from './revert.ts'
import { createSender, type SenderOptions, type Transaction } from './sender.ts'

/** What is claimed about one original; as in the contract. */
export interface Registration {
  /** SHA-256 of the file, 32 bytes. */
  contentDigest: Uint8Array
  /** SHA-256 of the manifest's root block, 32 bytes. */
  manifestDigest: Uint8Array
  /** 1 image, 2 video, 3 audio. */
  kind: number
  /** 0 none, 1 PDQ, 2 sound. */
  algorithm: number
  /** 0 to 64 words of 32 bytes; none exactly when `algorithm` is 0. */
  perceptualHashes: Uint8Array[]
}

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

/** A key's permission to be listed by a publisher. */
export interface KeyConsent {
  /** 20 bytes. */
  key: Uint8Array
  /** Seconds since 1970, by the clock of the chain. */
  deadlineS: number
  /** EIP-712, 65 bytes. */
  signature: Uint8Array
}

/** All methods resolve when the transaction is mined, and throw as `Sender` does; the contract's reason is in the message, and as a
 *  ContractRevert in `cause`. */
export interface PublisherClient {
  /** The account that signs, 20 bytes. */
  address: Uint8Array
  /** The publisher whose custody is this account, or null. */
  publisherId(): Promise<number | null>
  isLive(publisherId: number, key: Uint8Array): Promise<boolean>
  /** For an account that is not yet custody of a publisher. */
  createPublisher(profileUri: string, profileDigest: Uint8Array): Promise<Anchored & { publisherId: number }>
  /** For custody. */
  addKey(publisherId: number, consent: KeyConsent): Promise<Anchored>
  /** For custody, and for the key itself. */
  endKey(publisherId: number, key: Uint8Array): Promise<Anchored>
  /** For custody. */
  setProfile(publisherId: number, profileUri: string, profileDigest: Uint8Array): Promise<Anchored>
  /** For a live key. In as few transactions as fit, each of which stands or falls alone. One entry for each registration, in order.
   *  @throws RegistryError `registration.conflict` if one is registered with other content; what was sent before stays, and asking
   *  again for it changes nothing. */
  registerMany(publisherId: number, registrations: Registration[]): Promise<AnchoredRecord[]>
  /** For a live key, and for custody. @param reason 1 mistake, 2 rights, 3 privacy, 4 authenticity doubted, 255 other. */
  revoke(publisherId: number, contentDigest: Uint8Array, reason: number): Promise<Anchored>
}

export interface PublisherOptions extends Omit<SenderOptions, 'chainId'> {
  deployment: Deployment
}

const publishers = new Interface(publisherRegistryAbi)
const media = new Interface(mediaRegistryAbi)

/** Keeps a transaction small enough to be mined soon, and its log entries to be read at once. */
const MAX_ITEMS = 100
/** Half of what EIP-7825 allows. */
const MAX_GAS = 8_000_000n
/** Measured on random digests in batches of 50: 52,100 for two slots, calldata and log, and 790 a word; rounded up. */
const GAS_PER_ITEM = 53_000n
const GAS_PER_WORD = 800n

/** @throws RegistryError `signer.unavailable` for one of Hardhat's well-known accounts on another chain than the local one. */
export function createPublisherClient({ node, deployment, ...options }: PublisherOptions): PublisherClient {
  const sender = createSender({ node, chainId: deployment.chainId, ...options })

  const toPublishers = (name: string, values: unknown[]) =>
    transaction(deployment.publisherRegistry, publishers, name, values)
  const toMedia = (name: string, values: unknown[]) => transaction(deployment.mediaRegistry, media, name, values)

  async function execute(transaction: Transaction): Promise<Receipt> {
    return sender.mined(await sender.send(transaction), transaction)
  }

  async function createPublisher(profileUri: string, profileDigest: Uint8Array) {
    const receipt = await execute(toPublishers('createPublisher', [profileUri, toHex0x(profileDigest)]))
    const created = eventsOf(receipt, deployment).find((event) => event.type === 'publisherCreated')
    if (!created) throw new RegistryError('chain.mismatch', 'the receipt of createPublisher holds no PublisherCreated')
    return { ...anchored(receipt), publisherId: created.publisherId }
  }

  async function registerMany(publisherId: number, registrations: Registration[]): Promise<AnchoredRecord[]> {
    const sent: { items: Registration[]; transaction: Transaction; hash: Uint8Array }[] = []
    for (const items of inBatches(registrations)) {
      for (const part of await fitting(publisherId, items))
        sent.push({ ...part, hash: await sender.send(part.transaction) })
    }
    const records: AnchoredRecord[] = []
    for (const { items, transaction, hash } of sent) {
      const receipt = await sender.mined(hash, transaction)
      records.push(...recordsOf(receipt, items, publisherId, deployment))
    }
    return records
  }

  /** One transaction for the items, or several where the node finds one too heavy. */
  async function fitting(
    publisherId: number,
    items: Registration[],
  ): Promise<{ items: Registration[]; transaction: Transaction }[]> {
    const transaction = toMedia('registerMany', [publisherId, items.map(structOf)])
    const gas = await sender.estimate(transaction)
    if (gas <= MAX_GAS || items.length === 1) return [{ items, transaction: { ...transaction, gas } }]
    const half = Math.ceil(items.length / 2)
    return [...(await fitting(publisherId, items.slice(0, half))), ...(await fitting(publisherId, items.slice(half)))]
  }

  return {
    address: sender.address,
    publisherId: () => publisherIdOf(node, deployment, sender.address),
    async isLive(publisherId, key) {
      const { to, data } = toPublishers('isLive', [publisherId, toHex0x(key)])
      const [live] = publishers.decodeFunctionResult('isLive', await node.call({ to, data }))
      return Boolean(live)
    },
    createPublisher,
    addKey: async (publisherId, { key, deadlineS, signature }) =>
      anchored(await execute(toPublishers('addKey', [publisherId, toHex0x(key), deadlineS, toHex0x(signature)]))),
    endKey: async (publisherId, key) => anchored(await execute(toPublishers('endKey', [publisherId, toHex0x(key)]))),
    setProfile: async (publisherId, uri, digest) =>
      anchored(await execute(toPublishers('setProfile', [publisherId, uri, toHex0x(digest)]))),
    registerMany,
    revoke: async (publisherId, contentDigest, reason) =>
      anchored(await execute(toMedia('revoke', [publisherId, toHex0x(contentDigest), reason]))),
  }
}

/** The consent that `addKey` needs, signed by the key's own wallet, which may be on another machine than custody's. */
export async function signKeyConsent(
  deployment: Deployment,
  publisherId: number,
  key: Pick<BaseWallet, 'address' | 'signTypedData'>,
  deadlineS: number,
): Promise<KeyConsent> {
  const domain = {
    name: 'Firsthand PublisherRegistry',
    version: '1',
    chainId: deployment.chainId,
    verifyingContract: toHex0x(deployment.publisherRegistry),
  }
  const types = {
    KeyConsent: [
      { name: 'publisherId', type: 'uint32' },
      { name: 'key', type: 'address' },
      { name: 'deadline', type: 'uint256' },
    ],
  }
  const signature = await key.signTypedData(domain, types, { publisherId, key: key.address, deadline: deadlineS })
  return { key: fromHex(key.address, 20), deadlineS, signature: fromHex(signature, 65) }
}

/** The registry has no such view, but whoever is custody already is told of which publisher when asking for another. */
async function publisherIdOf(node: ChainNode, deployment: Deployment, custody: Uint8Array): Promise<number | null> {
  const values = ['', toHex0x(new Uint8Array(32))]
  const { to, data } = transaction(deployment.publisherRegistry, publishers, 'createPublisher', values)
  try {
    await node.call({ from: custody, to, data })
    return null
  } catch (cause) {
    const error = explained(cause)
    const revert = error instanceof RegistryError && error.cause instanceof ContractRevert ? error.cause : null
    if (revert?.errorName === 'PublisherRegistryCustodyTaken') return Number(revert.values.publisherId)
    throw error
  }
}

function transaction(to: Uint8Array, contract: Interface, name: string, values: unknown[]): Transaction {
  return { to, data: fromHex(contract.encodeFunctionData(name, values)) }
}

const structOf = ({ contentDigest, manifestDigest, kind, algorithm, perceptualHashes }: Registration) => [
  toHex0x(contentDigest),
  toHex0x(manifestDigest),
  kind,
  algorithm,
  perceptualHashes.map(toHex0x),
]

/** Splits by number and by expected gas. */
function* inBatches(registrations: Registration[]): Generator<Registration[]> {
  let batch: Registration[] = []
  let gas = 0n
  for (const registration of registrations) {
    const own = GAS_PER_ITEM + GAS_PER_WORD * BigInt(registration.perceptualHashes.length)
    if (batch.length > 0 && (batch.length === MAX_ITEMS || gas + own > MAX_GAS)) {
      yield batch
      batch = []
      gas = 0n
    }
    batch.push(registration)
    gas += own
  }
  if (batch.length > 0) yield batch
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
  const events = eventsOf(receipt, deployment)
  const fresh = new Set(events.map((event) => (event.type === 'mediaRegistered' ? toHex0x(event.recordId) : '')))
  return items.map(({ contentDigest }) => {
    const id = recordId(deployment.chainId, deployment.mediaRegistry, publisherId, contentDigest)
    return { ...anchored(receipt), recordId: id, isNew: fresh.delete(toHex0x(id)) }
  })
}
