/** Normal equations of least squares, one observation after the other: see server/matching/solve.ts. Of each matrix the lower half counts; above
 * it may stand anything. */

/** Adds `part` times two of a row to two others. */
function addTwo(to: usize, part: v128, parts: v128): void {
  v128.store(to, f64x2.add(v128.load(to), f64x2.mul(part, parts)))
}

const STEP_UNKNOWNS: usize = 6

/** Of an affine step (refine.ts). @param matrix 6×6, and 6 for the right side, 0 at first. */
export function collectStep(
  marks: usize,
  most: i32,
  count: i32,
  image: usize,
  width: f64,
  height: f64,
  half: f64,
  scale: f64,
  matrix: usize,
): void {
  const list = (<usize>most) << 2
  const side = matrix + ((STEP_UNKNOWNS * STEP_UNKNOWNS) << 3)
  for (let n: usize = 0; n < (<usize>count) << 2; n += 4) {
    const p = marks + n
    const difference = <f64>f32.load(image + n) - <f64>f32.load(p + 4 * list)
    if (isNaN(difference)) continue
    const weight = 1 / (1 + (difference / scale) * (difference / scale))
    const u = (<f64>f32.load(p) - width / 2) / half
    const v = (<f64>f32.load(p + list) - height / 2) / half
    const across = <f64>f32.load(p + 2 * list)
    const along = <f64>f32.load(p + 3 * list)
    const first = f64x2.mul(f64x2.splat(across), f64x2(u, v))
    const third = f64x2(across, along * u)
    const fifth = f64x2(along * v, along)
    const off = f64x2.splat(difference)
    const w = f64x2.splat(weight)
    const a = f64x2.mul(w, first)
    const b = f64x2.mul(w, third)
    const c = f64x2.mul(w, fifth)
    addTwo(side, a, off)
    addTwo(side + 16, b, off)
    addTwo(side + 32, c, off)
    addTwo(matrix, i64x2.shuffle(a, a, 0, 0), first)
    addTwo(matrix + 48, i64x2.shuffle(a, a, 1, 1), first)
    const b0 = i64x2.shuffle(b, b, 0, 0)
    const b1 = i64x2.shuffle(b, b, 1, 1)
    addTwo(matrix + 96, b0, first)
    addTwo(matrix + 112, b0, third)
    addTwo(matrix + 144, b1, first)
    addTwo(matrix + 160, b1, third)
    const c0 = i64x2.shuffle(c, c, 0, 0)
    const c1 = i64x2.shuffle(c, c, 1, 1)
    addTwo(matrix + 192, c0, first)
    addTwo(matrix + 208, c0, third)
    addTwo(matrix + 224, c0, fifth)
    addTwo(matrix + 240, c1, first)
    addTwo(matrix + 256, c1, third)
    addTwo(matrix + 272, c1, fifth)
  }
}

/** Of a copy as a sum of blurred pictures (residual.ts): five unknowns, the last one a constant.
 * @param found the unknowns of the round before; 0 in the first. @param off room for the differences of all that are looked at.
 * @param matrix 5×6 (rows of six, the last without meaning) and 6 for the right side, 0 at first. @returns how many have a copy. */
export function collectParts(
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  copy: usize,
  count: i32,
  stride: i32,
  found: usize,
  scale: f64,
  matrix: usize,
  off: usize,
): i32 {
  let seen = 0
  const side = matrix + 240
  for (let i = 0; i < count; i += stride) {
    const at = (<usize>i) << 2
    const value = <f64>f32.load(copy + at)
    if (isNaN(value)) continue
    const p = <f64>f32.load(a + at)
    const q = <f64>f32.load(b + at)
    const r = <f64>f32.load(c + at)
    const s = <f64>f32.load(d + at)
    let difference: f64 = 0
    if (found) {
      const sum = 0 + p * f64.load(found) + q * f64.load(found, 8) + r * f64.load(found, 16) + s * f64.load(found, 24)
      difference = value - (sum + f64.load(found, 32))
    }
    f32.store(off + ((<usize>seen) << 2), <f32>abs(difference))
    seen++
    const weight = 1 / (1 + (difference / scale) * (difference / scale))
    const first = f64x2(p, q)
    const second = f64x2(r, s)
    const third = f64x2(1, 0)
    observeFive(matrix, weight * p, first, second, third, 1)
    observeFive(matrix + 48, weight * q, first, second, third, 1)
    observeFive(matrix + 96, weight * r, first, second, third, 2)
    observeFive(matrix + 144, weight * s, first, second, third, 2)
    observeFive(matrix + 192, weight, first, second, third, 3)
    addTwo(side, f64x2(weight * p, weight * q), f64x2.splat(value))
    addTwo(side + 16, f64x2(weight * r, weight * s), f64x2.splat(value))
    addTwo(side + 32, f64x2(weight, 0), f64x2.splat(value))
  }
  return seen
}

function observeFive(row: usize, part: f64, first: v128, second: v128, third: v128, pairs: i32): void {
  const times = f64x2.splat(part)
  addTwo(row, times, first)
  if (pairs > 1) addTwo(row + 16, times, second)
  if (pairs > 2) addTwo(row + 32, times, third)
}

/** Of the energy that is expected to remain (residual.ts): three unknowns.
 * @param cells numbers of the cells that are looked at. @param matrix 3×4 (the last column without meaning) and 4 for the right side, 0 at first. */
export function collectEnergies(
  remaining: usize,
  slopes: usize,
  lost: usize,
  cells: usize,
  shares: usize,
  count: i32,
  noise: f64,
  slope: f64,
  loss: f64,
  matrix: usize,
): void {
  const side = matrix + 96
  for (let n: usize = 0; n < <usize>count; n++) {
    const at = (<usize>i32.load(cells + (n << 2))) << 2
    const value = <f64>f32.load(remaining + at)
    const s = <f64>f32.load(slopes + at)
    const l = <f64>f32.load(lost + at)
    const expected = noise + slope * s + loss * l
    const off = max<f64>(0, value / expected - 1) / 2
    const weight = f64.load(shares + (n << 3)) / (expected * expected * (1 + off * off))
    const first = f64x2(1, s)
    const third = f64x2(l, 0)
    addTwo(matrix, f64x2.splat(weight), first)
    addTwo(matrix + 32, f64x2.splat(weight * s), first)
    addTwo(matrix + 64, f64x2.splat(weight * l), first)
    addTwo(matrix + 80, f64x2.splat(weight * l), third)
    addTwo(side, f64x2(weight, weight * s), f64x2.splat(value))
    addTwo(side + 16, f64x2(weight * l, 0), f64x2.splat(value))
  }
}

/** Parts of a cell in the tone: two points of each of three curves, and what each cell has (tone.ts, curves.ts). */
const POINTS = 6
const PARTS = 20
const FIXED = PARTS - POINTS

/** Of the tone. @param at which unknowns a cell has a part in, rising, the last 14 the same of all; @param parts theirs; @param values three of each
 * cell. @param matrix of all unknowns; @param sides three. */
export function collectTone(
  at: usize,
  parts: usize,
  values: usize,
  weights: usize,
  count: i32,
  unknowns: i32,
  matrix: usize,
  sides: usize,
): void {
  const line = (<usize>unknowns) << 3
  const fixed = (<usize>(unknowns - FIXED)) << 3
  for (let n = 0; n < count; n++) {
    const its = at + <usize>(4 * PARTS * n)
    const p = parts + <usize>(8 * PARTS * n)
    const weight = f64.load(weights + ((<usize>n) << 3))
    const v = values + <usize>(24 * n)
    for (let i = 0; i < PARTS; i++) {
      const part = weight * f64.load(p + ((<usize>i) << 3))
      const row = <usize>i32.load(its + ((<usize>i) << 2))
      const to = matrix + row * line
      for (let j = 0; j <= min(i, POINTS - 1); j++) {
        const place = to + ((<usize>i32.load(its + ((<usize>j) << 2))) << 3)
        f64.store(place, f64.load(place) + part * f64.load(p + ((<usize>j) << 3)))
      }
      if (i >= POINTS) {
        const times = f64x2.splat(part)
        const end = fixed + ((<usize>(i - POINTS)) << 3)
        let from = p + (POINTS << 3)
        for (let place = fixed; place <= end; place += 16, from += 16) addTwo(to + place, times, v128.load(from))
      }
      const side = sides + (row << 3)
      f64.store(side, f64.load(side) + part * f64.load(v))
      f64.store(side + line, f64.load(side + line) + part * f64.load(v, 8))
      f64.store(side + 2 * line, f64.load(side + 2 * line) + part * f64.load(v, 16))
    }
  }
}

/** Roots of the summed squares of the three channels' residuals. @param tone unknowns of each channel, one behind the other. */
export function toneResiduals(
  at: usize,
  parts: usize,
  values: usize,
  count: i32,
  unknowns: i32,
  tone: usize,
  off: usize,
): void {
  const line = (<usize>unknowns) << 3
  for (let n = 0; n < count; n++) {
    const its = at + <usize>(4 * PARTS * n)
    const p = parts + <usize>(8 * PARTS * n)
    const v = values + <usize>(24 * n)
    let two = v128.load(v)
    let third = f64.load(v, 16)
    for (let k: usize = 0; k < <usize>PARTS; k++) {
      const part = f64.load(p + (k << 3))
      const unknown = tone + ((<usize>i32.load(its + (k << 2))) << 3)
      const both = v128.load64_lane(unknown + line, v128.load64_zero(unknown), 1)
      two = f64x2.sub(two, f64x2.mul(f64x2.splat(part), both))
      third -= part * f64.load(unknown + 2 * line)
    }
    const squares = f64x2.mul(two, two)
    const sum = f64x2.extract_lane(squares, 0) + f64x2.extract_lane(squares, 1) + third * third
    f32.store(off + ((<usize>n) << 2), <f32>sqrt(sum))
  }
}
