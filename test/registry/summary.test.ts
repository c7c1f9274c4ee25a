import { expect } from 'chai'
import fc from 'fast-check'
import { RELATIONS } from '../../server/matching/index.ts'
import { summarise, summariseConflict } from '../../server/registry/summary.ts'
import type { FindingView, MatchView } from '../../server/registry/views.ts'

const MATCH = {
  relation: 'identical',
  original: { title: 'Quay at dawn' },
  publisher: { id: 7, name: 'Quay News', domain: null, trust: 'unverified' },
  registeredAt: '2026-05-03T23:59:59Z',
  anchor: { block: 12 },
  state: 'active',
  disowned: null,
  segments: [],
  transforms: [],
  findings: [],
  limits: [],
} as unknown as MatchView

const say = (change: Partial<MatchView>, kind: 'image' | 'video' | 'audio' = 'image', compared = true) => {
  const first = { ...MATCH, ...change }
  return summarise({ verdict: first.relation, kind, reason: null, matches: [first], compared })
}
const segment = (startS: number, endS: number, originalS: number, speed = 1) => ({
  candidate: { startS, endS },
  original: { startS: originalS, endS: originalS + speed * (endS - startS) },
  speed,
  placement: null,
})
const differs = (
  kind: FindingView['kind'],
  startS: number,
  endS: number,
  channel: FindingView['channel'] = 'video',
) => ({
  channel,
  kind,
  span: { startS, endS },
  region: null,
  score: 0.99,
})

describe('the summary', () => {
  it('of equal bytes', () => {
    expect(say({})).to.equal('The same bytes as “Quay at dawn”, registered by Quay News (unverified) on 3 May 2026.')
  })

  it('of a turned copy says how, and whether it was not compared for alterations', () => {
    expect(say({ relation: 'same_content', transforms: ['cropped', 'mirrored', 'rotated 90'] })).to.match(
      /^This picture, cropped, mirrored and turned 90° clockwise, has the same content as .* on 3 May 2026\.$/,
    )
    expect(say({ relation: 'same_content', transforms: ['mirrored', 'rotated 90'] }, 'image', false)).to.equal(
      'This picture, mirrored and turned 90° clockwise, has the same content as “Quay at dawn”, registered by Quay News (unverified) on 3 May 2026. ' +
        'It was not compared for alterations.',
    )
  })

  it('of a slightly turned copy says to which side', () => {
    expect(say({ relation: 'excerpt', transforms: ['rotated -5'] })).to.match(
      /^This picture, turned 5° anticlockwise, shows/,
    )
    expect(say({ relation: 'excerpt', transforms: ['rotated 180'] })).to.match(
      /^This picture, turned upside down, shows/,
    )
  })

  it('of an excerpt says from where to where, in both', () => {
    const segments = [segment(0, 59.6, 3_600), segment(70, 80, 0)]
    expect(say({ relation: 'excerpt', segments }, 'video')).to.match(
      /^This video follows, from 0:00 to 1:00 \(and 1 more\), “Quay at dawn” from 1:00:00 to 1:01:00, registered by Quay News \(unverified\)/,
    )
    expect(say({ relation: 'excerpt' }, 'video')).to.match(/^This video shows a part of “Quay at dawn”, registered by/)
  })

  it('of an altered copy says in how many places it differs, and what is laid over it', () => {
    const finding = (kind: 'region' | 'overlay') => ({
      channel: 'video' as const,
      kind,
      span: null,
      region: { x: 0, y: 0, w: 0.5, h: 0.5 },
      score: 0.99,
    })
    expect(say({ relation: 'altered', findings: [finding('region')] })).to.equal(
      'This picture comes from “Quay at dawn”, registered by Quay News (unverified) on 3 May 2026, but one region differs from it.',
    )
    const findings = [finding('region'), finding('region'), finding('overlay')]
    expect(say({ relation: 'altered', findings })).to.match(
      /but 2 regions differ from it\. Something is laid over it in one place\.$/,
    )
    expect(say({ relation: 'composite' })).to.match(
      /^This picture contains “Quay at dawn”, .* beside other material\.$/,
    )
  })

  describe('of a video', () => {
    const of = (change: Partial<MatchView>) => say({ relation: 'altered', ...change }, 'video')
    const whole = [segment(0, 29, 12)]

    it('says where it comes from, what differs and when', () => {
      expect(of({ segments: whole, findings: [differs('region', 6, 10)] })).to.equal(
        'This video follows, from 0:00 to 0:29, “Quay at dawn” from 0:12 to 0:41, registered by Quay News (unverified) on 3 May 2026, ' +
          'but in this video a region differs from 0:06 to 0:10.',
      )
    })

    it('says of a cut how much of the original is missing, and takes the stretches on both sides as one', () => {
      const segments = [segment(0, 5, 10), segment(5.2, 20, 18.2)]
      expect(of({ segments, findings: [differs('missing', 5, 5)] })).to.match(
        /^This video follows, from 0:00 to 0:20, “Quay at dawn” from 0:10 to 0:33, .* but in this video 3\.0 s of the original are missing at 0:05\.$/,
      )
      expect(of({ segments: whole, findings: [differs('missing', 5, 5)] })).to.contain(
        'a part of the original is missing at 0:05',
      )
    })

    it('takes findings of one kind together, and those that touch as one', () => {
      const findings = [
        differs('region', 1, 4),
        differs('inserted', 9, 12),
        differs('region', 3, 6),
        differs('region', 15, 18),
      ]
      expect(of({ segments: whole, findings })).to.match(
        /a region differs from 0:01 to 0:06 and from 0:15 to 0:18 and other material is inserted from 0:09 to 0:12\.$/,
      )
      const many = [0, 4, 8, 12].map((at) => differs('frozen', at, at + 3))
      expect(of({ segments: whole, findings: many })).to.match(
        /stands still in 4 stretches, first from 0:00 to 0:03\.$/,
      )
    })

    it('has a clause for each kind, in the picture and in the sound', () => {
      const clauses = {
        replaced: 'the picture is replaced by other material',
        reordered: 'its parts are in another order',
        repeated: 'a stretch is repeated',
        muted: 'the sound is silent',
        shifted: 'the sound is shifted against the picture',
      }
      for (const [kind, clause] of Object.entries(clauses))
        expect(of({ segments: whole, findings: [differs(kind as 'muted', 3, 6)] })).to.contain(
          `${clause} from 0:03 to 0:06`,
        )
      expect(of({ segments: whole, findings: [differs('replaced', 0, 29, 'audio')] })).to.match(
        /\. The picture is unaltered; the sound is not that of the original throughout\.$/,
      )
    })

    it('says what is laid over it apart from what differs', () => {
      const findings = [differs('region', 6, 10), differs('overlay', 0, 29)]
      expect(of({ segments: whole, findings })).to.match(
        /from 0:06 to 0:10\. Something is laid over the picture throughout\.$/,
      )
    })

    it('says at which speed, and what was done to the picture', () => {
      const segments = [segment(0, 20, 10, 1.25)]
      expect(of({ relation: 'excerpt', segments, transforms: ['mirrored', 'sped up'] })).to.match(
        /^This video, mirrored and sped up to 1\.25 times its speed, follows, from 0:00 to 0:20, “Quay at dawn” from 0:10 to 0:35,/,
      )
    })

    it('says of a picture which moment of a video it is', () => {
      const moment = {
        candidate: { startS: 0, endS: 0 },
        original: { startS: 12.4, endS: 12.4 },
        speed: 1,
        placement: null,
      }
      expect(say({ relation: 'excerpt', segments: [moment] })).to.equal(
        'This picture is from “Quay at dawn” at 0:12.4, registered by Quay News (unverified) on 3 May 2026.',
      )
    })

    it('of a compilation names what else is in it, and not another record of the same', () => {
      const one = (title: string, startS: number, endS: number) => ({
        ...MATCH,
        relation: 'composite' as const,
        original: { ...MATCH.original, title },
        segments: [segment(startS, endS, 40)],
      })
      const matches = [one('A', 0, 5), one('A again', 0.1, 5.1), one('B', 5, 10), one('C', 12, 17)]
      const said = summarise({ verdict: 'composite', kind: 'video', reason: null, matches, compared: true })
      expect(said).to.match(
        /^This video follows, from 0:00 to 0:05, “A” from 0:40 to 0:45, .*, beside other material\. /,
      )
      expect(said).to.match(
        /It also follows “B” of Quay News \(unverified\) from 0:05 to 0:10 and “C” of Quay News \(unverified\) from 0:12 to 0:17\.$/,
      )
    })
  })

  it('of a revoked record says so', () => {
    expect(say({ state: 'revoked' })).to.match(/The publisher has since revoked that record\.$/)
  })

  it('of a disowned record says so, with both dates, and of a superseded one', () => {
    const disowned = {
      since: '2026-05-01T00:00:00Z',
      declaredAt: '2026-05-09T00:00:00Z',
      declaredBy: `0x${'cc'.repeat(20)}`,
      contested: false,
    }
    expect(say({ state: 'disowned', disowned })).to.match(
      /The publisher has disowned that record: it declared the key that signed it compromised since 1 May 2026 \(declared on 9 May 2026\)\.$/,
    )
    expect(say({ state: 'disowned', disowned: { ...disowned, contested: true } })).to.match(
      /\(declared on 9 May 2026, by an account that was declared compromised itself\)\.$/,
    )
    expect(say({ state: 'superseded' })).to.match(/The publisher has since replaced that record by another\.$/)
    expect(summariseConflict({ ...MATCH, state: 'disowned', disowned }, MATCH)).to.match(
      /registered exactly these bytes on .* has disowned that record/,
    )
  })

  it('without title and name says what there is', () => {
    const change = { original: { ...MATCH.original, title: null }, publisher: { ...MATCH.publisher, name: null } }
    expect(say(change)).to.contain('an original without a title, registered by unverified publisher 7 on')
  })

  it('without a match says what follows from it, and with a reason which', () => {
    const none = { kind: 'audio', matches: [], compared: true } as const
    expect(summarise({ ...none, verdict: 'not_registered', reason: null })).to.equal(
      'No registered original was found for this sound. That says nothing about whether it is genuine.',
    )
    expect(summarise({ ...none, verdict: 'inconclusive', reason: 'too short' })).to.equal(
      'No conclusion about this sound: too short.',
    )
  })

  it('of a conflict says who and when', () => {
    const other = { ...MATCH, publisher: { ...MATCH.publisher, name: null } }
    expect(summariseConflict(other, MATCH)).to.equal(
      'Unverified publisher 7 registered exactly these bytes on 3 May 2026.',
    )
    expect(summariseConflict({ ...MATCH, relation: 'excerpt' }, MATCH)).to.contain(
      'registered a version that is nearer to it',
    )
    const limits = ['not compared for alterations', 'the picture could not be laid over its original']
    expect(summariseConflict({ ...MATCH, relation: 'same_content', limits }, MATCH)).to.equal(
      'Quay News (unverified) claimed this picture, with a small copy of it that does not fit, on 3 May 2026.',
    )
    const before = { ...MATCH.anchor, block: 11 }
    expect(summariseConflict({ ...other, anchor: before }, MATCH)).to.equal(
      'Unverified publisher 7 registered exactly these bytes earlier, on 3 May 2026.',
    )
  })

  it('never leaves out "unverified", and never judges', () => {
    const any = fc.record({
      relation: fc.constantFrom(...RELATIONS),
      state: fc.constantFrom('active' as const, 'revoked' as const),
      segments: fc.array(
        fc.nat(9_000).map((s) => segment(s, s + 5, 0)),
        { maxLength: 3 },
      ),
      transforms: fc.subarray(['mirrored', 'rotated 90']),
      publisher: fc.constantFrom(MATCH.publisher, { ...MATCH.publisher, name: null }),
    })
    fc.assert(
      fc.property(any, (change) => {
        const text = say(change, 'video')
        expect(text.toLowerCase()).to.contain('unverified')
        expect(text).not.to.match(/\b(fake|tampered|true|authentic|real)\b/i)
        expect(text).not.to.contain('undefined')
      }),
    )
  })
})
