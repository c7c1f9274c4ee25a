import { expect } from 'chai'
import { FILM_SIDE } from '../../server/fingerprint/film.ts'
import type { DecodedMedia } from '../../server/fingerprint/index.ts'
import { DEFAULT_LIMITS, MAX_FRAME_EVIDENCE_BYTES, readAnswer, writeMedia } from '../../server/fingerprint/job.ts'
import { FEATURE_BYTES } from '../../server/fingerprint/local-code.ts'
import { MAX_ROWS } from '../../server/fingerprint/sound-code.ts'
import { PrintMaker } from '../../server/fingerprint/sound-prints.ts'
import { voice } from './sounds.ts'

describe('what a decoder says is not believed', () => {
  const hash = '0'.repeat(64)
  const image = {
    kind: 'image',
    mediaType: 'image/png',
    width: 4,
    height: 3,
    durationMs: null,
    picture: {
      orientations: new Array(8).fill(hash),
      reduced: new Array(8).fill(hash),
      quality: 50,
      local: '',
      evidence: '',
    },
    frames: [],
  }
  const viewed = { ...image.picture, evidence: null }
  const view = { width: 3, height: 1, colour: false }
  const frame = { timeMs: 0, hash, quality: 50, mirrored: null, local: 0, evidence: 0 }
  const film = { width: 4, height: 3, timesMs: [0, 80] }
  const video = { ...image, kind: 'video', mediaType: 'video/mp4', picture: null, durationMs: 1000, frames: [frame] }
  const sound = { prints: { startS: 0.5, count: 20, rows: null }, tracks: 1, damaged: false, readable: true }
  const heard = { ...image, kind: 'audio', width: null, height: null, picture: null, durationMs: 5 }
  const sounding = (prints: object | null, more = {}) => ({
    ...heard,
    sound: { ...sound, prints: prints && { ...sound.prints, ...prints }, ...more },
  })
  const printsOf = (use: 'original' | 'candidate') => {
    const maker = new PrintMaker(0, use)
    maker.push(voice(1, 2))
    return maker.finish()
  }
  /** With the bytes that it announces, all of them 0. */
  const read = (media: object) => {
    const answer = readAnswer(JSON.stringify({ media }), DEFAULT_LIMITS)
    if (answer.kind === 'media') answer.whole(new Uint8Array(answer.following))
    return answer
  }

  it('unless it has the form of an answer', () => {
    expect(read(image).kind).to.equal('media')
    expect(read({ ...image, picture: viewed, view }).kind).to.equal('media')
    expect(read(video).kind).to.equal('media')
    expect(read({ ...video, film, frames: [{ ...frame, mirrored: hash, local: FEATURE_BYTES }] }).kind).to.equal(
      'media',
    )
    expect(read(heard).kind).to.equal('media')
    expect(read(sounding({})).kind).to.equal('media')
    expect(read(sounding({ rows: MAX_ROWS })).kind).to.equal('media')
    expect(read(sounding(null)).kind).to.equal('media')
    expect(read({ ...video, sound }).kind).to.equal('media')
  })

  const lies: Record<string, object> = {
    'a hash too few': { ...image, picture: { ...image.picture, orientations: new Array(7).fill(hash) } },
    'a reduced hash too few': { ...image, picture: { ...image.picture, reduced: new Array(7).fill(hash) } },
    'a hash too short': { ...image, picture: { ...image.picture, orientations: new Array(8).fill('00') } },
    'a quality beyond 100': { ...image, picture: { ...image.picture, quality: 101 } },
    'half a local hash': { ...image, picture: { ...image.picture, local: 'AAAA' } },
    'a view of nothing': { ...image, picture: viewed, view: { ...view, width: 0 } },
    'a view larger than views are': { ...image, picture: viewed, view: { ...view, height: 1025 } },
    'a view and evidence': { ...image, view },
    'neither a view nor evidence': { ...image, picture: viewed },
    'a video with a view': { ...video, view },
    'more pixels than are allowed': { ...image, width: 100_000, height: 100_000 },
    'a size of nothing': { ...image, width: 0 },
    'a picture that lasts': { ...image, durationMs: 1 },
    'a picture with frames': { ...image, frames: [frame] },
    'a video without frames': { ...video, frames: [] },
    'a video without an end': { ...video, durationMs: null },
    'a video that lasts too long': { ...video, durationMs: 1e12 },
    'frames out of order': { ...video, frames: [frame, frame] },
    'frames after the end': { ...video, frames: [{ ...frame, timeMs: 1001 }] },
    'half a local hash of a frame': { ...video, frames: [{ ...frame, local: FEATURE_BYTES - 1 }] },
    'more evidence of a frame than is read': {
      ...video,
      frames: [{ ...frame, evidence: MAX_FRAME_EVIDENCE_BYTES + 1 }],
    },
    'a picture that breaks off': { ...image, truncated: true },
    'a picture between bars': { ...image, bars: { x: 0, y: 0, w: 1, h: 0.5 } },
    'bars outside the frame': { ...video, bars: { x: 0.5, y: 0, w: 0.6, h: 1 } },
    'a film of a picture': { ...image, film },
    'a film without pictures': { ...video, film: { ...film, timesMs: [] } },
    'a film wider than films are': { ...video, film: { ...film, width: FILM_SIDE + 1 } },
    'a film out of order': { ...video, film: { ...film, timesMs: [80, 80] } },
    'a film that takes too much memory': {
      ...video,
      film: { width: 192, height: 192, timesMs: Array.from({ length: 2_000 }, (_, i) => i) },
    },
    'more frames than fit': {
      ...video,
      durationMs: 14_400_000,
      frames: Array.from({ length: 57_610 }, (_, timeMs) => ({ ...frame, timeMs })),
    },
    'a picture that sounds': { ...image, sound },
    'sound before the beginning': sounding({ startS: -1 }),
    'sound after the end of time': sounding({ startS: 1e9 }),
    'prints that are none': sounding({ count: 0 }),
    'more prints than fit': sounding({ count: 400_000 }),
    'more of a spectrum than is kept': sounding({ rows: MAX_ROWS + 1 }),
    'a sound of no track': sounding({}, { tracks: 0 }),
    'a sound with a size': { ...image, kind: 'audio', picture: null, durationMs: 5 },
    'a media type with markup': { ...image, mediaType: 'image/<b>' },
    'a key of its own': { ...image, contentDigest: hash },
    'a number that is none': { ...image, width: '4' },
  }
  for (const [lie, media] of Object.entries(lies)) it(`not ${lie}`, () => expect(() => read(media)).to.throw())

  it('and of a video all that follows the line is given back to its frames and its film', () => {
    const bytes = (length: number, first: number) => Uint8Array.from({ length }, (_, i) => first + i)
    const parts = { mirrored: bytes(32, 32), local: new Uint8Array(2 * FEATURE_BYTES), evidence: null }
    const said: DecodedMedia = {
      kind: 'video',
      mediaType: 'video/mp4',
      width: 4,
      height: 3,
      durationMs: 1000,
      picture: null,
      bars: { x: 0, y: 0.125, w: 1, h: 0.75 },
      frames: [
        { timeMs: 0, hash: bytes(32, 0), quality: 80, ...parts },
        { timeMs: 500, hash: bytes(32, 64), quality: 90, local: null, evidence: bytes(5, 96) },
      ],
      film: { ...film, samples: bytes(24, 101) },
      sound: { prints: printsOf('candidate'), tracks: 2, damaged: true, readable: true },
    }
    const [line, ...following] = writeMedia(said)
    const answer = readAnswer(String(line), DEFAULT_LIMITS)
    if (answer.kind !== 'media') throw new Error('expected media')
    const rest = Buffer.concat(following as Uint8Array[])
    expect(answer.following).to.equal(rest.length)
    expect(answer.whole(new Uint8Array(rest))).to.deep.equal({ ...said, view: null })
  })

  it('and of an original its prints are without what only a candidate has', () => {
    const said: DecodedMedia = {
      ...heard,
      kind: 'audio',
      mediaType: 'audio/wav',
      sound: { ...sound, prints: printsOf('original') },
    }
    const [line, prints] = writeMedia(said)
    const answer = readAnswer(String(line), DEFAULT_LIMITS)
    if (answer.kind !== 'media') throw new Error('expected media')
    expect(answer.whole(prints as Uint8Array).sound).to.deep.equal(said.sound)
  })

  it('not codes that say nothing of media', () => {
    const line = JSON.stringify({ error: { code: 'chain.rejected', detail: 'x' } })
    expect(() => readAnswer(line, DEFAULT_LIMITS)).to.throw()
  })

  it('and of its words one clean line is kept', () => {
    const detail = `a\u001b[31m\nb\u202e${'c'.repeat(1000)}`
    const answer = readAnswer(JSON.stringify({ error: { code: 'media.undecodable', detail } }), DEFAULT_LIMITS)
    expect(answer.kind === 'error' && answer.error.message)
      .to.match(/^a \[31m b c{200,}…$/)
      .and.to.have.length(300)
  })
})
