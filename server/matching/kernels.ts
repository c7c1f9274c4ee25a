/** What comparing pictures runs in WebAssembly (kernels/matching). Pointers are byte positions in its memory. */
import { kernelsOf } from '../kernels/index.ts'
import type { Affine } from './affine.ts'
import { CODE } from './kernels-code.ts'

type Pointer = number

interface Run {
  boxBlur(
    data: Pointer,
    width: number,
    height: number,
    radius: number,
    across: Pointer,
    down: Pointer,
    sums: Pointer,
    to: Pointer,
  ): void
  halve(data: Pointer, width: number, height: number, to: Pointer): void
  sample(data: Pointer, w: number, h: number, ...map: [...Affine, width: number, height: number, to: Pointer]): void
  cellSums(data: Pointer, width: number, height: number, squares: boolean, to: Pointer): void
  measure(copy: Pointer, prediction: Pointer, width: number, height: number, off: Pointer, slopes: Pointer): void
  mixture(
    ...pictures: [a: Pointer, b: Pointer, c: Pointer, d: Pointer, parts: Pointer, count: number, to: Pointer]
  ): void
  squaresOff(data: Pointer, mean: Pointer, count: number, to: Pointer): void
  withoutTone(data: Pointer, mean: Pointer, variance: Pointer, count: number, floor: number, to: Pointer): void
  nearest(
    a: Pointer,
    rowCount: number,
    b: Pointer,
    columnCount: number,
    quarter: number,
    half: number,
    rows: Pointer,
    columns: Pointer,
  ): void
  products(a: Pointer, b: Pointer, count: number, cells: number, to: Pointer): void
  slopesOf(data: Pointer, width: number, height: number, to: Pointer): void
  findMarks(
    data: Pointer,
    slopes: Pointer,
    width: number,
    height: number,
    least: number,
    most: number,
    to: Pointer,
  ): number
  sampleAt(
    data: Pointer,
    width: number,
    height: number,
    ...map: [...Affine, xs: Pointer, ys: Pointer, count: number, to: Pointer]
  ): void
  blendLine(
    upper: Pointer,
    lower: Pointer,
    down: number,
    first: Pointer,
    next: Pointer,
    part: Pointer,
    width: number,
    to: Pointer,
  ): void
  toneRow(luma: Pointer, blue: Pointer, red: Pointer, tables: Pointer, k: Pointer, width: number, to: Pointer): void
  collectStep(
    marks: Pointer,
    most: number,
    count: number,
    image: Pointer,
    width: number,
    height: number,
    half: number,
    scale: number,
    matrix: Pointer,
  ): void
  collectParts(
    ...pictures: [
      a: Pointer,
      b: Pointer,
      c: Pointer,
      d: Pointer,
      copy: Pointer,
      count: number,
      stride: number,
      found: Pointer,
      scale: number,
      matrix: Pointer,
      off: Pointer,
    ]
  ): number
  collectEnergies(
    ...cells: [
      remaining: Pointer,
      slopes: Pointer,
      lost: Pointer,
      cells: Pointer,
      shares: Pointer,
      count: number,
      noise: number,
      slope: number,
      loss: number,
      matrix: Pointer,
    ]
  ): void
  collectTone(
    at: Pointer,
    parts: Pointer,
    values: Pointer,
    weights: Pointer,
    count: number,
    unknowns: number,
    matrix: Pointer,
    sides: Pointer,
  ): void
  toneResiduals(
    at: Pointer,
    parts: Pointer,
    values: Pointer,
    count: number,
    unknowns: number,
    tone: Pointer,
    off: Pointer,
  ): void
}

export const kernels = kernelsOf<Run>(CODE)
