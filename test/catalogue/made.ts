/** Made-up blocks and events, the same in every run. */
import { createHash } from 'node:crypto'
import type { Batch } from '../../server/catalogue/batch.ts'
import type { BlockHeader, Claim, RegistryEvent } from '../../server/chain/index.ts'

/** 32 bytes that stand for a name. */
export function digestOf(name: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(name).digest())
}

/** 20 bytes that stand for a name. */
export function addressOf(name: string): Uint8Array {
  return digestOf(`address of ${name}`).slice(0, 20)
}

/** Seconds since 1970 of a block. */
export function timeOf(blockNumber: number): number {
  return 1_700_000_000 + 12 * blockNumber
}

export interface MadeChain {
  /** A block with these logs on top of the last one. */
  block(...events: RegistryEvent[]): Batch
  /** Takes back everything above a block; what comes then has other hashes than what was there. */
  rollback(number: number): void
  /** Leaves out numbers: blocks that hold nothing of ours have no header. */
  skip(count: number): void
  head(): BlockHeader | undefined
}

export function madeChain(): MadeChain {
  const headers: BlockHeader[] = []
  let made = 0
  let skipped = 0
  return {
    head: () => headers.at(-1),
    skip: (count) => {
      skipped += count
    },
    rollback(number) {
      while ((headers.at(-1)?.number ?? -1) > number) headers.pop()
    },
    block(...events) {
      const parent = headers.at(-1)
      const number = (parent?.number ?? 0) + 1 + skipped
      const name = `block ${++made}`
      const parentHash = parent && skipped === 0 ? parent.hash : digestOf(`parent of ${name}`)
      const header = { number, hash: digestOf(name), parentHash, time: timeOf(number) }
      headers.push(header)
      skipped = 0
      const at = (logIndex: number) => ({
        blockNumber: number,
        logIndex,
        transactionHash: digestOf(`${name}, ${logIndex}`),
      })
      return { headers: [header], logs: events.map((event, i) => ({ ...event, at: at(2 * i) })) }
    },
  }
}

/** Several batches as one. */
export function joined(...batches: Batch[]): Batch {
  return { headers: batches.flatMap(({ headers }) => headers), logs: batches.flatMap(({ logs }) => logs) }
}

export function created(publisherId: number): RegistryEvent {
  return { type: 'publisherCreated', publisherId, custody: addressOf(`custody of ${publisherId}`) }
}

export function profile(publisherId: number, content: string): RegistryEvent {
  const uri = `data:application/json,${encodeURIComponent(content)}`
  return { type: 'profileChanged', publisherId, uri, digest: digestOf(content) }
}

export function keyAdded(publisherId: number, key: string): RegistryEvent {
  return { type: 'keyAdded', publisherId, key: addressOf(key) }
}

export function keyEnded(publisherId: number, key: string): RegistryEvent {
  return { type: 'keyEnded', publisherId, key: addressOf(key) }
}

interface Made {
  publisherId?: number
  kind?: number
  algorithm?: number
  words?: number
  content?: string
  manifest?: string
  signer?: string
}

/** `name` makes the record; `content` is `name` too unless two records share it. */
export function registered(name: string, made: Made = {}): RegistryEvent {
  const { publisherId = 1, signer = `signer of ${name}` } = made
  return { type: 'mediaRegistered', ...claimed(name, made), publisherId, signer: addressOf(signer) }
}

/** What is claimed, by itself. */
export function claimed(name: string, made: Made = {}): Claim {
  const { kind = 1, algorithm = 1, words = 1, content = name, manifest = name } = made
  return {
    recordId: recordIdOf(name),
    contentDigest: digestOf(content),
    kind,
    algorithm,
    manifestDigest: digestOf(`manifest ${manifest}`),
    perceptualHashes: Array.from({ length: words }, (_, i) => digestOf(`word ${i} of ${name}`)),
  }
}

export function logged(batch: string, names: string[], signer: string): RegistryEvent {
  const claims = names.map((name) => claimed(name, { manifest: `${name} in ${batch}` }))
  return { type: 'batchLogged', publisherId: 1, root: digestOf(batch), signer: addressOf(signer), claims }
}

export function batchOf(batch: string, count: number) {
  return { root: digestOf(batch), listDigest: digestOf(`list of ${batch}`), count }
}

export function rooted(batch: string, count: number, signer: string): RegistryEvent {
  return { type: 'batchRooted', publisherId: 1, ...batchOf(batch, count), signer: addressOf(signer) }
}

/** @param since the number of a block. @param by whoever is custody. */
export function compromised(account: string, since: number, by = 'custody'): RegistryEvent {
  const said = { account: addressOf(account), custody: addressOf(by), since: timeOf(since) }
  return { type: 'compromiseDeclared', publisherId: 1, ...said }
}

export function superseded(name: string, by: string, signer: string): RegistryEvent {
  const contentDigest = digestOf(name)
  const said = { recordId: recordIdOf(name), contentDigest, supersededBy: digestOf(by) }
  return { type: 'mediaSuperseded', publisherId: 1, ...said, signer: addressOf(signer) }
}

export function revoked(name: string, reason = 1, publisherId = 1, signer = `revoker of ${name}`): RegistryEvent {
  return {
    type: 'mediaRevoked',
    recordId: recordIdOf(name),
    publisherId,
    contentDigest: digestOf(name),
    signer: addressOf(signer),
    reason,
  }
}

export function recordIdOf(name: string): Uint8Array {
  return digestOf(`record ${name}`)
}
