import { expect } from 'chai'
import { RegistryError } from '../../server/errors.ts'
import {
  anchoredWords,
  type EvidenceChoice,
  encodeEvidence,
  type Film,
  type Fingerprint,
  type Frame,
  readManifest,
  type Stretch,
  writeManifest,
} from '../../server/fingerprint/index.ts'
import {
  type Answer,
  COMPARED,
  createMatcher,
  type ExaminedFilm,
  examineFilm,
  type FilmOriginal,
  type Found,
  type FrameVote,
  type Matcher,
} from '../../server/matching/index.ts'
import { createFilmLookup, type FilmOptions } from '../../server/registry/films.ts'
import { createRows } from '../../server/registry/rows.ts'
import { createStretches } from '../../server/registry/stretches.ts'
import { createSync } from '../../server/registry/sync.ts'
import { candidateOf, edited, from, joined, noisy, originalFrames, shot } from '../fingerprint/footage.ts'
import { video } from '../fingerprint/make.ts'
import { DEPLOYMENT, memoryBlocks, memoryCatalogue, recordOf, rootOf } from './fakes.ts'

const NOTHING = { title: null, text: null, sourceUrl: null, derivedFrom: null }
const SIGNAL = new AbortController().signal
const TOO_MUCH = new RegistryError('server.internal', 'a comparison broke down: it took more than 300 s')
const NOT_COMPARED = 'not compared for alterations'
const FILM: Film = { width: 2, height: 2, timesMs: [0, 33], samples: new Uint8Array(8) }

/** Blocks and records of videos, and what a lookup does with what is proposed of them. */
async function recordsOf(originals: Fingerprint[], choice: EvidenceChoice = 'public') {
  const [catalogue, blocks] = [memoryCatalogue(), memoryBlocks()]
  const rows = []
  for (const [i, of] of originals.entries()) {
    const manifest = await writeManifest(of, NOTHING, choice)
    await blocks.hold(manifest.root, manifest.blocks, null)
    await blocks.adopt(manifest.root)
    const { algorithm, words } = anchoredWords(of)
    const row = recordOf(of, i + 1, {
      publisherId: i + 1,
      registeredAt: 1_700_000_000 + i,
      manifestDigest: manifest.digest,
      algorithm,
      perceptualHashes: words,
      manifest: { state: 'present', title: null, durationMs: of.durationMs, width: of.width, height: of.height },
    })
    catalogue.insert(row)
    rows.push(row)
  }
  return { catalogue, blocks, rows }
}

const tiny = encodeEvidence({
  width: 8,
  height: 6,
  channels: 1,
  data: Uint8Array.from({ length: 48 }, (_, i) => 5 * i),
})

/** So many minutes, with evidence that a comparison would not look at twice. */
function long(seed: number, minutes: number): Fingerprint {
  const of = video(seed, 120 * minutes)
  return { ...of, frames: of.frames.map((frame: Frame) => ({ ...frame, evidence: tiny })) }
}

const vote = (candidateMs: number, originalMs: number, change: Partial<FrameVote> = {}): FrameVote => ({
  candidateMs,
  originalMs,
  way: 'plain',
  whole: true,
  share: 1,
  ...change,
})

interface Setting {
  /** For each record, in their order. */
  votes: FrameVote[][]
  byHash?: Answer
  choice?: EvidenceChoice
  trusted?: number[]
  examine?: (original: FilmOriginal, signal: AbortSignal) => Promise<ExaminedFilm | null>
  /** Before anything is asked. */
  prepare?: (world: Awaited<ReturnType<typeof recordsOf>>) => Promise<void> | void
}

const examined = (key: string): ExaminedFilm => ({
  key,
  relation: 'excerpt',
  explained: 1,
  likeness: 1,
  transforms: [],
  segments: [],
  findings: [],
})

const foundByHash = (key: string): Found => ({
  ...examined(key),
  distanceBits: 3,
  orientation: null,
  way: null,
  placement: null,
  limits: [],
})

async function setUp(originals: Fingerprint[], setting: Setting) {
  const world = await recordsOf(originals, setting.choice)
  await setting.prepare?.(world)
  const keys = world.rows.map(({ recordId }) => Buffer.from(recordId).toString('hex'))
  const [asked, compared, told]: [Stretch[], FilmOriginal[], number[]] = [[], [], []]
  const stretches = createStretches({ blocks: world.blocks, fetch: null })
  const proposed = world.rows.map((row, i) => ({
    key: keys[i]!,
    standing: row,
    votes: setting.votes[i] ?? [],
    share: (setting.votes[i] ?? []).reduce((sum, { share }) => sum + share, 0),
  }))
  const lookup = createFilmLookup({
    matcher: {
      find: () => setting.byHash ?? { kind: 'found', found: [] },
      proposeFilms: () => proposed.filter(({ share }) => share > 0).sort((a, b) => b.share - a.share),
    } as unknown as Matcher,
    blocks: world.blocks,
    stretches: {
      get(wanted, publisherId, signal) {
        asked.push(...wanted)
        return stretches.get(wanted, publisherId, signal)
      },
    },
    async examineFilm(_candidate, [original], signal) {
      compared.push(original!)
      const answer = await (setting.examine ?? (async ({ key }) => examined(key)))(original!, signal)
      return answer ? [answer] : []
    },
    trusted: new Set(setting.trusted),
  })
  const find = (durationMs: number, options: Partial<FilmOptions> = {}, film: Film | null = FILM) =>
    lookup.find(video(99, 4, { durationMs }), film, {
      rows: createRows(world.catalogue),
      signal: SIGNAL,
      onProgress: (part) => told.push(part),
      ...options,
    })
  return { ...world, keys, asked, compared, told, find }
}

const limitsOf = (answer: Answer) => (answer.kind === 'found' ? answer.found.map(({ limits }) => limits) : answer)
const startsOf = (asked: readonly Stretch[]) => asked.map(({ startMs }) => startMs / 1_000)

describe('a lookup of a video', () => {
  it('asks for the stretches that the candidate would show if it went on as where frames resemble each other', async () => {
    // 30 s of it, seen from its tenth second on at 3:25: it would show 3:15 to 3:45.
    const { find, asked, compared } = await setUp([long(1, 10)], { votes: [[vote(10_000, 205_000)]] })
    await find(30_000)
    expect(startsOf(asked)).to.deep.equal([180, 200, 220])
    const times = compared[0]!.frames.map(({ timeMs }) => timeMs)
    expect([times[0], times.at(-1), times.length]).to.deep.equal([180_000, 239_500, 120])
    expect(compared[0]!.durationMs).to.equal(600_000)
  })

  it('asks for those that most speaks for, and for few more than the candidate can fill', async () => {
    const likely = [vote(0, 400_000), vote(500, 400_500), vote(1_000, 401_000)]
    const stray = Array.from({ length: 30 }, (_, i) => vote(0, 20_000 * i, { share: 0.1 }))
    const { find, asked } = await setUp([long(1, 10)], { votes: [[...stray, ...likely]] })
    await find(10_000)
    expect(startsOf(asked)).to.include(400).and.to.have.length(5)
    expect(startsOf(asked)).to.deep.equal(startsOf(asked).sort((a, b) => a - b))
  })

  it('never asks for more than half an hour of one original', async () => {
    const everywhere = Array.from({ length: 200 }, (_, i) => vote(0, 20_000 * i))
    const { find, asked } = await setUp([long(1, 60)], { votes: [everywhere] })
    await find(3_600_000)
    expect(asked).to.have.length(90)
  })

  it('compares no more moments than are registered of honest footage', async () => {
    const dense = long(1, 1)
    dense.frames = dense.frames.flatMap((frame) => [0, 170, 340].map((ms) => ({ ...frame, timeMs: frame.timeMs + ms })))
    const { find, compared } = await setUp([dense], { votes: [[vote(0, 0)]] })
    await find(60_000)
    expect(compared[0]!.frames.map(({ timeMs }) => timeMs)).to.deep.equal(
      Array.from({ length: 120 }, (_, i) => 500 * i),
    )
  })

  it('hands over the local hashes of those frames only that votes speak of', async () => {
    const of = long(1, 1)
    const local = originalFrames(shot(1), 500)[0]!.local!
    of.frames = of.frames.map((frame) => (frame.timeMs % 4_000 === 0 ? { ...frame, local } : frame))
    const votes = [vote(0, 8_000, { whole: false }), vote(500, 8_500)]
    const { find, compared } = await setUp([of], { votes: [votes] })
    await find(5_000)
    expect(compared[0]!.keys.map(({ timeMs }) => timeMs)).to.deep.equal([8_000])
    expect(compared[0]!.votes).to.deep.equal(votes)
  })

  it('compares with evidence that is kept here for its publisher', async () => {
    const { find, compared } = await setUp([long(1, 1)], { votes: [[vote(0, 0)]], choice: 'server' })
    expect(limitsOf(await find(5_000))).to.deep.equal([[]])
    expect(compared[0]!.frames).to.have.length(40)
  })

  it('compares by the blocks that are here, where some are missing or no evidence', async () => {
    const { find, compared } = await setUp([long(1, 2)], {
      votes: [[vote(0, 0), vote(0, 40_000)]],
      async prepare({ blocks, rows: [row] }) {
        const { stretches } = (await readManifest(rootOf(row!), blocks.get))!
        blocks.kept.delete(stretches[0]!.cid)
        blocks.kept.set(stretches[1]!.cid, Uint8Array.of(1, 2, 3))
      },
    })
    expect(limitsOf(await find(20_000))).to.deep.equal([[]])
    expect([...new Set(compared[0]!.frames.map(({ timeMs }) => Math.floor(timeMs / 20_000)))]).to.deep.equal([2])
  })

  it('leaves what is found by its hashes as it is where nothing can be compared, and says so', async () => {
    const ways: Partial<Setting>[] = [
      { choice: 'none' },
      { prepare: ({ blocks }) => blocks.kept.clear() },
      {
        prepare: ({ catalogue, rows: [row] }) =>
          catalogue.setManifest(row!.recordId, { ...row!.manifest, state: 'mismatch' }),
      },
    ]
    for (const way of ways) {
      const setting: Setting = { votes: [[vote(0, 0)]], ...way }
      const { find, compared, keys } = await setUp([long(1, 1)], setting)
      setting.byHash = { kind: 'found', found: [foundByHash(keys[0]!)] }
      const answer = await find(5_000)
      expect(compared).to.deep.equal([])
      expect(limitsOf(answer)).to.deep.equal([[NOT_COMPARED, 'no evidence of the original is published']])
    }
  })

  it('believes what was compared, and not hashes, where both speak', async () => {
    const setting: Setting = { votes: [[vote(0, 0)]], examine: async () => null }
    const { find, keys } = await setUp([long(1, 1)], setting)
    setting.byHash = { kind: 'found', found: [foundByHash(keys[0]!)] }
    expect(await find(5_000)).to.deep.equal({ kind: 'found', found: [] })
  })

  it('is inconclusive where hashes are, unless something was found all the same', async () => {
    const byHash = { kind: 'inconclusive', reason: 'too short' } as const
    const nothing = await setUp([long(1, 1)], { votes: [[vote(0, 0)]], byHash, examine: async () => null })
    expect(await nothing.find(5_000)).to.deep.equal(byHash)
    const one = await setUp([long(1, 1)], { votes: [[vote(0, 0)]], byHash })
    expect(limitsOf(await one.find(5_000))).to.deep.equal([[]])
  })

  it('of a fingerprint alone finds by hashes, and says that nothing was compared', async () => {
    const setting: Setting = { votes: [[vote(0, 0)]] }
    const { find, compared, asked, keys } = await setUp([long(1, 1)], setting)
    setting.byHash = { kind: 'found', found: [foundByHash(keys[0]!)] }
    const answer = await find(5_000, {}, null)
    expect(limitsOf(answer)).to.deep.equal([[NOT_COMPARED, 'the fingerprint has no pictures to compare by']])
    expect([compared, asked]).to.deep.equal([[], []])
  })

  it('passes over a record that was rolled back since it was proposed', async () => {
    const { find, compared } = await setUp([long(1, 1), long(2, 1)], {
      votes: [[vote(0, 0), vote(500, 500)], [vote(0, 0)]],
      prepare: ({ catalogue, rows: [row] }) => catalogue.drop(row!),
    })
    expect(limitsOf(await find(5_000))).to.have.length(1)
    expect(compared).to.have.length(1)
  })

  it('compares with the publisher’s alone that was asked for', async () => {
    const both = [vote(0, 0)]
    const { find, compared, keys } = await setUp([long(1, 1), long(2, 1)], { votes: [both, both] })
    await find(5_000, { publisher: 2 })
    expect(compared.map(({ key }) => key)).to.deep.equal([keys[1]])
  })

  it('compares with a limited number, a trusted publisher’s and the oldest among them', async () => {
    const count = COMPARED.films.all + 8
    const originals = Array.from({ length: count }, (_, i) => long(i + 1, 1))
    const votes = originals.map((_, i) => [vote(0, 0, { share: i === 0 || i === 5 ? 0.5 : 1 })])
    const { find, compared, keys, told } = await setUp(originals, { votes, trusted: [6] })
    await find(5_000)
    expect(compared.length).to.be.at.most(COMPARED.films.all)
    expect(compared.map(({ key }) => key)).to.include.members([keys[0], keys[5]])
    expect(told).to.deep.equal(told.toSorted((a, b) => a - b))
    expect(told).to.have.length(compared.length - 1)
    expect(Math.max(...told)).to.be.below(1)
  })

  it('of which one is too much to compare says so, and finds the others', async () => {
    const setting: Setting = { votes: [[vote(0, 0)], [vote(0, 0)]] }
    const { find, keys } = await setUp([long(1, 1), long(2, 1)], setting)
    setting.byHash = { kind: 'found', found: [foundByHash(keys[0]!)] }
    setting.examine = async ({ key }) => {
      if (key === keys[0]) throw TOO_MUCH
      return examined(key)
    }
    expect(limitsOf(await find(5_000))).to.deep.equal([[], [NOT_COMPARED, 'the comparison broke down']])
  })

  it('fails where nothing was found, and a comparison broke down', async () => {
    const { find } = await setUp([long(1, 1)], { votes: [[vote(0, 0)]], examine: () => Promise.reject(TOO_MUCH) })
    expect(await find(5_000).catch((error) => error)).to.equal(TOO_MUCH)
  })

  it('ends with the question', async () => {
    const asker = new AbortController()
    const { find, compared } = await setUp([long(1, 1), long(2, 1)], {
      votes: [[vote(0, 0)], [vote(0, 0)]],
      examine: (_original, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
          setImmediate(() => asker.abort(new Error('nobody asks any more')))
        }),
    })
    expect(await find(5_000, { signal: asker.signal }).catch(String)).to.equal('Error: nobody asks any more')
    expect(compared).to.have.length(1)
  })
})

describe('a lookup of a video among others', () => {
  const scenes = edited(4_000, shot(1), shot(2), shot(3))
  const fingerprintOf = (seed: number, frames: Frame[], durationMs: number): Fingerprint =>
    video(seed, 0, { frames, durationMs })

  it('finds the original of a clip, and each of two originals of a compilation', async () => {
    const films = [scenes, edited(4_000, shot(11), shot(12)), shot(21)]
    const originals = films.map((film, i) => fingerprintOf(i + 1, originalFrames(film, 8_000), 8_000))
    const { catalogue, blocks, rows } = await recordsOf(originals)
    const matcher = createMatcher()
    const failures: unknown[] = []
    const onError = (error: unknown) => failures.push(error)
    const sync = createSync({ deployment: DEPLOYMENT, catalogue, blocks, matcher, onError })
    await sync.start()
    await sync.settled()
    expect(failures).to.deep.equal([])
    const lookup = createFilmLookup({
      matcher,
      blocks,
      stretches: createStretches({ blocks, fetch: null }),
      examineFilm: async (candidate, among) => examineFilm(candidate, among),
      trusted: new Set(),
    })
    const find = async (...[of, durationMs]: Parameters<typeof candidateOf>) => {
      const { film, frames } = candidateOf(noisy(of), durationMs)
      const answer = await lookup.find(fingerprintOf(99, frames, durationMs), film, {
        rows: createRows(catalogue),
        signal: SIGNAL,
        onProgress: () => {},
      })
      return answer.kind === 'found' ? answer.found : []
    }
    const keyOf = (i: number) => Buffer.from(rows[i]!.recordId).toString('hex')

    const [clip, ...others] = await find(from(scenes, 4_400), 3_000)
    expect(others).to.deep.equal([])
    expect([clip!.key, clip!.relation]).to.deep.equal([keyOf(0), 'excerpt'])
    expect(clip!.segments[0]!.original.startMs).to.be.closeTo(4_400, 100)

    const pieces = joined({ of: films[0]!, startMs: 4_000, ms: 4_000 }, { of: films[1]!, startMs: 0, ms: 4_000 })
    const both = await find(pieces, 8_000)
    expect(both.map(({ key }) => key)).to.have.members([keyOf(0), keyOf(1)])
    expect(both.map(({ relation }) => relation)).to.deep.equal(['composite', 'composite'])
    expect(await find(shot(31), 4_000)).to.deep.equal([])
  })
})
