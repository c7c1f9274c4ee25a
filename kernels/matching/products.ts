/** Products of vectors: see server/matching/film-sight.ts. */

/** Of one vector with each of a list, 32-bit floats; sums are kept in sixteen parts. @param cells values of a vector. */
export function products(a: usize, b: usize, count: i32, cells: i32, to: usize): void {
  const bytes = (<usize>cells) << 2
  const whole = bytes & ~(<usize>63)
  for (let j = 0, q = b; j < count; j++, q += bytes) {
    let first = f32x4.splat(0)
    let second = f32x4.splat(0)
    let third = f32x4.splat(0)
    let fourth = f32x4.splat(0)
    for (let k: usize = 0; k < whole; k += 64) {
      first = f32x4.add(first, f32x4.mul(v128.load(a + k), v128.load(q + k)))
      second = f32x4.add(second, f32x4.mul(v128.load(a + k, 16), v128.load(q + k, 16)))
      third = f32x4.add(third, f32x4.mul(v128.load(a + k, 32), v128.load(q + k, 32)))
      fourth = f32x4.add(fourth, f32x4.mul(v128.load(a + k, 48), v128.load(q + k, 48)))
    }
    const all = f32x4.add(f32x4.add(first, second), f32x4.add(third, fourth))
    let sum =
      f32x4.extract_lane(all, 0) +
      f32x4.extract_lane(all, 1) +
      (f32x4.extract_lane(all, 2) + f32x4.extract_lane(all, 3))
    for (let k: usize = whole; k < bytes; k += 4) sum += f32.load(a + k) * f32.load(q + k)
    f32.store(to + ((<usize>j) << 2), sum)
  }
}
