/** What a publisher says of itself, as far as it can be believed without asking anybody: a `data:` address that has the
 *  anchored digest (docs/protocol.md §2.1). The text is a stranger's and ends on pages beside verdicts. */
import { createHash } from 'node:crypto'
import { equalBytes } from '../bytes.ts'

/** Gateways that a profile may name, and characters of each. */
const MAX_GATEWAYS = 8
const MAX_GATEWAY_LENGTH = 200

export interface Profile {
  name: string | null
  domain: string | null
}

/** Bytes of JSON. A name and a domain need 400. */
const MAX_PROFILE_BYTES = 4096

/** Code points. */
const MAX_NAME_LENGTH = 100

/** Three characters may stand for a byte. */
const MAX_URI_LENGTH = 3 * MAX_PROFILE_BYTES + 200

const DATA_URI = /^data:application\/json((?:;[^;,]*)*),/i

/** Unicode's controls and line ends; marks that turn the direction of writing (UAX #9, §2); characters that nobody sees. */
const INVISIBLE =
  /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u00ad\u200b\u2060-\u2064\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

/** RFC 1123 §2.1: labels of 1 to 63 letters, digits and hyphens, two at least, the last one no number. */
const HOST_NAME = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/

const NOTHING: Profile = { name: null, domain: null }

/** Reads name and domain from a profile's address. Whatever cannot be read is null, never an error.
 * @param digest SHA-256 that the profile's bytes must have, 32 bytes. */
export function readProfile(uri: string, digest: Uint8Array): Profile {
  const said = saidIn(uri, digest)
  return said ? { name: cleanName(said.name), domain: cleanDomain(said.domain) } : NOTHING
}

/** Reads `gateways` from a profile's address: where the publisher's blocks are served. Whatever cannot be asked is left out.
 * @returns at most 8 addresses without the `/ipfs` and without a slash at the end, each once. */
export function readGateways(uri: string, digest: Uint8Array): string[] {
  const { gateways } = saidIn(uri, digest) ?? {}
  if (!Array.isArray(gateways)) return []
  const clean = gateways.slice(0, MAX_GATEWAYS).flatMap((value) => cleanGateway(value) ?? [])
  return [...new Set(clean)]
}

function saidIn(uri: string, digest: Uint8Array): Record<string, unknown> | null {
  const bytes = dataOf(uri)
  if (!bytes || bytes.length > MAX_PROFILE_BYTES) return null
  return equalBytes(createHash('sha256').update(bytes).digest(), digest) ? parseObject(bytes) : null
}

/** Where a URL goes is for the guard of outgoing requests to judge, each time that it is asked. */
function cleanGateway(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > MAX_GATEWAY_LENGTH) return null
  const url = URL.parse(value)
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) return null
  return url.origin + url.pathname.replace(/\/+$/, '').replace(/\/ipfs$/, '')
}

function dataOf(uri: string): Uint8Array | null {
  const head = uri.length <= MAX_URI_LENGTH && DATA_URI.exec(uri)
  if (!head) return null
  const data = uri.slice(head[0].length)
  const base64 = /;\s*base64\s*$/i.test(head[1] ?? '')
  return base64 ? Buffer.from(data, 'base64') : percentDecode(data)
}

/** WHATWG URL, "percent-decode": what is no escape stands for itself. */
function percentDecode(text: string): Uint8Array {
  const latin = Buffer.from(text, 'utf8').toString('latin1')
  const decoded = latin.replace(/%([0-9a-f]{2})/gi, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)))
  return Buffer.from(decoded, 'latin1')
}

function parseObject(bytes: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function cleanName(value: unknown): string | null {
  if (typeof value !== 'string') return null
  const visible = value.toWellFormed().replace(INVISIBLE, '').replace(/\s+/g, ' ').trim()
  return [...visible].slice(0, MAX_NAME_LENGTH).join('').trim() || null
}

function cleanDomain(value: unknown): string | null {
  if (typeof value !== 'string') return null
  const domain = value.toLowerCase()
  return HOST_NAME.test(domain) ? domain : null
}
