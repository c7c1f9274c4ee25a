/** What publishers do: events that the contracts could write, each valid after those before it (docs/protocol.md §2). Accounts and media are
 *  few, so that the same ones meet often. */

import { toHex } from '../../server/bytes.ts'
import type { Claim, Deployment, RegistryEvent } from '../../server/chain/events.ts'
import { claimOf, rootOf } from '../../server/chain/ids.ts'
import { addressOf, digestOf, profile } from '../catalogue/made.ts'
import type { Random } from './random.ts'

const PUBLISHERS = 3
const KEYS = 3
const MEDIA = 10
const LISTS = 2

interface Said {
  /** Who said it, by name, and when. */
  signer: string
  time: number
}

interface PublisherState {
  custody: string
  former: string[]
  /** Names of accounts that were offered custody, or null. */
  offered: string | null
  recovery: string | null
  recoveryWaits: boolean
  keys: Map<string, { addedAt: number; live: boolean }>
  /** Account to the second from which on it is void. */
  compromised: Map<string, number>
  /** What was registered, revoked, superseded or put into a batch last. */
  said: Map<string, Said>
  handovers: number
}

/** What the contracts hold; never changed in place once a block has it. */
export type ContractState = readonly PublisherState[]

const cloned = (state: ContractState): PublisherState[] =>
  state.map((one) => ({
    ...one,
    former: [...one.former],
    keys: new Map([...one.keys].map(([key, value]) => [key, { ...value }])),
    compromised: new Map(one.compromised),
    said: new Map(one.said),
  }))

const EVENTS = new Map<string, RegistryEvent>()

/** The same object for the same name: encoding one takes longer than all the rest. */
function once(name: string, make: () => RegistryEvent): RegistryEvent {
  const event = EVENTS.get(name) ?? make()
  EVENTS.set(name, event)
  return event
}

const CLAIMS = new Map<string, Claim>()

function claim({ chainId, mediaRegistry }: Deployment, publisherId: number, media: number): Claim {
  const name = `${chainId} ${toHex(mediaRegistry)} ${publisherId} ${media}`
  const words = media % 3
  const made = {
    contentDigest: digestOf(`media ${media}`),
    manifestDigest: digestOf(`manifest ${media}`),
    kind: 1 + (media % 3),
    algorithm: words > 0 ? 1 : 0,
    perceptualHashes: Array.from({ length: words }, (_, i) => digestOf(`word ${i} of ${media}`)),
  }
  if (!CLAIMS.has(name)) CLAIMS.set(name, claimOf({ chainId, mediaRegistry }, publisherId, made))
  return CLAIMS.get(name)!
}

/** Events of one block, and the state after them. */
export function blockOf(
  before: ContractState,
  { deployment, random, time, count }: { deployment: Deployment; random: Random; time: number; count: number },
): { events: RegistryEvent[]; state: ContractState } {
  if (count === 0) return { events: [], state: before }
  const state = cloned(before)
  const events: RegistryEvent[] = []
  for (let i = 0; i < count; i++) {
    if (state.length === 0 || (state.length < PUBLISHERS && random.oneIn(12))) events.push(create(state))
    else events.push(...act(state, deployment, random, time))
  }
  return { events, state }
}

function create(state: PublisherState[]): RegistryEvent {
  const publisherId = state.length + 1
  const custody = `custody 0 of ${publisherId}`
  state.push({
    custody,
    former: [],
    offered: null,
    recovery: null,
    recoveryWaits: false,
    keys: new Map(),
    compromised: new Map(),
    said: new Map(),
    handovers: 0,
  })
  return once(`create ${publisherId}`, () => ({
    type: 'publisherCreated',
    publisherId,
    custody: addressOf(custody),
  }))
}

/** One transaction of one publisher: none to two events. */
function act(state: PublisherState[], deployment: Deployment, random: Random, time: number): RegistryEvent[] {
  const publisherId = 1 + random.below(state.length)
  const publisher = state[publisherId - 1]!
  const live = [...publisher.keys].filter(([, { live }]) => live).map(([key]) => key)
  if (live.length === 0 || random.oneIn(3)) return manage(publisher, publisherId, random, time)
  return publish(publisher, publisherId, { deployment, random, time, signer: random.pick(live) })
}

function manage(p: PublisherState, publisherId: number, random: Random, time: number): RegistryEvent[] {
  const of = (event: object) => ({ publisherId, ...event }) as RegistryEvent
  const nameOr = (name: string | null) => (name === null ? null : addressOf(name))
  switch (random.below(9)) {
    case 0:
    case 1:
    case 2: {
      const key = `key ${random.below(KEYS)} of ${random.pick([publisherId, 0])}`
      if (p.keys.has(key) || p.compromised.has(key)) return []
      p.keys.set(key, { addedAt: time, live: true })
      return [once(`add ${publisherId} ${key}`, () => of({ type: 'keyAdded', key: addressOf(key) }))]
    }
    case 3: {
      const content = `{"name":"Publisher ${publisherId}, version ${random.below(3)}"}`
      return [once(`profile ${publisherId} ${content}`, () => profile(publisherId, content))]
    }
    case 4: {
      const key = [...p.keys].find(([, { live }]) => live)?.[0]
      return key && random.oneIn(2) ? [end(p, publisherId, key)] : []
    }
    case 5:
      return random.oneIn(2) ? compromise(p, publisherId, random, time) : []
    case 6: {
      const type = p.recovery !== null && random.oneIn(2) ? 'custodyRecoveryOffered' : 'custodyOffered'
      p.offered = random.oneIn(4) ? null : `custody ${p.handovers + 1} of ${publisherId}`
      const { offered } = p
      return [once(`${type} ${publisherId} ${offered}`, () => of({ type, to: nameOr(offered) }))]
    }
    case 7: {
      if (p.offered === null) return []
      const [from, to] = [p.custody, p.offered]
      p.former.push(from)
      Object.assign(p, { custody: to, offered: null, handovers: p.handovers + 1, recoveryWaits: false })
      const event = { type: 'custodyTransferred', from: addressOf(from), to: addressOf(to) }
      return [once(`transfer ${publisherId} ${from} ${to}`, () => of(event))]
    }
    default:
      return recovery(p, publisherId, random, time)
  }
}

function end(p: PublisherState, publisherId: number, key: string): RegistryEvent {
  p.keys.get(key)!.live = false
  return once(`end ${publisherId} ${key}`, () => ({ type: 'keyEnded', publisherId, key: addressOf(key) }))
}

function compromise(p: PublisherState, publisherId: number, random: Random, time: number): RegistryEvent[] {
  const account = random.pick([...p.keys.keys(), ...p.former])
  if (account === undefined) return []
  const key = p.keys.get(account)
  const from = key?.addedAt ?? time
  // Again only since an earlier time.
  const latest = Math.min(time, (p.compromised.get(account) ?? Infinity) - 1)
  if (latest < from) return []
  const since = from + random.below(latest - from + 1)
  p.compromised.set(account, since)
  const { custody } = p
  const declared = once(`compromise ${publisherId} ${account} ${since} by ${custody}`, () => ({
    type: 'compromiseDeclared',
    publisherId,
    account: addressOf(account),
    custody: addressOf(custody),
    since,
  }))
  return key?.live ? [end(p, publisherId, account), declared] : [declared]
}

function recovery(p: PublisherState, publisherId: number, random: Random, time: number): RegistryEvent[] {
  const to = `recovery ${random.below(2)} of ${publisherId}`
  if (p.recovery === null || (p.recoveryWaits && random.oneIn(2))) {
    Object.assign(p, { recovery: to, recoveryWaits: false })
    const changed = { type: 'recoveryChanged' as const, publisherId, recovery: addressOf(to) }
    return [once(`recovery ${publisherId} ${to}`, () => changed)]
  }
  if (p.recoveryWaits) {
    p.recoveryWaits = false
    return [once(`recovery cancelled ${publisherId}`, () => ({ type: 'recoveryChangeCancelled', publisherId }))]
  }
  p.recoveryWaits = true
  const notBefore = time + 604_800
  const started = { type: 'recoveryChangeStarted' as const, publisherId, to: addressOf(to), notBefore }
  return [once(`recovery started ${publisherId} ${to} ${time}`, () => started)]
}

interface Publication {
  deployment: Deployment
  random: Random
  time: number
  signer: string
}

function publish(p: PublisherState, publisherId: number, publication: Publication): RegistryEvent[] {
  const { deployment, random, time, signer } = publication
  const media = random.below(MEDIA)
  const of = (event: object) => ({ publisherId, signer: addressOf(signer), ...event }) as RegistryEvent
  /** Said once, or again where what was said is void. */
  function say(what: string, event: () => object): RegistryEvent[] {
    const before = p.said.get(what)
    if (before && !((p.compromised.get(before.signer) ?? Infinity) <= before.time)) return []
    p.said.set(what, { signer, time })
    const where = `${deployment.chainId} ${toHex(deployment.mediaRegistry)}`
    return [once(`${where} ${publisherId} ${signer} ${what}`, () => of(event()))]
  }
  const { recordId, contentDigest } = claim(deployment, publisherId, media)
  switch (random.below(10)) {
    case 0: {
      const list = random.below(LISTS)
      const claims = Array.from({ length: 1 + list }, (_, i) => claim(deployment, publisherId, 2 * list + i))
      return say(`logged ${list}`, () => ({ type: 'batchLogged', root: rootOf(claims), claims }))
    }
    case 1: {
      const list = random.below(LISTS)
      const [root, listDigest] = [digestOf(`root ${list}`), digestOf(`list ${list}`)]
      return say(`rooted ${list}`, () => ({ type: 'batchRooted', root, listDigest, count: 7 + list }))
    }
    case 2:
      return say(`revoked ${media}`, () => ({ type: 'mediaRevoked', recordId, contentDigest, reason: 1 + (media % 4) }))
    case 3: {
      const supersededBy = digestOf(`media ${media + 1}`)
      return say(`superseded ${media}`, () => ({ type: 'mediaSuperseded', recordId, contentDigest, supersededBy }))
    }
    default:
      return say(`stored ${media}`, () => ({ type: 'mediaRegistered', ...claim(deployment, publisherId, media) }))
  }
}
