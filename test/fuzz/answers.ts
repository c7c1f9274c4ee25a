/** What an answer to a fuzzed request must be: a problem with a known code, or what the document says. */
import * as z from 'zod'
import { ERRORS, type ErrorCode } from '../../server/errors.ts'
import { faultsOf } from '../hostile/answers.ts'
import type { Answer } from '../hostile/client.ts'
import type { FuzzRequest } from './requests.ts'
import { type Json, resolve } from './values.ts'

export type Checked = Pick<Answer, 'status' | 'headers' | 'body'>

interface Response {
  content?: Record<string, { schema: Json }>
}

/** @param secrets that no answer may contain.
 * @returns what is wrong with an answer, in words. */
export function createCheck(document: Json, secrets: string[]) {
  const schemas = new Map<string, z.ZodType>()

  function schemaOf(schema: Json): z.ZodType {
    const key = JSON.stringify(schema)
    const made = schemas.get(key) ?? z.fromJSONSchema(inlined(schema) as never)
    schemas.set(key, made)
    return made
  }

  function inlined(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(inlined)
    if (value === null || typeof value !== 'object') return value
    const { $ref, ...rest } = value as Json
    if (typeof $ref === 'string') return inlined(resolve($ref, document))
    return Object.fromEntries(Object.entries(rest).map(([name, inner]) => [name, inlined(inner)]))
  }

  function faultsOfSuccess({ operation }: FuzzRequest, { status, headers, body }: Checked): string[] {
    if (!operation) return []
    const item = (document.paths as Record<string, Json>)[operation.path]!
    const { responses } = item[operation.method] as { responses: Record<string, Response> }
    const response = responses[status]
    if (!response) return [`is ${status}, which the document does not have`]
    const type = (headers['content-type'] ?? '').split(';')[0]!
    const content = response.content ?? {}
    if (body === '' && Object.keys(content).length === 0) return []
    if (type !== 'application/json') return content[type] || type === 'application/vnd.ipld.car' ? [] : [`is ${type}`]
    const read = schemaOf(content[type]!.schema).safeParse(JSON.parse(body))
    return read.success ? [] : [`does not fit its schema: ${read.error.message.slice(0, 300)}`]
  }

  return (request: FuzzRequest, answer: Checked): string[] => {
    const { status, body } = answer
    // Of the answer to HEAD there is nothing but its headers.
    if (request.method === 'HEAD') return status >= 500 && status !== 503 ? [`is ${status}`] : []
    if (status === 503) return faultsOfBusy(answer)
    if (status >= 400) return faultsOf(answer, null, secrets).concat(faultsOfShape(body, schemaOf))
    if (status === 304) return []
    const told = secrets.filter((secret) => body.includes(secret)).map((secret) => `tells ${secret}`)
    return [...told, ...faultsOfSuccess(request, answer)]
  }

  function faultsOfShape(body: string, of: typeof schemaOf): string[] {
    const read = of({ $ref: '#/components/schemas/Problem' }).safeParse(JSON.parse(body))
    return read.success ? [] : [`is no Problem: ${read.error.message.slice(0, 300)}`]
  }
}

function faultsOfBusy({ headers, body }: Checked): string[] {
  const { code } = JSON.parse(body) as { code: ErrorCode }
  const known = Object.hasOwn(ERRORS, code) && ERRORS[code].status === 503
  return known && Number(headers['retry-after']) >= 1
    ? []
    : [`is 503 with ${code} and Retry-After ${headers['retry-after']}`]
}
