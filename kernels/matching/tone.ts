/** The tone of a copy, pixel by pixel: see server/matching/toned.ts. */

/** A row of pixels, each between the middles of the four cells around it.
 * @param first numbers of the cells before each pixel; @param next behind it; @param part how far it is from one to the other. */
export function blendLine(
  upper: usize,
  lower: usize,
  down: f64,
  first: usize,
  next: usize,
  part: usize,
  width: i32,
  to: usize,
): void {
  for (let x: usize = 0; x < <usize>width; x++) {
    const left = (<usize>i32.load(first + (x << 2))) << 2
    const right = (<usize>i32.load(next + (x << 2))) << 2
    const across = f64.load(part + (x << 3))
    const p = <f64>f32.load(upper + left)
    const q = <f64>f32.load(lower + left)
    const a = p + across * (<f64>f32.load(upper + right) - p)
    const b = q + across * (<f64>f32.load(lower + right) - q)
    f32.store(to + (x << 2), <f32>(a + down * (b - a)))
  }
}

/** Added to a whole number, leaves it in the lower half of the double. */
const WHOLE: f64 = 4503599627370496

/** Two values of a table, for the nearest of 0 to 255. */
function lookUp(table: usize, values: v128): v128 {
  const clamped = f64x2.min(f64x2.max(values, f64x2.splat(0)), f64x2.splat(255))
  const index = f64x2.add(f64x2.floor(f64x2.add(clamped, f64x2.splat(0.5))), f64x2.splat(WHOLE))
  const first = v128.load32_zero(table + ((<usize>(i32x4.extract_lane(index, 0) & 255)) << 2))
  const both = v128.load32_lane(table + ((<usize>(i32x4.extract_lane(index, 2) & 255)) << 2), first, 1)
  return f64x2.promote_low_f32x4(both)
}

function two(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at))
}

/** A row of luminance with another tone, two pixels at a time: of an odd number one more. @param tables of red, green and blue, 256 floats each; @param k twelve numbers: the start, what luminance and
 * both colours are multiplied by, the fields' parts at this row. */
export function toneRow(luma: usize, blue: usize, red: usize, tables: usize, k: usize, width: i32, to: usize): void {
  const start = f64.load(k)
  const startTimes = f64.load(k, 8)
  const bluer = f64.load(k, 16)
  const redder = f64.load(k, 24)
  const v = f64.load(k, 32)
  const f0 = f64.load(k, 40)
  const f2 = f64.load(k, 48)
  const f3 = f64.load(k, 56)
  const f5 = f64.load(k, 64)
  const f7 = f64.load(k, 72)
  const f8 = f64.load(k, 80)
  const one = f64x2.splat(1)
  for (let x = 0; x < width; x += 2) {
    const at = (<usize>x) << 2
    const value = two(luma + at)
    const b = two(blue + at)
    const r = two(red + at)
    const u = f64x2.sub(f64x2.div(f64x2(<f64>(2 * x + 1), <f64>(2 * x + 3)), f64x2.splat(<f64>width)), one)
    const uu = f64x2.sub(f64x2.mul(u, u), f64x2.splat(1.0 / 3.0))
    const added = f64x2.add(f64x2.add(f64x2.add(f64x2.splat(start), by(f0, u)), by(f2, uu)), by(v, by(f3, u)))
    const field = f64x2.add(f64x2.add(by(f5, u), by(f7, uu)), by(v, by(f8, u)))
    const times = f64x2.add(f64x2.splat(startTimes), f64x2.mul(field, f64x2.splat(1.0 / 128)))
    const light = f64x2.mul(times, f64x2.sub(value, f64x2.splat(128)))
    const plain = f64x2.add(f64x2.add(f64x2.add(added, light), by(bluer, b)), by(redder, r))
    const ofRed = lookUp(tables, f64x2.add(value, by(1.402, r)))
    const ofGreen = lookUp(tables + 1024, f64x2.sub(f64x2.sub(value, by(0.344, b)), by(0.714, r)))
    const ofBlue = lookUp(tables + 2048, f64x2.add(value, by(1.772, b)))
    const sum = f64x2.add(f64x2.add(f64x2.add(plain, ofRed), ofGreen), ofBlue)
    v128.store64_lane(to + at, f32x4.demote_f64x2_zero(sum), 0)
  }
}

function by(factor: f64, values: v128): v128 {
  return f64x2.mul(f64x2.splat(factor), values)
}
