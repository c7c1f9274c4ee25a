/** The OpenAPI 3.1 document, made from the schemas that check requests and type answers. */
import * as z from 'zod'
import { ERRORS } from '../errors.ts'
import {
  fingerprintDocument,
  heldView,
  lookupView,
  networkView,
  problemView,
  publisherView,
  recordsView,
  registrationView,
  wholeRecordView,
} from '../registry/index.ts'
import { lookupQuery } from './lookups.ts'
import { descriptionQuery, evidenceQuery, recordsQuery } from './records.ts'

type Json = Record<string, unknown>

const SCHEMAS = {
  Fingerprint: fingerprintDocument,
  HeldManifest: heldView,
  Lookup: lookupView,
  Problem: problemView,
  Publisher: publisherView,
  Record: wholeRecordView,
  Records: recordsView,
  Registration: registrationView,
  Status: networkView,
} satisfies Record<string, z.ZodType>

const ref = (name: keyof typeof SCHEMAS) => ({ $ref: `#/components/schemas/${name}` })
const body = (schema: Json, type = 'application/json') => ({ content: { [type]: { schema } } })
const binary = { type: 'string', format: 'binary' }
const ok = (description: string, schema: Json, type?: string) => ({ description, ...body(schema, type) })
const problem = {
  description: 'RFC 9457 problem; its code is one of the table of errors',
  ...body(ref('Problem'), 'application/problem+json'),
}

function query(shape: z.ZodObject): Json[] {
  const { properties = {}, required = [] } = z.toJSONSchema(shape, { io: 'input' })
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
}

const path = (name: string, description: string) => ({
  name,
  in: 'path',
  required: true,
  description,
  schema: { type: 'string' },
})
const token = {
  name: 'X-Firsthand-Token',
  in: 'header',
  required: true,
  schema: { type: 'string' },
  description: 'from the page of a local server',
}

const MEDIA_URL = {
  type: 'string',
  format: 'uri',
  maxLength: 2_048,
  description: 'of the media itself, not of a page; http or https on the public internet, which the server fetches',
}

/** One operation. Every one may also answer with a problem. */
function operation(summary: string, responses: Json, rest: Json = {}): Json {
  return { summary, ...rest, responses: { ...responses, default: problem } }
}

const media = {
  required: true,
  content: {
    '*/*': { schema: binary },
    'multipart/form-data': { schema: { type: 'object', properties: { media: binary }, required: ['media'] } },
  },
}

const paths: Json = {
  '/v1/lookups': {
    post: operation(
      'Does this media come from a registered original? Content-Disposition may name the file, for the report.',
      {
        200: ok('the finished lookup', ref('Lookup')),
        202: ok('not finished within `wait`; ask again at `Location`', ref('Lookup')),
      },
      {
        parameters: query(lookupQuery),
        requestBody: {
          ...media,
          content: {
            ...media.content,
            'application/json': {
              schema: {
                oneOf: [
                  { type: 'object', properties: { url: MEDIA_URL }, required: ['url'] },
                  { type: 'object', properties: { fingerprint: ref('Fingerprint') }, required: ['fingerprint'] },
                ],
              },
            },
          },
        },
      },
    ),
  },
  '/v1/lookups/{id}': {
    parameters: [path('id', 'as the lookup was answered with')],
    get: operation('A lookup as it is', { 200: ok('the lookup', ref('Lookup')) }),
    delete: operation('Cancels a running lookup, forgets a finished one', { 204: { description: 'done' } }),
  },
  '/v1/lookups/{id}/events': {
    parameters: [path('id', 'as the lookup was answered with')],
    get: operation('Stages and progress as server-sent events `stage`, then `done` with the lookup', {
      200: ok('events', { type: 'string' }, 'text/event-stream'),
    }),
  },
  '/v1/lookups/{id}/report': {
    parameters: [path('id', 'as the lookup was answered with')],
    get: operation('A finished lookup as a page to print, to file or to cite', {
      200: ok('the page, which loads nothing and runs nothing', { type: 'string' }, 'text/html'),
    }),
  },
  '/v1/records': {
    get: operation('Records, newest first', { 200: ok('a page', ref('Records')) }, { parameters: query(recordsQuery) }),
  },
  '/v1/records/{recordId}': {
    parameters: [path('recordId', '32 bytes of hex')],
    get: operation('One record', { 200: ok('the record, with all that was ever said of it', ref('Record')) }),
  },
  '/v1/records/{recordId}/manifest': {
    parameters: [path('recordId', '32 bytes of hex')],
    get: operation('What the publisher said of the original', { 200: ok('the manifest', { type: 'object' }) }),
  },
  '/v1/records/{recordId}/evidence': {
    parameters: [path('recordId', '32 bytes of hex')],
    get: operation(
      'The small copy of a picture, or of a frame of a video, that copies are compared with, where it is public',
      {
        200: ok('its evidence', binary, 'image/png'),
        304: { description: 'as If-None-Match says; the tag is the CID of the evidence, and of a frame its time' },
      },
      { parameters: query(evidenceQuery) },
    ),
  },
  '/v1/publishers/{id}': {
    parameters: [path('id', 'number of the publisher')],
    get: operation('One publisher', { 200: ok('the publisher', ref('Publisher')) }),
  },
  '/v1/registrations': {
    post: operation(
      'Hands over a manifest, to be kept once a registration on chain names its root',
      {
        200: ok('a registration names it: kept', ref('HeldManifest')),
        202: ok('held for ten minutes', ref('HeldManifest')),
      },
      { requestBody: { required: true, ...body(binary, 'application/vnd.ipld.car') } },
    ),
  },
  '/v1/development/registrations': {
    post: operation(
      'Registers media with the development publisher of a local network',
      { 200: ok('the registration', ref('Registration')) },
      { parameters: [token, ...query(descriptionQuery)], requestBody: media },
    ),
  },
  '/v1/status': { get: operation('Chain, contracts and index', { 200: ok('status', ref('Status')) }) },
  '/ipfs/{cid}': {
    parameters: [
      path('cid', 'CIDv1'),
      { name: 'format', in: 'query', schema: { enum: ['raw', 'car'] }, description: 'or by Accept' },
      {
        name: 'dag-scope',
        in: 'query',
        schema: { enum: ['block', 'entity', 'all'] },
        description: 'of a CAR; all unless told',
      },
    ],
    get: operation('A block, as the IPFS trustless gateway serves it', {
      200: ok('bytes to be checked by CID', binary, 'application/vnd.ipld.raw'),
    }),
  },
  '/healthz': { get: operation('Whether the process answers', { 200: ok('it does', { type: 'object' }) }) },
  '/readyz': {
    get: operation('Whether the index follows the chain', { 200: ok('it does', { type: 'object' }), 503: problem }),
  },
  '/metrics': { get: operation('Metrics for Prometheus', { 200: ok('metrics', { type: 'string' }, 'text/plain') }) },
}

export function openApi(version: string): Json {
  const schemas = Object.fromEntries(
    Object.entries(SCHEMAS).map(([name, schema]) => {
      const {
        $schema: _,
        id: __,
        ...json
      } = z.toJSONSchema(schema, { io: 'output', reused: 'inline', unrepresentable: 'any' })
      return [name, inlined(json)]
    }),
  )
  return {
    openapi: '3.1.0',
    info: {
      title: 'Firsthand',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description: `Codes of errors: ${Object.keys(ERRORS).join(', ')}.`,
    },
    paths,
    components: { schemas },
  }
}

/** zod puts schemas with an id under `$defs` of the schema that uses them; in OpenAPI they stand where they are used. */
function inlined(schema: Json): Json {
  const definitions = (schema.$defs ?? {}) as Record<string, Json>
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk)
    if (value === null || typeof value !== 'object') return value
    const { $ref, ...rest } = value as { $ref?: string } & Json
    const name = $ref?.replace('#/$defs/', '')
    if (name && definitions[name]) return walk(definitions[name])
    return Object.fromEntries(Object.entries($ref ? { $ref, ...rest } : rest).map(([key, inner]) => [key, walk(inner)]))
  }
  const { $defs: _, ...rest } = schema
  return walk(rest) as Json
}
