/** What is computed from a media file. Its JSON form: document.ts. */
import type { Bars } from './bars.ts'
import type { Planes } from './planes.ts'
import type { CandidateSound, SoundPrints } from './sound-prints.ts'

export const KINDS = ['image', 'video', 'audio'] as const
export type Kind = (typeof KINDS)[number]

/** The eight ways to turn and mirror a picture, in the order of `PictureHash.orientations`: what was done to the copy. */
export const ORIENTATIONS = [
  'upright',
  'rotated 90',
  'rotated 180',
  'rotated 270',
  'mirrored',
  'mirrored and rotated 90',
  'mirrored and rotated 180',
  'mirrored and rotated 270',
] as const

export interface PictureHash {
  /** Eight PDQ hashes of 32 bytes, in the order of `ORIENTATIONS`; the first is the hash of the picture as it is. */
  orientations: Uint8Array[]
  /** The same of the picture reduced by area to 64×64 samples: nearer for copies that were resized or turned. */
  reduced: Uint8Array[]
  /** 0 to 100; under 50 these hashes are too featureless to be matched. */
  quality: number
  /** Local hashes, `local1`; null where a client left them out. */
  local: Uint8Array | null
  /** From which a copy is compared, `evidence1`; null where it is not given away. */
  evidence: Uint8Array | null
}

export interface Frame {
  /** Milliseconds from the first frame of the video. */
  timeMs: number
  /** PDQ, 32 bytes. */
  hash: Uint8Array
  /** 0 to 100. */
  quality: number
  /** PDQ of the frame mirrored left to right; of a candidate only. */
  mirrored?: Uint8Array | null
  /** Local hashes, `local1`, of a frame that shows something new. */
  local?: Uint8Array | null
  /** A small grey picture of the whole frame, `evidence1`; of an original only. */
  evidence?: Uint8Array | null
}

/** A candidate as small grey pictures, often enough to find that of each moment of an original. */
export interface Film {
  /** Pixels of each picture, which shows the whole frame at its true proportions. */
  width: number
  height: number
  /** Milliseconds from the first frame, rising. */
  timesMs: number[]
  /** 0–255, picture after picture. */
  samples: Uint8Array
  /** Milliseconds from picture to picture at least, where others were dropped. */
  stepMs?: number | undefined
}

/** The sound of a file, of the track that players play. */
export interface Sound {
  /** By time of the media; of a candidate with which bits are least certain. Null where there is nothing to tell it by: silence, a hum, a track that
   *  cannot be decoded. */
  prints: SoundPrints | CandidateSound | null
  /** In the file; the others are not listened to. */
  tracks: number
  /** Whether some of it could not be decoded. */
  damaged: boolean
  /** Whether any of it could. */
  readable: boolean
}

/** What a decoder finds in the media itself. */
export interface MediaFingerprint {
  kind: Kind
  /** As detected from the bytes, not as claimed. */
  mediaType: string
  /** Pixels, upright. Null for sound. */
  width: number | null
  height: number | null
  /** Null for pictures. */
  durationMs: number | null
  /** Pictures only. */
  picture: PictureHash | null
  /** Video only, in order of time. */
  frames: Frame[]
  /** Of a video between plain borders, the part of the frame that was hashed. */
  bars?: Bars | null
  /** Null where there is no sound track; left out of pictures, and where nobody has listened. */
  sound?: Sound | null
}

/** What a decoder answers. */
export interface DecodedMedia extends MediaFingerprint {
  /** Of a picture that is a candidate, instead of evidence: itself at its true proportions, at most `VIEW_SIDE` a side. */
  view?: Planes | null
  /** Of a video that is a candidate, instead of evidence. */
  film?: Film | null
  /** Of a video or a sound that breaks off before the end that it announces: it counts as far as it could be read. */
  truncated?: boolean | undefined
}

export interface Fingerprint extends MediaFingerprint {
  /** SHA-256 of the file, 32 bytes. */
  contentDigest: Uint8Array
  byteLength: number
}
