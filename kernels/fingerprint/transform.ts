/** Blocks of 8×8 samples and their coefficients: see server/fingerprint/transform.ts and evidence.ts. Whole numbers of 32 bits, four columns of a block
 * at a time; rows are columns of the block turned over. */

/** @param block room for 64 numbers, and 64 more. */
function turnOver(from: usize, to: usize): void {
  turnQuarter(from, to)
  turnQuarter(from + 16, to + 128)
  turnQuarter(from + 128, to + 16)
  turnQuarter(from + 144, to + 144)
}

function turnQuarter(from: usize, to: usize): void {
  const p = v128.load(from)
  const q = v128.load(from, 32)
  const r = v128.load(from, 64)
  const s = v128.load(from, 96)
  const a = i32x4.shuffle(p, q, 0, 4, 1, 5)
  const b = i32x4.shuffle(p, q, 2, 6, 3, 7)
  const c = i32x4.shuffle(r, s, 0, 4, 1, 5)
  const d = i32x4.shuffle(r, s, 2, 6, 3, 7)
  v128.store(to, i64x2.shuffle(a, c, 0, 2))
  v128.store(to, i64x2.shuffle(a, c, 1, 3), 32)
  v128.store(to, i64x2.shuffle(b, d, 0, 2), 64)
  v128.store(to, i64x2.shuffle(b, d, 1, 3), 96)
}

function times(a: v128, by: i32): v128 {
  return i32x4.mul(a, i32x4.splat(by))
}

function sum4(a: v128, b: v128, c: v128, d: v128): v128 {
  return i32x4.add(i32x4.add(a, b), i32x4.add(c, d))
}

function forwardColumns(b: usize, shift: i32): void {
  const round = i32x4.splat(1 << (shift - 1))
  const s07 = i32x4.add(v128.load(b), v128.load(b, 224))
  const d07 = i32x4.sub(v128.load(b), v128.load(b, 224))
  const s16 = i32x4.add(v128.load(b, 32), v128.load(b, 192))
  const d16 = i32x4.sub(v128.load(b, 32), v128.load(b, 192))
  const s25 = i32x4.add(v128.load(b, 64), v128.load(b, 160))
  const d25 = i32x4.sub(v128.load(b, 64), v128.load(b, 160))
  const s34 = i32x4.add(v128.load(b, 96), v128.load(b, 128))
  const d34 = i32x4.sub(v128.load(b, 96), v128.load(b, 128))
  const e0 = i32x4.add(s07, s34)
  const e1 = i32x4.add(s16, s25)
  const o0 = i32x4.sub(s07, s34)
  const o1 = i32x4.sub(s16, s25)
  put(b, i32x4.add(times(i32x4.add(e0, e1), 64), round), shift)
  put(b + 128, i32x4.add(times(i32x4.sub(e0, e1), 64), round), shift)
  put(b + 64, i32x4.add(i32x4.add(times(o0, 83), times(o1, 36)), round), shift)
  put(b + 192, i32x4.add(i32x4.add(times(o0, 36), times(o1, -83)), round), shift)
  put(b + 32, i32x4.add(sum4(times(d07, 89), times(d16, 75), times(d25, 50), times(d34, 18)), round), shift)
  put(b + 96, i32x4.add(sum4(times(d07, 75), times(d16, -18), times(d25, -89), times(d34, -50)), round), shift)
  put(b + 160, i32x4.add(sum4(times(d07, 50), times(d16, -89), times(d25, 18), times(d34, 75)), round), shift)
  put(b + 224, i32x4.add(sum4(times(d07, 18), times(d16, -50), times(d25, 75), times(d34, -89)), round), shift)
}

function inverseColumns(b: usize, shift: i32): void {
  const round = i32x4.splat(1 << (shift - 1))
  const c1 = v128.load(b, 32)
  const c3 = v128.load(b, 96)
  const c5 = v128.load(b, 160)
  const c7 = v128.load(b, 224)
  const d0 = sum4(times(c1, 89), times(c3, 75), times(c5, 50), times(c7, 18))
  const d1 = sum4(times(c1, 75), times(c3, -18), times(c5, -89), times(c7, -50))
  const d2 = sum4(times(c1, 50), times(c3, -89), times(c5, 18), times(c7, 75))
  const d3 = sum4(times(c1, 18), times(c3, -50), times(c5, 75), times(c7, -89))
  const c0 = times(v128.load(b), 64)
  const c2 = v128.load(b, 64)
  const c4 = times(v128.load(b, 128), 64)
  const c6 = v128.load(b, 192)
  const e0 = i32x4.add(i32x4.add(c0, c4), round)
  const e1 = i32x4.add(i32x4.sub(c0, c4), round)
  const o0 = i32x4.add(times(c2, 83), times(c6, 36))
  const o1 = i32x4.add(times(c2, 36), times(c6, -83))
  const s0 = i32x4.add(e0, o0)
  const s1 = i32x4.add(e1, o1)
  const s2 = i32x4.sub(e1, o1)
  const s3 = i32x4.sub(e0, o0)
  put(b, i32x4.add(s0, d0), shift)
  put(b + 224, i32x4.sub(s0, d0), shift)
  put(b + 32, i32x4.add(s1, d1), shift)
  put(b + 192, i32x4.sub(s1, d1), shift)
  put(b + 64, i32x4.add(s2, d2), shift)
  put(b + 160, i32x4.sub(s2, d2), shift)
  put(b + 96, i32x4.add(s3, d3), shift)
  put(b + 128, i32x4.sub(s3, d3), shift)
}

function put(to: usize, values: v128, shift: i32): void {
  v128.store(to, i32x4.shr_s(values, shift))
}

/** Coefficients of a plane, block by block; beyond its right and lower edge the last samples go on. @param block room for 128 numbers. */
export function coefficientsOf(samples: usize, width: i32, height: i32, block: usize, to: usize): void {
  const turned = block + 256
  let out = to
  for (let y0 = 0; y0 < height; y0 += 8)
    for (let x0 = 0; x0 < width; x0 += 8, out += 128) {
      for (let y = 0; y < 8; y++) {
        const row = samples + <usize>(min(y0 + y, height - 1) * width)
        const at = block + ((<usize>y) << 5)
        if (x0 + 8 <= width) {
          const eight = i16x8.sub(v128.load8x8_u(row + x0), i16x8.splat(128))
          v128.store(at, i32x4.extend_low_i16x8_s(eight))
          v128.store(at, i32x4.extend_high_i16x8_s(eight), 16)
        } else
          for (let x = 0; x < 8; x++)
            i32.store(at + ((<usize>x) << 2), i32(load<u8>(row + min(x0 + x, width - 1))) - 128)
      }
      turnOver(block, turned)
      forwardColumns(turned, 2)
      forwardColumns(turned + 16, 2)
      turnOver(turned, block)
      forwardColumns(block, 9)
      forwardColumns(block + 16, 9)
      for (let at: usize = 0; at < 256; at += 32)
        v128.store(out + (at >> 1), i16x8.narrow_i32x4_s(v128.load(block + at), v128.load(block + at + 16)))
    }
}

/** How many coefficients there are of each size. @param counts 32,768 numbers, 0. */
export function countSizes(coefficients: usize, count: i32, counts: usize): void {
  for (let i: usize = 0; i < <usize>count; i++) {
    const place = counts + ((<usize>abs(i32(load<i16>(coefficients + (i << 1))))) << 2)
    i32.store(place, i32.load(place) + 1)
  }
}

/** Levels and losses of blocks. @param drop size from which on a coefficient is kept; @param most the largest level. */
export function quantise(
  coefficients: usize,
  blocks: i32,
  step: i32,
  drop: i32,
  most: i32,
  levels: usize,
  losses: usize,
): void {
  for (let block = 0; block < blocks; block++) {
    let lost = 0
    for (let k: usize = 0; k < 64; k++) {
      const at = ((<usize>block) << 7) + (k << 1)
      const value = i32(load<i16>(coefficients + at))
      const size = abs(value)
      if (size < drop && k) {
        lost += size * size
        store<i16>(levels + at, 0)
        continue
      }
      // The constant part is rounded to the nearest; of the others less is kept.
      const level = min(most, (size + (k ? step - drop : step >> 1)) / step)
      store<i16>(levels + at, <i16>(value < 0 ? -level : level))
      lost += (size - level * step) * (size - level * step)
    }
    store<u8>(losses + block, <u8>min(15, 32 - clz(lost >> 10)))
  }
}

/** Samples of a plane. @param block room for 128 numbers. */
export function samplesOf(levels: usize, step: i32, width: i32, height: i32, block: usize, to: usize): void {
  const turned = block + 256
  const by = i32x4.splat(step)
  const grey = i32x4.splat(128)
  let from = levels
  for (let y0 = 0; y0 < height; y0 += 8)
    for (let x0 = 0; x0 < width; x0 += 8, from += 128) {
      for (let at: usize = 0; at < 256; at += 16)
        v128.store(block + at, i32x4.mul(v128.load16x4_s(from + (at >> 1)), by))
      inverseColumns(block, 7)
      inverseColumns(block + 16, 7)
      turnOver(block, turned)
      inverseColumns(turned, 12)
      inverseColumns(turned + 16, 12)
      turnOver(turned, block)
      const rows = min(8, height - y0)
      const columns = min(8, width - x0)
      for (let y = 0; y < rows; y++) {
        const at = block + ((<usize>y) << 5)
        const words = i16x8.narrow_i32x4_s(i32x4.add(v128.load(at), grey), i32x4.add(v128.load(at, 16), grey))
        const eight = i8x16.narrow_i16x8_u(words, words)
        const row = to + <usize>((y0 + y) * width + x0)
        if (columns === 8) v128.store64_lane(row, eight, 0)
        else {
          v128.store(at, eight)
          memory.copy(row, at, columns)
        }
      }
    }
}
