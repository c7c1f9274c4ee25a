import { expect } from 'chai'
import {
  encodeLocal,
  FEATURE_BYTES,
  type Fingerprint,
  type Frame,
  localFeatures,
  ORIENTATIONS,
  type PictureHash,
} from '../../server/fingerprint/index.ts'
import {
  type Answer,
  createMatcher,
  type Found,
  type Matcher,
  NO_PLACE,
  type Original,
} from '../../server/matching/index.ts'
import { frame, picture, video } from '../fingerprint/make.ts'
import { scenePlane } from '../fingerprint/planes.ts'
import { flipped, seeded } from '../random.ts'

const random = seeded(77)

function found(answer: Answer): Found[] {
  if (answer.kind !== 'found') throw new Error(`inconclusive: ${answer.reason}`)
  return answer.found
}

const standing = { publisherId: 1, registeredAt: 0, sequence: 0 }

/** What is registered of a picture: its two hashes, as it stands. */
function still(key: string, of: Fingerprint): Original {
  const { orientations, reduced } = of.picture!
  return {
    key,
    kind: 'image',
    standing,
    frames: [orientations[0]!, reduced[0]!].map((hash) => ({ timeMs: null, hash })),
  }
}

const moving = (key: string, frames: Frame[]): Original => ({ key, kind: 'video', standing, frames })
const untimed = (key: string, frames: Frame[]): Original =>
  moving(key, frames.map((f) => ({ ...f, timeMs: null })) as unknown as Frame[])

/** The candidate with frames off by `bits`, from `first` to `end`, beginning at no time. */
function copy(of: Fingerprint, bits: number, first = 0, end = of.frames.length): Fingerprint {
  const frames = of.frames.slice(first, end).map((f, i) => frame(i * 500, flipped(f.hash, bits, random), f.quality))
  return { ...of, frames, durationMs: frames.length * 500 }
}

/** A stranger but for these hashes. */
function ofHashes(hashes: Partial<PictureHash>, quality = 100): Fingerprint {
  return picture(2, { picture: { ...picture(2).picture!, ...hashes, quality } })
}

describe('the matcher on pictures', () => {
  const of = picture(1)
  const matcher = createMatcher()
  matcher.add(still('a', of))
  for (let i = 0; i < 500; i++) matcher.add(still(`stranger ${i}`, picture(1_000 + i)))

  for (const [turn, name] of ORIENTATIONS.entries())
    it(`finds one that is ${name}`, () => {
      const orientations = picture(2).picture!.orientations.with(
        turn,
        flipped(of.picture!.orientations[0]!, 31, random),
      )
      const answer = found(matcher.find(ofHashes({ orientations }, 50)))
      expect(answer).to.deep.equal([
        {
          key: 'a',
          relation: 'same_content',
          distanceBits: 31,
          explained: 1,
          transforms: turn === 0 ? [] : name.split(' and '),
          orientation: turn,
          way: turn < 4 ? 'plain' : 'mirrored',
          likeness: 1,
          segments: [],
          placement: null,
          findings: [],
          limits: [],
        },
      ])
    })

  it('finds one by its reduced hash alone, with its turn', () => {
    const reduced = picture(2).picture!.reduced.with(5, flipped(of.picture!.reduced[0]!, 9, random))
    const [match] = found(matcher.find(ofHashes({ reduced })))
    expect(match).to.deep.include({ key: 'a', distanceBits: 9, transforms: ['mirrored', 'rotated 90'] })
  })

  it('tells the nearest of several turns', () => {
    const [hash] = of.picture!.orientations
    const orientations = ORIENTATIONS.map((_, turn) => flipped(hash!, turn === 3 ? 2 : 20, random))
    const [best] = found(matcher.find(ofHashes({ orientations })))
    expect(best).to.deep.include({ distanceBits: 2, transforms: ['rotated 270'] })
  })

  it('finds none among strangers, and none at 32 bits', () => {
    for (let i = 0; i < 50; i++) expect(found(matcher.find(picture(9_000 + i)))).to.deep.equal([])
    const orientations = of.picture!.orientations.map((hash) => flipped(hash, 32, random))
    expect(found(matcher.find(ofHashes({ orientations })))).to.deep.equal([])
  })

  it('looks no farther than it is told', () => {
    const near = ofHashes({ orientations: [flipped(of.picture!.orientations[0]!, 10, random)] })
    expect(found(matcher.find(near, 9))).to.deep.equal([])
    expect(found(matcher.find(near, 10))).to.have.length(1)
  })

  it('does not take a frame of a video for the picture', () => {
    const videos = createMatcher()
    videos.add(moving('v', [frame(0, of.picture!.orientations[0]!)]))
    expect(found(videos.find(of))).to.deep.equal([])
  })
})

describe('the matcher on videos', () => {
  const of = video(3, 80)
  const matcher = createMatcher()
  matcher.add(moving('whole', of.frames))
  for (let i = 0; i < 20; i++) matcher.add(moving(`stranger ${i}`, video(500 + i, 60).frames))

  it('calls the whole of it the same content', () => {
    expect(found(matcher.find(copy(of, 12)))).to.deep.equal([
      {
        key: 'whole',
        relation: 'same_content',
        distanceBits: 12,
        explained: 1,
        transforms: [],
        segments: [
          {
            candidate: { startMs: 0, endMs: 40_000 },
            original: { startMs: 0, endMs: 40_000 },
            speed: 1,
            placement: null,
          },
        ],
        orientation: null,
        way: null,
        likeness: 1,
        placement: null,
        findings: [],
        limits: [],
      },
    ])
  })

  it('calls it whole with five seconds of black in it, in which nothing is compared', () => {
    const black = copy(of, 12).frames.map((f, i) => (i >= 30 && i < 40 ? { ...f, quality: 0 } : f))
    const dark = createMatcher()
    dark.add(
      moving(
        'dark',
        of.frames.filter((_, i) => i < 30 || i >= 40),
      ),
    )
    const [match] = found(dark.find({ ...of, frames: black }))
    expect(match).to.include({ relation: 'same_content', explained: 1 })
    expect(match!.segments).to.have.length(2)
  })

  it('calls a part of it an excerpt, with its place', () => {
    const [match] = found(matcher.find(copy(of, 4, 24, 44)))
    expect(match).to.include({ relation: 'excerpt', explained: 1 })
    expect(match!.segments).to.deep.equal([
      {
        candidate: { startMs: 0, endMs: 10_000 },
        original: { startMs: 12_000, endMs: 22_000 },
        speed: 1,
        placement: null,
      },
    ])
  })

  it('calls all of it in another order an excerpt of two segments', () => {
    const frames = [...of.frames.slice(40), ...of.frames.slice(0, 40)].map((f, i) => frame(i * 500, f.hash))
    const [match] = found(matcher.find({ ...of, frames }))
    expect(match!.relation).to.equal('excerpt')
    expect(match!.segments.map(({ original }) => original.startMs)).to.deep.equal([20_000, 0])
  })

  it('finds it where half of the candidate is explained, and not below', () => {
    const strange = video(9, 80).frames
    const half = (shown: number) => ({ ...of, frames: of.frames.map((f, i) => (i < shown ? f : strange[i]!)) })
    expect(found(matcher.find(half(40)))).to.have.length(1)
    expect(found(matcher.find(half(39)))).to.have.length(0)
  })

  it('finds none among strangers', () => {
    for (let i = 0; i < 20; i++) expect(found(matcher.find(video(7_000 + i, 40)))).to.deep.equal([])
  })

  it('looks no farther than it is told', () => {
    expect(found(matcher.find(copy(of, 12), 11))).to.deep.equal([])
  })

  it('says of an original without times that its place is unknown', () => {
    const words = createMatcher()
    words.add(untimed('words', of.frames))
    expect(found(words.find(copy(of, 6)))).to.deep.equal([
      {
        key: 'words',
        relation: 'excerpt',
        distanceBits: 6,
        explained: 1,
        transforms: [],
        segments: [],
        orientation: null,
        way: null,
        likeness: 1,
        placement: null,
        findings: [],
        limits: [NO_PLACE],
      },
    ])
  })

  it('asks for three frames of an original without times', () => {
    const words = createMatcher()
    words.add(untimed('words', of.frames.slice(0, 2)))
    expect(found(words.find(copy(of, 0, 0, 3)))).to.deep.equal([])
  })

  it('takes a still scene of ten minutes for the whole, though each frame resembles all', () => {
    const [hash] = of.frames.map((f) => f.hash)
    const scene = Array.from({ length: 1_200 }, (_, i) => frame(i * 500, hash!))
    const stills = createMatcher()
    stills.add(moving('still', scene))
    expect(found(stills.find({ ...of, frames: scene }))[0]).to.include({ relation: 'same_content', explained: 1 })
  })
})

describe('the matcher is inconclusive', () => {
  const matcher = createMatcher()
  const reason = (of: Fingerprint) => {
    const answer = matcher.find(of)
    return answer.kind === 'inconclusive' ? answer.reason : null
  }

  it('about a picture of quality 49, and not of 50', () => {
    const of = (quality: number) => picture(1, { picture: { ...picture(1).picture!, quality } })
    expect(reason(of(49))).to.match(/^too featureless to compare: quality 49 of 100/)
    expect(reason(of(50))).to.equal(null)
  })

  it('about a video with two frames that have detail, and not with three', () => {
    const of = (good: number) => {
      const base = video(1, 10)
      return { ...base, frames: base.frames.map((f, i) => ({ ...f, quality: i < good ? 50 : 49 })) }
    }
    expect(reason(of(2))).to.match(/^too short or too featureless: 2 of its frames/)
    expect(reason(of(3))).to.equal(null)
  })
})

describe("the matcher's originals", () => {
  const [a, b] = [picture(1), picture(2)]

  it('are replaced by their key', () => {
    const matcher = createMatcher()
    matcher.add(still('k', a))
    matcher.add(still('k', b))
    expect(found(matcher.find(a))).to.deep.equal([])
    expect(found(matcher.find(b)).map(({ key }) => key)).to.deep.equal(['k'])
    expect(matcher.size()).to.include({ originals: 1, hashes: 2 })
  })

  it('are removed with all their hashes, and others with the same hashes stay', () => {
    const matcher = createMatcher()
    const of = video(4, 30)
    matcher.add(moving('one', of.frames))
    matcher.add(moving('two', of.frames))
    matcher.remove('one')
    matcher.remove('never added')
    expect(found(matcher.find(of)).map(({ key }) => key)).to.deep.equal(['two'])
    expect(matcher.size()).to.include({ originals: 1, hashes: 30 })
    matcher.add(moving('one', of.frames))
    expect(found(matcher.find(of))).to.have.length(2)
  })

  it('without a hash are held and never found', () => {
    const matcher = createMatcher()
    matcher.add({ key: 'none', kind: 'image', standing, frames: [] })
    expect(found(matcher.find(a))).to.deep.equal([])
    expect(matcher.size()).to.include({ originals: 1, hashes: 0 })
  })

  it('without a hash are found by their local hashes, each its own', () => {
    const matcher = createMatcher()
    const locals = [1, 2].map(localOf)
    for (const [i, local] of locals.entries()) matcher.add({ key: `${i}`, kind: 'image', standing, frames: [], local })
    for (const [i, local] of locals.entries()) expect(proposed(matcher, local)[0]).to.equal(`${i}`)
  })

  it('are found by what is registered at the time, however often the same one asks', () => {
    const matcher = createMatcher()
    const local = localOf(1)
    const add = (key: string) => matcher.add({ key, kind: 'image', standing, frames: [], local })
    add('a')
    expect(proposed(matcher, local)).to.deep.equal(['a'])
    add('b')
    expect(proposed(matcher, local)).to.have.members(['a', 'b'])
    matcher.remove('a')
    expect(proposed(matcher, local)).to.deep.equal(['b'])
  })

  it('are not filed anew where they are added again as they are, and filed where their local hashes are others', () => {
    const matcher = createMatcher()
    const [one, other] = [localOf(1), localOf(2)]
    // Found first where the other one is not filed as it.
    for (const [i, all] of [one, other].entries())
      matcher.add({
        ...still(`half ${i}`, b),
        local: all.subarray(0, FEATURE_BYTES * Math.floor(all.length / FEATURE_BYTES / 2)),
      })
    const first = () => [one, other].map((local) => proposed(matcher, local)[0])
    const add = (local: Uint8Array | null, localCid: string | null) =>
      matcher.add({ ...still('k', a), local, localCid })
    add(one, 'one')
    expect(first()).to.deep.equal(['k', 'half 1'])
    add(other, 'one')
    expect(first(), 'told by what names it').to.deep.equal(['k', 'half 1'])
    add(other, 'other')
    expect(first()).to.deep.equal(['half 0', 'k'])
    add(null, null)
    expect(first()).to.deep.equal(['half 0', 'half 1'])
    add(one, null)
    add(other, null)
    expect(first(), 'without a name').to.deep.equal(['half 0', 'k'])
    add(null, null)
    expect(first()).to.deep.equal(['half 0', 'half 1'])
    for (const held of matcher.originals()) expect(held).not.to.have.property('local')
  })

  it('that were added again as they are, are the later ones', () => {
    const matcher = createMatcher()
    const later = still('k', a)
    for (const one of [still('k', a), later]) matcher.add(one)
    expect([...matcher.originals()][0]!.frames).to.equal(later.frames)
    matcher.add({ ...later, kind: 'video' })
    expect(found(matcher.find(a))).to.deep.equal([])
  })

  it('that come and go take no more numbers, and those that are there are found as if no other had ever been', () => {
    const matcher = createMatcher()
    const held = new Map<string, Original>()
    const draw = (below: number) => Math.floor(random() * below)
    /** Of one record, as its hashes may be. */
    const variants = [0, 1, 2].flatMap((n) => [
      still('', picture(50 + n)),
      moving('', video(60 + n, 30 + 70 * n).frames),
      untimed('', video(70 + n, 64).frames),
    ])
    const blocks: number[] = []
    for (let turn = 0; turn < 3_000; turn++) {
      const key = `${draw(20)}`
      const original = draw(4) === 0 ? null : { ...variants[draw(variants.length)]!, key }
      if (original) matcher.add(original)
      else matcher.remove(key)
      if (original) held.set(key, original)
      else held.delete(key)
      if (turn % 500 === 499) blocks.push(matcher.size().blocks)
    }
    expect(blocks.at(-1)! - blocks[2]!, `${blocks}`).to.be.at.most(20)
    for (const [i, variant] of variants.entries()) {
      held.set(`${i}`, { ...variant, key: `${i}` })
      matcher.add({ ...variant, key: `${i}` })
    }
    const fresh = createMatcher()
    for (const original of held.values()) fresh.add(original)
    const byKey = (one: Found, other: Found) => (one.key < other.key ? -1 : 1)
    const long = video(62, 170)
    const candidates = [picture(50), picture(52), video(60, 30), long, copy(long, 0, 100, 160), video(71, 64)]
    const answers = candidates.map((candidate) => found(matcher.find(candidate)).sort(byKey))
    expect(answers).to.deep.equal(candidates.map((candidate) => found(fresh.find(candidate)).sort(byKey)))
    expect(answers.map(({ length }) => length > 0)).to.deep.equal(candidates.map(() => true))
    expect(answers[4]![0]!.segments[0]!.original.startMs).to.equal(50_000)
    expect(matcher.size().hashes).to.equal(fresh.size().hashes)
  })
})

function localOf(seed: number): Uint8Array {
  const plane = scenePlane(320, 240, seed)
  return encodeLocal(localFeatures(plane, plane))
}

const proposed = (matcher: Matcher, local: Uint8Array): string[] =>
  matcher.propose(ofHashes({ local }), (all) => [...all].slice(0, 5)).map(({ key }) => key)
