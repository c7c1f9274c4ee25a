/** Pixels that say where a picture lies: see server/matching/refine.ts. */
import { between } from './grid'

/** Sums of the absolute slopes across and down, 0 along the edge. */
export function slopesOf(data: usize, width: i32, height: i32, to: usize): void {
  const line = (<usize>width) << 2
  memory.fill(to, 0, line * height)
  for (let y = 1; y < height - 1; y++) {
    const row = data + <usize>y * line
    const out = to + <usize>y * line
    let at: usize = 4
    for (; at + 8 < line; at += 8) {
      const sum = f64x2.add(size(row + at - 4, row + at + 4), size(row + at - line, row + at + line))
      v128.store64_lane(out + at, f32x4.demote_f64x2_zero(sum), 0)
    }
    for (; at + 4 < line; at += 4) {
      const across = abs(<f64>f32.load(row + at + 4) - <f64>f32.load(row + at - 4))
      f32.store(out + at, <f32>(across + abs(<f64>f32.load(row + at + line) - <f64>f32.load(row + at - line))))
    }
  }
}

function size(from: usize, to: usize): v128 {
  return f64x2.abs(
    f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(to)), f64x2.promote_low_f32x4(v128.load64_zero(from))),
  )
}

/** Where slopes are steeper than some: five lists of `most` floats one behind the other, of places, slopes and values. @returns how many. */
export function findMarks(data: usize, slopes: usize, width: i32, height: i32, least: f32, most: i32, to: usize): i32 {
  const line = (<usize>width) << 2
  const list = (<usize>most) << 2
  let count = 0
  for (let y = 1; y < height - 1; y++)
    for (let x = 0; x < width; x++) {
      const at = (<usize>(y * width + x)) << 2
      if (!(f32.load(slopes + at) > least)) continue
      if (count === most) return count
      const p = data + at
      let out = to + ((<usize>count) << 2)
      f32.store(out, <f32>x + 0.5)
      out += list
      f32.store(out, <f32>y + 0.5)
      out += list
      f32.store(out, <f32>((<f64>f32.load(p, 4) - <f64>f32.load(p - 4)) / 2))
      out += list
      f32.store(out, <f32>((<f64>f32.load(p + line) - <f64>f32.load(p - line)) / 2))
      out += list
      f32.store(out, f32.load(p))
      count++
    }
  return count
}

/** The image where an affine map takes the marks; NaN outside. */
export function sampleAt(
  data: usize,
  width: i32,
  height: i32,
  a: f64,
  b: f64,
  c: f64,
  d: f64,
  e: f64,
  f: f64,
  xs: usize,
  ys: usize,
  count: i32,
  to: usize,
): void {
  const right = <f64>(width - 1)
  const bottom = <f64>(height - 1)
  for (let n: usize = 0; n < (<usize>count) << 2; n += 4) {
    const x = <f64>f32.load(xs + n)
    const y = <f64>f32.load(ys + n)
    const u = a * x + b * y + c - 0.5
    const v = d * x + e * y + f - 0.5
    const inside = u >= 0 && v >= 0 && u < right && v < bottom
    f32.store(to + n, inside ? between(data, width, u, v) : f32.NaN)
  }
}
