import { expect } from 'chai'
import fc from 'fast-check'
import { type FingerprintDocument, fromDocument, type Sound, toDocument } from '../../server/fingerprint/index.ts'
import { candidate, original } from '../matching/sounds.ts'
import { picture, sound, video } from './make.ts'
import { voice } from './sounds.ts'

const any = fc.oneof(
  fc.nat().map((seed) => picture(seed)),
  fc.tuple(fc.nat(), fc.nat(200)).map(([seed, frames]) => video(seed, frames)),
  fc.nat().map(sound),
)

const heardOf = (prints: Sound['prints']): Sound => ({ prints, tracks: 1, damaged: false, readable: true })

function refusal(change: object, of: FingerprintDocument = toDocument(video(1, 3))): string {
  try {
    fromDocument({ ...of, ...change })
  } catch (error) {
    expect(error).to.have.property('code', 'fingerprint.invalid')
    return (error as Error).message
  }
  throw new Error('nothing was refused')
}

describe('the fingerprint document', () => {
  it('reads back as it was written, through JSON', () => {
    fc.assert(
      fc.property(any, (of) => {
        expect(fromDocument(JSON.parse(JSON.stringify(toDocument(of))))).to.deep.equal(of)
      }),
    )
  })

  it('says seconds, and hashes as 64 hex digits', () => {
    const document = toDocument(video(2, 3))
    expect(document).to.include({ version: 'fingerprint1', durationS: 1.5, pdq: null })
    expect(document.frames.map(({ timeS }) => timeS)).to.deep.equal([0, 0.5, 1])
    expect(document.frames[0]!.pdq).to.match(/^[0-9a-f]{64}$/)
  })

  const { frames } = toDocument(video(1, 3))
  for (const [field, change] of [
    ['version', { version: 'fingerprint2' }],
    ['kind', { kind: 'text' }],
    ['contentDigest', { contentDigest: 'ab' }],
    ['contentDigest', { contentDigest: 'A'.repeat(64) }],
    ['byteLength', { byteLength: 0 }],
    ['width', { width: 0.5 }],
    ['durationS', { durationS: -1 }],
    ['durationS', { durationS: Number.NaN }],
    ['frames[1].quality', { frames: [frames[0], { ...frames[1], quality: 101 }] }],
    ['frames[2].pdq', { frames: frames.with(2, { ...frames[2]!, pdq: '' }) }],
    ['frames', { frames: Array(28_802).fill(frames[0]) }],
    ['extra', { extra: 1 }],
  ] as const)
    it(`is refused for its ${field}, by name`, () => {
      const [told] = refusal(change).split('; ')
      expect(told).to.match(field === 'extra' ? /"extra"/ : new RegExp(`^${field.replace(/[[\].]/g, '\\$&')}: `))
    })

  const listened = { ...sound(3), sound: heardOf(candidate(voice(1, 4))) }

  it('of a sound has its prints, and reads back as they are', () => {
    const document = toDocument(listened)
    expect(document.sound).to.include({ startS: 0, count: listened.sound.prints!.prints.length })
    expect(fromDocument(JSON.parse(JSON.stringify(document)))).to.deep.equal(listened)
  })

  it('of a sound that was listened to as an original, or is longer than a quarter of an hour, has none', () => {
    const { prints } = listened.sound
    const long = { ...prints!, prints: new Uint32Array(80_000), levels: new Uint8Array(80_000) }
    expect(toDocument({ ...sound(3), sound: heardOf(original(voice(1, 4))) }).sound).to.equal(null)
    expect(toDocument({ ...sound(3), sound: heardOf(long) }).sound).to.equal(null)
  })

  it('is refused for prints of another number than it says, or that belong to no sound', () => {
    const document = toDocument(listened)
    const { sound: said } = document
    expect(refusal({ sound: { ...said, count: said!.count - 1 } }, document)).to.match(
      /^"sound\.prints" expected \d+ bytes/,
    )
    expect(refusal({ sound: { ...said, rows: 100_000 } }, document)).to.match(/^sound\.rows: /)
    expect(refusal({ sound: said })).to.match(/^"sound" .* kind "video"/)
  })

  it('is refused where hashes belong to another kind', () => {
    const still = toDocument(picture(1))
    expect(refusal({ kind: 'image' })).to.match(/^"pdq" .* kind "image"/)
    expect(refusal({ pdq: null }, still)).to.match(/^"pdq" .* kind "image"/)
    expect(refusal({ kind: 'audio' }, still)).to.match(/^"pdq" .* kind "audio"/)
    expect(refusal({ frames }, still)).to.match(/^"frames" .* kind "image"/)
    expect(refusal({ kind: 'audio' })).to.match(/^"frames" .* kind "audio"/)
  })

  it('is refused where a picture has no size', () => {
    expect(refusal({ height: null }, toDocument(picture(1)))).to.match(/^"width" and "height" of a picture/)
  })

  it('is refused where the times of frames do not rise', () => {
    expect(refusal({ frames: [frames[0], frames[2], frames[1]] })).to.equal(
      '"frames[2].timeS" expected more than 1, got 0.5',
    )
    expect(refusal({ frames: [frames[1], frames[1]] })).to.match(
      /^"frames\[1\]\.timeS" expected more than 0.5, got 0.5/,
    )
  })

  it('is refused in a short sentence, however much is wrong with it', () => {
    expect(refusal({ frames: Array(28_800).fill({}) })).to.have.length.below(500)
  })

  it('is refused whatever else it is', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(() => fromDocument(value))
          .to.throw()
          .with.property('code', 'fingerprint.invalid')
      }),
    )
  })
})
