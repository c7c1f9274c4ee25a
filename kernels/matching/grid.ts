/** Planes of 32-bit floats: see server/matching/grid.ts. Sums are of doubles, and rounded when they are stored. */

/** Means over (2·radius + 1)² pixels, fewer at the border.
 * @param across one over how many columns are in each window; @param down the same of rows; @param sums room for a double a column. */
export function boxBlur(
  data: usize,
  width: i32,
  height: i32,
  radius: i32,
  across: usize,
  down: usize,
  sums: usize,
  to: usize,
): void {
  const line = (<usize>width) << 2
  memory.fill(sums, 0, (<usize>(width + 2)) << 3)
  for (let y = -radius; y < height; y++) {
    if (y + radius < height) addTo(sums, data + <usize>(y + radius) * line, width)
    if (y > radius) takeFrom(sums, data + <usize>(y - radius - 1) * line, width)
    if (y >= 0) blurRow(sums, width, radius, across, f64.load(down + ((<usize>y) << 3)), to + <usize>y * line)
  }
}

/** Two at a time: of an odd number one more. */
function addTo(sums: usize, row: usize, width: i32): void {
  let to = sums
  const end = row + ((<usize>width) << 2)
  for (let p = row; p < end; p += 8, to += 16)
    v128.store(to, f64x2.add(v128.load(to), f64x2.promote_low_f32x4(v128.load64_zero(p))))
}

function takeFrom(sums: usize, row: usize, width: i32): void {
  let to = sums
  const end = row + ((<usize>width) << 2)
  for (let p = row; p < end; p += 8, to += 16)
    v128.store(to, f64x2.sub(v128.load(to), f64x2.promote_low_f32x4(v128.load64_zero(p))))
}

function blurRow(sums: usize, width: i32, radius: i32, across: usize, down: f64, to: usize): void {
  let sum: f64 = 0
  for (let x = 0; x < min(radius, width); x++) sum += f64.load(sums + ((<usize>x) << 3))
  const inner = max(0, width - radius)
  const reach = (<usize>radius) << 3
  let x = 0
  for (const end = min(radius + 1, inner); x < end; x++) {
    sum += f64.load(sums + ((<usize>x) << 3) + reach)
    put(to, x, sum, across, down)
  }
  for (; x < inner; x++) {
    const at = sums + ((<usize>x) << 3)
    sum += f64.load(at + reach) - f64.load(at - reach - 8)
    put(to, x, sum, across, down)
  }
  for (; x < width; x++) {
    if (x > radius) sum -= f64.load(sums + ((<usize>x) << 3) - reach - 8)
    put(to, x, sum, across, down)
  }
}

function put(to: usize, x: i32, sum: f64, across: usize, down: f64): void {
  f32.store(to + ((<usize>x) << 2), <f32>(sum * f64.load(across + ((<usize>x) << 3)) * down))
}

/** Means of 2×2 pixels; of an odd side the last ones stand alone. */
export function halve(data: usize, width: i32, height: i32, to: usize): void {
  const quarter = f64x2.splat(0.25)
  const columns = (width + 1) >> 1
  const rows = (height + 1) >> 1
  const whole = width >> 1
  const line = (<usize>width) << 2
  let out = to
  for (let y = 0; y < rows; y++) {
    const upper = data + <usize>(2 * y) * line
    const lower = data + <usize>min(2 * y + 1, height - 1) * line
    let x = 0
    for (; x + 2 <= whole; x += 2, out += 8) {
      const above = v128.load(upper + ((<usize>x) << 3))
      const below = v128.load(lower + ((<usize>x) << 3))
      const top = f64x2.add(evens(above), odds(above))
      const sum = f64x2.add(f64x2.add(top, evens(below)), odds(below))
      v128.store64_lane(out, f32x4.demote_f64x2_zero(f64x2.mul(sum, quarter)), 0)
    }
    for (; x < columns; x++, out += 4) {
      const left = (<usize>x) << 3
      const right = (<usize>min(2 * x + 1, width - 1)) << 2
      const top = <f64>f32.load(upper + left) + <f64>f32.load(upper + right)
      f32.store(out, <f32>((top + <f64>f32.load(lower + left) + <f64>f32.load(lower + right)) / 4))
    }
  }
}

function evens(four: v128): v128 {
  return f64x2.promote_low_f32x4(i32x4.shuffle(four, four, 0, 2, 0, 2))
}

function odds(four: v128): v128 {
  return f64x2.promote_low_f32x4(i32x4.shuffle(four, four, 1, 3, 1, 3))
}

/** Values where an affine map takes the middles of a grid's pixels, between the four around; NaN outside. */
export function sample(
  data: usize,
  w: i32,
  h: i32,
  a: f64,
  b: f64,
  c: f64,
  d: f64,
  e: f64,
  f: f64,
  width: i32,
  height: i32,
  to: usize,
): void {
  let out = to
  for (let y = 0; y < height; y++) {
    const at = <f64>y + 0.5
    let u = a * 0.5 + b * at + c - 0.5
    let v = d * 0.5 + e * at + f - 0.5
    const from = max(firstInside(u, a, w), firstInside(v, d, h))
    const end = min(lastInside(u, a, w), lastInside(v, d, h))
    for (let x = 0; x < width; ) {
      if (<f64>x >= from && <f64>(x + 1) <= end && x + 1 < width) {
        twoBetween(data, w, u, u + a, v, v + d, out)
        u = u + a + a
        v = v + d + d
        x += 2
        out += 8
        continue
      }
      const inside = u >= 0 && v >= 0 && u < <f64>(w - 1) && v < <f64>(h - 1)
      f32.store(out, inside ? between(data, w, u, v) : valueAtRim(data, w, h, u, v))
      u += a
      v += d
      x++
      out += 4
    }
  }
}

/** More than is ever rounded away along a row. */
const NEARLY: f64 = 1e-6

/** From which pixel of a row on a position is safely within the middles of a side; and up to which. */
function firstInside(start: f64, step: f64, side: i32): f64 {
  if (step === 0) return start >= 0 && start < <f64>(side - 1) ? 0 : Infinity
  const bound = step > 0 ? NEARLY : <f64>(side - 1) - NEARLY
  return Math.ceil((bound - start) / step)
}

function lastInside(start: f64, step: f64, side: i32): f64 {
  if (step === 0) return Infinity
  const bound = step > 0 ? <f64>(side - 1) - NEARLY : NEARLY
  return Math.floor((bound - start) / step)
}

/** Added to a whole number, leaves it in the lower half of the double. */
const WHOLE: f64 = 4503599627370496

function twoBetween(data: usize, w: i32, u0: f64, u1: f64, v0: f64, v1: f64, to: usize): void {
  const u = f64x2(u0, u1)
  const v = f64x2(v0, v1)
  const x = f64x2.floor(u)
  const y = f64x2.floor(v)
  const index = f64x2.add(f64x2.add(f64x2.mul(y, f64x2.splat(<f64>w)), x), f64x2.splat(WHOLE))
  const p = data + ((<usize>i32x4.extract_lane(index, 0)) << 2)
  const q = data + ((<usize>i32x4.extract_lane(index, 2)) << 2)
  const line = (<usize>w) << 2
  const first = v128.load64_lane(p + line, v128.load64_zero(p), 1)
  const second = v128.load64_lane(q + line, v128.load64_zero(q), 1)
  const above = i32x4.shuffle(first, second, 0, 4, 1, 5)
  const below = i32x4.shuffle(first, second, 2, 6, 3, 7)
  const across = f64x2.sub(u, x)
  const upper = blended(above, across)
  const lower = blended(below, across)
  const value = f64x2.add(upper, f64x2.mul(f64x2.sub(v, y), f64x2.sub(lower, upper)))
  v128.store64_lane(to, f32x4.demote_f64x2_zero(value), 0)
}

/** @param four two on the left, two on the right. */
function blended(four: v128, part: v128): v128 {
  const left = f64x2.promote_low_f32x4(four)
  const right = f64x2.promote_low_f32x4(i64x2.shuffle(four, four, 1, 1))
  return f64x2.add(left, f64x2.mul(part, f64x2.sub(right, left)))
}

/** Between four pixels: above and below side by side. */
export function between(data: usize, w: i32, u: f64, v: f64): f32 {
  const x = <i32>u
  const y = <i32>v
  const p = data + ((<usize>(y * w + x)) << 2)
  const above = v128.load64_zero(p)
  const both = v128.load64_lane(p + ((<usize>w) << 2), above, 1)
  const left = evens(both)
  const sides = f64x2.add(left, f64x2.mul(f64x2.splat(u - <f64>x), f64x2.sub(odds(both), left)))
  const upper = f64x2.extract_lane(sides, 0)
  return <f32>(upper + (v - <f64>y) * (f64x2.extract_lane(sides, 1) - upper))
}

/** Half a pixel beyond the outermost middles there is still picture; then there is none. */
function valueAtRim(data: usize, w: i32, h: i32, u: f64, v: f64): f32 {
  if (!(u >= -0.5 && v >= -0.5 && u <= <f64>w - 0.5 && v <= <f64>h - 0.5)) return f32.NaN
  const cu = u < 0 ? 0 : u > <f64>(w - 1) ? <f64>(w - 1) : u
  const cv = v < 0 ? 0 : v > <f64>(h - 1) ? <f64>(h - 1) : v
  const x = <i32>cu
  const y = <i32>cv
  const p = data + ((<usize>(y * w + x)) << 2)
  const right: usize = x + 1 < w ? 4 : 0
  const below: usize = y + 1 < h ? (<usize>w) << 2 : 0
  const first = <f64>f32.load(p)
  const third = <f64>f32.load(p + below)
  const upper = first + (cu - <f64>x) * (<f64>f32.load(p + right) - first)
  const lower = third + (cu - <f64>x) * (<f64>f32.load(p + below + right) - third)
  return <f32>(upper + (cv - <f64>y) * (lower - upper))
}

/** Means over cells of 4×4 pixels, which may be cut short at the border: four whole cells at a time. @param squares whether of the values' squares. */
export function cellSums(data: usize, width: i32, height: i32, squares: bool, to: usize): void {
  const columns = (width + 3) >> 2
  const rows = (height + 3) >> 2
  const line = (<usize>width) << 2
  for (let row = 0; row < rows; row++) {
    const from = data + <usize>(4 * row) * line
    const out = to + ((<usize>(row * columns)) << 2)
    const h = min(4, height - 4 * row)
    let column = 0
    for (; 4 * column + 16 <= width; column += 4)
      v128.store(out + ((<usize>column) << 2), fourCells(from + ((<usize>column) << 4), line, h, squares))
    for (; column < columns; column++)
      f32.store(
        out + ((<usize>column) << 2),
        oneCell(from + ((<usize>column) << 4), line, min(4, width - 4 * column), h, squares),
      )
  }
}

function fourCells(from: usize, line: usize, h: i32, squares: bool): v128 {
  let sum = f32x4.splat(0)
  let p = from
  for (let y = 0; y < h; y++, p += line) {
    const a = v128.load(p)
    const b = v128.load(p, 16)
    const c = v128.load(p, 32)
    const d = v128.load(p, 48)
    const ab = i32x4.shuffle(a, b, 0, 4, 1, 5)
    const cd = i32x4.shuffle(c, d, 0, 4, 1, 5)
    const ab2 = i32x4.shuffle(a, b, 2, 6, 3, 7)
    const cd2 = i32x4.shuffle(c, d, 2, 6, 3, 7)
    sum = plus(sum, i64x2.shuffle(ab, cd, 0, 2), squares)
    sum = plus(sum, i64x2.shuffle(ab, cd, 1, 3), squares)
    sum = plus(sum, i64x2.shuffle(ab2, cd2, 0, 2), squares)
    sum = plus(sum, i64x2.shuffle(ab2, cd2, 1, 3), squares)
  }
  const pixels = 4 * h
  return f32x4.div(sum, f32x4.splat(<f32>pixels))
}

function plus(sum: v128, values: v128, squares: bool): v128 {
  if (!squares) return f32x4.add(sum, values)
  const low = f64x2.promote_low_f32x4(values)
  const high = f64x2.promote_low_f32x4(i64x2.shuffle(values, values, 1, 1))
  const first = f64x2.add(f64x2.promote_low_f32x4(sum), f64x2.mul(low, low))
  const second = f64x2.add(f64x2.promote_low_f32x4(i64x2.shuffle(sum, sum, 1, 1)), f64x2.mul(high, high))
  return i64x2.shuffle(f32x4.demote_f64x2_zero(first), f32x4.demote_f64x2_zero(second), 0, 2)
}

function oneCell(from: usize, line: usize, w: i32, h: i32, squares: bool): f32 {
  let sum: f32 = 0
  let p = from
  for (let y = 0; y < h; y++, p += line)
    for (let x = 0; x < w; x++) {
      const value = <f64>f32.load(p + ((<usize>x) << 2))
      sum = <f32>(<f64>sum + (squares ? value * value : value))
    }
  return sum / <f32>(w * h)
}

/** Differences pixel by pixel, 0 where there is no copy, and squared slopes of the prediction as means over cells.
 * @param slopes as many as there are cells, 0. */
export function measure(copy: usize, prediction: usize, width: i32, height: i32, off: usize, slopes: usize): void {
  const columns = (width + 3) >> 2
  const line = (<usize>width) << 2
  for (let y = 0; y < height; y++) {
    const row = <usize>y * line
    const up = y > 0 ? line : 0
    const down = y + 1 < height ? line : 0
    const cells = slopes + ((<usize>((y >> 2) * columns)) << 2)
    const last = line - 4
    for (let x: usize = 0; x < line; x += 4) {
      const p = prediction + row + x
      const difference = f32.load(copy + row + x) - f32.load(p)
      f32.store(off + row + x, isNaN(difference) ? 0 : difference)
      const across = <f64>f32.load(x < last ? p + 4 : p) - <f64>f32.load(x > 0 ? p - 4 : p)
      const along = <f64>f32.load(p + down) - <f64>f32.load(p - up)
      const cell = cells + ((x >> 4) << 2)
      f32.store(cell, <f32>(<f64>f32.load(cell) + (across * across + along * along) / 64))
    }
  }
}

/** Weighted sums of four pictures and a constant. @param parts five. */
export function mixture(a: usize, b: usize, c: usize, d: usize, parts: usize, count: i32, to: usize): void {
  const p = v128.load64_splat(parts)
  const q = v128.load64_splat(parts + 8)
  const r = v128.load64_splat(parts + 16)
  const s = v128.load64_splat(parts + 24)
  const t = v128.load64_splat(parts + 32)
  for (let at: usize = 0; at < (<usize>count) << 2; at += 8) {
    const first = f64x2.add(f64x2.mul(p, two(a + at)), f64x2.mul(q, two(b + at)))
    const sum = f64x2.add(f64x2.add(f64x2.add(first, f64x2.mul(r, two(c + at))), f64x2.mul(s, two(d + at))), t)
    v128.store64_lane(to + at, f32x4.demote_f64x2_zero(sum), 0)
  }
}

function two(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at))
}

/** Squares of how far values lie from their means. */
export function squaresOff(data: usize, mean: usize, count: i32, to: usize): void {
  const end = (<usize>count) << 2
  for (let at: usize = 0; at < end; at += 8) {
    const off = difference(data + at, mean + at)
    v128.store64_lane(to + at, f32x4.demote_f64x2_zero(f64x2.mul(off, off)), 0)
  }
}

function difference(a: usize, b: usize): v128 {
  return f64x2.sub(two(a), two(b))
}

/** Values less their means, in parts of their contrast and a floor. */
export function withoutTone(data: usize, mean: usize, variance: usize, count: i32, floor: f64, to: usize): void {
  const end = (<usize>count) << 2
  const least = f64x2.splat(floor)
  const zero = f64x2.splat(0)
  for (let at: usize = 0; at < end; at += 8) {
    const square = f64x2.max(zero, f64x2.promote_low_f32x4(v128.load64_zero(variance + at)))
    const contrast = f64x2.add(f64x2.sqrt(square), least)
    const value = f64x2.div(difference(data + at, mean + at), contrast)
    v128.store64_lane(to + at, f32x4.demote_f64x2_zero(value), 0)
  }
}
