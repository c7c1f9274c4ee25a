/** Values that a schema asks for, values beside it, and values that hurt somebody once. */

export type Json = Record<string, unknown>

/** Random choices that a seed repeats. */
export interface Dice {
  /** 0 to below `n`. */
  below(n: number): number
  chance(part: number): boolean
  pick<T>(from: readonly T[]): T
}

export function diceOf(random: () => number): Dice {
  const below = (n: number) => Math.floor(random() * n)
  return { below, chance: (part) => random() < part, pick: (from) => from[below(from.length)]! }
}

/** Controls, marks that turn the direction of writing, characters nobody sees, escapes of terminals, markup, formulas, paths, lone
 *  surrogates, names of prototypes: in any text of strangers. */
export const HOSTILE_TEXTS = [
  '',
  ' ',
  '\0',
  '\r\nX-Injected: yes',
  'data: x\n\nevent: done\ndata: {}\n\n',
  '\x1b[2J\x1b]0;owned\x07',
  '\u202egpj.exe\u2066',
  '\u200b\u200d\ufeff',
  '\u2028\u2029\u0085',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' OR '1'='1'; DROP TABLE records; --",
  '=HYPERLINK("http://127.0.0.1/")',
  '@SUM(1+1)*cmd|',
  '../../../../etc/passwd',
  '..\\..\\windows\\win.ini',
  'file:///etc/passwd',
  '#{jndi:ldap://127.0.0.1/a}',
  '{{7*7}}',
  '%00',
  '%2e%2e%2f',
  '%',
  '\ud800',
  '𝒳'.repeat(40),
  'e\u0301'.repeat(60),
  '__proto__',
  'constructor',
  'toString',
  'null',
  'undefined',
  'NaN',
  'a'.repeat(5_000),
  'مرحبا שלום',
] as const

export const HOSTILE_VALUES: readonly unknown[] = [
  null,
  true,
  [],
  {},
  [[[[[[]]]]]],
  -1,
  0,
  -0,
  0.5,
  1e308,
  -1e308,
  Number.MAX_SAFE_INTEGER,
  2 ** 53,
  2 ** 64,
  4_294_967_296,
  Array(1_000).fill(0),
  { __proto__: null, constructor: { prototype: { polluted: 1 } } },
  ...HOSTILE_TEXTS,
]

/** Addresses for documentation (RFC 5737, RFC 3849): nobody is there, and no name has to be asked for. */
const DOCUMENTATION = ['http://192.0.2.1/a.jpg', 'https://[2001:db8::1]/b.mp4']

/** A value as the schema describes it. @throws TypeError for a keyword that the document did not use so far. */
export function valid(schema: Json, document: Json, dice: Dice): unknown {
  if (typeof schema.$ref === 'string') return valid(resolve(schema.$ref, document), document, dice)
  if (schema.const !== undefined) return schema.const
  if (Array.isArray(schema.enum)) return dice.pick(schema.enum)
  for (const key of ['anyOf', 'oneOf'] as const)
    if (Array.isArray(schema[key])) return valid(dice.pick(schema[key] as Json[]), document, dice)
  const type = Array.isArray(schema.type) ? dice.pick(schema.type as string[]) : schema.type
  if (type === 'object') return object(schema, document, dice)
  if (type === 'array') return array(schema, document, dice)
  if (type === 'string') return text(schema, dice)
  if (type === 'integer' || type === 'number') return number(schema, dice, type === 'integer')
  if (type === 'boolean') return dice.chance(0.5)
  if (type === 'null' || type === undefined) return null
  throw new TypeError(`no value for ${JSON.stringify(schema)}`)
}

export function resolve(ref: string, document: Json): Json {
  return ref
    .replace('#/', '')
    .split('/')
    .reduce((at, key) => at[key] as Json, document)
}

function object({ properties = {}, required = [] }: Json, document: Json, dice: Dice): Json {
  const fields = Object.entries(properties as Record<string, Json>)
  const wanted = fields.filter(([name]) => (required as string[]).includes(name) || dice.chance(0.5))
  return Object.fromEntries(wanted.map(([name, schema]) => [name, valid(schema, document, dice)]))
}

function array({ items, minItems = 0, maxItems }: Json, document: Json, dice: Dice): unknown[] {
  const [least, most] = [minItems as number, Math.min((maxItems as number | undefined) ?? 8, (minItems as number) + 8)]
  const length = least + dice.below(most - least + 1)
  return Array.from({ length }, () => valid(items as Json, document, dice))
}

function text({ pattern, format, maxLength = 40 }: Json, dice: Dice): string {
  const hex = /^\^(0x)?\[0-9a-f\]\{(\d+)\}\$$/.exec(String(pattern ?? ''))
  if (hex) return (hex[1] ?? '') + hexDigits(Number(hex[2]), dice)
  if (format === 'uri') return dice.pick(DOCUMENTATION)
  if (format === 'binary') return ''
  return 'some text of a stranger'.slice(0, dice.below(Math.min(24, maxLength as number)))
}

export const hexDigits = (length: number, dice: Dice) =>
  Array.from({ length }, () => dice.below(16).toString(16)).join('')

function number({ minimum = 0, maximum = 1_000 }: Json, dice: Dice, whole: boolean): number {
  const [least, most] = [minimum as number, maximum as number]
  const value = dice.pick([least, most, least + (most - least) * (dice.below(1_000) / 1_000)])
  return whole ? Math.floor(value) : value
}

/** The value with one thing in it changed, anywhere: replaced, left out, doubled or added. */
export function spoilt(value: unknown, dice: Dice): unknown {
  if (value === null || typeof value !== 'object' || dice.chance(0.15)) return beside(value, dice)
  if (Array.isArray(value)) {
    if (value.length === 0 || dice.chance(0.2))
      return dice.pick([[...value, ...value], value.slice(1), [...value, null]])
    const at = dice.below(value.length)
    return value.map((one, i) => (i === at ? spoilt(one, dice) : one))
  }
  const entries = Object.entries(value)
  if (entries.length === 0 || dice.chance(0.15))
    return { ...value, [dice.pick(HOSTILE_TEXTS)]: dice.pick(HOSTILE_VALUES) }
  const [name, inner] = dice.pick(entries)
  if (dice.chance(0.15)) return Object.fromEntries(entries.filter(([key]) => key !== name))
  return { ...value, [name]: spoilt(inner, dice) }
}

/** Near a value, or far from any. */
function beside(value: unknown, dice: Dice): unknown {
  if (typeof value === 'number' && dice.chance(0.6))
    return dice.pick([value + 1, value - 1, -value, value + 0.5, `${value}`])
  if (typeof value === 'string' && dice.chance(0.6))
    return dice.pick([`${value}a`, value.slice(1), value.toUpperCase(), value + dice.pick(HOSTILE_TEXTS)])
  return dice.pick(HOSTILE_VALUES)
}

/** Bytes with a few of them changed, cut off, repeated or put elsewhere. */
export function damaged(bytes: Buffer, dice: Dice): Buffer {
  const copy = Buffer.from(bytes)
  if (copy.length === 0) return copy
  const at = dice.below(copy.length)
  const span = 1 + dice.below(Math.min(64, copy.length))
  switch (dice.below(5)) {
    case 0:
      for (let i = 0; i <= dice.below(8); i++)
        copy[dice.below(copy.length)] = dice.pick([0, 0x7f, 0x80, 0xff, dice.below(256)])
      return copy
    case 1:
      return copy.subarray(0, at)
    case 2:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at, at + span), copy.subarray(at)])
    case 3:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + span)])
    default:
      return Buffer.concat([copy, copy.subarray(at)])
  }
}
