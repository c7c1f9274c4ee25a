import { expect } from 'chai'
import type { PixelPlane } from '../../server/fingerprint/index.ts'
import { type ExaminedFilm, examineFilm, type FilmCandidate, type FilmOriginal } from '../../server/matching/index.ts'
import {
  atSpeed,
  barred,
  black,
  blurred,
  candidateOf,
  captioned,
  cropped,
  each,
  edited,
  type Footage,
  from,
  joined,
  mirrored,
  noisy,
  type Place,
  patched,
  scaled,
  shot,
} from '../fingerprint/footage.ts'
import { seeded } from '../random.ts'
import { asker, original, proposer } from './films.ts'

const MS = 12_000
/** A camera that stands, one that swings, and another one that stands. */
const film = edited(4_000, shot(1), shot(2, { pan: 60 }), shot(3))
const foreign = shot(9)
const registered = original(film, MS)
const look = asker([registered])

const found = (of: Footage, durationMs: number): ExaminedFilm => {
  const [one, ...more] = look(of, durationMs)
  expect(one, 'a match').to.not.equal(undefined)
  expect(more).to.deep.equal([])
  return one!
}
const startsAt = ({ segments }: ExaminedFilm) => segments.map(({ original }) => original.startMs)
/** Milliseconds within which ends of what is in time are told. */
const NEAR_MS = 300

function expectSpan(
  span: { startMs: number; endMs: number } | undefined,
  startMs: number,
  endMs: number,
  by = NEAR_MS,
) {
  expect(span, 'a span').to.not.equal(undefined)
  expect(span!.startMs).to.be.closeTo(startMs, by)
  expect(span!.endMs).to.be.closeTo(endMs, by)
}

describe('a video in which nothing was changed', () => {
  it('is the same content, from its beginning to its end', () => {
    const { relation, segments, findings, transforms, explained, likeness } = found(film, MS)
    expect({ relation, findings, transforms }).to.deep.equal({
      relation: 'same_content',
      findings: [],
      transforms: [],
    })
    expect(segments.map(({ candidate, original: of, speed }) => ({ candidate, original: of, speed }))).to.deep.equal([
      { candidate: { startMs: 0, endMs: MS }, original: { startMs: 0, endMs: MS }, speed: 1 },
    ])
    expect(Math.min(explained, likeness)).to.be.above(0.95)
  })

  it('is found by a clip of three seconds, with its place', () => {
    for (const startMs of [4_410, 8_770]) {
      const clip = found(from(film, startMs), 3_000)
      expect([clip.relation, clip.findings]).to.deep.equal(['excerpt', []])
      expect(startsAt(clip)).to.have.length(1)
      expect(startsAt(clip)[0]).to.be.closeTo(startMs, 100)
    }
  })

  it('is found mirrored, cropped, with bars and scaled, and what was done is told', () => {
    const ways: [rule: Parameters<typeof each>[1], relation: string, transforms: string[]][] = [
      [mirrored, 'same_content', ['mirrored']],
      [(picture) => cropped(picture, { x: 24, y: 12, width: 144, height: 84 }), 'excerpt', ['cropped']],
      [barred, 'same_content', ['framed']],
      [(picture) => scaled(picture, 120), 'same_content', []],
    ]
    for (const [rule, relation, transforms] of ways) {
      const copy = found(each(film, rule), MS)
      expect([copy.relation, copy.transforms, copy.findings]).to.deep.equal([relation, transforms, []])
      expect(startsAt(copy)).to.deep.equal([0])
    }
  })

  it('tells where its picture lies in the copy, and what of it is seen', () => {
    const part = { x: 24, y: 12, width: 144, height: 84 }
    const crop = found(
      from(
        each(film, (picture) => cropped(picture, part)),
        8_500,
      ),
      3_000,
    )
    const { placement } = crop.segments[0]!
    expect(placement.original.x).to.be.closeTo(part.x / 192, 0.02)
    expect(placement.original.h).to.be.closeTo(part.height / 108, 0.02)
    const framed = found(from(each(film, barred), 4_500), 3_000)
    expect(framed.segments[0]!.placement.candidate.y).to.be.closeTo(42 / 192, 0.02)
  })

  it('is followed at another speed, to its end', () => {
    for (const [speed, word] of [
      [1.25, 'sped up'],
      [0.8, 'slowed down'],
    ] as const) {
      const copy = found(atSpeed(film, speed), MS / speed)
      expect([copy.relation, copy.transforms, copy.findings]).to.deep.equal(['same_content', [word], []])
      expect(copy.segments).to.have.length(1)
      expect(copy.segments[0]!.speed).to.be.closeTo(speed, 0.02)
      expectSpan(copy.segments[0]!.original, 0, MS)
    }
  })

  it('may be preceded and followed by a dark screen, of which nothing is said', () => {
    const dark = { of: black, startMs: 0, ms: 1_000 }
    const copy = found(joined(dark, { of: film, startMs: 0, ms: MS }, dark), MS + 2_000)
    expect([copy.relation, copy.findings]).to.deep.equal(['same_content', []])
    expectSpan(copy.segments[0]!.candidate, 1_000, MS + 1_000)
    expectSpan(copy.segments[0]!.original, 0, MS)
  })

  it('may have a dark screen itself, before and behind', () => {
    const dark = { of: black, startMs: 0, ms: 2_000 }
    const whole = joined(dark, { of: film, startMs: 0, ms: 8_000 }, dark)
    const [copy] = asker([original(whole, MS)])(whole, MS)
    expect([copy!.relation, copy!.findings]).to.deep.equal(['same_content', []])
  })

  it('may be a still scene, of much detail or little', () => {
    const plain = shot(5, { movers: 0 })
    for (const still of [each(plain, grainy), plain, each(plain, blurred)]) {
      const [copy] = asker([original(still, 5_000)])(still, 5_000)
      expect([copy?.relation, copy?.findings]).to.deep.equal(['same_content', []])
    }
  })
})

/** Fine detail that stays: of it rough evidence lacks much, and fine evidence little. */
function grainy(picture: PixelPlane): PixelPlane {
  const random = seeded(17)
  const grain = () => GRAIN * (random() + random() - 1)
  return { ...picture, data: picture.data.map((value) => Math.max(0, Math.min(255, value + grain()))) }
}

const GRAIN = 60

describe('a video in whose time something was changed', () => {
  const piece = (startMs: number, endMs: number, of = film) => ({ of, startMs, ms: endMs - startMs })
  const finding = (of: Footage, durationMs: number, kind: string) => {
    const { relation, findings } = found(of, durationMs)
    expect(relation).to.equal('altered')
    expect(findings.map((one) => one.kind)).to.deep.equal([kind])
    expect(findings[0]!.region).to.equal(null)
    return findings[0]!.span
  }

  it('lacks what was cut out of it, and it is told where', () => {
    const cut = joined(piece(0, 5_000), piece(6_700, MS))
    const span = finding(cut, MS - 1_700, 'missing')
    expectSpan(span, 5_000, 5_000)
    expect(span.startMs).to.equal(span.endMs)
  })

  it('shows what was inserted', () => {
    const inserted = joined(piece(0, 5_000), piece(0, 2_500, foreign), piece(5_000, MS))
    expectSpan(finding(inserted, MS + 2_500, 'inserted'), 5_000, 7_500)
  })

  it('shows what was put in the place of something', () => {
    const replaced = joined(piece(0, 5_000), piece(0, 2_500, foreign), piece(7_500, MS))
    expectSpan(finding(replaced, MS, 'replaced'), 5_000, 7_500)
  })

  it('shows a dark screen in the place of something', () => {
    const hidden = joined(piece(0, 5_000), piece(0, 2_500, black), piece(7_500, MS))
    expectSpan(finding(hidden, MS, 'replaced'), 5_000, 7_500)
  })

  it('shows pieces in another order', () => {
    const swapped = joined(
      piece(0, 2_000),
      piece(8_000, 10_000),
      piece(4_000, 8_000),
      piece(2_000, 4_000),
      piece(10_000, MS),
    )
    expectSpan(finding(swapped, MS, 'reordered'), 2_000, 10_000)
  })

  it('shows something twice', () => {
    expectSpan(finding(joined(piece(0, 7_000), piece(5_000, MS)), MS + 2_000, 'repeated'), 7_000, 9_000)
  })

  it('stands still', () => {
    const frozen: Footage = (ms) => film(ms < 6_000 ? ms : Math.max(6_000, ms - 2_500))
    expectSpan(finding(frozen, MS + 2_500, 'frozen'), 6_000, 8_500)
  })
})

describe('a video in whose picture something was changed', () => {
  const patch: Place = { x: 72, y: 30, width: 44, height: 44 }
  const another = shot(50)

  it('differs in a region, for some seconds', () => {
    const [first, last] = [4_000, 9_000]
    const altered = each(film, (picture, ms) =>
      ms >= first && ms < last ? patched(picture, another(ms), patch) : picture,
    )
    const { relation, findings } = found(altered, MS)
    expect(relation).to.equal('altered')
    const [{ kind, span, region, score }] = findings as [(typeof findings)[0]]
    expect([kind, score > 0.9]).to.deep.equal(['region', true])
    expectSpan(span, first, last, 1_000)
    expect(region!.x + region!.w / 2).to.be.closeTo((patch.x + 22) / 192, 0.06)
    expect(region!.y + region!.h / 2).to.be.closeTo((patch.y + 22) / 108, 0.1)
  })

  it('is as it was where something is drawn over it that stays', () => {
    const caption: Place = { x: 10, y: 90, width: 90, height: 14 }
    const { relation, findings } = found(
      each(film, (picture) => captioned(picture, caption)),
      MS,
    )
    expect(relation).to.equal('same_content')
    expect(findings.map(({ kind }) => kind)).to.deep.equal(['overlay'])
    expectSpan(findings[0]!.span, 0, MS, 1_000)
  })
})

describe('a video that comes from nothing registered', () => {
  it('shows other seconds before the same camera', () => {
    expect(look(from(shot(1), 40_000), 6_000)).to.deep.equal([])
    expect(look(from(shot(2, { pan: 60 }), 50_000), 6_000)).to.deep.equal([])
  })

  it('shows something else', () => {
    expect(look(foreign, 6_000)).to.deep.equal([])
  })

  it('shows nothing, or one picture, or has no length', () => {
    const plain: Footage = (ms) => ({ ...film(ms), data: new Uint8Array(192 * 108).fill(90) })
    expect(look(plain, 4_000)).to.deep.equal([])
    const votes = [{ candidateMs: 0, originalMs: 0, way: 'plain' as const, whole: true, share: 1 }]
    const of = { key: 'a', ...registered, keys: [], votes }
    for (const durationMs of [0, 33]) {
      const one = { ...candidateOf(film, 33), durationMs }
      expect(examineFilm(one, [of]), `${durationMs} ms`).to.deep.equal([])
    }
    const none = {
      durationMs: 0,
      frames: [],
      film: { width: 192, height: 108, timesMs: [], samples: new Uint8Array() },
    }
    expect(examineFilm(none, [of])).to.deep.equal([])
  })
})

describe('what anybody may have written of an original', () => {
  const copy: FilmCandidate = candidateOf(noisy(from(film, 4_500)), 3_000)
  const [ours] = proposer([registered])(copy as never)
  const examined = (change: Partial<FilmOriginal>) => examineFilm(copy, [{ ...ours!, ...change }])

  it('is passed over where it is no evidence, or of another size', () => {
    const rubbish = Uint8Array.of(1, 1, 0, 192, 0, 108, 7, 7, 7)
    const small = original(
      each(film, (picture) => scaled(picture, 80)),
      2_000,
    ).frames
    for (const evidence of [rubbish, new Uint8Array(), null, small[3]!.evidence!]) {
      const frames = registered.frames.map((frame, i) => (i % 6 === 5 ? { ...frame, evidence } : frame))
      expect(examined({ frames }).map(({ relation }) => relation)).to.deep.equal(['excerpt'])
    }
    const allRubbish = registered.frames.map((frame) => ({ ...frame, evidence: rubbish }))
    expect(examined({ frames: allRubbish })).to.deep.equal([])
    expect(examined({ frames: [] })).to.deep.equal([])
  })

  it('is evidence of something else: no match', () => {
    expect(examined({ frames: original(foreign, 9_000).frames })).to.deep.equal([])
    const black9 = original(black, 9_000).frames
    expect(examined({ frames: black9 })).to.deep.equal([])
  })

  it('speaks of times that are not there', () => {
    const stillborn = [-5, 4_501, 1e15, Number.NaN].map((ms) => ({
      candidateMs: ms,
      originalMs: ms,
      way: 'mirrored' as const,
      whole: false,
      share: 1,
    }))
    expect(examined({ votes: stillborn })).to.deep.equal([])
    expect(examined({ votes: [...ours!.votes, ...stillborn] })[0]!.relation).to.equal('excerpt')
    expect(examined({ votes: [], keys: [] })).to.deep.equal([])
  })

  it('says how long it is', () => {
    for (const durationMs of [0, 1, 1e15]) expect(examined({ durationMs })[0]!.key).to.equal(ours!.key)
  })
})
