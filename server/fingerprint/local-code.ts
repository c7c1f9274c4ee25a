/** Local hashes as bytes: 37 a feature, nothing before or after (docs/protocol.md, section 4). */
import {
  type Detail,
  LOCAL_WORDS,
  type LocalFeatures,
  MAX_CANDIDATE_FEATURES,
  MAX_FEATURES,
  MAX_SIZE,
  noFeatures,
} from './local.ts'

/** Three bytes of place, size, direction, 32 bytes of hash. */
export const FEATURE_BYTES = 5 + 4 * LOCAL_WORDS

/** Of a candidate; an original has two thirds of it. */
export const MAX_LOCAL_BYTES = MAX_CANDIDATE_FEATURES * FEATURE_BYTES

export function encodeLocal(features: LocalFeatures): Uint8Array {
  const bytes = new Uint8Array(features.count * FEATURE_BYTES)
  const view = new DataView(bytes.buffer)
  for (let i = 0, at = 0; i < features.count; i++, at += FEATURE_BYTES) {
    const [x, y] = [features.x[i]!, features.y[i]!]
    bytes[at] = x >> 4
    bytes[at + 1] = ((x & 15) << 4) | (y >> 8)
    bytes[at + 2] = y & 255
    bytes[at + 3] = features.size[i]!
    bytes[at + 4] = features.direction[i]!
    for (let w = 0; w < LOCAL_WORDS; w++) view.setUint32(at + 5 + 4 * w, features.words[i * LOCAL_WORDS + w]!, true)
  }
  return bytes
}

/** Reads what anybody may have written.
 * @throws RangeError if the bytes are no list of features, at most 256 of an original or 400 of a candidate. */
export function decodeLocal(bytes: Uint8Array, detail: Detail = 'original'): LocalFeatures {
  const most = detail === 'original' ? MAX_FEATURES : MAX_CANDIDATE_FEATURES
  const count = bytes.length / FEATURE_BYTES
  if (!Number.isInteger(count) || count > most)
    throw new RangeError(`"local" expected at most ${most} times ${FEATURE_BYTES} bytes, got ${bytes.length}`)
  const features = noFeatures(count)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let i = 0, at = 0; i < count; i++, at += FEATURE_BYTES) {
    features.x[i] = (bytes[at]! << 4) | (bytes[at + 1]! >> 4)
    features.y[i] = ((bytes[at + 1]! & 15) << 8) | bytes[at + 2]!
    const size = bytes[at + 3]!
    if (size > MAX_SIZE) throw new RangeError(`"local" expected sizes of at most ${MAX_SIZE}, got ${size}`)
    features.size[i] = size
    features.direction[i] = bytes[at + 4]!
    for (let w = 0; w < LOCAL_WORDS; w++) features.words[i * LOCAL_WORDS + w] = view.getUint32(at + 5 + 4 * w, true)
  }
  return features
}
