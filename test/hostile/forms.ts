/** Media in forms, and forms that are none. */
import { readFileSync } from 'node:fs'
import { join, noise, type Part } from './bytes.ts'
import type { Input } from './inputs.ts'

const BOUNDARY = 'x-boundary-x'
const MULTIPART = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` }
const picture = readFileSync(new URL('../../examples/hills-copy.webp', import.meta.url))

export interface Field {
  name?: string
  /** The parameter as it is written, with its name. */
  filename?: string
  type?: string
}

function part(bytes: Part, { name = 'media', filename = 'filename="a.jpg"', type = 'image/jpeg' }: Field = {}): Buffer {
  const disposition = ['form-data', `name="${name}"`, filename].filter(Boolean).join('; ')
  return join(`--${BOUNDARY}\r\nContent-Disposition: ${disposition}\r\nContent-Type: ${type}\r\n\r\n`, bytes, '\r\n')
}

const END = `--${BOUNDARY}--\r\n`

/** A form with one file. */
export const form = (bytes: Buffer, field: Field = {}) => ({ headers: MULTIPART, body: join(part(bytes, field), END) })

export function badForms(): Input[] {
  const invalid = (name: string, headers: Record<string, string>, ...body: Part[]): Input => ({
    name,
    headers,
    body: join(...body),
    codes: ['request.invalid'],
  })
  const bad = (name: string, ...body: Part[]) => invalid(name, MULTIPART, ...body)
  const typed = (type: string) =>
    invalid(`a form of type ${type.slice(0, 60)}`, { 'content-type': type }, part(picture), END)
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="media"; filename="a"`
  const many = (count: number, one: (i: number) => Buffer) => Array.from({ length: count }, (_, i) => one(i))
  return [
    typed('multipart/form-data'),
    typed('multipart/form-data; boundary='),
    typed('multipart/form-data; boundary="'),
    typed(`multipart/form-data; boundary=${'b'.repeat(8_000)}`),
    typed('multipart/form-data; boundary=another'),
    typed('multipart/form-data; charset=utf-8'),
    typed('multipart/form-data-and-more; boundary=x-boundary-x'),
    bad('a form without a part', END),
    bad('a form that is empty'),
    bad('a form of rubbish', noise(51, 100_000)),
    bad('a form without its end', part(picture)),
    bad('a form cut off in the name of its field', head.slice(0, -20)),
    bad('a form cut off in the headers of its part', head),
    bad('a form cut off in its file', part(picture).subarray(0, 1_000)),
    bad('a form without the field', part(picture, { name: 'file' }), END),
    bad('a form whose field is in capitals', part(picture, { name: 'MEDIA' }), END),
    bad('a form whose field is no file', part('a text', { filename: '', type: 'text/plain' }), END),
    bad('a form with two files', part(picture), part(picture), END),
    bad(
      'a form with a thousand files before it',
      ...many(1_000, (i) => part('x', { name: `f${i}` })),
      part(picture),
      END,
    ),
    bad(
      'a form with a thousand fields before it',
      ...many(1_000, (i) => part('x', { name: `f${i}`, filename: '' })),
      part(picture),
      END,
    ),
    bad('a form with a field name of 100 kB', part(picture, { name: 'n'.repeat(100_000) }), END),
    bad('a form with a field name __proto__', part(picture, { name: '__proto__' }), END),
    bad('a form with a header of 1 MB', `${head}\r\nX-A: ${'a'.repeat(1_000_000)}\r\n\r\n`, picture, '\r\n', END),
    bad('a form with 50000 headers', head, '\r\nX: y'.repeat(50_000), '\r\n\r\n', picture, '\r\n', END),
    bad('a form with no name', `--${BOUNDARY}\r\n\r\n`, picture, '\r\n', END),
    { name: 'a form with an empty file', ...form(Buffer.alloc(0)), codes: ['media.empty'] },
    ...[
      'filename="../../../../etc/cron.d/x"',
      'filename="a\0b"',
      `filename="${'f'.repeat(10_000)}"`,
      "filename*=utf-8''%2e%2e%2fx",
      'filename="x.m3u8"',
    ].map(
      (filename): Input => ({
        name: `a text with ${filename.slice(0, 40)}`,
        ...form(Buffer.from('no picture'), { filename }),
        codes: ['media.unsupported', 'request.invalid'],
      }),
    ),
    { name: 'a form in a form', ...form(form(picture).body), codes: ['media.unsupported', 'request.invalid'] },
    {
      name: 'a file in base64',
      ...form(Buffer.from(picture.toString('base64')), { type: 'image/webp\r\nContent-Transfer-Encoding: base64' }),
      codes: ['media.unsupported'],
    },
  ]
}
