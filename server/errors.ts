/** One error class and one table of codes. `docs/errors.md` has a paragraph for each code; a test compares both. */

interface ErrorKind {
  /** HTTP status. */
  status: number
  title: string
  /** Whether the same request may succeed later. */
  retry: boolean
}

const kind = (status: number, title: string, retry = false): ErrorKind => ({ status, title, retry })

export const ERRORS = {
  'request.invalid': kind(400, 'The request is not valid'),
  'request.forbidden': kind(403, 'The request is not allowed here'),
  'request.not_found': kind(404, 'There is nothing at this address'),
  'request.method_not_allowed': kind(405, 'The method is not allowed at this address'),
  'request.timeout': kind(408, 'The request arrived too slowly', true),
  'request.too_large': kind(413, 'The request is too large'),
  'request.unsupported_media_type': kind(415, 'The type of the request body is not supported'),
  'request.rate_limited': kind(429, 'Too many requests', true),
  'media.empty': kind(400, 'The media is empty'),
  'media.too_large': kind(413, 'The media is larger than this server accepts'),
  'media.unsupported': kind(415, 'The media is of a type that is not supported'),
  'media.undecodable': kind(422, 'The media cannot be decoded'),
  'media.too_slow': kind(422, 'The media takes longer to decode than this server allows'),
  'fetch.refused': kind(403, 'The address may not be fetched'),
  'fetch.page': kind(415, 'The address is a page, not a file'),
  'fetch.too_large': kind(413, 'What is at the address is larger than this server fetches'),
  'fetch.timeout': kind(422, 'The address answers too slowly', true),
  'fetch.unreachable': kind(422, 'The address cannot be fetched', true),
  'fingerprint.invalid': kind(400, 'The fingerprint is not valid'),
  'block.invalid': kind(400, 'The blocks are not valid'),
  'block.not_found': kind(404, 'The block is not here'),
  'block.withdrawn': kind(410, 'The block was withdrawn'),
  'record.not_found': kind(404, 'There is no such record'),
  'publisher.not_found': kind(404, 'There is no such publisher'),
  'lookup.not_found': kind(404, 'There is no such lookup'),
  'lookup.cancelled': kind(409, 'The lookup was cancelled'),
  'lookup.unfinished': kind(409, 'The lookup is not finished', true),
  'registration.conflict': kind(409, 'The digest is registered already with other content'),
  'signer.unavailable': kind(403, 'There is no key to sign with'),
  'chain.rejected': kind(422, 'The chain rejected the transaction'),
  'chain.mismatch': kind(500, 'The node speaks for another chain'),
  'chain.unreachable': kind(503, 'The node does not answer', true),
  'server.busy': kind(503, 'The server is busy', true),
  'server.internal': kind(500, 'The server failed'),
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof ERRORS

/** Faults of one value that are told: a client's fingerprint of 28,800 frames may have as many. */
const MAX_ISSUES = 3

/** What a schema found wrong, on one line: `frames[3].quality: Too big; …`. */
export function describeIssues({ issues }: { issues: readonly { path: PropertyKey[]; message: string }[] }): string {
  const told = issues.slice(0, MAX_ISSUES).map(({ path, message }) => {
    const field = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('')
    return field ? `${field.replace(/^\./, '')}: ${message}` : message
  })
  return [...told, ...(issues.length > MAX_ISSUES ? [`and ${issues.length - MAX_ISSUES} more`] : [])].join('; ')
}

/** An error with a stable code. `detail` names the field, the value and the remedy. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError'
  readonly code: ErrorCode
  /** Seconds after which to try again, where that is known. */
  readonly retryAfterS: number | undefined

  constructor(code: ErrorCode, detail: string, options?: ErrorOptions & { retryAfterS?: number }) {
    super(detail, options)
    this.code = code
    this.retryAfterS = options?.retryAfterS
  }

  get status(): number {
    return ERRORS[this.code].status
  }

  get title(): string {
    return ERRORS[this.code].title
  }
}

/** Handles what writing to a disk throws. @throws RegistryError `server.busy` where the disk is full; anything else as it is. */
export const noRoom =
  (what: string) =>
  (cause: NodeJS.ErrnoException): never => {
    if (cause.code !== 'ENOSPC' && cause.code !== 'EDQUOT') throw cause
    throw new RegistryError('server.busy', `there is no room left for ${what}`, { cause, retryAfterS: 30 })
  }
