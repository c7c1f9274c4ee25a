/** The body of an answer, ended with an error when it is too large, stalls or drips. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { type Readable, Transform } from 'node:stream'
import { RegistryError } from '../errors.ts'
import { asFetchError } from './ask.ts'
import type { Limits } from './guard.ts'

export interface Answer {
  /** As the answer announces; null where it does not. */
  byteLength: number | null
  body: Readable
}

type Bounds = Limits & { host: string; maxBytes: number; signal: AbortSignal }

/** @throws RegistryError `fetch.too_large` for what announces to be. */
export function limited(answer: IncomingMessage, bounds: Bounds): Answer {
  const announced = answer.headers['content-length']
  const byteLength = announced === undefined ? null : Number(announced)
  if (byteLength !== null && byteLength > bounds.maxBytes) {
    answer.destroy()
    throw tooLarge(bounds)
  }
  return { byteLength, body: watched(answer, bounds) }
}

/** Without parameters. */
export function mediaTypeOf(headers: IncomingHttpHeaders): string | null {
  return (
    /^[^;]*/
      .exec(headers['content-type'] ?? '')![0]
      .trim()
      .toLowerCase() || null
  )
}

function watched(answer: IncomingMessage, bounds: Bounds): Readable {
  const { host, idleMs, signal } = bounds
  const check = paceOf(bounds)
  const out = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      idle.refresh()
      const problem = check(chunk.length)
      if (problem) done(problem)
      else done(null, chunk)
    },
  })
  const idle = setTimeout(() => {
    // Nothing may arrive because we read nothing: then the reader is slow, not the other side.
    if (out.writableNeedDrain) idle.refresh()
    else out.destroy(new RegistryError('fetch.timeout', `${host} sent no byte for ${idleMs / 1000} s`))
  }, idleMs)
  const give = () => out.destroy(signal.reason as Error)
  signal.addEventListener('abort', give)
  out.once('close', () => {
    clearTimeout(idle)
    signal.removeEventListener('abort', give)
    answer.destroy()
  })
  answer.on('error', (cause) => out.destroy(asFetchError({ host }, cause)))
  // It may fail before anybody reads it, and an error that nobody hears ends the process; whoever reads finds it again.
  out.on('error', () => {})
  return answer.pipe(out)
}

/** @returns what is told the length of each piece, and answers with what is wrong. */
function paceOf(bounds: Bounds): (length: number) => RegistryError | null {
  const { host, maxBytes, minRate, graceMs } = bounds
  const started = performance.now()
  let received = 0
  return (length) => {
    received += length
    if (received > maxBytes) return tooLarge(bounds)
    const elapsedMs = performance.now() - started
    if (elapsedMs <= graceMs || received >= (minRate * elapsedMs) / 1000) return null
    return new RegistryError(
      'fetch.timeout',
      `${host} sent ${received} bytes in ${Math.round(elapsedMs / 1000)} s, which is too slow`,
    )
  }
}

const tooLarge = ({ host, maxBytes }: Bounds) =>
  new RegistryError('fetch.too_large', `${host} answers with more than the ${maxBytes} bytes that are taken`)
