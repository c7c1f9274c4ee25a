import { expect } from 'chai'
import { FINDING_KINDS, findingWords, type SegmentView } from '../../server/registry/index.ts'
import { filmFindingDetail, filmFindingName } from '../../server/web/client/film-words.ts'
import { contentBox } from '../../server/web/client/letterbox.ts'
import { comesFrom } from '../../server/web/client/moments.ts'
import { fractionIn, gapsOf, isSeenAt, type Timeline, ticksOf, timelineOf } from '../../server/web/client/timeline.ts'
import type { Match } from '../../server/web/client/wire.ts'
import { FACE, FILMS } from './films.ts'

const matchesOf = (scenario: string): Match[] => FILMS[scenario]!.matches!
const made = (scenario: string): Timeline => timelineOf(matchesOf(scenario), 12)!

describe('a timeline', () => {
  it('is there where something has a time, and not where the file has none', () => {
    expect(timelineOf(matchesOf('film'), null)).to.equal(null)
    expect(timelineOf([{ ...matchesOf('film')[0]!, segments: [] }], 12)).to.equal(null)
    expect(timelineOf([], 12)).to.equal(null)
    expect(made('film').durationS).to.equal(12)
  })

  it('has a lane for each original that explains what none before it does', () => {
    expect(made('film_several').lanes.map(({ match }) => match.original.title)).to.deep.equal([
      'Harbour, one continuous take',
      'Quay',
      'Fair',
    ])
  })

  it('draws a long original in part, around what is shown of it, and a short one as a whole', () => {
    expect(made('film_plain').lanes[0]!.window).to.deep.equal({ startS: 892.5, endS: 922.5 })
    expect(made('film').lanes[0]!.window).to.deep.equal({ startS: 0, endS: 62 })
  })

  it('has a mark for each difference: what differs in order of time, then what is laid over', () => {
    expect(made('film').marks.map(({ finding }) => finding.kind)).to.deep.equal([
      'region',
      'missing',
      'inserted',
      'overlay',
    ])
  })

  it('puts marks that would cover each other in rows of their own', () => {
    const { marks, rows } = made('film_kinds')
    for (const [i, one] of marks.entries())
      for (const other of marks.slice(i + 1).filter(({ row }) => row === one.row))
        expect(other.span.startS).to.be.at.least(Math.max(one.span.endS, one.span.startS + 0.08 * 12) - 1e-9)
    expect(rows).to.equal(4)
  })

  it('has sixty marks at most, and says how many differences have none', () => {
    const [match] = matchesOf('film')
    const many = { ...match!, findings: Array.from({ length: 70 }, () => match!.findings[0]!) }
    const { marks, unmarked, rows } = timelineOf([many], 12)!
    expect([marks.length, unmarked, rows]).to.deep.equal([60, 10, 4])
  })

  it('tells which moment of which original a moment comes from, and where there is none', () => {
    const film = made('film')
    expect(comesFrom(film, 2)?.originalS).to.equal(14)
    expect(comesFrom(film, 5)?.originalS).to.equal(20)
    expect(comesFrom(film, 8.5)).to.equal(null)
    const several = made('film_several')
    expect(comesFrom(several, 5)?.lane).to.equal(several.lanes[1])
    expect(comesFrom(made('film_plain'), 4)?.originalS).to.equal(905)
  })

  it('tells what comes from no original', () => {
    expect(gapsOf(made('film'))).to.deep.equal([{ startS: 8, endS: 9 }])
    expect(gapsOf(made('film_kinds'))).to.deep.equal([])
  })

  it('shows a region from its first moment to its last', () => {
    const [region, cut] = made('film').marks
    expect([0.9, 1, 3, 3.1].map((at) => isSeenAt(region!, at))).to.deep.equal([false, true, true, false])
    expect(isSeenAt(cut!, 5)).to.equal(false)
  })

  it('keeps every number in its bounds, whatever the answer says', () => {
    const { lanes, marks } = made('film_hostile')
    for (const { span } of marks) expect([0 <= span.startS, span.endS <= 12]).to.deep.equal([true, true])
    for (const { window } of lanes) expect(window.startS).to.be.at.least(0)
    expect(fractionIn({ startS: 3, endS: 3 }, 9)).to.equal(0)
  })

  it('has round times, at most seven', () => {
    expect(ticksOf({ startS: 0, endS: 12 })).to.deep.equal([0, 2, 4, 6, 8, 10, 12])
    expect(ticksOf({ startS: 897, endS: 930 })).to.deep.equal([900, 910, 920, 930])
    expect(ticksOf({ startS: 0, endS: 7_200 })).to.have.length(5)
    expect(ticksOf({ startS: 0, endS: 1e9 }).length).to.be.at.most(7)
  })
})

describe('words for what differs in a video', () => {
  it('say what and when, and how much is missing', () => {
    const [match] = matchesOf('film')
    expect(match!.findings.map((finding) => filmFindingName(finding, match!.segments))).to.deep.equal([
      'A region differs from 0:01 to 0:03',
      '3.0 s of the original are missing at 0:05',
      'Other material is inserted from 0:08.0 to 0:09.0',
      'Something is laid over the picture throughout',
    ])
  })

  it('have a name for every kind, in the picture and in the sound', () => {
    const [match] = matchesOf('film_kinds')
    const names = match!.findings.map((finding) => filmFindingName(finding, match!.segments))
    expect(new Set(names).size).to.equal(names.length)
    expect(names.join('; ')).not.to.match(/undefined|frozen|muted|mixed/)
  })

  it('are those of the terminal and of the summary', () => {
    for (const kind of FINDING_KINDS)
      for (const channel of ['video', 'audio'] as const) {
        const finding = {
          channel,
          kind,
          span: { startS: 5, endS: kind === 'missing' ? 5 : 8 },
          region: null,
          score: 0.9,
        }
        const [match] = matchesOf('film')
        const said = findingWords(finding, match!.segments as SegmentView[])
        expect(filmFindingName(finding, match!.segments).toLowerCase()).to.match(
          new RegExp(`^${said.replaceAll('.', '\\.')} `),
        )
      }
  })

  it('say where in the picture and how surely, and leave a stranger’s word harmless', () => {
    expect(filmFindingDetail({ channel: 'video', kind: 'region', span: null, region: FACE, score: 0.999 })).to.equal(
      'in the middle, 20 % × 40 % of the picture; score 0.99',
    )
    const strange = { channel: 'video', kind: 'constructor', span: null, region: null, score: 1 }
    expect(filmFindingName(strange, [])).to.equal('Constructor throughout')
  })
})

describe('the place of a picture in its element', () => {
  it('has bars at its sides, or above and below, and none where the proportions agree', () => {
    const box = { width: 400, height: 200 }
    expect(contentBox(box, { width: 1280, height: 640 })).to.deep.equal({ x: 0, y: 0, w: 400, h: 200 })
    expect(contentBox(box, { width: 100, height: 100 })).to.deep.equal({ x: 100, y: 0, w: 200, h: 200 })
    expect(contentBox(box, { width: 800, height: 100 })).to.deep.equal({ x: 0, y: 75, w: 400, h: 50 })
  })

  it('is all of the element before anything is known of the picture', () => {
    expect(contentBox({ width: 400, height: 200 }, { width: 0, height: 0 })).to.deep.equal({
      x: 0,
      y: 0,
      w: 400,
      h: 200,
    })
  })
})
