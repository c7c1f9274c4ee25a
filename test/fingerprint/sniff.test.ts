import { expect } from 'chai'
import sharp from 'sharp'
import { RegistryError } from '../../server/errors.ts'
import { HEAD_BYTES, sniff } from '../../server/fingerprint/sniff.ts'
import { randomBytes, seeded } from '../random.ts'
import { failureOf, makeSound, makeVideo, makeWav, texture, toSharp } from './media.ts'

const head = (text: string) => Buffer.from(text, 'latin1')

/** A box `ftyp` with a major brand and others. */
function ftyp(major: string, ...others: string[]): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(16 + 4 * others.length)
  return Buffer.concat([size, head(`ftyp${major}\0\0\0\0${others.join('')}`), Buffer.alloc(64)])
}

describe('sniff', () => {
  it('names the six kinds of pictures', async () => {
    const picture = toSharp(await texture(1))
    for (const type of ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'] as const) {
      const { decoder, mediaType } = await sniff(await picture.clone().toFormat(type).toBuffer())
      expect(decoder).to.deep.equal({ kind: 'picture', moving: type === 'gif' ? 'gif' : null })
      expect(mediaType).to.equal(`image/${type}`)
    }
  })

  it('knows a TIFF whose directory lies beyond the head', async () => {
    const tiff = await toSharp(await texture(1, 400, 300))
      .tiff({ compression: 'none' })
      .toBuffer()
    expect(tiff.length).to.be.above(HEAD_BYTES)
    expect((await sniff(tiff.subarray(0, HEAD_BYTES))).mediaType).to.equal('image/tiff')
  })

  it('knows AVIF by any of its brands', async () => {
    expect((await sniff(ftyp('mif1', 'miaf', 'avif'))).mediaType).to.equal('image/avif')
    expect((await sniff(ftyp('avis', 'msf1'))).mediaType).to.equal('image/avif')
  })

  it('names the one demuxer that may open a container', async () => {
    const frames = [{ seed: 1, ms: 0 }]
    const files = [
      ['mov', 'video/mp4', await makeVideo({ format: 'mp4', encoder: 'mpeg4', frames })],
      ['matroska', 'video/webm', await makeVideo({ format: 'webm', encoder: 'libvpx', frames })],
      ['matroska', 'video/matroska', await makeVideo({ format: 'matroska', encoder: 'mpeg4', frames })],
      ['avi', 'video/vnd.avi', await makeVideo({ format: 'avi', encoder: 'mjpeg', frames })],
      ['mpegts', 'video/mp2t', await makeVideo({ format: 'mpegts', encoder: 'mpeg2video', frames })],
      ['mpeg', 'video/mpeg', await makeVideo({ format: 'vob', encoder: 'mpeg2video', frames })],
      ['wav', 'audio/wav', makeWav(1)],
      ['mov', 'video/mp4', await makeSound({ cover: false })],
      ['flv', 'video/x-flv', Buffer.concat([head('FLV\x01\x05'), Buffer.alloc(64)])],
      ['mp3', 'audio/mpeg', Buffer.concat([Buffer.from('fffb9064', 'hex'), Buffer.alloc(64)])],
      ['flac', 'audio/flac', Buffer.concat([head('fLaC'), Buffer.alloc(64)])],
      ['amr', 'audio/amr', Buffer.concat([head('#!AMR\n'), Buffer.alloc(64)])],
    ] as const
    for (const [demuxer, mediaType, bytes] of files) {
      const found = await sniff(bytes.subarray(0, HEAD_BYTES))
      expect(found).to.deep.equal({ decoder: { kind: 'stream', demuxer }, mediaType })
    }
  })

  it('knows a HEIC by its rarer brands too, and a sequence of AVIF', async () => {
    for (const file of [ftyp('heic', 'mif1'), ftyp('mif1', 'heic'), ftyp('heim', 'mif1')])
      expect(await sniff(file)).to.deep.equal({
        decoder: { kind: 'picture', moving: null },
        mediaType: 'image/heic',
      })
    expect((await sniff(ftyp('avis', 'avif'))).decoder).to.deep.equal({ kind: 'picture', moving: 'mov' })
  })

  it('refuses a file without bytes', async () => {
    expect(await failureOf(sniff(new Uint8Array()))).to.include({ code: 'media.empty' })
  })

  const refused: [found: string, bytes: Buffer][] = [
    ['BMP picture (image/bmp)', Buffer.concat([head('BM'), Buffer.alloc(64)])],
    ['PDF file (application/pdf)', Buffer.concat([head('%PDF-1.7\n'), Buffer.alloc(64)])],
    ['ZIP file (application/zip)', Buffer.concat([head('PK\x05\x06'), Buffer.alloc(64)])],
    ['SVG', head('<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>')],
    ['SVG', head('\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a drawing -->\n<svg></svg>')],
    ['SVG', Buffer.concat([Buffer.from('fffe', 'hex'), Buffer.from('<svg></svg>', 'utf16le')])],
    ['HTML', head('<!DOCTYPE html><title>x</title>')],
    ['XML', head('<?xml version="1.0"?><rss/>')],
    ['a playlist (M3U)', head('#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n')],
    ['a playlist (M3U)', head('#EXTM3U\n#EXTINF:1,\nfile:///caf\xe9\n')],
    ['a playlist (ffconcat)', head("ffconcat version 1.0\nfile '/etc/passwd'\n")],
    ['a playlist (DASH)', head('<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>')],
    ['a playlist (PLS)', head('[playlist]\nFile1=/etc/passwd\n')],
    ['text', head('Just words.')],
    ['text', Buffer.from('Grüße '.repeat(20_000)).subarray(0, HEAD_BYTES)],
    ['nothing that is known', Buffer.concat([Buffer.from([0]), randomBytes(seeded(5), 4000)])],
    ['nothing that is known', Buffer.alloc(4000)],
  ]
  for (const [found, bytes] of refused)
    it(`refuses ${found}, ${bytes.length} bytes, and says so`, async () => {
      const error = await failureOf(sniff(bytes))
      expect(error).to.be.instanceOf(RegistryError)
      expect(error).to.include({ code: 'media.unsupported' })
      expect(error.message).to.match(new RegExp(`^found ${found.replace(/[()+]/g, '\\$&')}; accepted are JPEG`))
    })

  it('refuses an SVG that sharp could draw', async () => {
    const svg = head('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>')
    expect((await failureOf(sniff(svg))).message).to.match(/^found SVG;/)
    expect(sharp.format.svg.input.buffer).to.equal(true)
  })
})
