/** Writes examples/: an original picture and clip, and a copy of each. Made by arithmetic, so that the project may give them away.
 *  `node scripts/examples.ts [DIR]`; the README's session and its test use them. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  AV_PIX_FMT_YUV420P,
  Encoder,
  FF_ENCODER_LIBVPX_VP9,
  FF_ENCODER_LIBX264,
  type FFVideoEncoder,
  Frame,
  Muxer,
} from 'node-av'
import sharp from 'sharp'
import { renderScene, type Scene } from './scene.ts'

const FPS = 12

/** Seconds of a clip, and how it is written. */
interface Clip {
  width: number
  height: number
  fromS: number
  toS: number
  codec: FFVideoEncoder
  options: Record<string, string>
}

const directory = process.argv[2] ?? 'examples'
mkdirSync(directory, { recursive: true })
await writePictures()
await writeClip('crossing.mp4', {
  width: 640,
  height: 360,
  fromS: 0,
  toS: 12,
  codec: FF_ENCODER_LIBX264,
  options: { crf: '30', preset: 'slow' },
})
await writeClip('crossing-clip.webm', {
  width: 426,
  height: 240,
  fromS: 4,
  toS: 9,
  codec: FF_ENCODER_LIBVPX_VP9,
  options: { crf: '44', 'b:v': '0' },
})

async function writePictures(): Promise<void> {
  const { width, height, data } = renderScene(960, 640, { seed: 4 })
  const picture = sharp(data, { raw: { width, height, channels: 3 } })
  await picture.clone().jpeg({ quality: 80 }).toFile(join(directory, 'hills.jpg'))
  await picture
    .clone()
    .resize(480)
    .modulate({ saturation: 1.4, brightness: 1.1 })
    .webp({ quality: 30 })
    .toFile(join(directory, 'hills-copy.webp'))
}

/** The view moves over the hills while the water moves: each second looks different. */
async function writeClip(name: string, clip: Clip): Promise<void> {
  const { width, height, codec, options } = clip
  const timeBase = { num: 1, den: FPS }
  const encoder = await Encoder.create(codec, { options: { g: String(3 * FPS), threads: '1', ...options } })
  await using muxer = await Muxer.open(join(directory, name))
  const stream = muxer.addStream(encoder)
  for (let i = 0; i < (clip.toS - clip.fromS) * FPS; i++) {
    const time = clip.fromS + i / FPS
    const scene = renderScene(width, height, { seed: 7, at: 60 * time, time })
    using frame = Frame.fromVideoBuffer(yuv420(scene), {
      width,
      height,
      format: AV_PIX_FMT_YUV420P,
      timeBase,
      pts: BigInt(i),
    })
    await encoder.encode(frame)
    for (let packet = await encoder.receive(); packet; packet = await encoder.receive())
      await muxer.writePacket(packet, stream)
  }
  for await (const packet of encoder.flushPackets()) await muxer.writePacket(packet, stream)
}

/** BT.601, limited range, one colour sample for four pixels. */
function yuv420({ width, height, data }: Scene): Buffer {
  const out = Buffer.alloc((width * height * 3) / 2)
  const [u, v] = [width * height, (width * height * 5) / 4]
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3
      const [r, g, b] = [data[at]!, data[at + 1]!, data[at + 2]!]
      out[y * width + x] = 16 + 0.257 * r + 0.504 * g + 0.098 * b
      if (x % 2 || y % 2) continue
      const half = (y / 2) * (width / 2) + x / 2
      out[u + half] = 128 - 0.148 * r - 0.291 * g + 0.439 * b
      out[v + half] = 128 + 0.439 * r - 0.368 * g - 0.071 * b
    }
  return out
}
