/** Pictures with the detail of photographs, made by arithmetic: hills, water and grain. The same seed gives the same pixels. */

export interface Scene {
  width: number
  height: number
  /** RGB, row-major. */
  data: Uint8Array
}

/** @param at moves the view over the scene, in pixels; the scene has no end. */
export function renderScene(width: number, height: number, { seed = 1, at = 0, time = 0 } = {}): Scene {
  const data = new Uint8Array(width * height * 3)
  const unit = height / 360
  for (let x = 0; x < width; x++) {
    const ridges = [0.34, 0.46, 0.58].map(
      (level, i) => level + 0.16 * (noise((x / unit + at * (0.4 + 0.3 * i)) / (150 - 30 * i), i, seed) - 0.5),
    )
    for (let y = 0; y < height; y++) {
      const colour = pixel(x / unit + at, y / height, ridges, seed, time)
      for (let c = 0; c < 3; c++) data[(y * width + x) * 3 + c] = Math.max(0, Math.min(255, colour[c]!))
    }
  }
  return { width, height, data }
}

type Colour = [number, number, number]

function pixel(x: number, v: number, ridges: number[], seed: number, time: number): Colour {
  const grain = 14 * (hash(Math.floor(x * 2), Math.floor(v * 720), seed + 9) - 0.5)
  const layer = ridges.findLastIndex((ridge) => v > ridge)
  const base = v > 0.72 ? water(x, v, seed, time) : layer < 0 ? sky(x, v, seed, time) : hill(x, v, layer, seed)
  return [base[0] + grain, base[1] + grain, base[2] + grain]
}

function sky(x: number, v: number, seed: number, time: number): Colour {
  const cloud = fractal((x + time * 6) / 120, v * 6, seed + 3) ** 2 * 110
  return [120 + 130 * v + cloud, 130 + 60 * v + cloud, 190 - 90 * v + cloud * 0.8]
}

function hill(x: number, v: number, layer: number, seed: number): Colour {
  const trees = 90 * (fractal(x / (24 - 6 * layer), v * 40, seed + layer) - 0.45)
  const [r, g, b] = [
    [96, 104, 140],
    [70, 92, 92],
    [38, 62, 44],
  ][layer] as Colour
  return [r + trees, g + trees, b + trees]
}

function water(x: number, v: number, seed: number, time: number): Colour {
  const wave = 120 * (fractal(x / 40 + time * 0.6, v * 90 - time, seed + 5) - 0.5) * (0.4 + v)
  return [70 + wave, 96 + wave, 128 + wave * 0.8]
}

function fractal(x: number, y: number, seed: number): number {
  return (
    0.55 * smooth(x, y, seed) + 0.3 * smooth(2.1 * x, 2.1 * y, seed + 1) + 0.15 * smooth(4.3 * x, 4.3 * y, seed + 2)
  )
}

const noise = (x: number, y: number, seed: number) => 0.7 * smooth(x, y, seed) + 0.3 * smooth(3 * x, y, seed + 7)

/** Value noise: random values at whole coordinates, smooth between. */
function smooth(x: number, y: number, seed: number): number {
  const [i, j] = [Math.floor(x), Math.floor(y)]
  const [u, v] = [ease(x - i), ease(y - j)]
  const top = mix(hash(i, j, seed), hash(i + 1, j, seed), u)
  const bottom = mix(hash(i, j + 1, seed), hash(i + 1, j + 1, seed), u)
  return mix(top, bottom, v)
}

const ease = (t: number) => t * t * (3 - 2 * t)
const mix = (a: number, b: number, t: number) => a + (b - a) * t

function hash(x: number, y: number, seed: number): number {
  let h = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1) ^ Math.imul(seed, 0x9e3779b1)
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32
}
