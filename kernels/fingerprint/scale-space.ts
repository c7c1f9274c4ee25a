/** Levels of a picture and the extrema in them: see server/fingerprint/scale-space.ts. Whole numbers: grey values in 1/16, of 16 bits. */

/** Grey values, in sixteenths. */
export function sixteenths(grey: usize, pixels: i32, to: usize): void {
  for (let i = 0; i < pixels; i += 8) v128.store(to + ((<usize>i) << 1), i16x8.shl(v128.load8x8_u(grey + i), 4))
}

/** ¼ ½ ¼ each way, in place; the edge is repeated. Eight pixels at a time.
 * @param lines room for three rows. */
export function smooth(data: usize, width: i32, height: i32, lines: usize): void {
  const line = (<usize>width) << 1
  const apart = (line + 31) & ~15
  let above = lines
  let here = lines + apart
  let below = here + apart
  blurRow(data, width, here)
  memory.copy(above, here, line)
  for (let y = 0; y < height; y++) {
    const row = data + <usize>y * line
    if (y + 1 < height) blurRow(row + line, width, below)
    else memory.copy(below, here, line)
    const whole = line & ~15
    for (let at: usize = 0; at < whole; at += 16) {
      const twice = i16x8.shl(v128.load(here + at), 1)
      const sum = i16x8.add(i16x8.add(v128.load(above + at), twice), i16x8.add(v128.load(below + at), i16x8.splat(8)))
      // At most 16 · 4,080 + 8: 16 bits without a sign.
      v128.store(row + at, i16x8.shr_u(sum, 4))
    }
    for (let at = whole; at < line; at += 2) {
      const sum = i32(load<i16>(above + at)) + 2 * load<i16>(here + at) + load<i16>(below + at)
      store<i16>(row + at, <i16>((sum + 8) >> 4))
    }
    const last = above
    above = here
    here = below
    below = last
  }
}

/** Sums of 1 2 1, four times the mean. */
function blurRow(row: usize, width: i32, to: usize): void {
  const line = (<usize>width) << 1
  for (let at: usize = 0; at < line; at += 16) {
    const twice = i16x8.shl(v128.load(row + at), 1)
    v128.store(to + at, i16x8.add(i16x8.add(v128.load(row + at - 2), v128.load(row + at + 2)), twice))
  }
  const end = line - 2
  const first = i32(load<i16>(row))
  const last = i32(load<i16>(row + end))
  if (width === 1) {
    store<i16>(to, <i16>(4 * first))
    return
  }
  store<i16>(to, <i16>(3 * first + i32(load<i16>(row + 2))))
  store<i16>(to + end, <i16>(i32(load<i16>(row + end - 2)) + 3 * last))
}

/** Four pixels where there were five, each way. Sample k of four lies at k + (2k + 1)/8 of five. */
export function reduce(from: usize, fromWidth: i32, to: usize, width: i32, height: i32): void {
  const across = i16x8(7, 1, 5, 3, 3, 5, 1, 7)
  const line = (<usize>fromWidth) << 1
  let out = to
  for (let y = 0; y < height; y++) {
    const v = 2 * (y & 3) + 1
    const upper = i16x8.splat(<i16>(8 - v))
    const lower = i16x8.splat(<i16>v)
    let p = from + <usize>((y >> 2) * 5 + (y & 3)) * line
    for (let x = 0; x < width; x += 4, p += 10, out += 8) {
      // At most 8 · 4,080: 16 bits.
      const five = i16x8.add(i16x8.mul(upper, v128.load(p)), i16x8.mul(lower, v128.load(p + line)))
      const pairs = i16x8.shuffle(five, five, 0, 1, 1, 2, 2, 3, 3, 4)
      const four = i32x4.shr_s(i32x4.add(i32x4.dot_i16x8_s(pairs, across), i32x4.splat(32)), 6)
      v128.store64_lane(out, i16x8.narrow_i32x4_s(four, four), 0)
    }
  }
}

/** |∂xx ∂yy − ∂xy²| of a level, 16 times; 0 along the edge. */
export function respond(data: usize, width: i32, height: i32, to: usize): void {
  const line = (<usize>width) << 1
  if (width > 2)
    for (let y = 1; y < height - 1; y++) {
      const row = data + <usize>y * line
      const out = to + ((<usize>y * line) << 1)
      for (let at: usize = 2; at < line - 2; at += 16) respondEight(row + at, line, out + (at << 1))
    }
  clearEdge(to, width, height)
}

function respondEight(p: usize, line: usize, to: usize): void {
  const above = p - line
  const below = p + line
  const twice = i16x8.shl(v128.load(p), 1)
  const xx = i16x8.sub(i16x8.add(v128.load(p - 2), v128.load(p + 2)), twice)
  const yy = i16x8.sub(i16x8.add(v128.load(above), v128.load(below)), twice)
  const xy = i16x8.sub(
    i16x8.add(v128.load(above - 2), v128.load(below + 2)),
    i16x8.add(v128.load(above + 2), v128.load(below - 2)),
  )
  const low = i32x4.shl(i32x4.extmul_low_i16x8_s(xx, yy), 4)
  const high = i32x4.shl(i32x4.extmul_high_i16x8_s(xx, yy), 4)
  v128.store(to, i32x4.abs(i32x4.sub(low, i32x4.extmul_low_i16x8_s(xy, xy))))
  v128.store(to + 16, i32x4.abs(i32x4.sub(high, i32x4.extmul_high_i16x8_s(xy, xy))))
}

/** Also of what was written beyond the end of a row. */
function clearEdge(to: usize, width: i32, height: i32): void {
  const line = (<usize>width) << 2
  const end = to + line * height
  memory.fill(to, 0, line)
  memory.fill(end - line, 0, line)
  for (let row = to + line; row < end; row += line) {
    i32.store(row, 0)
    i32.store(row - 4, 0)
  }
}

/** The largest of 3×3 around a point of another level; 0 where there is none. */
function largestNear(data: usize, width: i32, height: i32, x: f64, y: f64): i32 {
  if (data === 0) return 0
  const left = max(0, min(i32(Math.floor(x)) - 1, width - 3))
  const top = max(0, min(i32(Math.floor(y)) - 1, height - 3))
  const line = (<usize>width) << 2
  let p = data + <usize>top * line + ((<usize>left) << 2)
  let largest = 0
  for (let row = 0; row < 3; row++, p += line)
    largest = max(largest, max(i32.load(p), max(i32.load(p, 4), i32.load(p, 8))))
  return largest
}

const STEP: f64 = 1.25

/** The strongest extrema of a cell of a level, larger than all 26 neighbours: in order of response, of equals the first one. Four pixels at a time:
 * most are passed over by one comparison once the cell has as many as are kept.
 * @param response of the level; `finer` and `coarser` those of the levels around it, or 0.
 * @param kept room for `most` responses, and behind them for their places. @returns how many there are. */
export function peaks(
  response: usize,
  width: i32,
  left: i32,
  top: i32,
  right: i32,
  bottom: i32,
  floor: i32,
  most: i32,
  finer: usize,
  finerWidth: i32,
  finerHeight: i32,
  coarser: usize,
  coarserWidth: i32,
  coarserHeight: i32,
  kept: usize,
): i32 {
  const line = (<usize>width) << 2
  let count = 0
  let least = floor
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x += 4) {
      const at = y * width + x
      const p = response + ((<usize>at) << 2)
      const here = v128.load(p)
      const larger = i32x4.gt_s(here, i32x4.splat(least))
      if (!v128.any_true(larger)) continue
      let lanes = i32x4.bitmask(v128.and(larger, leads(here, p, line)))
      for (let lane = 0; lanes !== 0; lane++, lanes >>= 1) {
        if (!(lanes & 1) || x + lane >= right) continue
        const value = i32.load(p + ((<usize>lane) << 2))
        if (value <= least) continue
        const u = f64(x + lane) + 0.5
        const v = f64(y) + 0.5
        if (value < largestNear(finer, finerWidth, finerHeight, STEP * u, STEP * v)) continue
        if (value < largestNear(coarser, coarserWidth, coarserHeight, u / STEP, v / STEP)) continue
        insert(kept, count, most, value, at + lane)
        if (count < most) count++
        if (count === most) least = i32.load(kept + ((<usize>(most - 1)) << 2))
      }
    }
  return count
}

/** Which of four pixels are larger than those before them, and no smaller than those behind. */
function leads(here: v128, p: usize, line: usize): v128 {
  const above = p - line
  const below = p + line
  const before = v128.and(
    v128.and(i32x4.gt_s(here, v128.load(p - 4)), i32x4.gt_s(here, v128.load(above - 4))),
    v128.and(i32x4.gt_s(here, v128.load(above)), i32x4.gt_s(here, v128.load(above + 4))),
  )
  const behind = v128.and(
    v128.and(i32x4.ge_s(here, v128.load(p + 4)), i32x4.ge_s(here, v128.load(below - 4))),
    v128.and(i32x4.ge_s(here, v128.load(below)), i32x4.ge_s(here, v128.load(below + 4))),
  )
  return v128.and(before, behind)
}

function insert(kept: usize, count: i32, most: i32, response: i32, place: i32): void {
  const places = kept + ((<usize>most) << 2)
  let i = (<usize>min(count, most - 1)) << 2
  for (; i > 0 && i32.load(kept + i - 4) < response; i -= 4) {
    i32.store(kept + i, i32.load(kept + i - 4))
    i32.store(places + i, i32.load(places + i - 4))
  }
  i32.store(kept + i, response)
  i32.store(places + i, place)
}
