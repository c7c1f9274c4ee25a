/** Where originals are filed: hashes of frames, local hashes and prints by number, and whose each number is. */
import { equalBytes } from '../bytes.ts'
import { type CandidateSound, decodeLocal, type LocalFeatures } from '../fingerprint/index.ts'
import type { Original } from './found.ts'
import { createHammingIndex } from './hamming.ts'
import { createLocalIndex, type Election } from './local-index.ts'
import { SoundIndex, type SoundProposal } from './sound-index.ts'

/** Numbers of frames are given to originals in blocks of 64. */
const BLOCK_BITS = 6
const BLOCK = 1 << BLOCK_BITS

/** Values of key frames of videos in the index of local hashes begin here: those of pictures are numbers of their blocks. */
const FIRST_KEY = 2 ** 31

interface KeyFrame {
  owner: Stored
  timeMs: number
}

/** An original, and where it is filed. */
export interface Stored {
  original: Omit<Original, 'local' | 'keys' | 'sound'>
  /** Of the numbers of its frames, in their order; at least one. The first is its value in the index of local hashes. */
  blocks: number[]
  /** Of its key frames in the index of local hashes. */
  keys: number[]
  /** The name of its local hashes; null where it has none, undefined where nothing names them. */
  named: string | null | undefined
}

export interface Filing {
  add(original: Original): void
  remove(key: string): void
  stored(key: string): Stored | undefined
  all(): Iterable<Stored>
  /** Each frame with such a hash: whose it is, when it is seen there, and how far it is from it. */
  visit(hash: Uint8Array, maxDistanceBits: number, see: (seen: Seen) => void): void
  /** What local hashes of a candidate vote for: values of which `ownerOf` tells whose they are. */
  elect(local: Uint8Array): Election
  /** Whose a value of the local hashes is, and the time of its frame: null for a picture. */
  ownerOf(value: number): { owner: Stored; timeMs: number | null } | null
  /** Records of which a sound is heard. */
  hear(sound: CandidateSound): (SoundProposal & { owner: Stored })[]
  size(): { originals: number; hashes: number; blocks: number; soundBytes: number }
}

interface Seen {
  owner: Stored
  /** Null where only anchored words are known. */
  timeMs: number | null
  distanceBits: number
}

export function createFiling(): Filing {
  const index = createHammingIndex()
  const local = createLocalIndex()
  const sounds = new SoundIndex()
  const stored = new Map<string, Stored>()
  /** By block of numbers: whose it is, and of which frame its first number is. */
  const owners: (Stored | undefined)[] = []
  const firstFrames: number[] = []
  /** Blocks that nobody has, those that were left first at the front. */
  const left: number[] = []
  const keyFrames: (KeyFrame | undefined)[] = []
  const leftKeys: number[] = []
  /** A picture is looked for among pictures, then among videos: what it votes for is the same. */
  let last: { local: Uint8Array; election: Election } | null = null

  function add(original: Original): void {
    const { local: features, keys, sound, ...kept } = original
    const named = nameOf(original)
    const held = stored.get(original.key)
    // Mostly it was anchored again, and is the same.
    if (held && named !== undefined && held.named === named && isFiledAlike(held.original, kept)) {
      held.original = kept
      return
    }
    remove(original.key)
    last = null
    const decoded = features ? decodeLocal(features) : null
    const decodedKeys = (keys ?? []).map(({ timeMs, local }) => ({ timeMs, features: decodeLocal(local) }))
    const entry: Stored = { original: kept, blocks: [], keys: [], named }
    for (let frame = 0; frame === 0 || frame < kept.frames.length; frame += BLOCK)
      entry.blocks.push(newBlock(entry, frame))
    stored.set(original.key, entry)
    if (decoded) local.add(decoded, entry.blocks[0]!)
    for (const { timeMs, features } of decodedKeys) addKey(entry, timeMs, features)
    if (sound) sounds.add(entry.blocks[0]!, sound)
    for (const [i, { hash }] of kept.frames.entries()) index.add(hash, numberOf(entry, i))
  }

  function addKey(entry: Stored, timeMs: number, features: LocalFeatures): void {
    const value = leftKeys.pop() ?? FIRST_KEY + keyFrames.length
    keyFrames[value - FIRST_KEY] = { owner: entry, timeMs }
    entry.keys.push(value)
    local.add(features, value)
  }

  function newBlock(owner: Stored, firstFrame: number): number {
    const block = left.length > 0 && isGone(left[0]!) ? left.shift()! : owners.length
    owners[block] = owner
    firstFrames[block] = firstFrame
    return block
  }

  const isGone = (block: number) => Array.from({ length: BLOCK }).every((_, i) => index.isGone(block * BLOCK + i))

  const numberOf = ({ blocks }: Stored, frame: number) => blocks[frame >>> BLOCK_BITS]! * BLOCK + (frame % BLOCK)
  const ownerOfFrame = (number: number) => owners[number >>> BLOCK_BITS]!
  const frameOf = (number: number) => firstFrames[number >>> BLOCK_BITS]! + (number % BLOCK)

  function remove(key: string): void {
    const entry = stored.get(key)
    if (!entry) return
    stored.delete(key)
    last = null
    local.remove(entry.blocks[0]!)
    sounds.remove(entry.blocks[0]!)
    for (const value of entry.keys) {
      local.remove(value)
      keyFrames[value - FIRST_KEY] = undefined
      leftKeys.push(value)
    }
    for (let i = 0; i < entry.original.frames.length; i++) index.remove(numberOf(entry, i))
    for (const block of entry.blocks) {
      owners[block] = undefined
      left.push(block)
    }
  }

  function visit(hash: Uint8Array, maxDistanceBits: number, see: (seen: Seen) => void): void {
    index.visit(hash, maxDistanceBits, (number, distanceBits) => {
      const owner = ownerOfFrame(number)
      see({ owner, timeMs: owner.original.frames[frameOf(number)]?.timeMs ?? null, distanceBits })
    })
  }

  function elect(bytes: Uint8Array): Election {
    if (last?.local !== bytes) last = { local: bytes, election: local.elect(decodeLocal(bytes, 'candidate')) }
    return last.election
  }

  function ownerOf(value: number) {
    if (value < FIRST_KEY) return owners[value] ? { owner: owners[value], timeMs: null } : null
    return keyFrames[value - FIRST_KEY] ?? null
  }

  return {
    add,
    remove,
    stored: (key) => stored.get(key),
    all: () => stored.values(),
    visit,
    elect,
    ownerOf,
    hear: (sound) => sounds.propose(sound).map((proposal) => ({ ...proposal, owner: owners[proposal.record]! })),
    size: () => ({ originals: stored.size, hashes: index.size(), blocks: owners.length, soundBytes: sounds.bytes }),
  }
}

function nameOf({ local, keys, localCid, sound, soundCid }: Original): string | null | undefined {
  const names = [...(local || keys?.length ? [localCid] : []), ...(sound ? [soundCid] : [])]
  if (names.length === 0) return null
  return names.every((name) => name != null) ? names.join(' ') : undefined
}

/** Whether the search files two originals under the same hashes. */
function isFiledAlike(a: Stored['original'], b: Stored['original']): boolean {
  if (a.kind !== b.kind || a.frames.length !== b.frames.length) return false
  return a.frames.every(({ timeMs, hash }, i) => timeMs === b.frames[i]!.timeMs && equalBytes(hash, b.frames[i]!.hash))
}
