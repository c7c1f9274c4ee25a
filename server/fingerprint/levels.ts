/**
 * How the quantised coefficients of planes become bits: which context each bit stands in (kernels/fingerprint/levels.ts).
 *
 * Blocks in rows; of each block how much was lost, then its constant part against that of its neighbours, then how many coefficients in zigzag order there are until
 * only zeros follow, then each of these. Contexts look at the same coefficient left and above and at the two before it, as large ones
 * come together (the idea of JPEG's arithmetic coding, ITU-T T.81 annex F.1.4, and of H.264's CABAC).
 */
import type { Memory } from '../kernels/index.ts'
import { kernels } from './kernels.ts'
import { BLOCK, ZIGZAG } from './transform.ts'

/** Coefficients of a plane divided by the step, in the memory of the kernels. */
export interface LevelPlane {
  columns: number
  rows: number
  /** Block by block, 64 each in rows, of 16 bits. */
  levels: number
  /** For each block how much of it the levels do not hold: see `lossOf`. 0 to 15, a byte each. */
  losses: number
}

/** All 0. */
export function emptyLevels(memory: Memory, width: number, height: number): LevelPlane {
  const [columns, rows] = [(width + 7) >> 3, (height + 7) >> 3]
  const blocks = columns * rows
  const [levels, losses] = [memory.take(2 * BLOCK * blocks), memory.take(blocks)]
  memory.words(levels, BLOCK * blocks).fill(0)
  return { columns, rows, levels, losses }
}

/** Larger ones cannot come from samples of 8 bits: 16·8·255 over a step of at least 16. */
export const MAX_LEVEL = 2047

/** One plane's contexts: of losses, of the last coefficient, of the constant one, of zeros and of sizes. The planes of a picture learn apart. */
const PLANE_CONTEXTS = 1 + 16 * 16 + 7 * 64 + (3 + 3 + 3 * 24) + 9 * 64 + 3 * 9 * 24
/** What is known of a bit at first: as likely 1 as 0, of 65,536. */
const HALF = 1 << 15
/** Of 65,536: what a context moves towards its n-th bit. */
const RATES = Int32Array.from({ length: 31 }, (_, n) => Math.floor(65_536 / (n + 2)))

/** @returns the bytes of some planes. */
export function writeLevels(planes: readonly LevelPlane[]): Uint8Array {
  const { run, memory } = kernels()
  const room = 4096 + planes.reduce((sum, { columns, rows }) => sum + 4 * BLOCK * columns * rows, 0)
  const [bytes, model] = [memory.take(room), modelFor(memory, planes.length)]
  run.beginWriting(...model, bytes, room)
  codeAll(planes)
  const length = run.finishWriting()
  if (length < 0) throw new RangeError(`"planes" expected to take at most ${room} bytes`)
  return memory.bytes(bytes, length).slice()
}

/** @param planes all 0. @throws RangeError if the bytes are no such planes. */
export function readLevels(bytes: Uint8Array, planes: readonly LevelPlane[]): void {
  const { run, memory } = kernels()
  const [from, model] = [memory.put(bytes), modelFor(memory, planes.length)]
  run.beginReading(...model, from, bytes.length)
  codeAll(planes)
  if (run.failed() === 1) throw new RangeError('"bytes" end too early')
  if (run.failed() === 2) throw new RangeError(`"size" expected at most ${MAX_LEVEL}, got more`)
  if (!run.atEnd()) throw new RangeError('"bytes" go on after the last plane')
}

function modelFor(memory: Memory, planes: number): [model: number, contexts: number, tables: number] {
  const contexts = planes * PLANE_CONTEXTS
  const [model, tables] = [memory.take(3 * contexts), memory.take(192)]
  memory.words(model, contexts).fill(HALF)
  memory.bytes(model + 2 * contexts, contexts).fill(0)
  memory.integers(tables, 32).set(RATES)
  memory.bytes(tables + 128, BLOCK).set(ZIGZAG)
  return [model, contexts, tables]
}

function codeAll(planes: readonly LevelPlane[]): void {
  const { run, memory } = kernels()
  for (const [i, { columns, rows, levels, losses }] of planes.entries())
    run.codePlane(columns, rows, levels, losses, memory.take(columns * rows), i * PLANE_CONTEXTS)
}
