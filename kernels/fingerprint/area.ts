/** Rows of a picture as luminance, and means over parts of them: see server/fingerprint/area.ts. */

/** Luminance of a row, and its running sums: sums[x] is the sum of the x first pixels. Four pixels at a time, so up to three beyond the row are
 * read, and written behind it. Sums are exact: values are multiples of 2⁻²⁷ under 2⁸, of which 2¹⁸ fit into a double. */
export function luminanceOfRow(pixels: usize, channels: i32, width: i32, line: usize, sums: usize): void {
  f64.store(sums, 0)
  const red = f32x4.splat(0.299)
  const green = f32x4.splat(0.587)
  const blue = f32x4.splat(0.114)
  const zero = i32x4.splat(0)
  let before = f64x2.splat(0)
  for (let x = 0; x < width; x += 4) {
    let r: v128
    let g: v128
    let b: v128
    if (channels === 3) {
      const p = v128.load(pixels + <usize>x * 3)
      r = i8x16.shuffle(p, zero, 0, 16, 16, 16, 3, 16, 16, 16, 6, 16, 16, 16, 9, 16, 16, 16)
      g = i8x16.shuffle(p, zero, 1, 16, 16, 16, 4, 16, 16, 16, 7, 16, 16, 16, 10, 16, 16, 16)
      b = i8x16.shuffle(p, zero, 2, 16, 16, 16, 5, 16, 16, 16, 8, 16, 16, 16, 11, 16, 16, 16)
    } else {
      const p = v128.load32_zero(pixels + x)
      r = i8x16.shuffle(p, zero, 0, 16, 16, 16, 1, 16, 16, 16, 2, 16, 16, 16, 3, 16, 16, 16)
      g = r
      b = r
    }
    const ofRed = f32x4.mul(red, f32x4.convert_i32x4_u(r))
    const ofGreen = f32x4.mul(green, f32x4.convert_i32x4_u(g))
    const ofBlue = f32x4.mul(blue, f32x4.convert_i32x4_u(b))
    const luminance = f32x4.add(f32x4.add(ofRed, ofGreen), ofBlue)
    v128.store(line + ((<usize>x) << 2), luminance)
    const low = f64x2.promote_low_f32x4(luminance)
    const high = f64x2.promote_low_f32x4(i32x4.shuffle(luminance, luminance, 2, 3, 2, 3))
    const two = f64x2.add(low, i64x2.shuffle(f64x2.splat(0), low, 0, 2))
    const four = f64x2.add(f64x2.add(high, i64x2.shuffle(f64x2.splat(0), high, 0, 2)), i64x2.shuffle(two, two, 1, 1))
    const to = sums + 8 + ((<usize>x) << 3)
    v128.store(to, f64x2.add(before, two))
    before = f64x2.add(before, four)
    v128.store(to + 16, before)
    before = i64x2.shuffle(before, before, 1, 1)
  }
}

/** Means of a row over cells, two at a time, so one beyond the last may be read and written. A cell costs two looks, however many pixels it has.
 * @param pixel in which each cell ends; @param part how much of it is its; @param perPixel one over its width. */
export function meansOfRow(
  line: usize,
  sums: usize,
  cells: i32,
  pixel: usize,
  part: usize,
  perPixel: usize,
  to: usize,
): void {
  let before = f64x2.splat(0)
  for (let cell = 0; cell < cells; cell += 2) {
    const first = <usize>i32.load(pixel + ((<usize>cell) << 2))
    const second = <usize>i32.load(pixel + ((<usize>cell) << 2) + 4)
    const last = f64x2.replace_lane(
      f64x2.splat(<f64>f32.load(line + (first << 2))),
      1,
      <f64>f32.load(line + (second << 2)),
    )
    const whole = v128.load64_lane(sums + (second << 3), v128.load64_zero(sums + (first << 3)), 1)
    const sum = f64x2.add(whole, f64x2.mul(v128.load(part + ((<usize>cell) << 3)), last))
    const mean = f64x2.mul(f64x2.sub(sum, i64x2.shuffle(before, sum, 1, 2)), v128.load(perPixel + ((<usize>cell) << 3)))
    v128.store64_lane(to + ((<usize>cell) << 2), f32x4.demote_f64x2_zero(mean), 0)
    before = sum
  }
}

/** Adds a row to another, weighted; each sum is rounded once, to 32 bits. */
export function addRow(to: usize, row: usize, columns: i32, weight: f64): void {
  const times = f64x2.splat(weight)
  let x = 0
  for (; x + 4 <= columns; x += 4) {
    const at = (<usize>x) << 2
    const low = f64x2.add(
      f64x2.promote_low_f32x4(v128.load64_zero(to + at)),
      f64x2.mul(times, f64x2.promote_low_f32x4(v128.load64_zero(row + at))),
    )
    const high = f64x2.add(
      f64x2.promote_low_f32x4(v128.load64_zero(to + at + 8)),
      f64x2.mul(times, f64x2.promote_low_f32x4(v128.load64_zero(row + at + 8))),
    )
    const both = i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2)
    v128.store(to + at, both)
  }
  for (; x < columns; x++) {
    const at = (<usize>x) << 2
    f32.store(to + at, <f32>(<f64>f32.load(to + at) + weight * <f64>f32.load(row + at)))
  }
}
