/** The transform of a block, one number after the other: what kernels/fingerprint/transform.ts must equal. */
import { BLOCK } from '../../../server/fingerprint/transform.ts'

/** Replaces samples (−128 to 127) by coefficients. */
export function forward(block: Int32Array): void {
  for (let row = 0; row < BLOCK; row += 8) forwardLine(block, row, 1, 2)
  for (let column = 0; column < 8; column++) forwardLine(block, column, 8, 9)
}

/** Replaces coefficients by samples, not clamped. */
export function inverse(block: Int32Array): void {
  for (let column = 0; column < 8; column++) inverseLine(block, column, 8, 7)
  for (let row = 0; row < BLOCK; row += 8) inverseLine(block, row, 1, 12)
}

function forwardLine(b: Int32Array, at: number, step: number, shift: number): void {
  const round = 1 << (shift - 1)
  const p1 = at + step
  const p2 = at + 2 * step
  const p3 = at + 3 * step
  const p4 = at + 4 * step
  const p5 = at + 5 * step
  const p6 = at + 6 * step
  const p7 = at + 7 * step
  const s07 = b[at]! + b[p7]!
  const d07 = b[at]! - b[p7]!
  const s16 = b[p1]! + b[p6]!
  const d16 = b[p1]! - b[p6]!
  const s25 = b[p2]! + b[p5]!
  const d25 = b[p2]! - b[p5]!
  const s34 = b[p3]! + b[p4]!
  const d34 = b[p3]! - b[p4]!
  const e0 = s07 + s34
  const e1 = s16 + s25
  const o0 = s07 - s34
  const o1 = s16 - s25
  b[at] = (64 * (e0 + e1) + round) >> shift
  b[p4] = (64 * (e0 - e1) + round) >> shift
  b[p2] = (83 * o0 + 36 * o1 + round) >> shift
  b[p6] = (36 * o0 - 83 * o1 + round) >> shift
  b[p1] = (89 * d07 + 75 * d16 + 50 * d25 + 18 * d34 + round) >> shift
  b[p3] = (75 * d07 - 18 * d16 - 89 * d25 - 50 * d34 + round) >> shift
  b[p5] = (50 * d07 - 89 * d16 + 18 * d25 + 75 * d34 + round) >> shift
  b[p7] = (18 * d07 - 50 * d16 + 75 * d25 - 89 * d34 + round) >> shift
}

function inverseLine(b: Int32Array, at: number, step: number, shift: number): void {
  const round = 1 << (shift - 1)
  const p1 = at + step
  const p2 = at + 2 * step
  const p3 = at + 3 * step
  const p4 = at + 4 * step
  const p5 = at + 5 * step
  const p6 = at + 6 * step
  const p7 = at + 7 * step
  const c1 = b[p1]!
  const c3 = b[p3]!
  const c5 = b[p5]!
  const c7 = b[p7]!
  const d0 = 89 * c1 + 75 * c3 + 50 * c5 + 18 * c7
  const d1 = 75 * c1 - 18 * c3 - 89 * c5 - 50 * c7
  const d2 = 50 * c1 - 89 * c3 + 18 * c5 + 75 * c7
  const d3 = 18 * c1 - 50 * c3 + 75 * c5 - 89 * c7
  const e0 = 64 * (b[at]! + b[p4]!) + round
  const e1 = 64 * (b[at]! - b[p4]!) + round
  const o0 = 83 * b[p2]! + 36 * b[p6]!
  const o1 = 36 * b[p2]! - 83 * b[p6]!
  const s0 = e0 + o0
  const s1 = e1 + o1
  const s2 = e1 - o1
  const s3 = e0 - o0
  b[at] = (s0 + d0) >> shift
  b[p7] = (s0 - d0) >> shift
  b[p1] = (s1 + d1) >> shift
  b[p6] = (s1 - d1) >> shift
  b[p2] = (s2 + d2) >> shift
  b[p5] = (s2 - d2) >> shift
  b[p3] = (s3 + d3) >> shift
  b[p4] = (s3 - d3) >> shift
}
