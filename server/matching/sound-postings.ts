/**
 * Where a print occurs: all prints of all sounds in one sequence, those that are equal linked in the order in which they were added.
 *
 * 4 bytes for the print, 4 for the link and 3 to 7 for the heads of the chains: 0.9 to 1.2 MB an hour, in pieces that are never copied. Each head names
 * the last link of its chain and that one the first, so adding costs the same however common a print is, and what was registered first is found
 * first: nobody can crowd out what was there before. Most prints that are asked for occur nowhere: a bit for each of eight sorts of prints in a chain tells so
 * of five in six, from a table so small that it stays in the processor's cache.
 */

/** Prints of a piece: a power of two. */
const PIECE = 65_536
const NONE = -1
/** Prints to a chain at most. */
const FULL = 1.5
const LEAST_BITS = 12
/** Sorts of prints to a chain, as a power of two: a byte. */
const SORT_BITS = 3

/** Occurrences of one print that are visited: what occurs more often says little. */
export const COMMON = 32
/** Links that are followed for them. */
const MOST_LINKS = 256

export interface Postings {
  /** @returns the place of the first. */
  append(prints: Uint32Array): number
  /** Visits the places of a print in the order in which they were added, the first `COMMON`. */
  visit(print: number, found: (place: number) => void): void
  /** Prints from one place to another. */
  slice(from: number, to: number): Uint32Array
  readonly length: number
  readonly bytes: number
}

export function createPostings(): Postings {
  const prints: Uint32Array[] = []
  const links: Int32Array[] = []
  let count = 0
  let bits = LEAST_BITS
  let heads = new Int32Array(1 << bits).fill(NONE)
  /** Which sorts of prints a chain has. */
  let sorts = new Uint8Array(1 << bits)

  const at = <T extends Uint32Array | Int32Array>(pieces: T[], place: number) => pieces[place >>> 16]![place & 0xffff]!
  /** Chain and sort of a print, in one number. */
  const sortOf = (print: number) => Math.imul(print ^ (print >>> 15), 0x9e3779b1) >>> (32 - SORT_BITS - bits)
  const chainOf = (sort: number) => sort >>> SORT_BITS
  const bitOf = (sort: number) => 1 << (sort & (2 ** SORT_BITS - 1))

  function append(added: Uint32Array): number {
    const first = count
    while (prints.length * PIECE < count + added.length) {
      prints.push(new Uint32Array(PIECE))
      links.push(new Int32Array(PIECE))
    }
    for (const print of added) {
      prints[count >>> 16]![count & 0xffff] = print
      count++
    }
    if (count > FULL * heads.length) linkAll()
    else for (let place = first; place < count; place++) link(place)
    return first
  }

  function linkAll(): void {
    while (count > FULL * 2 ** bits) bits++
    heads = new Int32Array(1 << bits).fill(NONE)
    sorts = new Uint8Array(1 << bits)
    for (let place = 0; place < count; place++) link(place)
  }

  function link(place: number): void {
    const print = at(prints, place)
    // 0 says nothing.
    if (print === 0) return
    const sort = sortOf(print)
    const chain = chainOf(sort)
    const last = heads[chain]!
    sorts[chain]! |= bitOf(sort)
    links[place >>> 16]![place & 0xffff] = last === NONE ? place : at(links, last)
    if (last !== NONE) links[last >>> 16]![last & 0xffff] = place
    heads[chain] = place
  }

  function visit(print: number, found: (place: number) => void): void {
    const sort = sortOf(print)
    if (print === 0 || (sorts[chainOf(sort)]! & bitOf(sort)) === 0) return
    const last = heads[chainOf(sort)]!
    let place = last
    for (let followed = 0, met = 0; followed < MOST_LINKS && met < COMMON; followed++) {
      place = at(links, place)
      if (at(prints, place) === print) {
        met++
        found(place)
      }
      if (place === last) return
    }
  }

  function slice(from: number, to: number): Uint32Array {
    const out = new Uint32Array(to - from)
    for (let place = from; place < to; ) {
      const piece = prints[place >>> 16]!.subarray(place & 0xffff, Math.min(PIECE, (place & 0xffff) + to - place))
      out.set(piece, place - from)
      place += piece.length
    }
    return out
  }

  return {
    append,
    visit,
    slice,
    get length() {
      return count
    },
    get bytes() {
      return 8 * PIECE * prints.length + heads.byteLength + sorts.byteLength
    },
  }
}
