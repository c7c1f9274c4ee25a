/** Ways to break a file, each a function of the file and a source of random numbers: same seed, same file. */
import type { Seed } from './media-seeds.ts'

type Random = () => number
type Mutation = (bytes: Buffer, random: Random, others: Seed[]) => Buffer

/** Numbers at which arithmetic goes wrong. */
const EDGES = [0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]

const below = (random: Random, n: number) => Math.floor(random() * n)
const oneOf = <T>(random: Random, all: readonly T[]): T => all[below(random, all.length)]!
/** Positions near the beginning are the more interesting ones: headers are there. */
const somewhere = (random: Random, length: number) =>
  random() < 0.5 ? below(random, Math.min(length, 256)) : below(random, length)

function written(bytes: Buffer, at: number, value: number, random: Random): Buffer {
  const copy = Buffer.from(bytes)
  const width = oneOf(random, [1, 2, 4] as const)
  if (at < 0 || at + width > copy.length) return copy
  const clipped = Number(BigInt.asUintN(8 * width, BigInt(value)))
  if (random() < 0.5) copy.writeUIntBE(clipped, at, width)
  else copy.writeUIntLE(clipped, at, width)
  return copy
}

const flipBits: Mutation = (bytes, random) => {
  const copy = Buffer.from(bytes)
  for (let i = 1 + below(random, 16); i > 0; i--) copy[somewhere(random, copy.length)]! ^= 1 << below(random, 8)
  return copy
}

const overwrite: Mutation = (bytes, random) => {
  const copy = Buffer.from(bytes)
  const at = somewhere(random, copy.length)
  const length = 1 + below(random, 64)
  const value = oneOf(random, [0, 0xff, -1])
  for (let i = at; i < Math.min(copy.length, at + length); i++) copy[i] = value < 0 ? below(random, 256) : value
  return copy
}

const writeEdge: Mutation = (bytes, random) =>
  written(bytes, somewhere(random, bytes.length), oneOf(random, EDGES), random)

const copyBlock: Mutation = (bytes, random) => {
  const copy = Buffer.from(bytes)
  const [from, to] = [below(random, copy.length), below(random, copy.length)]
  copy.copyWithin(to, from, from + 1 + below(random, 512))
  return copy
}

const repeatBlock: Mutation = (bytes, random) => {
  const from = below(random, bytes.length)
  const block = bytes.subarray(from, from + 1 + below(random, 256))
  return Buffer.concat([
    bytes.subarray(0, from),
    ...Array<Buffer>(1 + below(random, 40)).fill(block),
    bytes.subarray(from),
  ])
}

const removeBlock: Mutation = (bytes, random) => {
  const from = somewhere(random, bytes.length)
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 1 + below(random, 256))])
}

const cutOff: Mutation = (bytes, random) => bytes.subarray(0, 1 + below(random, bytes.length))

/** A file with the end of another one. */
const splice: Mutation = (bytes, random, others) => {
  const other = oneOf(random, others).bytes
  return Buffer.concat([bytes.subarray(0, below(random, bytes.length)), other.subarray(below(random, other.length))])
}

const append: Mutation = (bytes, random, others) => Buffer.concat([bytes, oneOf(random, others).bytes])

/** The length, or the first field, of a named part: a box of MP4, a chunk of PNG, RIFF or FLAC, a tag of four letters. */
const editNamedPart: Mutation = (bytes, random) => {
  const text = bytes.toString('latin1')
  const parts = [...text.matchAll(/[A-Za-z][A-Za-z0-9 ]{3}/g)].map(({ index }) => index)
  if (parts.length === 0) return writeEdge(bytes, random, [])
  const at = oneOf(random, parts)
  const value = random() < 0.7 ? oneOf(random, EDGES) : bytes.length - at + below(random, 9) - 4
  const copy = Buffer.from(bytes)
  const field = oneOf(random, [at - 4, at + 4, at + 8])
  if (field < 0 || field + 4 > copy.length) return copy
  if (random() < 0.7) copy.writeUInt32BE(value >>> 0, field)
  else copy.writeUInt32LE(value >>> 0, field)
  return copy
}

/** A part by another name. */
const renamePart: Mutation = (bytes, random) => {
  const names = [...bytes.toString('latin1').matchAll(/[A-Za-z]{4}/g)]
  if (names.length < 2) return flipBits(bytes, random, [])
  const copy = Buffer.from(bytes)
  copy.write(oneOf(random, names)[0], oneOf(random, names).index, 'latin1')
  return copy
}

const MUTATIONS: Mutation[] = [
  flipBits,
  flipBits,
  overwrite,
  writeEdge,
  writeEdge,
  copyBlock,
  repeatBlock,
  removeBlock,
  cutOff,
  splice,
  append,
  editNamedPart,
  editNamedPart,
  editNamedPart,
  renamePart,
]

/** Bytes of a mutated file. Repeating and appending could double them each time. */
const MAX_BYTES = 1 << 20

/** One file with one to four faults. */
export function mutated(seeds: Seed[], random: Random): Seed {
  const { name, bytes } = oneOf(random, seeds)
  let broken: Buffer = bytes
  const names: string[] = []
  for (let i = 1 + below(random, 4); i > 0; i--) {
    const mutation = oneOf(random, MUTATIONS)
    names.push(mutation.name)
    const next = mutation(broken, random, seeds)
    if (next.length > 0) broken = next.subarray(0, MAX_BYTES)
  }
  return { name: `${name}: ${names.join(', ')}`, bytes: broken }
}
