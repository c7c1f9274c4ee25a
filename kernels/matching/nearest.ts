/** Nearest of 256-bit descriptors: see server/matching/local-matches.ts. */

/** For each descriptor of one list the nearest of the other, and the other way round; the first of equals.
 * @param quarter bits that may differ in the first quarter of two; @param half in the first half: pairs that differ more are passed over.
 * @param rows for each of the first list the number of its nearest, then the distances; both filled. @param columns likewise. */
export function nearest(
  a: usize,
  rowCount: i32,
  b: usize,
  columnCount: i32,
  quarter: i32,
  half: i32,
  rows: usize,
  columns: usize,
): void {
  const rowDistances = rows + ((<usize>rowCount) << 2)
  const columnDistances = columns + ((<usize>columnCount) << 2)
  for (let i = 0; i < rowCount; i++) {
    const p = a + ((<usize>i) << 5)
    const first = i64.load(p)
    const second = i64.load(p, 8)
    const third = i64.load(p, 16)
    const fourth = i64.load(p, 24)
    let q = b
    for (let j = 0; j < columnCount; j++, q += 32) {
      const begin = <i32>i64.popcnt(first ^ i64.load(q))
      const middle = begin + <i32>i64.popcnt(second ^ i64.load(q, 8))
      if (i32(begin > quarter) | i32(middle > half)) continue
      const distance = middle + <i32>(i64.popcnt(third ^ i64.load(q, 16)) + i64.popcnt(fourth ^ i64.load(q, 24)))
      note(rows, rowDistances, i, j, distance)
      note(columns, columnDistances, j, i, distance)
    }
  }
}

function note(to: usize, distances: usize, at: i32, other: i32, distance: i32): void {
  const place = (<usize>at) << 2
  if (distance >= i32.load(distances + place)) return
  i32.store(to + place, other)
  i32.store(distances + place, distance)
}
