/** An original with the tone of its copy (tone.ts). */
import { blueOf, type Channels, type Curve, curveOf, greenOf, redOf } from './curves.ts'
import { emptyGrid, type Grid, placeOf } from './grid.ts'
import { kernels } from './kernels.ts'
import { CELL } from './residual.ts'
import type { Tone } from './tone.ts'

/** The original's cells with the copy's tone. */
export function toned(original: Channels, tone: Tone): Channels {
  const { luma, blue, red } = original
  const [blues, reds] = [placeOf(blue.data), placeOf(red.data)]
  const row = (y: number) => 4 * y * luma.width
  const [a, b, c] = tone.map((unknowns) => apply(curveOf(unknowns), luma, (y) => [blues + row(y), reds + row(y)]))
  return { luma: a!, blue: b!, red: c! }
}

/** The original's luminance, pixel by pixel, with the copy's tone. Colour is that of the cells, between their middles. */
export function tonedLuma(luma: Grid, blue: Grid, red: Grid, tone: Tone): Grid {
  const { run, memory } = kernels()
  const rows = betweenCells(luma.height, blue.height)
  const { first, next, part } = betweenCells(luma.width, blue.width)
  const across = [memory.put(first), memory.put(next), memory.put(part), luma.width] as const
  const channels = [blue, red].map(({ data }) => ({ cells: placeOf(data), line: memory.take(4 * luma.width) }))
  const row = (y: number) => 4 * y * blue.width
  return apply(curveOf(tone[0]!), luma, (y) => {
    const [upper, lower] = [row(rows.first[y]!), row(rows.next[y]!)]
    for (const { cells, line } of channels) run.blendLine(cells + upper, cells + lower, rows.part[y]!, ...across, line)
    return [channels[0]!.line, channels[1]!.line]
  })
}

/** @param colours where blue and red of a row lie. */
function apply({ tables, plain, field: f }: Curve, luma: Grid, colours: (y: number) => [number, number]): Grid {
  const { width, height } = luma
  const { run, memory } = kernels()
  const to = emptyGrid(width, height)
  const [from, out, curves] = [placeOf(luma.data), placeOf(to.data), memory.take(3 * TABLE_BYTES)]
  for (const [k, table] of tables.entries()) memory.floats(curves + k * TABLE_BYTES, 256).set(table)
  const numbers = memory.take(8 * 11)
  const k = memory.doubles(numbers, 11)
  const [constant, light, bluer, redder] = plain
  k.set([bluer, redder, 0, f[0]!, f[2]!, f[3]!, f[5]!, f[7]!, f[8]!], 2)
  for (let y = 0; y < height; y++) {
    const v = (2 * y + 1) / height - 1
    const vv = v * v - 1 / 3
    k[0] = constant + f[1]! * v + f[4]! * vv
    k[1] = light + (f[6]! * v + f[9]! * vv) / 128
    k[4] = v
    const row = 4 * y * width
    run.toneRow(from + row, ...colours(y), curves, numbers, width, out + row)
  }
  return to
}

/** 256 floats. */
const TABLE_BYTES = 1024

/** For pixels along a side: the cells on either side of each, and how far it is from the first to the second; at the border a cell stands alone. */
interface Between {
  first: Int32Array
  next: Int32Array
  part: Float64Array
}

function betweenCells(pixels: number, cells: number): Between {
  const at = Float64Array.from({ length: pixels }, (_, x) => Math.min(cells - 1, Math.max(0, (x + 0.5) / CELL - 0.5)))
  const first = Int32Array.from(at)
  return { first, next: first.map((x) => Math.min(cells - 1, x + 1)), part: at.map((x, i) => x - first[i]!) }
}

/** What evidence lost, squared grey levels, cell by cell: of luminance and of both colours together. */
export interface Lost {
  luma: Grid
  colour: Grid
}

/** What becomes of it by the tone: in the dark a gamma raises it twentyfold. */
export function raised({ luma, blue, red }: Channels, tone: Tone, lost: Lost): Lost {
  const { width, height } = luma
  const to = { luma: emptyGrid(width, height), colour: emptyGrid(width, height) }
  for (const [k, curve] of tone.map(curveOf).entries()) {
    const [reds, greens, blues] = curve.tables.map(slopesOf) as Curve['tables']
    const [, light, bluer, redder] = curve.plain
    const target = k === 0 ? to.luma.data : to.colour.data
    for (let i = 0; i < target.length; i++) {
      const [l, b, r] = [luma.data[i]!, blue.data[i]!, red.data[i]!]
      const byRed = reds[redOf(l, r) | 0]!
      const byGreen = greens[greenOf(l, b, r) | 0]!
      const byBlue = blues[blueOf(l, b) | 0]!
      // Luminance moves all three; a colour difference moves blue or red, and green a little the other way.
      const ofLuma = light + byRed + byGreen + byBlue
      const ofBlue = bluer - 0.344 * byGreen + 1.772 * byBlue
      const ofRed = redder + 1.402 * byRed - 0.714 * byGreen
      const colours = (lost.colour.data[i]! * (ofBlue * ofBlue + ofRed * ofRed)) / 2
      // Of luminance lost in a cell a mean over it, as colours are, keeps a part.
      target[i]! += lost.luma.data[i]! * ofLuma * ofLuma * (k === 0 ? 1 : 0.25) + colours
    }
  }
  return to
}

/** Grey levels on either side over which a table's slope is taken: as much as evidence is off. */
const REACH = 6

function slopesOf(table: Float32Array): Float32Array {
  return table.map((_, value) => {
    const [low, high] = [Math.max(0, value - REACH), Math.min(255, value + REACH)]
    return (table[high]! - table[low]!) / (high - low)
  })
}
