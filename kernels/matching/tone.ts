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

function index(value: f64): usize {
  const clamped = value < 0 ? 0 : value > 255 ? 255 : value
  return (<usize>(<i32>(clamped + 0.5))) << 2
}

/** A row of luminance with another tone. @param tables of red, green and blue, 256 floats each; @param k twelve numbers: the start, what luminance and
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
  for (let x = 0; x < width; x++) {
    const at = (<usize>x) << 2
    const value = <f64>f32.load(luma + at)
    const b = <f64>f32.load(blue + at)
    const r = <f64>f32.load(red + at)
    const u = <f64>(2 * x + 1) / <f64>width - 1
    const uu = u * u - 1.0 / 3.0
    const added = start + f0 * u + f2 * uu + f3 * u * v
    const times = startTimes + (f5 * u + f7 * uu + f8 * u * v) / 128
    const plain = added + times * (value - 128) + bluer * b + redder * r
    const ofRed = <f64>f32.load(tables + index(value + 1.402 * r))
    const ofGreen = <f64>f32.load(tables + 1024 + index(value - 0.344 * b - 0.714 * r))
    const ofBlue = <f64>f32.load(tables + 2048 + index(value + 1.772 * b))
    f32.store(to + at, <f32>(plain + ofRed + ofGreen + ofBlue))
  }
}
