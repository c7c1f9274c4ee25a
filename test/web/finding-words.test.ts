import { expect } from 'chai'
import {
  findingName,
  findingSentence,
  percent,
  placementSentence,
  transformWords,
  whereabouts,
} from '../../server/web/client/finding-words.ts'
import { FINDINGS, INSIDE, region } from './answers.ts'

const [differs, laidOver] = FINDINGS as [(typeof FINDINGS)[0], (typeof FINDINGS)[0]]

describe('words for what differs', () => {
  it('say what, where, how large and how surely', () => {
    expect(findingName(differs, 0)).to.equal('Region 1')
    expect(findingSentence({ ...differs, region: region(0.05, 0.1, 0.12, 0.09) })).to.equal(
      'differs from the original, top left, 12 % × 9 % of the picture; score 0.99',
    )
    expect(findingSentence(laidOver)).to.equal(
      'something is laid over it, bottom in the middle, 10 % × 5 % of the picture; score 0.95',
    )
  })

  it('do without a place where there is none, and with a time where there is one', () => {
    const heard = { ...differs, region: null, span: { startS: 2, endS: 7 } }
    expect(findingName(heard, 1)).to.equal('Difference 2')
    expect(findingSentence(heard)).to.equal('differs from the original, 0:02–0:07; score 0.99')
  })

  it('name the place of the middle of a region', () => {
    const at = (x: number, y: number) => whereabouts(region(x - 0.05, y - 0.05, 0.1, 0.1))
    expect([at(0.1, 0.1), at(0.5, 0.1), at(0.9, 0.1)]).to.deep.equal(['top left', 'top in the middle', 'top right'])
    expect([at(0.1, 0.5), at(0.5, 0.5), at(0.9, 0.5)]).to.deep.equal(['on the left', 'in the middle', 'on the right'])
    expect([at(0.1, 0.95), at(0.95, 0.95)]).to.deep.equal(['bottom left', 'bottom right'])
    expect(whereabouts(region(0.1, 0.1, 0.8, 0.8))).to.equal('over most of it')
  })

  it('never say that something there is nothing, or that a score is full that is not', () => {
    expect(percent(0.004)).to.equal('under 1 %')
    expect(findingSentence({ ...differs, score: 0.9999 })).to.match(/score 0\.99$/)
    expect(findingSentence({ ...differs, score: 1 })).to.match(/score 1\.00$/)
  })

  it('say how much of the one is in the other, where it is not all', () => {
    expect(placementSentence(INSIDE)).to.equal('The original fills 25 % of your file.')
    const part = { ...INSIDE, candidate: region(0, 0, 1, 1), original: region(0.1, 0.1, 0.8, 0.8) }
    expect(placementSentence(part)).to.equal('Your file shows 64 % of the original.')
    expect(placementSentence({ ...part, original: region(0, 0.005, 1, 0.99) })).to.equal(null)
  })

  it('turn a turn into words, and leave a stranger’s text harmless', () => {
    expect(['rotated -5', 'rotated 2', 'rotated 180', 'mirrored'].map(transformWords)).to.deep.equal([
      'turned 5° anticlockwise',
      'turned 2° clockwise',
      'turned 180°',
      'mirrored',
    ])
    expect(transformWords('rotated \u202e5')).to.equal('rotated  5')
  })
})
