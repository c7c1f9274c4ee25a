/**
 * High dynamic range to ordinary range, sample by sample: near enough to what players and converters make of it that a copy is found. Whole
 * curves for 8 bits, the same in every engine up to the last bit of a power.
 *
 * Sources: SMPTE ST 2084 and ITU-R BT.2100 (PQ, HLG), BT.2408 (white of ordinary range at 203 nits); E. Reinhard et al. (2002), "Photographic tone
 * reproduction for digital images", eq. 4. Blind to gamut: colours get paler.
 */

/** Nits. */
const WHITE = 203
const PEAK = 1_000

/** SMPTE ST 2084, EOTF. @returns nits. */
function fromPq(code: number): number {
  const [m1, m2, c1, c2, c3] = [2610 / 16384, (2523 / 4096) * 128, 3424 / 4096, (2413 / 4096) * 32, (2392 / 4096) * 32]
  const root = code ** (1 / m2)
  return 10_000 * (Math.max(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
}

/** BT.2100, inverse OETF and OOTF on a screen of 1,000 nits. @returns nits. */
function fromHlg(code: number): number {
  const [a, b, c] = [0.17883277, 0.28466892, 0.55991073]
  const scene = code <= 0.5 ? code ** 2 / 3 : (Math.exp((code - c) / a) + b) / 12
  return PEAK * scene ** 1.2
}

/** Reinhard's curve that keeps shadows and takes the peak to white, then the gamma of ordinary screens. */
function toSamples(nits: number): number {
  const light = nits / WHITE
  const most = PEAK / WHITE
  const shown = Math.min(1, (light * (1 + light / most ** 2)) / (1 + light))
  return Math.round(255 * shown ** (1 / 2.2))
}

const curve = (toNits: (code: number) => number) =>
  Uint8Array.from({ length: 256 }, (_, value) => toSamples(toNits(value / 255)))

export const FROM_PQ: Uint8Array = curve(fromPq)
export const FROM_HLG: Uint8Array = curve(fromHlg)
