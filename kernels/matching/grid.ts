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
  const right = <f64>(w - 1)
  const bottom = <f64>(h - 1)
  let out = to
  for (let y = 0; y < height; y++) {
    const at = <f64>y + 0.5
    let u = a * 0.5 + b * at + c - 0.5
    let v = d * 0.5 + e * at + f - 0.5
    for (let x = 0; x < width; x++, out += 4, u += a, v += d) {
      const inside = u >= 0 && v >= 0 && u < right && v < bottom
      f32.store(out, inside ? between(data, w, u, v) : valueAtRim(data, w, h, u, v))
    }
  }
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

/** Means over cells of 4×4 pixels, which may be cut short at the border. @param squares whether of the values' squares. */
export function cellSums(data: usize, width: i32, height: i32, squares: bool, to: usize): void {
  const columns = (width + 3) >> 2
  const rows = (height + 3) >> 2
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const w = min(4, width - 4 * column)
      const h = min(4, height - 4 * row)
      let p = data + ((<usize>(4 * row * width + 4 * column)) << 2)
      let sum: f32 = 0
      for (let y = 0; y < h; y++, p += (<usize>width) << 2)
        for (let x = 0; x < w; x++) {
          const value = <f64>f32.load(p + ((<usize>x) << 2))
          sum = <f32>(<f64>sum + (squares ? value * value : value))
        }
      f32.store(to + ((<usize>(row * columns + column)) << 2), sum / <f32>(w * h))
    }
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
  return f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(a)), f64x2.promote_low_f32x4(v128.load64_zero(b)))
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
