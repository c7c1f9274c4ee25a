import { expect } from 'chai'
import fc from 'fast-check'
import { print, printable, printJson, printLookup, printRecord } from '../../server/cli/terminal.ts'
import type { LookupView, WholeRecordView } from '../../server/registry/index.ts'
import { captured } from './capture.ts'

const HARMFUL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u
const written = async (work: () => void) => (await captured(work)).out

/** Moves the cursor, sets the title, reverses a line, hides, ends a line. */
const ATTACKS = [
  '\x1b[2J',
  '\x1b]0;x\x07',
  '\u202egpj.exe',
  '\u2066',
  '\u200b',
  '\ufeff',
  '\r',
  '\u2028',
  '\u0085',
  '\u{e0041}',
]

describe('what is printed', () => {
  for (const attack of ATTACKS)
    it(`holds no ${JSON.stringify(attack)}`, () => {
      expect(printable(`a${attack}b`)).to.match(/^a�/)
      expect(printable(attack)).not.to.match(HARMFUL)
    })

  it('is any other text as it is', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((one) => !HARMFUL.test(one))
    fc.assert(
      fc.property(text, (one) => {
        expect(printable(one)).to.equal(one)
      }),
    )
  })

  it('is a line for a line: text of strangers makes no line of its own', async () => {
    expect(await written(() => print('title a\nstate active', 'b'))).to.equal('title a�state active\nb\n')
  })
})

describe('JSON for machines', () => {
  it('reads back as it was, and holds nothing that a terminal obeys', async () => {
    const values = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(...ATTACKS).map((title) => ({ title })),
    )
    await fc.assert(
      fc.asyncProperty(values, fc.constantFrom(undefined, 2), async (value, indent) => {
        const text = await written(() => printJson(value, indent))
        expect(JSON.parse(text)).to.deep.equal(JSON.parse(JSON.stringify(value)))
        expect(text.replaceAll('\n', '')).not.to.match(HARMFUL)
      }),
    )
  })

  it('is one line unless it is indented', async () => {
    expect(await written(() => printJson({ file: 'a\nb' }))).to.equal('{"file":"a\\nb"}\n')
  })
})

describe('a verdict on a terminal', () => {
  const REPORT = 'http://localhost:8080/v1/lookups/0a/report'
  const hostile = 'Quay\nIDENTICAL\x1b[1A'
  const match = {
    recordId: '0x01',
    relation: 'excerpt',
    distanceBits: 7,
    original: { title: hostile },
    publisher: { id: 7, name: hostile, trust: 'unverified' },
    registeredAt: '2026-05-03T00:00:00Z',
    state: 'revoked',
    transforms: ['mirrored'],
    placement: null,
    findings: [],
    limits: ['not compared'],
    segments: [{ candidate: { startS: 0, endS: 9.5 }, original: { startS: 12, endS: 21.5 }, speed: 1 }],
    anchor: { chain: 'eip155:31337', block: 12, transaction: '0x02', finality: 'local' },
  }
  const lookup = {
    verdict: 'excerpt',
    summary: hostile,
    limits: ['the file breaks off', 'not compared'],
    matches: [match],
  } as unknown as LookupView

  it('stands in lines that only we begin', async () => {
    const lines = (await written(() => printLookup(lookup, REPORT))).split('\n')
    expect(lines).to.deep.equal([
      'EXCERPT',
      'Quay�IDENTICAL�[1A',
      'limit      the file breaks off',
      '',
      'record     0x01',
      'original   Quay�IDENTICAL�[1A',
      'publisher  Quay�IDENTICAL�[1A (unverified)',
      'registered 2026-05-03T00:00:00Z, since revoked',
      'relation   excerpt, 7 of 256 bits differ, mirrored',
      'segment    0:00.0 to 0:09.5 of the candidate is 0:12.0 to 0:21.5 of the original',
      'limit      not compared',
      'anchor     eip155:31337, block 12, transaction 0x02, local (a local chain: its clock proves nothing)',
      '',
      `report     ${REPORT}`,
      '',
    ])
  })

  it('says how a picture lies on its original and what differs, a line each', async () => {
    const whole = { x: 0, y: 0, w: 1, h: 1 }
    const half = { x: 0.25, y: 0.1, w: 0.5, h: 0.8 }
    const placement = { candidate: half, original: { ...half, w: 0.9 }, corners: [] }
    const differs = { channel: 'video', kind: 'region', span: null, region: half, score: 0.999 }
    const findings = [differs, { ...differs, kind: 'overlay', region: whole, score: 0.95 }]
    const compared = { ...match, relation: 'altered', segments: [], placement, findings }
    const lines = (
      await written(() => printLookup({ ...lookup, matches: [compared] } as unknown as LookupView, REPORT))
    ).split('\n')
    expect(lines.slice(9, 13)).to.deep.equal([
      'placement  the candidate shows 72 % of the original',
      'placement  the original fills 40 % of the candidate',
      'finding    differs from the original, 50 % x 80 % of the candidate, 25 % from its left and 10 % from its top; score 0.99',
      'finding    something is laid over the candidate, 100 % x 100 % of the candidate, 0 % from its left and 0 % from its top; score 0.95',
    ])
    const unchanged = { ...compared, placement: { ...placement, candidate: whole, original: whole }, findings: [] }
    const shorter = await written(() =>
      printLookup({ ...lookup, matches: [unchanged] } as unknown as LookupView, REPORT),
    )
    expect(shorter).not.to.match(/placement|finding/)
  })

  it('says which stretch of a video is which of the original, and what differs when', async () => {
    const [one] = match.segments
    const next = { candidate: { startS: 9.5, endS: 20 }, original: { startS: 24.5, endS: 37.6 }, speed: 1.25 }
    const finding = { channel: 'video', region: null, score: 0.95 }
    const findings = [
      { ...finding, kind: 'region', span: { startS: 6, endS: 8.25 }, region: { x: 0.25, y: 0.1, w: 0.5, h: 0.8 } },
      { ...finding, kind: 'missing', span: { startS: 9.5, endS: 9.5 } },
    ]
    const film = { ...match, relation: 'altered', segments: [one, next], findings }
    const lines = (
      await written(() => printLookup({ ...lookup, matches: [film] } as unknown as LookupView, REPORT))
    ).split('\n')
    expect(lines.slice(9, 13)).to.deep.equal([
      'segment    0:00.0 to 0:09.5 of the candidate is 0:12.0 to 0:21.5 of the original',
      'segment    0:09.5 to 0:20.0 of the candidate is 0:24.5 to 0:37.6 of the original, at 1.25 times its speed',
      'finding    a region differs from 0:06.0 to 0:08.3, 50 % x 80 % of the candidate, 25 % from its left and 10 % from its top; score 0.95',
      'finding    3.0 s of the original are missing at 0:09.5; score 0.95',
    ])
  })

  it('and a record, too', async () => {
    const record = {
      recordId: '0x01',
      title: hostile,
      publisher: { id: 7, name: null, trust: 'unverified' },
      registeredAt: 'then',
      state: 'active',
      revocation: null,
      supersession: null,
      way: 'stored',
      anchors: [],
      changes: [],
      disowned: null,
    } as unknown as WholeRecordView
    const lines = (await written(() => printRecord(record))).trimEnd().split('\n')
    expect(lines).to.have.length(5)
    expect(lines[2]).to.equal('publisher  publisher 7 (unverified)')
    const disowned = { since: 'may', declaredAt: 'june', declaredBy: '0xcc', contested: false }
    const anchors = [{ way: 'stored', registeredAt: 'then', signer: '0xaa', disowned }]
    const changes = [{ change: 'revoked', at: 'later', signer: '0xaa', disowned }]
    const thiefs = { ...record, state: 'disowned', disowned, anchors, changes } as unknown as WholeRecordView
    expect(await written(() => printRecord(thiefs))).to.match(
      /state {6}disowned\nanchor {5}stored, then, signed by 0xaa, void: compromised since may \(declared june\)\nvoid {7}revoked on later/,
    )
  })
})
