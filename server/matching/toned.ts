/** An original with the tone of its copy (tone.ts). */
import { blueOf, type Channels, type Curve, curveOf, greenOf, redOf } from './curves.ts'
import { emptyGrid, type Grid } from './grid.ts'
import { CELL } from './residual.ts'
import type { Tone } from './tone.ts'

/** The original's cells with the copy's tone. */
export function toned(original: Channels, tone: Tone): Channels {
  const { luma, blue, red } = original
  const row = ({ data, width }: Grid, y: number) => data.subarray(y * width, (y + 1) * width)
  const [a, b, c] = tone.map((unknowns) => apply(curveOf(unknowns), luma, (y) => [row(blue, y), row(red, y)]))
  return { luma: a!, blue: b!, red: c! }
}

/** The original's luminance, pixel by pixel, with the copy's tone. Colour is that of the cells, between their middles. */
export function tonedLuma(luma: Grid, blue: Grid, red: Grid, tone: Tone): Grid {
  const lines: [Float32Array, Float32Array] = [new Float32Array(luma.width), new Float32Array(luma.width)]
  const [rows, columns] = [betweenCells(luma.height, blue.height), betweenCells(luma.width, blue.width)]
  return apply(curveOf(tone[0]!), luma, (y) => {
    fillLine(blue, y, rows, columns, lines[0])
    fillLine(red, y, rows, columns, lines[1])
    return lines
  })
}

/** @param colours blue and red of a row. */
function apply(
  { tables, plain, field: f }: Curve,
  luma: Grid,
  colours: (y: number) => [Float32Array, Float32Array],
): Grid {
  const { width, height } = luma
  const to = emptyGrid(width, height)
  const [reds, greens, blues] = tables
  const [constant, light, bluer, redder] = plain
  for (let y = 0, i = 0; y < height; y++) {
    const [blue, red] = colours(y)
    const v = (2 * y + 1) / height - 1
    const vv = v * v - 1 / 3
    const start = constant + f[1]! * v + f[4]! * vv
    const startTimes = light + (f[6]! * v + f[9]! * vv) / 128
    for (let x = 0; x < width; x++, i++) {
      const value = luma.data[i]!
      const u = (2 * x + 1) / width - 1
      const uu = u * u - 1 / 3
      const added = start + f[0]! * u + f[2]! * uu + f[3]! * u * v
      const times = startTimes + (f[5]! * u + f[7]! * uu + f[8]! * u * v) / 128
      to.data[i] =
        added +
        times * (value - 128) +
        bluer * blue[x]! +
        redder * red[x]! +
        reds[(redOf(value, red[x]!) + 0.5) | 0]! +
        greens[(greenOf(value, blue[x]!, red[x]!) + 0.5) | 0]! +
        blues[(blueOf(value, blue[x]!) + 0.5) | 0]!
    }
  }
  return to
}

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

/** A row of pixels, each between the middles of the four cells around it. */
function fillLine({ width, data }: Grid, y: number, rows: Between, columns: Between, line: Float32Array): void {
  const { first, next, part } = columns
  const upper = rows.first[y]! * width
  const lower = rows.next[y]! * width
  const down = rows.part[y]!
  for (let x = 0; x < line.length; x++) {
    const [left, right, across] = [first[x]!, next[x]!, part[x]!]
    const a = data[upper + left]! + across * (data[upper + right]! - data[upper + left]!)
    const b = data[lower + left]! + across * (data[lower + right]! - data[lower + left]!)
    line[x] = a + down * (b - a)
  }
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
