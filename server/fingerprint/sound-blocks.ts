/** The sound of an original in its manifest: blocks of a stretch of prints (`sound1`), words for the chain, and how they are read again, whoever wrote
 *  them (docs/protocol.md §3). */
import { CID } from 'multiformats/cid'
import * as z from 'zod'
import { RegistryError } from '../errors.ts'
import { decodeBlock, encodeBlock, linkShape, MAX_LINKS, type ManifestBlock } from './block.ts'
import type { Sound } from './fingerprint.ts'
import { wordBytes, wordsOf } from './sound-code.ts'
import { PRINT_STEP_S, SOUND_SAMPLE_RATE, type SoundPrints } from './sound-prints.ts'

/** Prints in a block: two minutes, 13 kB. */
export const PRINTS_A_BLOCK = 2_560
/** Prints that are read, of sixteen hours: all of them are in memory. */
const MAX_PRINTS = 1_250_000
/** Samples before the first print: as late as the last frame that is read. */
const MAX_START = 60_000 * SOUND_SAMPLE_RATE

/** What a manifest says of sound without prints: there is no track; it has no features; it cannot be decoded. */
export const SOUNDLESS = ['none', 'featureless', 'unreadable'] as const

/** What a manifest says of the sound. */
export interface ManifestSound {
  prints: SoundPrints | null
  /** Why there are none; null where there are. */
  without: (typeof SOUNDLESS)[number] | null
  /** CIDs of the blocks that they were read from. */
  cids: string[]
}

/** What stands in the root under `sound`, and the blocks. Nothing stands there where it is not known whether there is a track. */
export async function writeSound(
  sound: Sound | null | undefined,
): Promise<{ entry: unknown; blocks: ManifestBlock[] }> {
  if (sound === undefined) return { entry: undefined, blocks: [] }
  if (!sound?.prints) return { entry: withoutPrints(sound), blocks: [] }
  const { startS, prints, levels } = sound.prints
  const blocks: ManifestBlock[] = []
  for (let first = 0; first < prints.length; first += PRINTS_A_BLOCK) {
    const part = wordBytes(prints.subarray(first, first + PRINTS_A_BLOCK))
    const loud = levels.slice(first, first + PRINTS_A_BLOCK)
    blocks.push(await encodeBlock({ firsthand: 'sound1', first, prints: part, levels: loud }))
  }
  const start = Math.round(startS * SOUND_SAMPLE_RATE)
  return { entry: { start, blocks: blocks.map(({ cid }) => CID.parse(cid)) }, blocks }
}

function withoutPrints(sound: Sound | null): (typeof SOUNDLESS)[number] {
  if (!sound) return 'none'
  return sound.readable ? 'featureless' : 'unreadable'
}

/** In a root. */
export const soundShape = z.union([
  z.enum(SOUNDLESS),
  z.object({ start: z.int().min(0).max(MAX_START), blocks: z.array(linkShape).min(1).max(MAX_LINKS) }),
])
export type SoundEntry = z.infer<typeof soundShape>

export const soundLinks = (entry: SoundEntry | null): CID[] => (entry && typeof entry === 'object' ? entry.blocks : [])

const blockShape = z
  .object({
    firsthand: z.literal('sound1'),
    first: z.int().min(0),
    prints: z.instanceof(Uint8Array),
    levels: z.instanceof(Uint8Array),
  })
  .refine(
    ({ levels }) => levels.length >= 1 && levels.length <= PRINTS_A_BLOCK,
    `1 to ${PRINTS_A_BLOCK} prints expected`,
  )
  .refine(({ prints, levels }) => prints.length === 4 * levels.length, 'lengths differ')

/** @param linked gives a block that must be here.
 *  @throws RegistryError `block.invalid` where a block is not as docs/protocol.md §3 says. */
export async function readSound(
  entry: SoundEntry | null,
  linked: (cid: string) => Promise<Uint8Array>,
): Promise<ManifestSound | null> {
  if (entry === null) return null
  if (typeof entry !== 'object') return { prints: null, without: entry, cids: [] }
  const cids = entry.blocks.map(String)
  return { prints: await readPrints(entry.start / SOUND_SAMPLE_RATE, cids, linked), without: null, cids }
}

/** @param linked gives a block that must be here. @throws RegistryError `block.invalid` for what are no blocks of one sound. */
export async function readPrints(
  startS: number,
  cids: readonly string[],
  linked: (cid: string) => Promise<Uint8Array>,
): Promise<SoundPrints> {
  const parts: { prints: Uint8Array; levels: Uint8Array }[] = []
  let count = 0
  for (const cid of cids) {
    const part = decodeBlock(blockShape, cid, await linked(cid))
    if (part.first !== count)
      throw new RegistryError('block.invalid', `block ${cid}: "first" expected ${count}, got ${part.first}`)
    count += part.levels.length
    if (count > MAX_PRINTS) throw new RegistryError('block.invalid', `more than ${MAX_PRINTS} prints are not read`)
    parts.push(part)
  }
  const prints = wordsOf(Buffer.concat(parts.map((part) => part.prints)))
  const levels = new Uint8Array(Buffer.concat(parts.map((part) => part.levels)))
  return { startS, stepS: PRINT_STEP_S, prints, levels }
}

/** Prints in a word of 256 bits. */
const PRINTS_A_WORD = 8
const LOUDEST = 255

/** Words for the chain: eight prints each that say something, the loudest of each of so many stretches.
 * @returns words: 32 bytes, the prints in order, lowest byte first; quality: how loud, 0–100. */
export function soundWords({ prints, levels }: SoundPrints, most: number): { hash: Uint8Array; quality: number }[] {
  const runs: { from: number; loud: number }[] = []
  for (let from = 0; from + PRINTS_A_WORD <= prints.length; from += PRINTS_A_WORD) {
    if (prints.subarray(from, from + PRINTS_A_WORD).includes(0)) continue
    runs.push({ from, loud: levels.subarray(from, from + PRINTS_A_WORD).reduce((sum, level) => sum + level, 0) })
  }
  const count = Math.min(most, runs.length)
  return Array.from({ length: count }, (_, k) => {
    const stretch = runs.slice(Math.floor((k * runs.length) / count), Math.floor(((k + 1) * runs.length) / count))
    const { from, loud } = stretch.reduce((best, run) => (run.loud > best.loud ? run : best))
    const hash = wordBytes(prints.subarray(from, from + PRINTS_A_WORD))
    return { hash, quality: Math.floor((100 * loud) / (LOUDEST * PRINTS_A_WORD)) }
  })
}
