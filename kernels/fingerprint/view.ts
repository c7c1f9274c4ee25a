/** A picture reduced in three channels, and its luminance and colour: see server/fingerprint/view.ts and planes.ts. */

/** Adds a row of samples, weighted, to sums: eight at a time, so up to seven beyond the row. */
export function addLine(sums: usize, samples: usize, count: i32, weight: f64): void {
  const times = f64x2.splat(weight)
  let to = sums
  for (let i = 0; i < count; i += 8, to += 64) {
    const eight = v128.load8x8_u(samples + i)
    const low = i32x4.extend_low_i16x8_u(eight)
    const high = i32x4.extend_high_i16x8_u(eight)
    add(to, f64x2.mul(times, f64x2.convert_low_i32x4_u(low)))
    add(to + 16, f64x2.mul(times, f64x2.convert_low_i32x4_u(i64x2.shuffle(low, low, 1, 1))))
    add(to + 32, f64x2.mul(times, f64x2.convert_low_i32x4_u(high)))
    add(to + 48, f64x2.mul(times, f64x2.convert_low_i32x4_u(i64x2.shuffle(high, high, 1, 1))))
  }
}

function add(to: usize, values: v128): void {
  v128.store(to, f64x2.add(v128.load(to), values))
}

/** Means over a row's cells of three channels, red and green side by side; blue beside what comes next. What a pixel gives to the next cell is
 * what it did not give to the one before.
 * @param pixel in which each cell ends; @param part how much of it is its; @param perPixel one over the pixels of a cell. */
export function writeRow(sums: usize, pixel: usize, part: usize, perPixel: f64, cells: i32, to: usize): void {
  const half = f64x2.splat(0.5)
  const times = f64x2.splat(perPixel)
  let first = f64x2.splat(0)
  let second = first
  let at = sums
  let out = to
  for (let cell = 0; cell < cells; cell++, out += 3) {
    const last = sums + <usize>i32.load(pixel + ((<usize>cell) << 2)) * 24
    for (; at < last; at += 24) {
      first = f64x2.add(first, v128.load(at))
      second = f64x2.add(second, v128.load(at, 16))
    }
    const share = v128.load64_splat(part + ((<usize>cell) << 3))
    const ofFirst = f64x2.mul(share, v128.load(at))
    const ofSecond = f64x2.mul(share, v128.load(at, 16))
    const redGreen = i32x4.trunc_sat_f64x2_u_zero(f64x2.add(f64x2.mul(f64x2.add(first, ofFirst), times), half))
    const blue = i32x4.trunc_sat_f64x2_u_zero(f64x2.add(f64x2.mul(f64x2.add(second, ofSecond), times), half))
    store<u8>(out, <u8>i32x4.extract_lane(redGreen, 0))
    store<u8>(out + 1, <u8>i32x4.extract_lane(redGreen, 1))
    store<u8>(out + 2, <u8>i32x4.extract_lane(blue, 0))
    first = f64x2.neg(ofFirst)
    second = f64x2.neg(ofSecond)
  }
}

/** Grey values to the nearest. */
export function rounded(means: usize, count: i32, to: usize): void {
  const half = f64x2.splat(0.5)
  for (let i = 0; i < count; i += 2) {
    const two = f64x2.add(f64x2.promote_low_f32x4(v128.load64_zero(means + ((<usize>i) << 2))), half)
    const values = i32x4.trunc_sat_f64x2_u_zero(two)
    store<u8>(to + i, <u8>i32x4.extract_lane(values, 0))
    store<u8>(to + i + 1, <u8>i32x4.extract_lane(values, 1))
  }
}

/** Luminance of a row of RGB, and its colour differences added to the sums of cells of four pixels: 16 pixels at a time. */
export function planesOfRow(pixels: usize, width: i32, luma: usize, blue: usize, red: usize): void {
  const whole = width & ~15
  let p = pixels
  let x = 0
  for (; x < whole; x += 16, p += 48) {
    const a = v128.load(p)
    const b = v128.load(p, 16)
    const c = v128.load(p, 32)
    const redAB = i8x16.shuffle(a, b, 0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 0, 0, 0, 0, 0)
    const r = i8x16.shuffle(redAB, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 17, 20, 23, 26, 29)
    const greenAB = i8x16.shuffle(a, b, 1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 0, 0, 0, 0, 0)
    const g = i8x16.shuffle(greenAB, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 18, 21, 24, 27, 30)
    const blueAB = i8x16.shuffle(a, b, 2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 0, 0, 0, 0, 0, 0)
    const u = i8x16.shuffle(blueAB, c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 19, 22, 25, 28, 31)
    const low = lumaOf(i16x8.extend_low_i8x16_u(r), i16x8.extend_low_i8x16_u(g), i16x8.extend_low_i8x16_u(u))
    const high = lumaOf(i16x8.extend_high_i8x16_u(r), i16x8.extend_high_i8x16_u(g), i16x8.extend_high_i8x16_u(u))
    v128.store(luma + x, i8x16.narrow_i16x8_u(low, high))
    addCells(blue + x, r, g, u, -43, -85, 128)
    addCells(red + x, r, g, u, 128, -107, -21)
  }
  for (; x < width; x++, p += 3) {
    const r = i32(load<u8>(p))
    const g = i32(load<u8>(p, 1))
    const b = i32(load<u8>(p, 2))
    const cell = (<usize>(x >> 2)) << 2
    store<u8>(luma + x, <u8>((77 * r + 150 * g + 29 * b + 128) >> 8))
    i32.store(blue + cell, i32.load(blue + cell) - 43 * r - 85 * g + 128 * b)
    i32.store(red + cell, i32.load(red + cell) + 128 * r - 107 * g - 21 * b)
  }
}

/** At most 256 · 255 + 128: 16 bits without a sign. */
function lumaOf(r: v128, g: v128, b: v128): v128 {
  const sum = i16x8.add(
    i16x8.add(i16x8.mul(r, i16x8.splat(77)), i16x8.mul(g, i16x8.splat(150))),
    i16x8.add(i16x8.mul(b, i16x8.splat(29)), i16x8.splat(128)),
  )
  return i16x8.shr_u(sum, 8)
}

/** Adds to four cells what 16 pixels have of a colour difference: of a pixel at most 128 · 255, 16 bits with a sign. */
function addCells(to: usize, r: v128, g: v128, b: v128, ofRed: i16, ofGreen: i16, ofBlue: i16): void {
  const low = i16x8.add(
    i16x8.add(
      i16x8.mul(i16x8.extend_low_i8x16_u(r), i16x8.splat(ofRed)),
      i16x8.mul(i16x8.extend_low_i8x16_u(g), i16x8.splat(ofGreen)),
    ),
    i16x8.mul(i16x8.extend_low_i8x16_u(b), i16x8.splat(ofBlue)),
  )
  const high = i16x8.add(
    i16x8.add(
      i16x8.mul(i16x8.extend_high_i8x16_u(r), i16x8.splat(ofRed)),
      i16x8.mul(i16x8.extend_high_i8x16_u(g), i16x8.splat(ofGreen)),
    ),
    i16x8.mul(i16x8.extend_high_i8x16_u(b), i16x8.splat(ofBlue)),
  )
  const before = i32x4.extadd_pairwise_i16x8_s(low)
  const behind = i32x4.extadd_pairwise_i16x8_s(high)
  const four = i32x4.add(i32x4.shuffle(before, behind, 0, 2, 4, 6), i32x4.shuffle(before, behind, 1, 3, 5, 7))
  v128.store(to, i32x4.add(v128.load(to), four))
}
