/** The address at which a publisher says that its original was published: whether the page offers to play from there. Pure. */

export interface Source {
  address: string
  /** As it is asked: a name of another alphabet in the letters of ASCII. */
  host: string
}

/** Characters, as of what the server fetches (docs/protocol.md §3, "Requests to elsewhere"). */
const MAX_LENGTH = 2_048

/** Names that mean a machine or a network of the reader's own, as in `server/outgoing/target.ts`. */
const LOCAL_NAME =
  /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|private|localdomain|home\.arpa|onion|alt)$/

/** Anybody who registers can write any address: only https, at its own port, of a host that has a public name, without a user's name.
 *  @returns null for every other one. */
export function sourceOf(text: string | null): Source | null {
  if (text === null || text.length > MAX_LENGTH || /[\p{Cc}\s]/u.test(text)) return null
  const url = URL.parse(text)
  if (url?.protocol !== 'https:' || url.port !== '' || url.username || url.password) return null
  const host = url.hostname.replace(/\.$/, '')
  // The parser has turned every form of IPv4 into the plain one; a name never ends in a number.
  if (!host.includes('.') || host.startsWith('[') || /\.\d+$/.test(host) || LOCAL_NAME.test(host)) return null
  return host.split('.').includes('') ? null : { address: url.href, host }
}
