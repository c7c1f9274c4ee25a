/** Affine maps of the plane, and the one that fits pairs of points best. */

/** (x, y) ↦ (a·x + b·y + c, d·x + e·y + f). */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number]

export interface Point {
  x: number
  y: number
}

export function apply([a, b, c, d, e, f]: Affine, { x, y }: Point): Point {
  return { x: a * x + b * y + c, y: d * x + e * y + f }
}

/** How much larger an area becomes; negative for a reflection. */
export function determinant([a, b, , d, e]: Affine): number {
  return a * e - b * d
}

/** Largest over smallest change of length, over all directions: 1 for a similarity. */
export function distortion(map: Affine): number {
  const [a, b, , d, e] = map
  const sum = (a * a + b * b + d * d + e * e) / 2
  const product = Math.abs(determinant(map))
  const half = Math.sqrt(Math.max(0, sum * sum - product * product))
  return product === 0 ? Number.POSITIVE_INFINITY : (sum + half) / product
}

export interface PointPair {
  from: Point
  to: Point
}

/** The turn, scale and shift that take one pair of points to another: the first to the first, the second to the second. */
export function similarityOfTwo(p: PointPair, q: PointPair): Affine | null {
  const [u, v] = [q.from.x - p.from.x, q.from.y - p.from.y]
  const [s, t] = [q.to.x - p.to.x, q.to.y - p.to.y]
  const square = u * u + v * v
  if (square === 0) return null
  const [a, b] = [(u * s + v * t) / square, (u * t - v * s) / square]
  return [a, -b, p.to.x - a * p.from.x + b * p.from.y, b, a, p.to.y - b * p.from.x - a * p.from.y]
}

/** Least squares, over turn, scale and shift. Null for fewer than two places. */
export function fitSimilarity(pairs: readonly PointPair[]): Affine | null {
  const { from, to } = centres(pairs)
  let [square, dot, cross] = [0, 0, 0]
  for (const pair of pairs) {
    const [u, v] = [pair.from.x - from.x, pair.from.y - from.y]
    const [s, t] = [pair.to.x - to.x, pair.to.y - to.y]
    square += u * u + v * v
    dot += u * s + v * t
    cross += u * t - v * s
  }
  if (!(square > 0)) return null
  const [a, b] = [dot / square, cross / square]
  return [a, -b, to.x - a * from.x + b * from.y, b, a, to.y - b * from.x - a * from.y]
}

/** Least squares, over all affine maps. Null where the points lie on a line. */
export function fitAffine(pairs: readonly PointPair[]): Affine | null {
  const { from, to } = centres(pairs)
  let [uu, uv, vv, us, vs, ut, vt] = [0, 0, 0, 0, 0, 0, 0]
  for (const pair of pairs) {
    const [u, v] = [pair.from.x - from.x, pair.from.y - from.y]
    const [s, t] = [pair.to.x - to.x, pair.to.y - to.y]
    uu += u * u
    uv += u * v
    vv += v * v
    us += u * s
    vs += v * s
    ut += u * t
    vt += v * t
  }
  const det = uu * vv - uv * uv
  // Nearly on a line, the direction across it would be told by noise.
  if (!(det > 1e-3 * (uu + vv) ** 2)) return null
  const [a, b] = [(us * vv - vs * uv) / det, (vs * uu - us * uv) / det]
  const [d, e] = [(ut * vv - vt * uv) / det, (vt * uu - ut * uv) / det]
  return [a, b, to.x - a * from.x - b * from.y, d, e, to.y - d * from.x - e * from.y]
}

function centres(pairs: readonly PointPair[]): { from: Point; to: Point } {
  const mean = (pick: (pair: PointPair) => number) => pairs.reduce((sum, pair) => sum + pick(pair), 0) / pairs.length
  return {
    from: { x: mean((pair) => pair.from.x), y: mean((pair) => pair.from.y) },
    to: { x: mean((pair) => pair.to.x), y: mean((pair) => pair.to.y) },
  }
}

export const scaling = (factor: number): Affine => [factor, 0, 0, 0, factor, 0]

/** First `first`, then `then`. */
export function compose(then: Affine, first: Affine): Affine {
  const [a, b, c, d, e, f] = then
  const [p, q, r, s, t, u] = first
  return [a * p + b * s, a * q + b * t, a * r + b * u + c, d * p + e * s, d * q + e * t, d * r + e * u + f]
}

/** @throws RangeError if it flattens the plane. */
export function invert(map: Affine): Affine {
  const [a, b, c, d, e, f] = map
  const det = determinant(map)
  if (!(Math.abs(det) > 1e-9)) throw new RangeError('"map" expected to be invertible')
  const [p, q, s, t] = [e / det, -b / det, -d / det, a / det]
  return [p, q, -(p * c + q * f), s, t, -(s * c + t * f)]
}

/** By how much lengths grow in the mean. */
export const scaleOf = (map: Affine) => Math.sqrt(Math.abs(determinant(map)))
