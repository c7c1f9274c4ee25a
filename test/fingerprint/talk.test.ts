import { Duplex } from 'node:stream'
import { expect } from 'chai'
import type { DecodedMedia } from '../../server/fingerprint/index.ts'
import { DEFAULT_LIMITS, READY, writeMedia } from '../../server/fingerprint/job.ts'
import { PRINT_STEP_S } from '../../server/fingerprint/sound-prints.ts'
import { createTalk } from '../../server/fingerprint/talk.ts'

describe('the talk with a decoder', () => {
  const video: DecodedMedia = {
    kind: 'video',
    mediaType: 'video/mp4',
    width: 4,
    height: 3,
    durationMs: 1000,
    picture: null,
    frames: [0, 500].map((timeMs) => ({
      timeMs,
      hash: new Uint8Array(32).fill(7),
      quality: 80,
      mirrored: new Uint8Array(32).fill(8),
      // Among them ends of lines, which end none.
      local: new Uint8Array(37).fill(10),
      evidence: null,
    })),
    film: { width: 4, height: 3, timesMs: [0, 80], samples: new Uint8Array(24).fill(10) },
    view: null,
    sound: {
      prints: {
        startS: 0.5,
        stepS: PRINT_STEP_S,
        prints: new Uint32Array(3).fill(0x0a0a0a0a),
        levels: new Uint8Array(3).fill(10),
      },
      tracks: 1,
      damaged: false,
      readable: true,
    },
  }
  const job = { byteLength: 1, limits: DEFAULT_LIMITS, detail: 'candidate' as const, view: true }

  /** A talk, and what lets the other end speak. */
  function begun() {
    const violations: unknown[] = []
    const channel = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
    const talk = createTalk(channel, (cause) => violations.push(cause))
    channel.push(`${READY}\n`)
    return { talk, violations, say: (bytes: Uint8Array) => channel.push(bytes) }
  }
  const said = (media: DecodedMedia) =>
    new Uint8Array(Buffer.concat(writeMedia(media).map((part) => Buffer.from(part))))

  it('gives a video whole, in whatever pieces its bytes come', async () => {
    const bytes = said(video)
    for (const length of [bytes.length, 1, 50, 97]) {
      const { talk, violations, say } = begun()
      await talk.greeted
      const answer = talk.ask(job, () => {})
      for (let at = 0; at < bytes.length; at += length) say(bytes.subarray(at, at + length))
      expect(await answer, `pieces of ${length}`).to.deep.equal(video)
      expect(violations).to.deep.equal([])
    }
  })

  it('is over when more comes than was announced', async () => {
    const { talk, violations, say } = begun()
    await talk.greeted
    const answer = talk.ask(job, () => {})
    say(Uint8Array.of(...said(video), 10))
    await answer
    expect(String(violations[0])).to.contain('without being asked')
  })

  it('is over when what follows are no local hashes', async () => {
    const { talk, violations, say } = begun()
    await talk.greeted
    void talk.ask(job, () => {}).catch(() => {})
    const bad = { ...video.frames[0]!, local: new Uint8Array(37).fill(255) }
    say(said({ ...video, frames: [bad] }))
    await new Promise((done) => setImmediate(done))
    expect(violations[0]).to.be.instanceOf(RangeError)
  })
})
