/** PDQ of whole frames of a video, one a second, bars and all, as vPDQ takes them: our own fingerprint leaves bars out. */
import { readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { loadAv, openContainer, openDecoder } from '../../server/fingerprint/container.ts'
import { decodedFrames } from '../../server/fingerprint/frames.ts'
import { hashFrame } from '../../server/fingerprint/pdq.ts'
import { createRasteriser } from '../../server/fingerprint/raster.ts'
import { HEAD_BYTES, sniff } from '../../server/fingerprint/sniff.ts'
import { createTimeline } from '../../server/fingerprint/timeline.ts'
import type { Hashed } from './films.ts'

const STEP_MS = 1_000
const MAX_PIXELS = 120_000_000
/** Of the files of a corpus, which all say when a frame is shown. */
const FRAME_MS = 40

/** @throws RegistryError for what is no video. */
export async function wholeFrames(path: string): Promise<Hashed[]> {
  const bytes = readFileSync(path)
  const { decoder: kind } = await sniff(bytes.subarray(0, HEAD_BYTES))
  const demuxer = kind.kind === 'stream' ? kind.demuxer : kind.moving
  if (!demuxer) throw new Error(`${path} is no video`)
  const file = await open(path)
  const container = await openContainer(await loadAv(), { fd: file.fd, byteLength: bytes.length, demuxer })
  const { av, video, discontinuous } = container
  const decoder = await openDecoder(av, video!, MAX_PIXELS)
  const rasteriser = createRasteriser(av, MAX_PIXELS)
  const timeline = createTimeline({ timeBase: video!.timeBase, frameMs: FRAME_MS, discontinuous, stepMs: STEP_MS })
  try {
    const hashed: Hashed[] = []
    const skip = { ahead: false, stepMs: STEP_MS, foresee: timeline.foresee, onSkipped: () => {} }
    for await (const frame of decodedFrames(container, video!, decoder, skip)) {
      const pts = frame.bestEffortTimestamp
      const { chosen } = timeline.place(pts === av.AV_NOPTS_VALUE ? null : pts, frame.duration)
      if (chosen) hashed.push(hashFrame((await rasteriser.render(frame)).pixels))
    }
    return hashed
  } finally {
    rasteriser.free()
    decoder.freeContext()
    await container.close()
    await file.close()
  }
}
