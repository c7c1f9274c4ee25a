/** Pixels of a still picture that libvips does not read and FFmpeg does: HEIC of one piece. */
import { RegistryError } from '../errors.ts'
import { type Container, loadAv, openContainer, openDecoder, type Source } from './container.ts'
import type { DecoderLimits } from './job.ts'
import type { DecodedPicture } from './picture.ts'
import { createRasteriser } from './raster.ts'

/** Pixels a side, as of pictures that libvips decodes. */
const MAX_SIDE = 1024

/** @throws RegistryError `media.undecodable`, `media.too_large`; `media.unsupported` without `node-av`, and for a picture in tiles, as many phones
 *  write it: where they belong FFmpeg does not tell us. */
export async function readStill(source: Source, { maxPixels }: DecoderLimits): Promise<DecodedPicture> {
  const container = await openContainer(await loadAv(), source)
  try {
    return await onlyFrame(container, maxPixels)
  } finally {
    await container.close()
  }
}

async function onlyFrame(container: Container, maxPixels: number): Promise<DecodedPicture> {
  const { av, video, format } = container
  if (!video) throw new RegistryError('media.undecodable', 'a HEIC without a picture that can be decoded')
  const alike = ({ codecpar: { codecType, width, height } }: typeof video) =>
    codecType === av.AVMEDIA_TYPE_VIDEO && width === video.codecpar.width && height === video.codecpar.height
  if (format.streams.filter(alike).length > 1)
    throw new RegistryError('media.unsupported', 'found a HEIC in tiles, which is not decoded here')
  const { width, height } = video.codecpar
  if (width * height > maxPixels)
    throw new RegistryError(
      'media.too_large',
      `a picture of ${width}×${height} pixels; at most ${maxPixels} are decoded`,
    )
  const decoder = await openDecoder(av, video, maxPixels)
  const rasteriser = createRasteriser(av, maxPixels)
  const frame = new av.Frame()
  frame.alloc()
  try {
    for await (const packet of container.packets(video)) await decoder.sendPacket(packet)
    await decoder.sendPacket(null)
    if ((await decoder.receiveFrame(frame)) < 0)
      throw new RegistryError('media.undecodable', 'its picture cannot be decoded')
    return await rasteriser.render(frame, null, MAX_SIDE)
  } finally {
    frame.free()
    rasteriser.free()
    decoder.freeContext()
  }
}
