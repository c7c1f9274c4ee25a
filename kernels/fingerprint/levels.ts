/**
 * The levels of a plane as bits, and the bits through an adaptive binary arithmetic coder: each costs what it surprises, given the bits seen before in the
 * same context (server/fingerprint/levels.ts).
 *
 * Source: M. Mahoney, "Data Compression Programs", fpaq0 (the coder: two bounds of 32 bits, carryless), with probabilities of 16 bits that learn
 * by 1/2, 1/3, … and then 1/32 a bit. Whole numbers only, so that every machine writes the same bytes. The same code writes and reads.
 */

/** A bit of which nothing is known or learnt: signs, and the low bits of large numbers. */
const EVEN = 0
const HALF: u32 = 1 << 15
const MAX_COUNT: u32 = 31

/** The model: of each context the probability of a 1 and how many bits it saw; and how fast it learns by their number. */
let chances: usize = 0
let counts: usize = 0
let rates: usize = 0
/** Order of the coefficients of a block. */
let zigzag: usize = 0
let low: u32 = 0
let high: u32 = 0
let word: u32 = 0
let bytes: usize = 0
let at = 0
/** Bytes there are, or that there is room for. */
let length = 0
let reading = false
/** 0; 1 where bytes end too early or there is no room for them; 2 where a level is too large. */
let failure = 0

function begin(model: usize, contexts: i32, tables: usize): void {
  chances = model
  counts = model + ((<usize>contexts) << 1)
  rates = tables
  zigzag = tables + 128
  low = 0
  high = 0xffffffff
  at = 0
  failure = 0
}

/** @param model room for three bytes a context; probabilities are those of nothing known, counts 0.
 * @param tables 32 rates of 32 bits, then the zigzag of 64 bytes. */
export function beginWriting(model: usize, contexts: i32, tables: usize, to: usize, room: i32): void {
  begin(model, contexts, tables)
  reading = false
  bytes = to
  length = room
}

export function beginReading(model: usize, contexts: i32, tables: usize, from: usize, count: i32): void {
  begin(model, contexts, tables)
  reading = true
  bytes = from
  length = count
  for (let i = 0; i < 4; i++) word = (word << 8) | next()
}

/** @returns how many bytes were written, −1 where there was no room. */
export function finishWriting(): i32 {
  // One byte suffices where a whole one fits between the bounds; a reader goes on with zeros.
  if (low > 0) put((low >> 24) + 1)
  return failure ? -1 : at
}

export function failed(): i32 {
  return failure
}

/** Whether just so much was read as was written: all but the last four bytes, and one more where the lower bound was not 0. */
export function atEnd(): bool {
  return at - 4 + (low > 0 ? 1 : 0) === length
}

function put(byte: u32): void {
  if (at >= length) failure = 1
  else store<u8>(bytes + at++, <u8>byte)
}

/** Behind the last byte zeros, at most as many as a writer leaves out. */
function next(): u32 {
  if (at >= length + 4) {
    failure = 1
    return 0
  }
  const byte: u32 = at < length ? load<u8>(bytes + at) : 0
  at++
  return byte
}

function bit(context: i32, value: i32): i32 {
  const chance = <u32>load<u16>(chances + ((<usize>context) << 1))
  const part = (chance >> 4) + u32(chance < HALF)
  const range = high - low
  const middle = low + (range >> 12) * part + (((range & 0xfff) * part) >> 12)
  const one = reading ? i32(word <= middle) : i32(value !== 0)
  if (one) high = middle
  else low = middle + 1
  if (context !== EVEN) learn(context, <i32>chance, one)
  while (((low ^ high) & 0xff000000) === 0) {
    if (reading) word = (word << 8) | next()
    else put(high >> 24)
    low <<= 8
    high = (high << 8) | 255
  }
  return one
}

function learn(context: i32, chance: i32, one: i32): void {
  const count = <u32>load<u8>(counts + context)
  const rate = i32.load(rates + ((<usize>count) << 2))
  store<u16>(chances + ((<usize>context) << 1), <u16>(chance + ((((one ? 65_535 : 0) - chance) * rate) >> 16)))
  if (count < MAX_COUNT - 1) store<u8>(counts + context, <u8>(count + 1))
}

/** First contexts of each kind, as in levels.ts. */
const LOSS = 1
const LAST = LOSS + 16 * 16
const DC_ZERO = LAST + 7 * 64
const DC_SIGN = DC_ZERO + 3
const DC_SIZE = DC_SIGN + 3
const SIZES = 24
const ZERO = DC_SIZE + 3 * SIZES
const SIZE = ZERO + 64 * 9

let levels: usize = 0

function level(i: i32): i32 {
  return i32(load<i16>(levels + ((<usize>i) << 1)))
}

/** Codes a plane. @param plane its levels. @param lasts room for a byte a block. @param base the first context of the plane. */
export function codePlane(columns: i32, rows: i32, plane: usize, losses: usize, lasts: usize, base: i32): void {
  levels = plane
  let column = 0
  for (let block = 0; block < columns * rows && !failure; block++) {
    const left = column ? block - 1 : -1
    const above = block - columns
    const beside = left < 0 ? above : left
    const over = above < 0 ? left : above
    const near = beside < 0 ? 0 : (i32(load<u8>(losses + beside)) + i32(load<u8>(losses + over))) >> 1
    store<u8>(losses + block, <u8>codeTree(i32(load<u8>(losses + block)), 4, base + LOSS + 16 * near))
    codeConstant(block, beside, over, base)
    const sum = (left < 0 ? 0 : i32(load<u8>(lasts + left))) + (above < 0 ? 0 : i32(load<u8>(lasts + above)))
    const before = left < 0 || above < 0 ? sum : sum >> 1
    const last = codeTree(reading ? 0 : lastOf(block), 6, base + LAST + (32 - clz(before)) * 64)
    store<u8>(lasts + block, <u8>last)
    codeRest(block, left, above, last, base)
    column = column + 1 === columns ? 0 : column + 1
  }
}

function lastOf(block: i32): i32 {
  for (let i = 63; i > 0; i--) if (level(block * 64 + load<u8>(zigzag + i)) !== 0) return i
  return 0
}

function codeTree(value: i32, bits: i32, context: i32): i32 {
  let tree = 1
  for (let i = bits - 1; i >= 0; i--) tree = 2 * tree + bit(context + tree - 1, (value >> i) & 1)
  return tree - (1 << bits)
}

function codeConstant(block: i32, beside: i32, over: i32, base: i32): void {
  const a = beside < 0 ? 0 : level(beside * 64)
  const b = over < 0 ? 0 : level(over * 64)
  const expected = (a + b) >> 1
  const spread = abs(a - b)
  const near = spread < 2 ? 0 : spread < 8 ? 1 : 2
  const difference = level(block * 64) - expected
  let value = 0
  if (bit(base + DC_ZERO + near, difference)) {
    const negative = bit(base + DC_SIGN + near, i32(difference < 0))
    const size = codeSize(abs(difference), base + DC_SIZE + near * SIZES)
    value = negative ? -size : size
  }
  store<i16>(levels + ((<usize>block) << 7), <i16>(expected + value))
}

function codeRest(block: i32, left: i32, above: i32, last: i32, base: i32): void {
  let before = 0
  let earlier = 0
  for (let i = 1; i <= last; i++) {
    const k = i32(load<u8>(zigzag + i))
    const beside = (left < 0 ? 0 : abs(level(left * 64 + k))) + (above < 0 ? 0 : abs(level(above * 64 + k)))
    const near = 3 * min(beside, 2) + (2 * before + earlier > 2 ? 2 : min(before + earlier, 2))
    const value = level(block * 64 + k)
    let size = 0
    // The last one is none of the zeros.
    if (i === last || bit(base + ZERO + 64 * near + i, value)) {
      const band = i < 4 ? 0 : i < 16 ? 1 : 2
      size = codeSize(abs(value), base + SIZE + (3 * near + band) * SIZES)
      store<i16>(levels + ((<usize>(block * 64 + k)) << 1), <i16>(bit(EVEN, i32(value < 0)) ? -size : size))
    }
    earlier = before
    before = size
  }
}

function codeSize(size: i32, context: i32): i32 {
  for (let n = 1; n < 12; n++) if (!bit(context + n - 1, i32(size > n))) return n
  const rest = size - 11
  const bitsOfRest = 32 - clz(rest)
  let bits = 1
  while (bit(context + 11 + min(bits, 12), i32(bitsOfRest > bits))) {
    if (bits > 11) {
      failure = 2
      return 0
    }
    bits++
  }
  let value = 1
  for (let i = bits - 2; i >= 0; i--) value = 2 * value + bit(EVEN, (rest >> i) & 1)
  return value + 11
}
