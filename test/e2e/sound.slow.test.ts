/** A sound as a WAV file, and copies of it that were cut and spoken over, from their bytes to the answer over HTTP; and a video with another voice. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { SOUND_SAMPLE_RATE } from '../../server/fingerprint/index.ts'
import type { LookupView } from '../../server/registry/views.ts'
import { joined, seconds, voice, withNoise } from '../fingerprint/sounds.ts'
import { makeTrack, wavOf } from '../fingerprint/tracks.ts'
import { run, type ServerProcess, startServerProcess, temporaryFolder } from './server.ts'

const LENGTH_S = 30
const speech = voice(1, LENGTH_S)

const toneOf = (samples: Float32Array) => (s: number) => samples[Math.round(s * SOUND_SAMPLE_RATE)] ?? 0
const wav = (samples: Float32Array) => wavOf(toneOf(samples), samples.length / SOUND_SAMPLE_RATE)
const spoken = (samples: Float32Array) =>
  makeTrack({
    format: 'mp4',
    encoder: 'aac',
    sound: toneOf(samples),
    seconds: 12,
    picture: { seconds: 12, startS: 0 },
  })

describe('a sound', () => {
  const folder = temporaryFolder()
  let server: ServerProcess
  before(async () => {
    const [sound, video] = [join(folder.path, 'speech.wav'), join(folder.path, 'talk.mp4')]
    writeFileSync(sound, wav(speech))
    writeFileSync(video, await spoken(voice(2, 12)))
    server = await startServerProcess(join(folder.path, 'data'))
    for (const file of [sound, video]) {
      const { code, stderr } = await run(['register', file], { server: server.url })
      expect(code, stderr).to.equal(0)
    }
  })
  after(async () => {
    await server?.stop()
    folder.remove()
  })

  async function lookUp(body: Buffer, type = 'audio/wav'): Promise<LookupView> {
    const init = { method: 'POST', body, headers: { 'content-type': type } }
    return (await (await fetch(`${server.url}/v1/lookups?wait=60`, init as RequestInit)).json()) as LookupView
  }

  it('is found by a part of it, with its place', async () => {
    const { verdict, matches, limits } = await lookUp(wav(withNoise(seconds(speech, 8, 20), 20)))
    expect(verdict).to.equal('excerpt')
    const [{ candidate, original }] = matches![0]!.segments as [(typeof matches)[0]['segments'][0]]
    expect(original.startS - candidate.startS).to.be.closeTo(8, 0.1)
    expect(matches![0]!.findings).to.deep.equal([])
    expect(limits).to.deep.equal([])
  })

  it('is altered where something else is said, and it is told when', async () => {
    const altered = joined(seconds(speech, 0, 10), voice(5, 5), seconds(speech, 15))
    const { verdict, matches, summary } = await lookUp(wav(altered))
    expect(verdict).to.equal('altered')
    const { channel, span } = matches![0]!.findings.find(({ kind }) => kind === 'replaced')!
    expect(channel).to.equal('audio')
    expect(span!.startS).to.be.closeTo(10, 0.5)
    expect(span!.endS).to.be.closeTo(15, 0.5)
    expect(summary).to.contain('but the sound is not that of the original from 0:10 to 0:15')
  })

  it('is told by the command, too', async () => {
    const file = join(folder.path, 'cut.wav')
    writeFileSync(file, wav(joined(seconds(speech, 0, 10), seconds(speech, 12))))
    const { stdout } = await run(['lookup', file], { server: server.url })
    expect(stdout).to.match(/^ALTERED$/m)
    expect(stdout).to.match(/of the original's sound are missing at 0:10/)
  })

  it('is found by the fingerprint that the command makes of a copy, which stays where it is', async () => {
    const copy = join(folder.path, 'copy.wav')
    writeFileSync(copy, wav(withNoise(seconds(speech, 8, 20), 20)))
    const { code, stdout, stderr } = await run(['fingerprint', '--json', copy])
    expect(code, stderr).to.equal(0)
    const body = JSON.stringify({ fingerprint: JSON.parse(stdout) })
    const { basis, verdict } = await lookUp(Buffer.from(body), 'application/json')
    expect({ basis, verdict }).to.deep.equal({ basis: 'client fingerprint', verdict: 'excerpt' })
  })

  it('of a video that is another is told apart from its picture', async () => {
    const { verdict, matches, summary } = await lookUp(await spoken(voice(6, 12)), 'video/mp4')
    expect(verdict).to.equal('altered')
    expect(matches![0]!.findings.map(({ channel, kind }) => [channel, kind])).to.deep.equal([['audio', 'replaced']])
    expect(summary).to.contain('The picture is unaltered; the sound is not that of the original')
  })

  it('of a stranger is not registered', async () => {
    expect((await lookUp(wav(voice(9, 15)))).verdict).to.equal('not_registered')
  })
})
