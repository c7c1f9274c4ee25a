/** Box filters and the DCT of PDQ: see server/fingerprint/pdq.ts. Each number is rounded where the reference rounds it. */

/** Rows at a time: each sum waits for the one before it, and four of them fill a vector. */
const ROWS = 4

/** Moving means along each row, over shorter windows at both ends.
 * @param keep columns that are written, `kept` of them; 0 for all.
 * @param strip room for 8 values a column: four rows side by side, and their means. */
export function boxRows(
  from: usize,
  columns: i32,
  rows: i32,
  window: i32,
  ahead: i32,
  keep: usize,
  kept: i32,
  strip: usize,
  to: usize,
): void {
  const means = strip + ((<usize>(columns + 4)) << 4)
  for (let y = 0; y < rows; y += ROWS) {
    gather(from, columns, rows, y, strip)
    boxStrip(strip, columns, window, ahead, means)
    if (keep) scatterKept(means, keep, kept, rows, y, to)
    else scatter(means, columns, rows, y, to)
  }
}

/** Four rows from y on, the last one again where there are fewer, as columns of four. */
function gather(from: usize, columns: i32, rows: i32, y: i32, to: usize): void {
  const line = (<usize>columns) << 2
  const p = from + <usize>y * line
  const q = from + <usize>min(y + 1, rows - 1) * line
  const r = from + <usize>min(y + 2, rows - 1) * line
  const s = from + <usize>min(y + 3, rows - 1) * line
  for (let x = 0; x < columns; x += 4) {
    const at = (<usize>x) << 2
    transposed(v128.load(p + at), v128.load(q + at), v128.load(r + at), v128.load(s + at), to + (at << 2))
  }
}

function transposed(p: v128, q: v128, r: v128, s: v128, to: usize): void {
  const a = i32x4.shuffle(p, q, 0, 4, 1, 5)
  const b = i32x4.shuffle(p, q, 2, 6, 3, 7)
  const c = i32x4.shuffle(r, s, 0, 4, 1, 5)
  const d = i32x4.shuffle(r, s, 2, 6, 3, 7)
  v128.store(to, i64x2.shuffle(a, c, 0, 2))
  v128.store(to + 16, i64x2.shuffle(a, c, 1, 3))
  v128.store(to + 32, i64x2.shuffle(b, d, 0, 2))
  v128.store(to + 48, i64x2.shuffle(b, d, 1, 3))
}

/** Divided by the number of values: multiplied by one over it, the last bit would be another one than the reference's. */
function boxStrip(strip: usize, columns: i32, window: i32, ahead: i32, to: usize): void {
  let sum = f32x4.splat(0)
  let out = to
  let size: f32 = 0
  for (let x = 0; x < window; x++) {
    sum = f32x4.add(sum, v128.load(strip + ((<usize>x) << 4)))
    size += 1
    if (x < ahead) continue
    v128.store(out, f32x4.div(sum, f32x4.splat(size)))
    out += 16
  }
  const whole = f32x4.splat(<f32>window)
  let left = strip
  for (let x = window; x < columns; x++) {
    sum = f32x4.sub(f32x4.add(sum, v128.load(strip + ((<usize>x) << 4))), v128.load(left))
    v128.store(out, f32x4.div(sum, whole))
    left += 16
    out += 16
  }
  const end = to + ((<usize>columns) << 4)
  size = <f32>(window - 1)
  for (; out < end; out += 16) {
    sum = f32x4.sub(sum, v128.load(left))
    v128.store(out, f32x4.div(sum, f32x4.splat(size)))
    left += 16
    size -= 1
  }
}

function scatter(strip: usize, columns: i32, rows: i32, y: i32, to: usize): void {
  const lanes = min(ROWS, rows - y)
  for (let lane = 0; lane < lanes; lane++) {
    const row = to + ((<usize>(y + lane) * <usize>columns) << 2)
    const from = strip + ((<usize>lane) << 2)
    for (let x = 0; x < columns; x++) f32.store(row + ((<usize>x) << 2), f32.load(from + ((<usize>x) << 4)))
  }
}

function scatterKept(strip: usize, keep: usize, kept: i32, rows: i32, y: i32, to: usize): void {
  const lanes = min(ROWS, rows - y)
  for (let lane = 0; lane < lanes; lane++) {
    const row = to + ((<usize>(y + lane) * <usize>kept) << 2)
    const from = strip + ((<usize>lane) << 2)
    for (let k = 0; k < kept; k++) {
      const x = <usize>i32.load(keep + ((<usize>k) << 2))
      f32.store(row + ((<usize>k) << 2), f32.load(from + (x << 4)))
    }
  }
}

/** The same down all columns at once, row by row. @param sums of `columns`, 0. */
export function boxColumns(
  from: usize,
  columns: i32,
  rows: i32,
  window: i32,
  ahead: i32,
  sums: usize,
  to: usize,
): void {
  const line = (<usize>columns) << 2
  let size = 0
  for (let y = 0; y < rows + ahead; y++) {
    if (y < rows) {
      size++
      addTo(sums, from + <usize>y * line, columns)
    }
    if (y >= window) {
      size--
      takeFrom(sums, from + <usize>(y - window) * line, columns)
    }
    if (y >= ahead) divide(sums, <f32>size, columns, to + <usize>(y - ahead) * line)
  }
}

function addTo(sums: usize, row: usize, columns: i32): void {
  const end = (<usize>columns) << 2
  const whole = end & ~15
  let at: usize = 0
  for (; at < whole; at += 16) v128.store(sums + at, f32x4.add(v128.load(sums + at), v128.load(row + at)))
  for (; at < end; at += 4) f32.store(sums + at, f32.load(sums + at) + f32.load(row + at))
}

function takeFrom(sums: usize, row: usize, columns: i32): void {
  const end = (<usize>columns) << 2
  const whole = end & ~15
  let at: usize = 0
  for (; at < whole; at += 16) v128.store(sums + at, f32x4.sub(v128.load(sums + at), v128.load(row + at)))
  for (; at < end; at += 4) f32.store(sums + at, f32.load(sums + at) - f32.load(row + at))
}

function divide(sums: usize, size: f32, columns: i32, to: usize): void {
  const end = (<usize>columns) << 2
  const whole = end & ~15
  let at: usize = 0
  for (; at < whole; at += 16) v128.store(to + at, f32x4.div(v128.load(sums + at), f32x4.splat(size)))
  for (; at < end; at += 4) f32.store(to + at, f32.load(sums + at) / size)
}

const SAMPLES: usize = 64
const FREQUENCIES: usize = 16

/** B = D A Dᵀ. Four columns at a time, each sum in the order of its terms.
 * @param a 64×64; @param cosines D, 16×64; @param across Dᵀ; @param t room for 16×64; @param b 16×16. */
export function dct(a: usize, cosines: usize, across: usize, t: usize, b: usize): void {
  for (let i: usize = 0; i < FREQUENCIES; i++)
    product(cosines + ((i * SAMPLES) << 2), a, SAMPLES, t + ((i * SAMPLES) << 2))
  for (let i: usize = 0; i < FREQUENCIES; i++)
    product(t + ((i * SAMPLES) << 2), across, FREQUENCIES, b + ((i * FREQUENCIES) << 2))
}

/** One row of 64 times a matrix of 64 rows. */
function product(row: usize, matrix: usize, columns: usize, to: usize): void {
  const line = columns << 2
  for (let at: usize = 0; at < line; at += 64) {
    let p = f32x4.splat(0)
    let q = p
    let r = p
    let s = p
    let from = matrix + at
    for (let k: usize = 0; k < SAMPLES; k++, from += line) {
      const times = v128.load32_splat(row + (k << 2))
      p = f32x4.add(p, f32x4.mul(times, v128.load(from)))
      q = f32x4.add(q, f32x4.mul(times, v128.load(from, 16)))
      r = f32x4.add(r, f32x4.mul(times, v128.load(from, 32)))
      s = f32x4.add(s, f32x4.mul(times, v128.load(from, 48)))
    }
    v128.store(to + at, p)
    v128.store(to + at, q, 16)
    v128.store(to + at, r, 32)
    v128.store(to + at, s, 48)
  }
}
