/** Events as data, seeded at random, and as a node would send them, encoded by ethers. */

import { Interface } from 'ethers'
import fc from 'fast-check'
import { fromHex, toHex0x } from '../../server/bytes.ts'
import type { Deployment, RegistryEvent } from '../../server/chain/events.ts'
import { mediaRegistryAbi, publisherRegistryAbi } from '../../server/chain/generated.ts'
import type { RawLog } from '../../server/chain/node.ts'

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
)

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
