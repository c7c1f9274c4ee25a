/** Names into addresses, once, so that the connection goes to what was checked. */
import { lookup, Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { RegistryError } from '../errors.ts'
import { isPublicAddress } from './addresses.ts'
import { refused, type Target } from './target.ts'

export interface Address {
  address: string
  family: 4 | 6
}

/** All addresses of a name; none for a name that has none. */
export type Resolve = (host: string, signal: AbortSignal) => Promise<Address[]>

/** Addresses of a name that are tried. */
const MAX_ADDRESSES = 8
/** Milliseconds for one question to a name server, and questions. */
const QUESTION_MS = 3_000
const QUESTIONS = 2

/** Where a target may be connected to: every address that its name has is public, for of several any may be used.
 *  @throws RegistryError `fetch.refused`, `fetch.unreachable`. */
export async function addressesOf(
  { host, allowed }: Target,
  resolve: Resolve,
  signal: AbortSignal,
): Promise<Address[]> {
  const family = isIP(host)
  if (family !== 0) return [{ address: host, family: family as 4 | 6 }]
  const found = await unlessAborted(allowed ? resolveAsSystem(host) : resolve(host, signal), signal)
  if (found.length === 0) throw new RegistryError('fetch.unreachable', `${host} has no address`)
  if (!allowed && !found.every(({ address }) => isPublicAddress(address)))
    throw refused(host, 'is the name of an address that is not public')
  return found.slice(0, MAX_ADDRESSES)
}

/** Rejects when the signal is given: not every resolver can be told to stop. Leaves nothing at the signal, which may be the whole server's. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const stop = () => reject(signal.reason)
  signal.addEventListener('abort', stop)
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Asks the name servers themselves: `getaddrinfo` holds one of four threads that files need too, for as long as a stranger's name server
 *  likes, and completes names with the domain of the local network. */
export const resolvePublicly: Resolve = async (host, signal) => {
  const resolver = new Resolver({ timeout: QUESTION_MS, tries: QUESTIONS })
  const cancel = () => resolver.cancel()
  signal.addEventListener('abort', cancel)
  try {
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
    return answers.flatMap((answer, i) =>
      answer.status === 'fulfilled'
        ? answer.value.map((address) => ({ address, family: i === 0 ? 4 : 6 }) as const)
        : [],
    )
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

/** For the operator's own names, which may stand in a file of hosts. */
async function resolveAsSystem(host: string): Promise<Address[]> {
  const found = await lookup(host, { all: true }).catch(() => [])
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }))
}
