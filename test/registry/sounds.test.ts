import { expect } from 'chai'
import { RegistryError } from '../../server/errors.ts'
import {
  anchoredWords,
  type CandidateSound,
  type Fingerprint,
  fromDocument,
  PrintMaker,
  type Sound,
  toDocument,
  writeManifest,
} from '../../server/fingerprint/index.ts'
import { createMatcher, examineSound, type Found } from '../../server/matching/index.ts'
import { createRows } from '../../server/registry/rows.ts'
import { createSoundLookup, type SoundOptions } from '../../server/registry/sounds.ts'
import { createSync } from '../../server/registry/sync.ts'
import { sound, video } from '../fingerprint/make.ts'
import { joined, seconds, silence, voice, withNoise } from '../fingerprint/sounds.ts'
import { DEPLOYMENT, memoryBlocks, memoryCatalogue, recordOf } from './fakes.ts'

const NOTHING = { title: null, text: null, sourceUrl: null, derivedFrom: null }

function heard(samples: Float32Array, use: 'original' | 'candidate', startS = 0): Sound {
  const maker = new PrintMaker(startS, use)
  maker.push(samples)
  return { prints: maker.finish(), tracks: 1, damaged: false, readable: true }
}

const SILENT: Sound = { prints: null, tracks: 1, damaged: false, readable: true }
const LENGTH_S = 40
const speech = voice(1, LENGTH_S)
const durationMs = 1_000 * LENGTH_S

const registered = (seed: number, samples: Float32Array): Fingerprint => ({
  ...sound(seed),
  durationMs,
  sound: heard(samples, 'original'),
})
const footage = (seed: number, of: Sound | null | undefined): Fingerprint => ({
  ...video(seed, 2 * LENGTH_S),
  ...(of !== undefined && { sound: of }),
})
const asked = (samples: Float32Array, kind: 'audio' | 'video' = 'audio'): Fingerprint => ({
  ...(kind === 'audio' ? sound(99) : video(99, 4)),
  sound: heard(samples, 'candidate'),
})

async function registryOf(...originals: Fingerprint[]) {
  const [catalogue, blocks, matcher] = [memoryCatalogue(), memoryBlocks(), createMatcher()]
  const onError = (error: unknown) => {
    throw error
  }
  const sync = createSync({ deployment: DEPLOYMENT, catalogue, blocks, matcher, onError })
  await sync.start()
  const rows = []
  for (const [i, of] of originals.entries()) {
    const manifest = await writeManifest(of, NOTHING)
    await blocks.hold(manifest.root, manifest.blocks, null)
    const { algorithm, words } = anchoredWords(of)
    const row = recordOf(of, i + 1, {
      publisherId: i + 1,
      manifestDigest: manifest.digest,
      algorithm,
      perceptualHashes: words,
    })
    catalogue.insert(row)
    await sync.settled()
    rows.push(row)
  }
  const keys = rows.map(({ recordId }) => Buffer.from(recordId).toString('hex'))
  let compared = 0
  let broken = (_: number) => false
  const lookup = createSoundLookup({
    matcher,
    blocks,
    examineSound: async (candidate, original, proposals) => {
      compared++
      if (broken(compared)) throw new RegistryError('server.internal', 'a comparison broke down')
      return examineSound(candidate, original, proposals)
    },
    trusted: new Set(),
  })
  const find = async (candidate: Fingerprint, seen: Found[] = [], options: Partial<SoundOptions> = {}) => {
    const signal = new AbortController().signal
    const answer = await lookup.find(candidate, seen, { rows: createRows(catalogue), signal, ...options })
    return answer.kind === 'found' ? answer.found : answer.reason
  }
  const one = async (...args: Parameters<typeof find>): Promise<Found> => {
    const found = await find(...args)
    if (typeof found === 'string' || found.length !== 1)
      throw new Error(`expected one match, got ${JSON.stringify(found)}`)
    const { heard: _, ...said } = found[0]!
    return said
  }
  return {
    catalogue,
    sync,
    matcher,
    rows,
    keys,
    find,
    one,
    compared: () => compared,
    breakAt(which: (nth: number) => boolean) {
      broken = which
    },
  }
}

/** As a comparison of pictures says of all of a video. */
const seenWhole = (key: string, change: Partial<Found> = {}): Found => ({
  key,
  relation: 'same_content',
  distanceBits: null,
  orientation: null,
  way: null,
  likeness: 1,
  explained: 1,
  transforms: [],
  segments: [
    {
      candidate: { startMs: 0, endMs: durationMs },
      original: { startMs: 0, endMs: durationMs },
      speed: 1,
      placement: null,
    },
  ],
  placement: null,
  findings: [],
  limits: [],
  ...change,
})

const told = ({ findings }: Found) => findings.map(({ channel, kind }) => `${channel ?? 'video'} ${kind}`)

describe('a lookup of a sound', () => {
  it('finds the whole of an original with noise on it, unchanged', async () => {
    const { one, keys } = await registryOf(registered(1, speech), registered(2, voice(2, LENGTH_S)))
    const found = await one(asked(withNoise(speech, 20)))
    expect(found).to.include({ key: keys[0], relation: 'same_content' })
    expect(found.explained).to.be.above(0.9)
    expect(found.findings).to.deep.equal([])
    expect(found.limits).to.deep.equal([])
  })

  it('hands over what is to be heard of each original that was read, of sounds and of videos', async () => {
    const whole = heard(speech, 'original')
    const { find, keys } = await registryOf(registered(1, speech), footage(2, whole))
    const found = await find(asked(withNoise(speech, 20), 'video'), [seenWhole(keys[1]!)])
    if (typeof found === 'string') throw new Error(found)
    expect(found.map(({ heard }) => heard?.levels.length)).to.deep.equal([
      whole.prints!.levels.length,
      whole.prints!.levels.length,
    ])
  })

  it('finds a part of it, where it is', async () => {
    const { one } = await registryOf(registered(1, speech))
    const found = await one(asked(seconds(speech, 12, 24)))
    expect(found.relation).to.equal('excerpt')
    const [{ candidate, original }] = found.segments as [Found['segments'][0]]
    expect((original.startMs - candidate.startMs) / 1_000).to.be.closeTo(12, 0.1)
  })

  it('finds and compares what a client listened to, as if it had the sound', async () => {
    const { one } = await registryOf(registered(1, speech))
    const part = { ...asked(joined(seconds(speech, 5, 12), voice(8, 3), seconds(speech, 15, 25))), durationMs: 20_000 }
    const sent = fromDocument(JSON.parse(JSON.stringify(toDocument(part))))
    expect(await one(sent)).to.deep.equal(await one(part))
    expect(told(await one(sent))).to.deep.equal(['audio replaced'])
  })

  it('tells which seconds are not of the original', async () => {
    const { one } = await registryOf(registered(1, speech))
    const found = await one(asked(joined(seconds(speech, 0, 15), voice(5, 6), seconds(speech, 21))))
    expect(found.relation).to.equal('altered')
    const { startMs, endMs } = found.findings.find(({ kind }) => kind === 'replaced')!.span!
    expect(startMs / 1_000).to.be.closeTo(15, 0.5)
    expect(endMs / 1_000).to.be.closeTo(21, 0.5)
  })

  it('finds nothing for a stranger', async () => {
    const { find } = await registryOf(registered(1, speech), registered(2, voice(2, LENGTH_S)))
    expect(await find(asked(voice(7, 20)))).to.deep.equal([])
  })

  it('says why it found nothing where there is nothing to tell it by', async () => {
    const { find } = await registryOf(registered(1, speech))
    const saying = (of: Sound | null) => find({ ...sound(9), sound: of })
    expect(await saying(SILENT)).to.match(/^too featureless to compare/)
    expect(await saying({ ...SILENT, readable: false })).to.equal('its sound cannot be decoded')
    expect(await saying(null)).to.equal('the fingerprint has no sound to compare by')
    expect(await saying(heard(speech, 'original'))).to.match(/those of an original/)
  })

  it('searches what was asked for only', async () => {
    const { find, keys } = await registryOf(registered(1, speech), registered(2, speech))
    const keysOf = async (options: Partial<SoundOptions>) => {
      const found = await find(asked(seconds(speech, 5, 20)), [], options)
      return typeof found === 'string' ? found : found.map(({ key }) => key)
    }
    expect(await keysOf({})).to.have.members(keys)
    expect(await keysOf({ publisher: 2 })).to.deep.equal([keys[1]])
    expect(await keysOf({ kind: 'video' })).to.deep.equal([])
  })

  it('no longer finds what was rolled back', async () => {
    const { find, catalogue, sync, matcher, rows } = await registryOf(registered(1, speech))
    expect(matcher.size().soundBytes).to.be.above(0)
    catalogue.drop(rows[0]!)
    await sync.settled()
    expect(matcher.proposeSounds(asked(speech).sound!.prints as CandidateSound)).to.deep.equal([])
    expect(await find(asked(speech))).to.deep.equal([])
  })

  it('compares no more records than are chosen, however many have the same loop', async () => {
    const loop = voice(3, 6)
    const { find, compared } = await registryOf(...Array.from({ length: 30 }, (_, i) => registered(i, loop)))
    const found = await find(asked(loop))
    expect(compared()).to.be.at.most(12)
    expect(found).to.have.length(compared())
  })
})

describe('a comparison of sounds that breaks down', () => {
  it('does not hide what is found beside it, and is told where nothing is', async () => {
    const { find, breakAt } = await registryOf(registered(1, speech), registered(2, speech))
    breakAt((nth) => nth === 1)
    expect(await find(asked(speech))).to.have.length(1)
    breakAt(() => true)
    const error = await find(asked(speech)).catch((thrown: RegistryError) => thrown)
    expect(error).to.have.property('code', 'server.internal')
  })

  it('leaves a video as it was seen', async () => {
    const { one, keys, breakAt } = await registryOf(footage(1, heard(speech, 'original')))
    breakAt(() => true)
    const found = await one(asked(speech, 'video'), [seenWhole(keys[0]!)])
    expect(found).to.deep.equal(seenWhole(keys[0]!, { limits: ['sound not compared'] }))
  })
})

describe('the sound of a video', () => {
  const whole = heard(speech, 'original')

  it('that follows its picture says nothing', async () => {
    const { one, keys } = await registryOf(footage(1, whole))
    expect(await one(asked(withNoise(speech, 20), 'video'), [seenWhole(keys[0]!)])).to.deep.equal(seenWhole(keys[0]!))
  })

  it('that is of another voice is replaced', async () => {
    const { one, keys } = await registryOf(footage(1, whole))
    const found = await one(asked(voice(8, LENGTH_S), 'video'), [seenWhole(keys[0]!)])
    expect(found.relation).to.equal('altered')
    expect(told(found)).to.deep.equal(['audio replaced'])
    const part = joined(seconds(speech, 0, 10), voice(9, 8), seconds(speech, 18))
    expect(told(await one(asked(part, 'video'), [seenWhole(keys[0]!)]))).to.deep.equal(['audio replaced'])
  })

  it('that comes later than its picture is shifted, and by how much', async () => {
    const { one, keys } = await registryOf(footage(1, whole))
    const found = await one(asked(joined(silence(0.4), seconds(speech, 0, LENGTH_S - 0.4)), 'video'), [
      seenWhole(keys[0]!),
    ])
    expect(found.relation).to.equal('altered')
    expect(told(found)).to.include('audio shifted')
    expect(found.findings.find(({ kind }) => kind === 'shifted')!.offsetS).to.be.closeTo(0.4, 0.05)
  })

  it('that is gone, or was not there before, is a transform', async () => {
    const { one, keys } = await registryOf(footage(1, whole), footage(2, null), footage(3, SILENT))
    const mute = (of: Sound | null): Fingerprint => ({ ...video(99, 4), sound: of })
    for (const without of [null, SILENT]) {
      const found = await one(mute(without), [seenWhole(keys[0]!)])
      expect(found).to.deep.equal(seenWhole(keys[0]!, { transforms: ['sound removed'] }))
      expect(await one(mute(without), [seenWhole(keys[1]!)])).to.deep.equal(seenWhole(keys[1]!))
    }
    expect(await one(asked(voice(6, 10), 'video'), [seenWhole(keys[1]!)])).to.deep.equal(
      seenWhole(keys[1]!, { transforms: ['sound added'] }),
    )
  })

  it('that is a voice on a track on which nothing was to be heard is replaced, while it is heard', async () => {
    const { one, keys } = await registryOf(footage(3, SILENT))
    const found = await one(asked(joined(silence(8), voice(6, 10), silence(20)), 'video'), [seenWhole(keys[0]!)])
    expect([found.relation, told(found)]).to.deep.equal(['altered', ['audio replaced']])
    const { startMs, endMs } = found.findings[0]!.span!
    expect(startMs).to.be.closeTo(8_000, 600)
    expect(endMs).to.be.closeTo(18_000, 600)
    const short = asked(joined(silence(8), voice(6, 0.5), silence(20), voice(7, 0.5), silence(9)), 'video')
    expect(told(await one(short, [seenWhole(keys[0]!)]))).to.deep.equal([])
  })

  it('is not compared where one of both says nothing of it', async () => {
    const unread: Sound = { ...SILENT, readable: false }
    const { one, keys } = await registryOf(footage(1, whole), footage(2, undefined), footage(3, unread))
    const limited = (key: string) => seenWhole(key, { limits: ['sound not compared'] })
    for (const said of [unread, whole])
      expect(await one({ ...video(99, 4), sound: said }, [seenWhole(keys[0]!)])).to.deep.equal(limited(keys[0]!))
    expect(await one(video(99, 4), [seenWhole(keys[0]!)])).to.deep.equal(limited(keys[0]!))
    for (const key of keys.slice(1))
      expect(await one(asked(voice(6, 10), 'video'), [seenWhole(key)])).to.deep.equal(limited(key))
  })

  it('of which too little is heard to be another one is not compared', async () => {
    const { one, keys } = await registryOf(footage(1, whole))
    const found = await one(asked(joined(silence(20), voice(6, 1.2), silence(18)), 'video'), [seenWhole(keys[0]!)])
    expect(found).to.deep.equal(seenWhole(keys[0]!, { limits: ['sound not compared'] }))
  })

  it('says nothing of what lies beside the stretches that the picture follows', async () => {
    const { one, keys } = await registryOf(footage(1, whole))
    const [segment] = seenWhole('').segments as [Found['segments'][0]]
    const half = { startMs: 0, endMs: 20_000 }
    const seen = seenWhole(keys[0]!, {
      relation: 'composite',
      segments: [{ ...segment, candidate: half, original: half }],
    })
    const found = await one(asked(joined(seconds(speech, 0, 20), voice(6, 20)), 'video'), [seen])
    expect(found.relation).to.equal('composite')
    expect(found.findings).to.deep.equal([])
  })

  it('is found where no picture is, as what it is', async () => {
    const { one, keys } = await registryOf(registered(1, speech))
    const found = await one(asked(seconds(speech, 3, 30), 'video'))
    expect(found).to.include({ key: keys[0], relation: 'composite' })
    expect(found.limits).to.deep.equal(['only its sound was compared'])
    expect(found.explained).to.be.at.most(0.5)
  })

  it('is found in a sound', async () => {
    const { one, keys } = await registryOf(footage(1, whole))
    const found = await one(asked(speech))
    expect(found).to.include({ key: keys[0], relation: 'excerpt' })
    expect(found.limits).to.deep.equal(['only its sound was compared'])
  })

  it('that is of another record is told beside', async () => {
    const { find, keys } = await registryOf(footage(1, whole), registered(2, voice(4, LENGTH_S)))
    const found = (await find(asked(voice(4, LENGTH_S), 'video'), [seenWhole(keys[0]!)])) as Found[]
    expect(found.map(({ key, relation }) => [key, relation])).to.deep.equal([
      [keys[0], 'altered'],
      [keys[1], 'composite'],
    ])
  })
})
