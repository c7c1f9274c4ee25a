/** Decoder processes as the configuration wants them; of the server and of the command. */
import type { Config } from './config.ts'
import { createDecoderPool, type DecoderPool } from './fingerprint/index.ts'

/** Bytes of a decoder process, beyond which the file it works on is given up. */
const MAX_DECODER_BYTES = 1 << 30

/** Decoder processes under the limits of the configuration. */
export function openDecoders(config: Config): DecoderPool {
  return createDecoderPool({
    size: config.DECODERS,
    jobsPerProcess: config.DECODER_JOBS,
    limits: {
      maxPixels: config.MAX_PIXELS,
      maxDurationS: config.MAX_DURATION_S,
      maxMemoryBytes: MAX_DECODER_BYTES,
      timeoutS: config.DECODE_TIMEOUT_S,
    },
  })
}
