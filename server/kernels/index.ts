/**
 * Code that runs in WebAssembly, for what V8 does without vector instructions, and the memory in which it finds its numbers.
 *
 * The code is in the program as text: nothing is fetched, and a browser loads it as Node does. Sources are in `kernels/`, `npm run kernels`
 * compiles them.
 */

/** Bytes behind each piece of memory: vectors are read and written whole, and the last one may reach beyond what was asked for. */
const BEYOND = 64
/** Bytes a page of WebAssembly. */
const PAGE = 65_536

export interface Kernels<Run> {
  run: Run
  memory: Memory
}

/** Memory as one stack: pieces are taken one after the other, and given back all at once. */
export interface Memory {
  /** Gives back what was taken. @param bytes that will be taken at most: then views last, for nothing grows. */
  clear(bytes?: number): void
  /** @returns where so many bytes begin, at a multiple of 16; what they hold is anything. Views of before may be lost.
   *  @throws RangeError if they are more than was said. */
  take(bytes: number): number
  /** Copies an array. @returns where it begins. */
  put(values: Values): number
  /** Whether an array lies in it. */
  holds(values: Values): boolean
  /** Views of what lies somewhere. */
  bytes(at: number, length: number): Uint8Array
  words(at: number, length: number): Int16Array
  integers(at: number, length: number): Int32Array
  floats(at: number, length: number): Float32Array
  doubles(at: number, length: number): Float64Array
}

type Values = Uint8Array | Int16Array | Int32Array | Uint32Array | Float32Array | Float64Array

/** @param code a module, as base64. @returns what it exports, once it is asked for: most commands never need it. */
export function kernelsOf<Run>(code: string): () => Kernels<Run> {
  let loaded: Kernels<Run> | null = null
  return () => {
    loaded ??= load<Run>(code)
    return loaded
  }
}

function load<Run>(code: string): Kernels<Run> {
  const bytes = Uint8Array.from(atob(code), (letter) => letter.charCodeAt(0))
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  return { run: exports as Run, memory: memoryOf(exports.memory as WebAssembly.Memory) }
}

/** The compiler's own numbers are below. */
const FIRST = 1024

function memoryOf(memory: WebAssembly.Memory): Memory {
  let [used, most] = [FIRST, Number.POSITIVE_INFINITY]
  const ensure = (end: number) => {
    const missing = end - memory.buffer.byteLength
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE))
  }
  const take = (bytes: number) => {
    const at = used
    used = (at + bytes + BEYOND) & ~15
    if (used > most) throw new RangeError(`"bytes" expected at most ${most}, got ${used}`)
    ensure(used)
    return at
  }
  return {
    clear: (bytes) => {
      used = FIRST
      most = FIRST + (bytes ?? Number.POSITIVE_INFINITY)
      ensure(FIRST + (bytes ?? 0))
    },
    take,
    put: (values) => {
      const at = take(values.byteLength)
      new Uint8Array(memory.buffer, at).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
      return at
    },
    holds: ({ buffer }) => buffer === memory.buffer,
    bytes: (at, length) => new Uint8Array(memory.buffer, at, length),
    words: (at, length) => new Int16Array(memory.buffer, at, length),
    integers: (at, length) => new Int32Array(memory.buffer, at, length),
    floats: (at, length) => new Float32Array(memory.buffer, at, length),
    doubles: (at, length) => new Float64Array(memory.buffer, at, length),
  }
}
