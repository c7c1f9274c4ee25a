/** Least squares: the normal equations of a few unknowns, collected one observation at a time. */

export interface Equations {
  unknowns: number
  /** Row-major; the lower half counts. */
  matrix: Float64Array
  /** For each right-hand side one. */
  sides: Float64Array[]
}

export function equations(unknowns: number, sides: number): Equations {
  return {
    unknowns,
    matrix: new Float64Array(unknowns * unknowns),
    sides: Array.from({ length: sides }, () => new Float64Array(unknowns)),
  }
}

/** Adds an observation of which only some unknowns have a part.
 * @param at which unknowns, rising, `count` of them from `from` on; @param parts theirs; @param values one a side. */
export function observe(
  { unknowns, matrix, sides }: Equations,
  { at, parts, from = 0, count = at.length }: Observation,
  values: Float64Array,
  weight: number,
): void {
  for (let i = from; i < from + count; i++) {
    const part = weight * parts[i]!
    const row = at[i]! * unknowns
    for (let j = from; j <= i; j++) matrix[row + at[j]!]! += part * parts[j]!
    for (let k = 0; k < sides.length; k++) sides[k]![at[i]!]! += part * values[k]!
  }
}

export interface Observation {
  at: Int32Array
  parts: Float64Array
  from?: number
  count?: number
}

/** Solves by Cholesky. @returns for each side the unknowns, or null if they are not determined. */
export function solve({ unknowns: n, matrix, sides }: Equations): Float64Array[] | null {
  const l = matrix.slice()
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = l[i * n + j]!
      for (let k = 0; k < j; k++) sum -= l[i * n + k]! * l[j * n + k]!
      if (i === j && !(sum > 1e-9 * (matrix[i * n + i]! + 1e-9))) return null
      l[i * n + j] = i === j ? Math.sqrt(sum) : sum / l[j * n + j]!
    }
  return sides.map((side) => substitute(l, side, n))
}

function substitute(l: Float64Array, side: Float64Array, n: number): Float64Array {
  const x = side.slice()
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i]! -= l[i * n + k]! * x[k]!
    x[i]! /= l[i * n + i]!
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= l[k * n + i]! * x[k]!
    x[i]! /= l[i * n + i]!
  }
  return x
}
