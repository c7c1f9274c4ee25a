import { expect } from 'chai'
import { PRINT_S, PRINT_STEP_S } from '../../server/fingerprint/sound-prints.ts'
import { makeSound, makeWav } from './media.ts'
import { mp4, streamReader } from './streams.ts'
import { babble, makeTrack, wavOf } from './tracks.ts'

describe('the sound of a stream', () => {
  const { read } = streamReader()

  it('has a duration and no frames', async () => {
    const { sound: _, ...wav } = await read(makeWav(2))
    expect(wav).to.deep.equal({
      kind: 'audio',
      mediaType: 'audio/wav',
      width: null,
      height: null,
      durationMs: 2000,
      picture: null,
      frames: [],
    })
  })

  it('of an original has a print each 46 ms, and that of a candidate four times as many', async () => {
    const bytes = wavOf(babble(1), 4)
    const [original, candidate] = [await read(bytes), await read(bytes, {}, undefined, true)].map(({ sound }) => sound)
    expect(original).to.include({ tracks: 1, damaged: false, readable: true })
    expect(original!.prints).to.include({ startS: 0, stepS: PRINT_STEP_S })
    const { prints, levels } = original!.prints!
    expect(prints.length).to.be.closeTo((4 - PRINT_S) / PRINT_STEP_S, 2)
    expect(levels.length).to.equal(prints.length)
    expect(candidate!.prints).to.include({ startS: 0, stepS: PRINT_STEP_S / 4 })
    expect([...candidate!.prints!.prints.filter((_, i) => i % 4 === 0)]).to.deep.equal([...prints])
    expect(candidate!.prints).to.include.keys('weakest', 'spectrum')
  })

  it('of silence, or of a hum, has no prints', async () => {
    for (const tone of [() => 0, (s: number) => 0.5 * Math.sin(2 * Math.PI * 400 * s)])
      expect((await read(wavOf(tone, 4))).sound).to.deep.include({ prints: null, readable: true })
  })

  it('that breaks off says so', async () => {
    const whole = await makeTrack({ format: 'matroska', encoder: 'flac', sound: babble(2), seconds: 6 })
    expect((await read(whole.subarray(0, whole.length >> 1))).truncated).to.equal(true)
    expect(await read(whole)).not.to.have.property('truncated')
  })

  it('beside a picture counts from its first frame on', async () => {
    const made = { format: 'matroska', encoder: 'aac', sound: babble(3), seconds: 3 }
    const later = await read(await makeTrack({ ...made, startS: 1.5, picture: { seconds: 3, startS: 1 } }))
    expect(later.kind).to.equal('video')
    expect(later.sound!.prints!.startS).to.be.closeTo(0.5, 0.03)
    const sooner = await read(await makeTrack({ ...made, startS: 0, picture: { seconds: 3, startS: 1 } }))
    expect(sooner.sound!.prints!.startS).to.be.within(0, PRINT_STEP_S)
    const both = await read(await makeTrack({ ...made, picture: { seconds: 3, startS: 0 } }))
    expect(await read(await makeTrack({ ...made, picture: { seconds: 3, startS: 0 } }))).to.deep.equal(both)
    expect(sooner.sound!.prints!.prints.length).to.be.closeTo(both.sound!.prints!.prints.length - 1 / PRINT_STEP_S, 2)
  })

  it('beside a picture that cannot be decoded keeps nothing of the picture back', async () => {
    const bytes = await makeTrack({
      format: 'matroska',
      encoder: 'wmav2',
      sound: babble(4),
      seconds: 1,
      picture: { seconds: 1, startS: 0 },
    })
    const { frames, sound } = await read(bytes)
    expect(frames.length).to.equal(2)
    expect(sound).to.deep.equal({ prints: null, tracks: 1, damaged: true, readable: false })
  })

  it('is none where there is no track', async () => {
    expect((await read(await mp4({}))).sound).to.equal(null)
  })

  it('in a container of video is sound all the same', async () => {
    const m4a = await read(await makeSound({ cover: false }))
    expect(m4a).to.include({ kind: 'audio', mediaType: 'audio/mp4' })
    expect(m4a.durationMs).to.be.within(850, 1100)
  })

  it('with a picture on its cover is no video', async () => {
    const bytes = await makeSound({ cover: true })
    expect(bytes.includes(Buffer.from('ffd8ff', 'hex'))).to.equal(true)
    expect(await read(bytes)).to.include({ kind: 'audio', width: null })
  })

  it('lasts as long as there is of it, whatever the header says', async () => {
    expect((await read(makeWav(3).subarray(0, 44 + 16_000))).durationMs).to.equal(1000)
  })
})
