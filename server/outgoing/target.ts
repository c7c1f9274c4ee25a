/** What an address asks for, and whether it may be asked for before any name is resolved. Pure. */
import { isIP } from 'node:net'
import { RegistryError } from '../errors.ts'
import { isPublicAddress } from './addresses.ts'

export interface Target {
  url: URL
  /** Name, or plain address without brackets: what is connected to. */
  host: string
  port: number
  /** Whether `FETCH_ALLOW` names it: it may then be any address. */
  allowed: boolean
}

/** A hole in the guard: one host at one port. */
export interface Allowed {
  host: string
  port: number
}

/** What is allowed beyond what everybody may ask for. */
export interface Rules {
  allow: readonly Allowed[]
  /** Of public hosts. */
  ports: readonly number[]
}

/** Those of the web: whatever else listens on a public host did not mean to be asked by strangers. */
export const WEB_PORTS = [80, 443]

/** Characters. Longer ones work nowhere reliably (RFC 9110 §4.1 asks for 8,000, browsers and proxies for 2,000). */
const MAX_URL_LENGTH = 2_048

const PORTS: Record<string, number> = { 'http:': 80, 'https:': 443 }

/** Names that mean this machine or its network wherever they are asked: RFC 6761, 6762, 7686, 8375, 9476, and ICANN's `internal`. */
const LOCAL_NAME =
  /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|private|localdomain|home\.arpa|onion|alt)$/

/** Reads an address as every browser does (WHATWG URL), so that what is checked is what is connected to: that turns the decimal,
 *  octal, hexadecimal and short forms of IPv4 into the plain one, and names of other alphabets into ASCII.
 *  @throws RegistryError `fetch.refused` that says what is in the way. */
export function parseTarget(text: string, { allow, ports }: Rules): Target {
  if (text.length > MAX_URL_LENGTH) throw refused('the address', `is longer than ${MAX_URL_LENGTH} characters`)
  // The parser leaves out tabs and line ends, and what is shown would not be what is meant.
  if (/[\p{Cc}\s]/u.test(text)) throw refused('the address', 'has spaces or control characters')
  const url = URL.parse(text)
  if (!url) throw refused('the address', 'is not a URL with a host that can exist')
  if (!(url.protocol in PORTS))
    throw refused('the address', `begins with "${url.protocol.slice(0, 20)}", not with http: or https:`)
  if (url.username || url.password) throw refused(url.hostname, 'would be sent a user name or a password')
  url.hash = ''
  const host = hostOf(url)
  const port = url.port === '' ? PORTS[url.protocol]! : Number(url.port)
  const allowed = allow.some((one) => one.host === host && one.port === port)
  if (!allowed) checkHost(host, port, ports)
  return { url, host, port, allowed }
}

function checkHost(host: string, port: number, ports: readonly number[]): void {
  if (!ports.includes(port)) throw refused(host, `would be asked at port ${port}; only ${ports.join(' and ')} are`)
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw refused(host, 'is not a public address')
  if (isIP(host) === 0 && (!host.includes('.') || LOCAL_NAME.test(host))) throw refused(host, 'is a name for local use')
}

/** Without the brackets of IPv6 and the dot that ends an absolute name. */
function hostOf({ hostname }: URL): string {
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname.replace(/\.$/, '')
  if (host === '' || host.length > 253 || host.split('.').includes('')) throw refused('the address', 'has no host')
  return host
}

/** @param who a host, as the client wrote it: of what lies behind its name nothing is told. */
export function refused(who: string, why: string): RegistryError {
  return new RegistryError('fetch.refused', `${who.slice(0, 253)} ${why}`)
}

/** Reads `FETCH_ALLOW`: `host:port`, separated by commas; IPv6 in brackets.
 *  @throws RangeError naming the entry that is not so. */
export function parseAllowed(text: string): Allowed[] {
  const entries = text.split(',').map((entry) => entry.trim())
  return entries.filter((entry) => entry !== '').map(parseEntry)
}

function parseEntry(entry: string): Allowed {
  const port = Number(/:(\d{1,5})$/.exec(entry)?.[1])
  const url = URL.parse(`http://${entry}`)
  if (!url || !(port >= 1 && port <= 65_535) || `${url.pathname}${url.search}${url.hash}${url.username}` !== '/')
    throw new RangeError(`expected host:port, got "${entry.slice(0, 80)}"`)
  return { host: hostOf(url), port }
}
