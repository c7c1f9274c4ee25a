/** What an answer to a hostile input must be. */
import { ERRORS, type ErrorCode } from '../../server/errors.ts'
import type { Answer } from './client.ts'

/** Words that a detail needs to be of use: what was found, and what is expected instead. */
const CLEAR: Partial<Record<ErrorCode, RegExp>> = {
  'request.too_large': /(at most|more than) \d+ bytes|chunks/,
  'request.unsupported_media_type': /^(found|expected) .+/,
  'request.forbidden': /must/,
  'request.method_not_allowed': / is not offered/,
  'request.timeout': /\d s\b/,
  'media.empty': /has no bytes/,
  'media.unsupported': /^found .+(; accepted are .+|, which is not decoded here)$/,
  'media.too_large': /\d.*; at most \d+.*decoded$|^it needs more than \d+ MiB/,
  'media.undecodable': /[a-z]{3,}/i,
  'fingerprint.invalid': /expected|invalid|too|unrecognized|must|belong/i,
}

/** A place in a program: `at f (/a/b.ts:1:2)`, `b.ts:12`. */
const STACK = /\bat .+:\d+:\d+|\.(ts|js|mjs|cc?):\d+|node:internal/

const MAX_DETAIL = 500

/** @param secrets that no answer may contain.
 * @returns what is wrong with the answer, in words; none if it is as it must be. */
export function faultsOf(
  answer: Pick<Answer, 'status' | 'headers' | 'body'>,
  codes: ErrorCode[] | null,
  secrets: string[],
): string[] {
  const { status, headers, body } = answer
  const faults = secrets.filter((secret) => body.includes(secret)).map((secret) => `tells ${secret}`)
  if (STACK.test(body)) faults.push('tells a stack')
  if (status >= 500) return [...faults, `is ${status}: ${body.slice(0, 300)}`]
  if (status < 400) return codes === null ? faults : [...faults, `is ${status}: ${body.slice(0, 300)}`]
  if (!headers['content-type']?.startsWith('application/problem+json')) faults.push(`is ${headers['content-type']}`)
  return [...faults, ...faultsOfProblem(body, status, codes)]
}

function faultsOfProblem(body: string, status: number, codes: ErrorCode[] | null): string[] {
  let problem: Record<string, unknown>
  try {
    problem = JSON.parse(body) as Record<string, unknown>
  } catch {
    return [`is no JSON: ${body.slice(0, 100)}`]
  }
  const { code, detail } = problem as { code: ErrorCode; detail: string }
  const kind = ERRORS[code]
  if (!kind) return [`has the unknown code ${code}`]
  const faults: string[] = []
  if (kind.status !== status || problem.status !== status) faults.push(`has status ${status} and code ${code}`)
  if (codes && !codes.includes(code)) faults.push(`has code ${code}, not ${codes.join(' or ')}: ${detail}`)
  if (problem.title !== kind.title) faults.push(`has the title ${problem.title}`)
  if (problem.type !== `/docs/errors#${code.replace('.', '')}`) faults.push(`has the type ${problem.type}`)
  if (!/^urn:firsthand:\S+$/.test(String(problem.instance))) faults.push(`has the instance ${problem.instance}`)
  if (typeof detail !== 'string' || detail.length < 8 || detail.length > MAX_DETAIL)
    faults.push(`has the detail ${JSON.stringify(detail)}`)
  else if (!(CLEAR[code] ?? /./).test(detail)) faults.push(`does not say enough: ${code}: ${detail}`)
  return faults
}
