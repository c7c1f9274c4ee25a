/** How much of a thing may be in use at the same time: by everybody together, and by each client. */
import { RegistryError } from '../errors.ts'

/** Whoever asks, as far as limits tell clients apart. */
export interface Client {
  /** An address, or a network of IPv6 addresses. */
  key: string
  /** Whether the limits of each client hold for this one; they do not for those on this machine. */
  limited: boolean
}

/** What one holds of a quota, until it is given back. */
export interface Share {
  /** Takes more of it. @throws as `take`. */
  more(amount: number): void
  /** Gives all of it back; a second time does nothing. */
  release(): void
}

export interface Quota {
  /** @throws RegistryError `request.rate_limited` where the client has as much as a client may, `server.busy` where all have. */
  take(client: Client, amount?: number): Share
  /** What is in use. */
  used(): number
}

export interface QuotaOptions {
  /** What is counted, for the detail of a refusal: `uploads`. */
  what: string
  total: number
  perClient: number
  /** Seconds after which a refused client is told to come back: about how long one holds its share. */
  retryAfterS(): number
}

export function createQuota({ what, total, perClient, retryAfterS }: QuotaOptions): Quota {
  let used = 0
  /** Clients without a share are not in it, so it does not grow with everybody who ever asked. */
  const byClient = new Map<string, number>()

  function add({ key, limited }: Client, amount: number): void {
    const own = (byClient.get(key) ?? 0) + amount
    if (amount > 0 && limited && own > perClient)
      throw new RegistryError('request.rate_limited', `a client has at most ${perClient} ${what} at a time`, {
        retryAfterS: retryAfterS(),
      })
    if (amount > 0 && used + amount > total)
      throw new RegistryError('server.busy', `the server has at most ${total} ${what} at a time`, {
        retryAfterS: retryAfterS(),
      })
    used += amount
    if (own > 0) byClient.set(key, own)
    else byClient.delete(key)
  }

  function take(client: Client, amount = 1): Share {
    add(client, amount)
    let held = amount
    return {
      more(further) {
        add(client, further)
        held += further
      },
      release() {
        add(client, -held)
        held = 0
      },
    }
  }

  return { take, used: () => used }
}
