/** What hashing of pictures runs in WebAssembly (kernels/fingerprint). Pointers are byte positions in its memory. */
import { kernelsOf } from '../kernels/index.ts'
import { CODE } from './kernels-code.ts'

interface Run {
  luminanceOfRow(pixels: number, channels: number, width: number, line: number, sums: number): void
  meansOfRow(line: number, sums: number, cells: number, pixel: number, part: number, perPixel: number, to: number): void
  addRow(to: number, row: number, columns: number, weight: number): void
  boxRows(
    from: number,
    columns: number,
    rows: number,
    window: number,
    ahead: number,
    keep: number,
    kept: number,
    strip: number,
    to: number,
  ): void
  boxColumns(from: number, columns: number, rows: number, window: number, ahead: number, sums: number, to: number): void
  sixteenths(grey: number, pixels: number, to: number): void
  smooth(data: number, width: number, height: number, lines: number): void
  reduce(from: number, fromWidth: number, to: number, width: number, height: number): void
  respond(data: number, width: number, height: number, to: number): void
  peaks(
    response: number,
    width: number,
    left: number,
    top: number,
    right: number,
    bottom: number,
    floor: number,
    most: number,
    finer: number,
    finerWidth: number,
    finerHeight: number,
    coarser: number,
    coarserWidth: number,
    coarserHeight: number,
    kept: number,
  ): number
  addLine(sums: number, samples: number, count: number, weight: number): void
  writeRow(sums: number, pixel: number, part: number, perPixel: number, cells: number, to: number): void
  rounded(means: number, count: number, to: number): void
  planesOfRow(pixels: number, width: number, luma: number, blue: number, red: number): void
  coefficientsOf(samples: number, width: number, height: number, block: number, to: number): void
  countSizes(coefficients: number, count: number, counts: number): void
  quantise(
    coefficients: number,
    blocks: number,
    step: number,
    drop: number,
    most: number,
    levels: number,
    losses: number,
  ): void
  samplesOf(levels: number, step: number, width: number, height: number, block: number, to: number): void
  beginWriting(model: number, contexts: number, tables: number, to: number, room: number): void
  beginReading(model: number, contexts: number, tables: number, from: number, count: number): void
  codePlane(columns: number, rows: number, plane: number, losses: number, lasts: number, base: number): void
  finishWriting(): number
  failed(): number
  atEnd(): number
  dct(a: number, cosines: number, across: number, t: number, b: number): void
}

/** One memory for all: who uses it clears it first, and takes what came out before anybody else does. */
export const kernels = kernelsOf<Run>(CODE)
