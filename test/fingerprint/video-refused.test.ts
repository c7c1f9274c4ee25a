import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Demuxer } from '../../server/fingerprint/sniff.ts'
import { failureOf, makeVideo, makeWav } from './media.ts'

import { at, every, mp4, streamReader } from './streams.ts'

describe('a stream is refused', () => {
  const { files, read } = streamReader()

  it('when it holds neither picture nor sound', async () => {
    const error = await failureOf(
      read(Buffer.concat([Buffer.from('FLV\x01\x05\0\0\0\x09\0\0\0\0', 'latin1'), Buffer.alloc(64)])),
    )
    expect(error).to.include({ code: 'media.undecodable' })
  })

  it('when not one frame can be decoded', async () => {
    const bytes = await mp4({ frames: every(40, 5) })
    const media = bytes.indexOf('mdat') + 4
    bytes.fill(0xff, media, bytes.indexOf('moov') - 4)
    const error = await failureOf(read(bytes))
    expect(error).to.include({ code: 'media.undecodable', message: 'no frame of this video/mp4 can be decoded' })
  })

  it('when its index is cut off', async () => {
    const bytes = await mp4({ frames: every(40, 5) })
    const error = await failureOf(read(bytes.subarray(0, bytes.indexOf('moov'))))
    expect(error).to.include({ code: 'media.undecodable' })
    expect(error.message).to.equal('it cannot be opened: Invalid data found when processing input')
  })

  it('when its frames have too many pixels, naming them', async () => {
    const error = await failureOf(read(await mp4({ frames: at(0) }), { maxPixels: 320 * 240 - 1 }))
    expect(error).to.include({ code: 'media.too_large' })
    expect(error.message).to.equal('frames of 320×240 pixels; at most 76799 are decoded')
  })

  it('when it lasts too long, by its header or by its frames', async () => {
    const long = await failureOf(read(await mp4({ frames: every(40, 60) }), { maxDurationS: 2 }))
    expect(long).to.include({ code: 'media.too_large', message: 'it lasts 2 s; at most 2 s are decoded' })
    const frames = every(40, 60)
    const noHeader = await failureOf(
      read(await makeVideo({ format: 'mpeg2video', encoder: 'mpeg2video', frames }), { maxDurationS: 2 }),
    )
    expect(noHeader).to.include({ code: 'media.too_large' })
    expect(await failureOf(read(makeWav(3), { maxDurationS: 2 }))).to.include({ code: 'media.too_large' })
  })

  it('when it is a playlist that names a file, whichever demuxer it is given to', async () => {
    const path = join(files.directory, 'named.mp4')
    writeFileSync(path, await mp4({ frames: at(0) }))
    const playlists = [
      `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${path}\n#EXT-X-ENDLIST\n`,
      `ffconcat version 1.0\nfile '${path}'\n`,
      `<?xml version="1.0"?><MPD type="static"><Period><BaseURL>${path}</BaseURL></Period></MPD>`,
    ]
    for (const playlist of playlists) {
      const bytes = Buffer.from(playlist)
      expect(await failureOf(read(bytes))).to.include({ code: 'media.unsupported' })
      for (const demuxer of ['mov', 'matroska', 'mpegts', 'mpeg', 'avi', 'ogg', 'mp3'] as const)
        expect(await failureOf(read(bytes, {}, demuxer)), demuxer).to.include({ code: 'media.undecodable' })
    }
  })

  it('when a demuxer other than those on the list would have to read it', async () => {
    const bytes = Buffer.from(`ffconcat version 1.0\nfile '${join(files.directory, 'named.mp4')}'\n`)
    for (const demuxer of ['concat', 'hls', 'dash', 'image2'] as unknown as Demuxer[])
      expect(await failureOf(read(bytes, {}, demuxer)), demuxer).to.include({ code: 'media.undecodable' })
  })
})
