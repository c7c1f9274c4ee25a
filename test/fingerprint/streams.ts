/** Files read as the decoder process reads them, and videos made to be read. */

import type { DecodedMedia } from '../../server/fingerprint/index.ts'
import { DEFAULT_LIMITS, type DecoderLimits } from '../../server/fingerprint/job.ts'
import { type Demuxer, HEAD_BYTES, sniff } from '../../server/fingerprint/sniff.ts'
import { readStream } from '../../server/fingerprint/video.ts'
import { createFiles, makeVideo, type VideoOptions } from './media.ts'

/** For the suite that calls it. */
export function streamReader() {
  const files = createFiles()
  after(() => files.remove())

  async function read(
    bytes: Buffer,
    limits: Partial<DecoderLimits> = {},
    demuxer?: Demuxer,
    film = false,
  ): Promise<DecodedMedia> {
    const { fd } = await files.open(bytes)
    const { decoder, mediaType } = await sniff(bytes.subarray(0, HEAD_BYTES)).catch((error) => {
      if (demuxer) return { decoder: { kind: 'stream' as const, demuxer }, mediaType: 'video/x-test' }
      throw error
    })
    if (decoder.kind !== 'stream') throw new Error('expected a stream')
    return await readStream({
      fd,
      byteLength: bytes.length,
      demuxer: demuxer ?? decoder.demuxer,
      mediaType,
      limits: { ...DEFAULT_LIMITS, ...limits },
      film,
      detail: film ? 'candidate' : 'original',
    })
  }

  return { files, read }
}

export const at = (...times: number[]) => times.map((ms, seed) => ({ seed, ms }))
export const every = (stepMs: number, count: number, fromMs = 0) =>
  at(...Array.from({ length: count }, (_, i) => fromMs + i * stepMs))

/** Without frames that are decoded before they are shown: the MP4 muxer cuts the end of an irregular video that has
 * them. */
export const inOrder = { encoderOptions: { tune: 'zerolatency' } }

export const mp4 = (options: Partial<VideoOptions>) =>
  makeVideo({ format: 'mp4', encoder: 'libx264', frames: every(40, 30), ...options })
