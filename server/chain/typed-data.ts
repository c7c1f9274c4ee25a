/** What keys sign (docs/protocol.md §2.1 and §2.3): EIP-712 types in one place. */
import { type BaseWallet, hexlify, randomBytes, verifyTypedData } from 'ethers'
import { fromHex, toHex0x } from '../bytes.ts'
import type { Deployment, Registration, RootedBatch } from './events.ts'

/** A key that signs. */
export type RequestSigner = Pick<BaseWallet, 'address' | 'signTypedData'>

/** A key's permission to be listed by a publisher. */
export interface KeyConsent {
  /** 20 bytes. */
  key: Uint8Array
  /** Seconds since 1970, by the clock of the chain. */
  deadlineS: number
  /** EIP-712, 65 bytes. */
  signature: Uint8Array
}

const field = (type: string, name: string) => ({ type, name })
const who = [field('uint32', 'publisherId'), field('address', 'key')]
const until = [field('uint256', 'nonce'), field('uint256', 'deadline')]

const REGISTRATION = [
  field('bytes32', 'contentDigest'),
  field('bytes32', 'manifestDigest'),
  field('uint8', 'kind'),
  field('uint8', 'algorithm'),
  field('bytes32[]', 'perceptualHashes'),
]
const ROOTED_BATCH = [field('bytes32', 'root'), field('bytes32', 'listDigest'), field('uint32', 'count')]

/** Fields of each request between the key and the nonce, and the types that they name. */
const REQUESTS = {
  Register: { fields: [field('Registration', 'registration')], types: { Registration: REGISTRATION } },
  RegisterMany: { fields: [field('Registration[]', 'registrations')], types: { Registration: REGISTRATION } },
  RegisterLogged: { fields: [field('bytes32[]', 'leaves')], types: {} },
  RegisterRoots: { fields: [field('RootedBatch[]', 'batches')], types: { RootedBatch: ROOTED_BATCH } },
  Revoke: { fields: [field('bytes32', 'contentDigest'), field('uint8', 'reason')], types: {} },
  Supersede: { fields: [field('bytes32', 'contentDigest'), field('bytes32', 'supersededBy')], types: {} },
} as const
export type RequestName = keyof typeof REQUESTS

/** What a request says, by the names of its fields. */
export type RequestValues = Readonly<Record<string, unknown>>

/** As the contracts take it. */
export interface Authorization {
  key: string
  nonce: bigint
  deadline: number
  signature: string
}

/** Domain, types and values, as `signTypedData` takes them. */
export function requestData(
  deployment: Deployment,
  name: RequestName,
  publisherId: number,
  values: RequestValues,
  by: Omit<Authorization, 'signature'>,
) {
  const { fields, types } = REQUESTS[name]
  return {
    domain: domainOf('Firsthand MediaRegistry', deployment, deployment.mediaRegistry),
    types: { [name]: [...who, ...fields, ...until], ...types } as Record<string, { type: string; name: string }[]>,
    value: { publisherId, ...values, ...by },
  }
}

/** Signs a request, so that somebody else can send it. @param deadlineS by the clock of the chain, at most 30 days ahead. */
export async function authorize(
  deployment: Deployment,
  key: RequestSigner,
  name: RequestName,
  request: { publisherId: number; values: RequestValues; nonce: bigint; deadlineS: number },
): Promise<Authorization> {
  const by = { key: key.address, nonce: request.nonce, deadline: request.deadlineS }
  const { domain, types, value } = requestData(deployment, name, request.publisherId, request.values, by)
  return { ...by, signature: await key.signTypedData(domain, types, value) }
}

/** Nonces that nobody else uses: a random slot of 256, used up one after the other, because a used slot is cheaper than a new one. */
export function createNonces(): () => bigint {
  let next = 0n
  return () => {
    if ((next & 255n) === 0n) next = BigInt(hexlify(randomBytes(31))) << 8n
    return next++
  }
}

const KEY_CONSENT = {
  KeyConsent: [
    field('uint32', 'publisherId'),
    field('address', 'custody'),
    field('address', 'key'),
    field('uint256', 'deadline'),
  ],
}

/** Which publisher a key consents to be listed by. */
export interface Listing {
  publisherId: number
  /** Who adds the key, 20 bytes: an id alone could be somebody else's after a reorganisation of the chain. */
  custody: Uint8Array
}

/** Whose signature a consent is, 20 bytes. A broken one is somebody's by chance, or null. */
export function consentSigner(
  deployment: Pick<Deployment, 'chainId' | 'publisherRegistry'>,
  { publisherId, custody }: Listing,
  { key, deadlineS, signature }: KeyConsent,
): Uint8Array | null {
  const domain = domainOf('Firsthand PublisherRegistry', deployment, deployment.publisherRegistry)
  const value = { publisherId, custody: toHex0x(custody), key: toHex0x(key), deadline: deadlineS }
  try {
    return fromHex(verifyTypedData(domain, KEY_CONSENT, value, toHex0x(signature)), 20)
  } catch {
    return null
  }
}

/** The consent that `addKey` needs, signed by the key's own wallet, which may be on another machine than custody's.
 *  @param deadlineS by the clock of the chain, at most 30 days ahead. */
export async function signKeyConsent(
  deployment: Pick<Deployment, 'chainId' | 'publisherRegistry'>,
  { publisherId, custody }: Listing,
  key: RequestSigner,
  deadlineS: number,
): Promise<KeyConsent> {
  const domain = domainOf('Firsthand PublisherRegistry', deployment, deployment.publisherRegistry)
  const value = { publisherId, custody: toHex0x(custody), key: key.address, deadline: deadlineS }
  const signature = await key.signTypedData(domain, KEY_CONSENT, value)
  return { key: fromHex(key.address, 20), deadlineS, signature: fromHex(signature, 65) }
}

function domainOf(name: string, { chainId }: Pick<Deployment, 'chainId'>, contract: Uint8Array) {
  return { name, version: '1', chainId, verifyingContract: toHex0x(contract) }
}

/** As ABI coders take it. */
export const registrationValue = (registration: Registration) => ({
  contentDigest: toHex0x(registration.contentDigest),
  manifestDigest: toHex0x(registration.manifestDigest),
  kind: registration.kind,
  algorithm: registration.algorithm,
  perceptualHashes: registration.perceptualHashes.map(toHex0x),
})

/** As ABI coders take it. */
export const batchValue = ({ root, listDigest, count }: RootedBatch) => ({
  root: toHex0x(root),
  listDigest: toHex0x(listDigest),
  count,
})

/** Registrations field by field, as a logged batch takes them (docs/protocol.md §2.2). */
export const claimsValue = (registrations: readonly Registration[]) => ({
  contentDigests: registrations.map(({ contentDigest }) => toHex0x(contentDigest)),
  manifestDigests: registrations.map(({ manifestDigest }) => toHex0x(manifestDigest)),
  heads: toHex0x(
    Uint8Array.from(
      registrations.flatMap(({ kind, algorithm, perceptualHashes }) => [kind, algorithm, perceptualHashes.length]),
    ),
  ),
  perceptualHashes: registrations.flatMap(({ perceptualHashes }) => perceptualHashes.map(toHex0x)),
})
