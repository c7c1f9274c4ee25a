import { expect } from 'chai'
import { ERRORS } from '../../server/errors.ts'
import {
  advice,
  byteSize,
  clock,
  extent,
  filmComparedSentence,
  finalitySentence,
  limitSentence,
  moment,
  ownLimits,
  plain,
  segmentSentence,
} from '../../server/web/client/words.ts'
import { match } from './matches.ts'

describe('words of the page', () => {
  it('writes times as a player does', () => {
    expect(clock(0)).to.equal('0:00')
    expect(clock(62.4)).to.equal('1:02')
    expect(clock(59.97)).to.equal('1:00')
    expect(clock(3723)).to.equal('1:02:03')
    expect(clock(7.46, true)).to.equal('0:07.5')
  })

  it('says which part of the candidate is which part of the original', () => {
    const segment = { candidate: { startS: 2, endS: 7 }, original: { startS: 12, endS: 17 } }
    expect(segmentSentence(segment)).to.equal('0:02–0:07 of the candidate is 0:12–0:17 of the original')
    expect(segmentSentence({ ...segment, speed: 1.25 })).to.match(/, at 1\.25 times its speed$/)
  })

  it('says which moment of a video a picture is', () => {
    const moment = { candidate: { startS: 0, endS: 0 }, original: { startS: 12.4, endS: 12.4 } }
    expect(segmentSentence(moment)).to.equal('The candidate is 0:12.4 of the original')
  })

  it('shows tenths where a stretch is shorter than two seconds', () => {
    const short = { candidate: { startS: 0, endS: 1.5 }, original: { startS: 4.5, endS: 6 } }
    expect(segmentSentence(short)).to.equal('0:00.0–0:01.5 of the candidate is 0:04.5–0:06.0 of the original')
  })

  it('says plainly what was not compared, and that a local clock proves nothing', () => {
    expect(limitSentence('not compared for alterations')).to.equal(
      'This copy was not compared with the original for alterations: a changed face or word would not have been noticed.',
    )
    expect(limitSentence('no evidence of the original is published')).to.match(/^This server has no small copy/)
    expect(limitSentence('constructor')).to.equal('Not done: constructor.')
    expect(limitSentence('sound not compared')).to.match(/another voice would not have been noticed\.$/)
    expect(finalitySentence('local')).to.equal('a local network: its clock proves nothing')
  })

  it('says by what it was compared: frames, or prints of sound', () => {
    const candidate = { contentDigest: '', sizeBytes: 1, durationS: 9, width: 320, height: 240, quality: null }
    const [seen, heard] = [match('excerpt'), match('excerpt', { limits: ['only its sound was compared'] })]
    expect(filmComparedSentence(seen, candidate)).to.match(/frames, two a second/)
    expect(filmComparedSentence(seen, { ...candidate, width: null, height: null })).to.match(
      /prints of the original’s sound/,
    )
    expect(filmComparedSentence(heard, candidate)).to.match(/prints of the original’s sound/)
    expect(limitSentence('only its sound was compared')).to.match(/^Only the sound was found/)
  })

  it('tells what was not done for the file from what was not done for a match', () => {
    const matches = [match('excerpt', { limits: ['sound not compared'] })]
    expect(ownLimits({ limits: ['it breaks off', 'sound not compared'], matches })).to.deep.equal(['it breaks off'])
    expect(ownLimits({ limits: ['it breaks off'], matches: [] })).to.deep.equal(['it breaks off'])
  })

  it('gives the same moment in two zones, and nothing for what is no time', () => {
    expect(moment('2026-11-20T10:00:00Z', 'UTC')).to.equal('20 November 2026 at 10:00:00 UTC')
    expect(moment('2026-11-20T10:00:00Z', 'Europe/Berlin')).to.match(/11:00:00/)
    expect(moment('yesterday')).to.equal(null)
  })

  it('writes sizes and extents for people', () => {
    expect(byteSize(812)).to.equal('812 bytes')
    expect(byteSize(1_400_000)).to.equal('1.40 MB')
    expect(extent({ kind: 'video', durationS: 62, width: 1920, height: 1080 })).to.equal('Video, 1:02, 1920 × 1080')
    expect(extent({ kind: null, durationS: null })).to.equal('Other media')
  })

  it('takes from a stranger’s text what could turn, hide or flood the line', () => {
    expect(plain('photo\u202egpj.exe')).to.equal('photo gpj.exe')
    expect(plain('a\u0000\nb')).to.equal('a b')
    expect(plain(`e${'\u0301'.repeat(50)}`)).to.equal('e\u0301\u0301\u0301\u0301')
    expect(plain('x'.repeat(5000), 200)).to.have.length(200)
    expect(plain('日本語 العربية 👩‍👧')).to.equal('日本語 العربية 👩‍👧')
  })

  it('has advice for every error that a file can cause', () => {
    for (const code of Object.keys(ERRORS).filter((one) => /^(?:media|fetch)\./.test(one)))
      expect(advice({ title: '', status: 400, code }, null), code).not.to.equal('Try another file.')
  })

  it('says after how long to try again, where the server does', () => {
    expect(advice({ title: '', status: 429, code: 'request.rate_limited' }, 7)).to.equal('Try again in 7 seconds.')
  })
})
