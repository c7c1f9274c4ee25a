import { expect } from 'chai'
import type { SoundExamination, SoundSegment } from '../../server/matching/sound.ts'
import { heardBesidePicture } from '../../server/matching/sound-picture.ts'

const segment = (startMs: number, endMs: number, originalMs: number, speed = 1): SoundSegment => ({
  candidate: { startMs, endMs },
  original: { startMs: originalMs, endMs: originalMs + speed * (endMs - startMs) },
  speed,
})

const heard = (segments: SoundSegment[], beside: SoundExamination['beside'] = []): SoundExamination => ({
  segments,
  beside,
  findings: [],
  transforms: [],
  limits: [],
  relation: 'same_content',
  explained: 1,
  score: 1,
})

const told = (sound: SoundExamination | null, picture: SoundSegment[]) =>
  heardBesidePicture(sound, picture).map(({ kind, span, offsetS }) => [kind, span.startMs, span.endMs, offsetS])

describe('sound beside the picture', () => {
  const picture = [segment(0, 10_000, 5_000)]

  it('that follows at the same second, to a frame, says nothing', () => {
    for (const offMs of [-42, 0, 42])
      expect(told(heard([segment(0, 10_000, 5_000 + offMs)]), picture)).to.deep.equal([])
  })

  it('that comes late or early is shifted, and by how much', () => {
    expect(told(heard([segment(600, 10_000, 5_000)]), picture)).to.deep.equal([['shifted', 600, 10_000, 0.6]])
    expect(told(heard([segment(0, 9_850, 5_150)]), picture)).to.deep.equal([['shifted', 0, 9_850, -0.15]])
    expect(told(heard([segment(0, 10_000, 4_910)]), picture)).to.deep.equal([['shifted', 0, 10_000, 0.09]])
  })

  it('that is shifted over two stretches of one shift is so once', () => {
    const sound = heard([segment(0, 4_000, 5_300), segment(4_200, 10_000, 9_500)])
    expect(told(sound, picture)).to.deep.equal([['shifted', 0, 10_000, -0.3]])
  })

  it('at another speed is not told as exactly', () => {
    const fast = [segment(50, 8_000, 0, 1.245)]
    expect(told(heard([segment(0, 8_000, 0, 1.25)]), fast)).to.deep.equal([])
    expect(told(heard([segment(500, 8_000, 0, 1.25)]), fast).map(([kind]) => kind)).to.deep.equal(['shifted'])
  })

  it('of other seconds is replaced, and of nowhere', () => {
    expect(told(heard([segment(0, 10_000, 60_000)]), picture)).to.deep.equal([['replaced', 0, 10_000, undefined]])
    expect(told(null, picture)).to.deep.equal([['replaced', 0, 10_000, undefined]])
  })

  it('of something else while the picture goes on is replaced there, and beside the picture it is not', () => {
    const sound = heard([segment(0, 6_000, 5_000)], [{ startMs: 6_000, endMs: 10_000 }])
    expect(told(sound, picture)).to.deep.equal([['replaced', 6_000, 10_000, undefined]])
    expect(told(sound, [segment(0, 6_100, 5_000)])).to.deep.equal([])
  })

  it('and picture that are cut in another order are compared where they meet', () => {
    const order = [segment(0, 5_000, 5_000), segment(5_000, 10_000, 0)]
    const sound = heard([segment(0, 5_210, 5_020), segment(5_210, 10_000, 230)])
    expect(told(sound, order)).to.deep.equal([])
  })
})
