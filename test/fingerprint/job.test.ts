import { expect } from 'chai'
import { DEFAULT_LIMITS, readAnswer } from '../../server/fingerprint/job.ts'

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
  const frame = { timeMs: 0, hash, quality: 50 }
  const video = { ...image, kind: 'video', mediaType: 'video/mp4', picture: null, durationMs: 1000, frames: [frame] }
  const read = (media: object) => readAnswer(JSON.stringify({ media }), DEFAULT_LIMITS)

  it('unless it has the form of an answer', () => {
    expect(read(image).kind).to.equal('media')
    expect(read({ ...image, picture: viewed, view }).kind).to.equal('media')
    expect(read(video).kind).to.equal('media')
    expect(read({ ...image, kind: 'audio', width: null, height: null, picture: null, durationMs: 5 }).kind).to.equal(
      'media',
    )
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
    'more frames than fit': {
      ...video,
      durationMs: 14_400_000,
      frames: Array.from({ length: 28_802 }, (_, timeMs) => ({ ...frame, timeMs })),
    },
    'a sound with a size': { ...image, kind: 'audio', picture: null, durationMs: 5 },
    'a media type with markup': { ...image, mediaType: 'image/<b>' },
    'a key of its own': { ...image, contentDigest: hash },
    'a number that is none': { ...image, width: '4' },
  }
  for (const [lie, media] of Object.entries(lies)) it(`not ${lie}`, () => expect(() => read(media)).to.throw())

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
