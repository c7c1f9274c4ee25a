/** Events as data, seeded at random, and as a node would send them, encoded by ethers. */

import { Interface, ZeroAddress } from 'ethers'
import fc from 'fast-check'
import { fromHex, toHex0x } from '../../server/bytes.ts'
import type { BatchLogged, Deployment, Registration, RegistryEvent } from '../../server/chain/events.ts'
import { mediaRegistryAbi, publisherRegistryAbi } from '../../server/chain/generated.ts'
import { claimOf, rootOf } from '../../server/chain/ids.ts'
import type { RawLog } from '../../server/chain/node.ts'
import { claimsValue } from '../../server/chain/typed-data.ts'

export const publishers = new Interface(publisherRegistryAbi)
export const media = new Interface(mediaRegistryAbi)

export const DEPLOYMENT: Deployment = {
  chainId: 31337,
  publisherRegistry: fromHex('11'.repeat(20)),
  mediaRegistry: fromHex('22'.repeat(20)),
  startBlock: 1,
}

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const uint8 = fc.nat({ max: 255 })
const publisherId = fc.nat({ max: 0xffff_ffff })
const word = bytes(32)
const account = bytes(20)
const anchor = { recordId: word, publisherId, contentDigest: word, signer: account }

const accountOrNull = fc.option(
  account.filter((bytes) => bytes.some((byte) => byte !== 0)),
  { freq: 3 },
)
const time = fc.nat({ max: 2 ** 40 - 1 })

/** A batch as the contract would log it: with the root of its claims. */
export function loggedBatch(publisherId: number, signer: Uint8Array, registrations: Registration[]): BatchLogged {
  const claims = registrations.map((registration) => claimOf(DEPLOYMENT, publisherId, registration))
  return { type: 'batchLogged', publisherId, root: rootOf(claims), signer, claims }
}

const registration = fc.record({
  contentDigest: word,
  manifestDigest: word,
  kind: uint8,
  algorithm: uint8,
  perceptualHashes: fc.array(word, { maxLength: 5 }),
})

const anyBatch = fc
  .tuple(publisherId, account, fc.array(registration, { minLength: 1, maxLength: 5 }))
  .map((values) => loggedBatch(...values))

export const anyEvent: fc.Arbitrary<RegistryEvent> = fc.oneof(
  fc.record({ type: fc.constant('publisherCreated' as const), publisherId, custody: account }),
  fc.record({
    type: fc.constant('profileChanged' as const),
    publisherId,
    uri: fc.string({ unit: 'binary', maxLength: 100 }),
    digest: word,
  }),
  fc.record({ type: fc.constant('keyAdded' as const), publisherId, key: account }),
  fc.record({ type: fc.constant('keyEnded' as const), publisherId, key: account }),
  fc.record({
    type: fc.constant('mediaRegistered' as const),
    ...anchor,
    kind: uint8,
    algorithm: uint8,
    manifestDigest: word,
    perceptualHashes: fc.array(word, { maxLength: 64 }),
  }),
  fc.record({ type: fc.constant('mediaRevoked' as const), ...anchor, reason: uint8 }),
  fc.record({ type: fc.constant('mediaSuperseded' as const), ...anchor, supersededBy: word }),
  anyBatch,
  fc.record({
    type: fc.constant('batchRooted' as const),
    publisherId,
    root: word,
    signer: account,
    listDigest: word,
    count: fc.nat({ max: 8_192 }),
  }),
  fc.record({ type: fc.constant('compromiseDeclared' as const), publisherId, account, custody: account, since: time }),
  fc.record({ type: fc.constant('custodyOffered' as const), publisherId, to: accountOrNull }),
  fc.record({ type: fc.constant('custodyRecoveryOffered' as const), publisherId, to: accountOrNull }),
  fc.record({ type: fc.constant('custodyTransferred' as const), publisherId, from: account, to: account }),
  fc.record({
    type: fc.constant('recoveryChangeStarted' as const),
    publisherId,
    to: accountOrNull,
    notBefore: time,
  }),
  fc.record({ type: fc.constant('recoveryChangeCancelled' as const), publisherId }),
  fc.record({ type: fc.constant('recoveryChanged' as const), publisherId, recovery: accountOrNull }),
)

const hexOf = (account: Uint8Array | null) => (account ? toHex0x(account) : ZeroAddress)
/** Whoever offers custody: the decoder leaves it out. */
const OFFERER = `0x${'77'.repeat(20)}`

/** Name of the event in the contract, and its values in order. */
function forAbi(event: RegistryEvent): [Interface, string, unknown[]] {
  const { publisherId } = event
  switch (event.type) {
    case 'publisherCreated':
      return [publishers, 'PublisherCreated', [publisherId, toHex0x(event.custody)]]
    case 'profileChanged':
      return [publishers, 'ProfileChanged', [publisherId, event.uri, event.digest]]
    case 'keyAdded':
      return [publishers, 'KeyAdded', [publisherId, toHex0x(event.key)]]
    case 'keyEnded':
      return [publishers, 'KeyEnded', [publisherId, toHex0x(event.key)]]
    case 'mediaRegistered': {
      const { recordId, contentDigest, signer, kind, algorithm, manifestDigest, perceptualHashes } = event
      const rest = [toHex0x(signer), kind, algorithm, manifestDigest, perceptualHashes]
      return [media, 'MediaRegistered', [recordId, publisherId, contentDigest, ...rest]]
    }
    case 'mediaRevoked': {
      const { recordId, contentDigest, signer, reason } = event
      return [media, 'MediaRevoked', [recordId, publisherId, contentDigest, toHex0x(signer), reason]]
    }
    case 'mediaSuperseded': {
      const { recordId, contentDigest, signer, supersededBy } = event
      return [media, 'MediaSuperseded', [recordId, publisherId, contentDigest, toHex0x(signer), supersededBy]]
    }
    case 'batchLogged': {
      const { contentDigests, manifestDigests, heads, perceptualHashes } = claimsValue(event.claims)
      const lists = [contentDigests, manifestDigests, heads, perceptualHashes]
      return [media, 'BatchLogged', [publisherId, event.root, toHex0x(event.signer), ...lists]]
    }
    case 'batchRooted':
      return [media, 'BatchRooted', [publisherId, event.root, toHex0x(event.signer), event.listDigest, event.count]]
    case 'compromiseDeclared':
      return [
        publishers,
        'CompromiseDeclared',
        [publisherId, toHex0x(event.account), toHex0x(event.custody), event.since],
      ]
    case 'custodyOffered':
      return [publishers, 'CustodyOffered', [publisherId, OFFERER, hexOf(event.to)]]
    case 'custodyRecoveryOffered':
      return [publishers, 'CustodyRecoveryOffered', [publisherId, OFFERER, hexOf(event.to)]]
    case 'custodyTransferred':
      return [publishers, 'CustodyTransferred', [publisherId, toHex0x(event.from), toHex0x(event.to)]]
    case 'recoveryChangeStarted':
      return [publishers, 'RecoveryChangeStarted', [publisherId, hexOf(event.to), event.notBefore]]
    case 'recoveryChangeCancelled':
      return [publishers, 'RecoveryChangeCancelled', [publisherId]]
    case 'recoveryChanged':
      return [publishers, 'RecoveryChanged', [publisherId, hexOf(event.recovery)]]
  }
}

const hex = (value: number) => `0x${value.toString(16)}`

export interface RawPosition {
  blockNumber: number
  logIndex: number
  blockHash: Uint8Array
  transactionHash: Uint8Array
}

export function rawLog(event: RegistryEvent, at: RawPosition, deployment = DEPLOYMENT): RawLog {
  const [contract, name, values] = forAbi(event)
  const { topics, data } = contract.encodeEventLog(name, values)
  return {
    address: toHex0x(contract === media ? deployment.mediaRegistry : deployment.publisherRegistry),
    topics,
    data,
    blockNumber: hex(at.blockNumber),
    blockHash: toHex0x(at.blockHash),
    transactionHash: toHex0x(at.transactionHash),
    logIndex: hex(at.logIndex),
    removed: false,
  }
}
