/**
 * How much of a sound there is at each pitch, over time: energies of narrow bands in rows 23 ms apart, each of a window of 128 ms (Hann).
 *
 * The discrete Fourier transform is that of Cooley and Tukey (1965), in place, radix 2. Two windows go through it as real and imaginary part of one
 * signal and are told apart by symmetry. Sines and roots are those of the engine, and may differ in the last place between engines; what hangs on that is the least certain of
 * the bits that are made of it.
 *
 * Pure, and free of anything that only Node has. Streams: what is kept does not grow.
 */

/** Hertz; mono. Part of the fingerprint's version, as all constants of this file. */
export const SOUND_SAMPLE_RATE = 8_000
/** Samples from one row to the next. */
const ROW_SAMPLES = 186
/** Seconds from one row to the next. */
export const ROW_S = ROW_SAMPLES / SOUND_SAMPLE_RATE
/** Samples of a window. One of 256 ms told copies no better, and blurs where something begins. */
const WINDOW = 1_024
/** Seconds of a window. */
export const WINDOW_S = WINDOW / SOUND_SAMPLE_RATE

/** Bands of a print: 300 to 3,000 Hz in equal ratios, what telephones carry (Haitsma and Kalker 2002, §4.2, have 33 up to 2,000). */
export const BANDS = 33
/** Narrow bands of each. A pitch that is off by 2.4 % moves all by one. */
export const NARROW = 3
/** Narrow bands below the lowest and above the highest, for sound whose pitch was changed. */
export const MARGIN = 2
export const ALL_NARROW = BANDS * NARROW + 2 * MARGIN
const [LOWEST_HZ, HIGHEST_HZ] = [300, 3_000]
/** Of pitch, from one narrow band to the next. */
export const NARROW_RATIO = (HIGHEST_HZ / LOWEST_HZ) ** (1 / (BANDS * NARROW))

const HANN = Float64Array.from({ length: WINDOW }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / WINDOW))
const COS = Float64Array.from({ length: WINDOW / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / WINDOW))
const SIN = Float64Array.from({ length: WINDOW / 2 }, (_, i) => -Math.sin((2 * Math.PI * i) / WINDOW))
const BITS = Math.log2(WINDOW)
const REVERSED = Uint16Array.from({ length: WINDOW }, (_, i) => {
  let [out, left] = [0, i]
  for (let bit = 0; bit < BITS; bit++, left >>= 1) out = (out << 1) | (left & 1)
  return out
})

/** Of each narrow band the frequencies that it takes a part of: `PARTS[band]` of them from `FIRST[band]` on. */
const { FIRST, PARTS } = shares()

function shares(): { FIRST: number[]; PARTS: Float64Array[] } {
  const edge = (i: number) => (LOWEST_HZ * NARROW_RATIO ** (i - MARGIN) * WINDOW) / SOUND_SAMPLE_RATE
  const bands = Array.from({ length: ALL_NARROW }, (_, i) => ({ low: edge(i), high: edge(i + 1) }))
  const FIRST = bands.map(({ low }) => Math.round(low))
  // Frequency k stands for k − ½ to k + ½.
  const PARTS = bands.map(({ low, high }, band) =>
    Float64Array.from({ length: Math.round(high) - FIRST[band]! + 1 }, (_, i) => {
      const k = FIRST[band]! + i
      return Math.max(0, Math.min(high, k + 0.5) - Math.max(low, k - 0.5))
    }),
  )
  return { FIRST, PARTS }
}

/** A sine at full scale has an energy of about 1. */
const FULL_SCALE = 1 / (WINDOW * WINDOW * 0.5 * 0.5 * 0.375)

/** Rows of a sound that arrives in pieces of any length. */
export class SpectrumMaker {
  readonly #row: (narrow: Float64Array) => void
  /** Two windows, the second one row later. */
  readonly #kept = new Float32Array(WINDOW + ROW_SAMPLES)
  #filled = 0
  readonly #re = new Float64Array(WINDOW)
  readonly #im = new Float64Array(WINDOW)
  readonly #narrow = [new Float64Array(ALL_NARROW), new Float64Array(ALL_NARROW)] as const

  /** @param row is given each row in turn; it is written over by the next but one. */
  constructor(row: (narrow: Float64Array) => void) {
    this.#row = row
  }

  /** @param samples mono, −1 to 1. What is no number counts as silence. */
  push(samples: Float32Array): void {
    for (let at = 0; at < samples.length; ) {
      const taken = samples.subarray(at, at + this.#kept.length - this.#filled)
      this.#kept.set(taken, this.#filled)
      this.#filled += taken.length
      at += taken.length
      if (this.#filled < this.#kept.length) return
      this.#transform(2)
      this.#kept.copyWithin(0, 2 * ROW_SAMPLES)
      this.#filled -= 2 * ROW_SAMPLES
    }
  }

  /** One row may be left. */
  finish(): void {
    if (this.#filled < WINDOW) return
    this.#kept.fill(0, this.#filled)
    this.#transform(1)
    this.#filled = 0
  }

  #transform(rows: 1 | 2): void {
    for (let i = 0; i < WINDOW; i++) {
      const to = REVERSED[i]!
      this.#re[to] = finite(this.#kept[i]!) * HANN[i]!
      this.#im[to] = finite(this.#kept[i + ROW_SAMPLES]!) * HANN[i]!
    }
    fourier(this.#re, this.#im)
    for (let band = 0; band < ALL_NARROW; band++) this.#measure(band)
    for (let i = 0; i < rows; i++) this.#row(this.#narrow[i]!)
  }

  /** X = (Z(k) + Z*(−k)) / 2 is the transform of the real part, Y = (Z(k) − Z*(−k)) / 2i that of the imaginary part. */
  #measure(band: number): void {
    const [re, im, first, parts] = [this.#re, this.#im, FIRST[band]!, PARTS[band]!]
    let [x, y] = [0, 0]
    for (let i = 0; i < parts.length; i++) {
      const [k, mirrored] = [first + i, WINDOW - first - i]
      const [evenRe, oddRe] = [re[k]! + re[mirrored]!, re[k]! - re[mirrored]!]
      const [evenIm, oddIm] = [im[k]! + im[mirrored]!, im[k]! - im[mirrored]!]
      x += parts[i]! * (evenRe * evenRe + oddIm * oddIm)
      y += parts[i]! * (evenIm * evenIm + oddRe * oddRe)
    }
    this.#narrow[0][band] = (x / 4) * FULL_SCALE
    this.#narrow[1][band] = (y / 4) * FULL_SCALE
  }
}

const finite = (sample: number) => (Number.isFinite(sample) ? sample : 0)

/** In place, of values in reversed order. */
function fourier(re: Float64Array, im: Float64Array): void {
  for (let half = 1, step = WINDOW / 2; half < WINDOW; half *= 2, step /= 2)
    for (let k = 0; k < half; k++) {
      const [cos, sin] = [COS[k * step]!, SIN[k * step]!]
      for (let a = k; a < WINDOW; a += 2 * half) {
        const b = a + half
        const x = re[b]! * cos - im[b]! * sin
        const y = re[b]! * sin + im[b]! * cos
        re[b] = re[a]! - x
        im[b] = im[a]! - y
        re[a] = re[a]! + x
        im[a] = im[a]! + y
      }
    }
}
