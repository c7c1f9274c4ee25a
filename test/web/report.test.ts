import { expect } from 'chai'
import type { Match } from '../../server/web/client/wire.ts'
import { createReport, type Reported } from '../../server/web/index.ts'
import { FINDINGS, HOSTILE, INSIDE, match, region, reported as reportedAs } from './answers.ts'
import { FILMS } from './films.ts'
import { textOf } from './text-of.ts'

const report = createReport()

const reported = (scenario: string, changes: Partial<Reported> = {}) => ({
  ...reportedAs('0a'.repeat(16), scenario),
  ...changes,
})

const read = (scenario: string, changes?: Partial<Reported>) => textOf(report.page(reported(scenario, changes)))
const ofMatch = (changes: Partial<Match>) => read('altered', { matches: [match('altered', changes)] })

describe('the report of a lookup', () => {
  it('tells what was asked: name, digest, size, extent, when', () => {
    const { candidate } = reported('altered')
    const text = read('altered')
    expect(text).to.include('quay.jpg , as whoever asked called it')
    expect(text).to.include(candidate!.contentDigest)
    expect(text).to.include('214037 bytes (214 kB)')
    expect(text).to.include('1280 × 720')
    expect(text).to.include('21 November 2026 at 09:00:00 UTC')
    expect(text).to.include('all records; at most 20 matches are told')
  })

  it('tells what was left out of the search', () => {
    const asked = { name: null, publisher: 7, kind: 'video', maxDistance: 12, limit: 1 } as const
    const text = read('not_registered', { asked })
    expect(text).to.include(
      'only records of publisher 7, and records of the kind video, and perceptual hashes at most 12 bits away; at most 1',
    )
    expect(text).to.include('not named by whoever asked')
  })

  it('tells the verdict, its summary, and what follows from it and what does not', () => {
    const text = read('altered')
    expect(text).to.include('Altered This picture comes from the unverified original, but one region differs from it.')
    expect(text).to.include('What that means is for you to judge.')
    expect(text).to.include('Whether the file is genuine, who made it, or what it means.')
    expect(text).not.to.match(/\b(?:fake|tampered)\b/i)
  })

  it('tells of each match who, since when, where on the chain, and how final it is', () => {
    const { anchor, recordId, original } = reported('altered').matches![0]!
    const text = read('altered')
    for (const said of [anchor.transaction, anchor.contract, anchor.chain, recordId, original.contentDigest])
      expect(text).to.include(said)
    expect(text).to.include('Two kayaks at the jetty, early morning')
    expect(text).to.include('Development newsroom (publisher 1); unverified: nobody has checked who this is')
    expect(text).to.include('20 November 2026 at 10:00:00 UTC, by the clock of a local network, which proves nothing')
    expect(text).to.include('12; a local network: its clock proves nothing')
    expect(text).to.include(`${anchor.chain}:${anchor.contract}/${recordId}`)
  })

  it('lists the matches in the order of the answer', () => {
    const html = report.page(reported('same_content'))
    const [first, second] = reported('same_content').matches!
    expect(html.indexOf(`Cite as`)).to.be.above(0)
    expect(html.indexOf(first!.recordId)).to.be.below(html.indexOf(second!.recordId))
    expect(textOf(html)).to.include('2 records, in the order of the answer')
    expect(textOf(html)).to.include('The publisher has revoked this record')
  })

  it('tells what differs in words, with its place, and which part is shown', () => {
    const text = read('altered')
    expect(text).to.include('Region 1: differs from the original, on the left, 12 % × 9 % of the picture; score 0.99.')
    expect(text).to.include('Region 2: something is laid over it, bottom in the middle')
    expect(text).to.include('The original fills 25 % of this file.')
    expect(text).to.include('re-encoded, resized, mirrored')
  })

  it('draws the regions over the proportions of the frame, with their numbers, and no picture', () => {
    const html = report.page(
      reported('altered', { matches: [match('altered', { placement: INSIDE, findings: FINDINGS })] }),
    )
    const [drawn] = /<svg[\s\S]*<\/svg>/.exec(html)!
    expect(drawn).to.include('viewBox="-2 -2 364 206.5"')
    expect(drawn).to.include('<rect x="93.6" y="60.75" width="43.2" height="18.22"></rect>')
    expect(drawn).to.include('<polygon class="original" points="90,50.63 270,50.63 270,151.88 90,151.88">')
    expect(drawn.match(/class="finding overlay"/g)).to.have.length(1)
    expect([...drawn.matchAll(/<text[^>]*>(\d)<\/text>/g)].map(([, number]) => number)).to.deep.equal(['1', '2'])
    expect(html).not.to.match(/<img|<image|data:image/)
  })

  it('tells of a video its stretches, what differs and when, and draws both along time', () => {
    const html = report.page(reported('film'))
    const text = textOf(html)
    expect(text).to.include('0:05–0:08 of the candidate is 0:20–0:23 of the original.')
    expect(text).to.include(
      'A region differs from 0:01 to 0:03: in the middle, 20 % × 40 % of the picture; score 0.99.',
    )
    expect(text).to.include('3.0 s of the original are missing at 0:05: score 0.98.')
    expect(text).to.include('two a second and of 192 pixels at most')
    const [drawn] = /<svg class="film-drawing"[\s\S]*?<\/svg>/.exec(html)!
    // Five of twelve seconds, of 640 units; twelve of sixty-two.
    expect(drawn).to.match(/<rect class="stretch" x="0" y="\d+" width="266.67"/)
    expect(drawn).to.match(/<rect class="stretch" x="123.87" y="\d+" width="51.61"/)
    expect(drawn.match(/class="mark laid-over"/g)).to.have.length(1)
    expect([...drawn.matchAll(/<text x[^>]*>(\d)<\/text>/g)].map(([, number]) => number)).to.deep.equal([
      '1',
      '2',
      '3',
      '4',
    ])
  })

  it('tells of a video that was not compared its stretches, and nothing of differences', () => {
    const limits = ['not compared for alterations']
    const text = textOf(
      report.page(reported('film', { matches: [{ ...FILMS.film!.matches![0]!, limits, findings: [] }] })),
    )
    expect(text).to.include('0:05–0:08 of the candidate is 0:20–0:23 of the original.')
    expect(text).not.to.match(/What differs, and when|Nothing was found that differs/)
  })

  it('tells that a file breaks off, beside what was not done for its match', () => {
    const limits = ['the file breaks off: it was looked at as far as it could be read', 'sound not compared']
    const matches = [{ ...FILMS.film!.matches![0]!, limits: ['sound not compared'] }]
    const text = textOf(report.page(reported('film', { limits, matches })))
    expect(text)
      .to.match(/breaks off/)
      .and.to.match(/another voice would not have been noticed/)
  })

  it('keeps the number of a region in the frame', () => {
    const corner = [{ ...FINDINGS[0]!, region: region(0.97, 0, 0.03, 0.03) }]
    const html = report.page(
      reported('altered', { matches: [match('altered', { placement: INSIDE, findings: corner })] }),
    )
    const [, x, y, width] = /class="tag" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"/.exec(html)!.map(Number)
    expect(x! + width!).to.be.at.most(360.01)
    expect(y).to.equal(0)
  })

  it('names a conflict, and what was not done', () => {
    const text = read('conflict')
    expect(text).to.include('Another record contradicts the one that leads. Somebody else (unverified) registered')
    expect(text).to.include(reported('conflict').conflict!.recordId)
    expect(text).to.include('This copy was not compared with the original for alterations')
    expect(text).not.to.include('Nothing was found that differs.')
  })

  it('says nothing of differences where nothing was compared, or where the bytes are equal', () => {
    expect(ofMatch({ placement: null })).not.to.include('What differs, and where')
    expect(read('identical')).not.to.include('What differs, and where')
    expect(ofMatch({ placement: INSIDE, findings: [] })).to.include('Nothing was found that differs.')
  })

  it('shows both dates of a disowned record', () => {
    const disowned = {
      since: '2026-11-01T00:00:00Z',
      declaredAt: '2026-11-19T00:00:00Z',
      declaredBy: null,
      contested: true,
    }
    const text = ofMatch({ state: 'disowned', disowned })
    expect(text).to.match(
      /compromised since 1 November 2026 .* and said so on 19 November 2026 .* by an account that was/,
    )
  })

  it('tells how to check it, with the record, the contract and the digest', () => {
    const { matches, candidate } = reported('identical')
    const text = read('identical')
    expect(text).to.include(`npx firsthand record ${matches![0]!.recordId} --server ADDRESS`)
    expect(text).to.include('npx firsthand audit')
    expect(text).to.match(new RegExp(`sha256sum FILE prints ${candidate!.contentDigest}`))
    expect(read('identical', { basis: 'client fingerprint' })).to.include(
      'The server had a fingerprint and not the file',
    )
  })

  it('names the software and the thresholds, and says so where an older version did not keep them', () => {
    expect(read('identical')).to.include('Firsthand 1.2.3 with the thresholds thresholds1-00112233aabb.')
    const { asked: _, madeBy: __, ...older } = reported('excerpt')
    const matches = older.matches!.map(({ limits: _, ...one }) => one as Match)
    const text = textOf(report.page({ ...older, matches }))
    expect(text).to.include('a version of Firsthand that did not name itself')
    expect(text).to.include('This copy was not compared with the original')
  })

  it('of one lookup is the same bytes each time', () => {
    expect(createReport().page(reported('altered'))).to.equal(report.page(reported('altered')))
  })

  it('has no markup of strangers, no script, and a policy that allows nothing but its own style', () => {
    const html = report.page(reported('hostile'))
    expect(html.match(/<script|<img|javascript:[^w]|<[^>]+\son\w+=/gi)).to.equal(null)
    expect(html).to.include('&#60;img src=x onerror=&#34;window.pwned=1&#34;&#62;')
    expect(html).not.to.include(HOSTILE.long)
    expect(report.policy).to.match(
      /^default-src 'none'; style-src 'sha256-[\w+/=]{44}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    )
    expect(html).to.include('http-equiv="Content-Security-Policy"')
    expect(html.match(/style=/g)).to.equal(null)
  })
})
