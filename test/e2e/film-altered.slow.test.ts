/** An encoded video, and copies of it that were cut out and patched, from their bytes to the answer over HTTP. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { PixelPlane } from '../../server/fingerprint/index.ts'
import type { LookupView } from '../../server/registry/views.ts'
import { each, edited, type Footage, from, patched, shot } from '../fingerprint/footage.ts'
import { makeVideo } from '../fingerprint/media.ts'
import { run, type ServerProcess, startServerProcess, temporaryFolder } from './server.ts'

type LookupMatch = NonNullable<LookupView['matches']>[0]
type LookupSegment = LookupMatch['segments'][0]

const MS = 8_000
const footage = edited(4_000, shot(1), shot(3))
const patch = { x: 72, y: 30, width: 44, height: 44 }
const other = shot(50)

const inColour = ({ data, ...size }: PixelPlane): PixelPlane => ({
  ...size,
  channels: 3,
  data: Uint8Array.from({ length: 3 * data.length }, (_, i) => data[Math.floor(i / 3)]!),
})

const encoded = (of: Footage, durationMs: number) =>
  makeVideo({
    format: 'mp4',
    encoder: 'libx264',
    width: 192,
    height: 108,
    frames: Array.from({ length: durationMs / 40 }, (_, i) => ({ picture: inColour(of(40 * i)), ms: 40 * i })),
  })

describe('an encoded video', () => {
  const folder = temporaryFolder()
  let server: ServerProcess
  before(async () => {
    const file = join(folder.path, 'original.mp4')
    writeFileSync(file, await encoded(footage, MS))
    server = await startServerProcess(join(folder.path, 'data'))
    const { code, stderr } = await run(['register', file], { server: server.url })
    expect(code, stderr).to.equal(0)
  })
  after(async () => {
    await server?.stop()
    folder.remove()
  })

  async function lookUp(of: Footage, durationMs: number): Promise<LookupView> {
    const init = { method: 'POST', body: await encoded(of, durationMs), headers: { 'content-type': 'video/mp4' } }
    return (await (await fetch(`${server.url}/v1/lookups?wait=60`, init as RequestInit)).json()) as LookupView
  }

  it('is found by a clip, with its place', async () => {
    const { verdict, matches } = await lookUp(from(footage, 2_600), 4_000)
    expect(verdict).to.equal('excerpt')
    expect(matches![0]!.segments).to.have.length(1)
    const [{ candidate, original, speed }] = matches![0]!.segments as [LookupSegment]
    expect([candidate.startS, speed]).to.deep.equal([0, 1])
    expect(original.startS).to.be.closeTo(2.6, 0.1)
    expect(matches![0]!.findings).to.deep.equal([])
  })

  it('is altered where something was put into its picture, and it is told where and when', async () => {
    const altered = each(footage, (picture, ms) => (ms >= 2_000 ? patched(picture, other(ms), patch) : picture))
    const { verdict, matches } = await lookUp(altered, MS)
    expect(verdict).to.equal('altered')
    const [{ kind, channel, region, span }] = matches![0]!.findings as [LookupMatch['findings'][0]]
    expect([kind, channel]).to.deep.equal(['region', 'video'])
    expect(span!.startS).to.be.closeTo(2, 1)
    expect(span!.endS).to.be.closeTo(8, 1)
    expect(region!.x + region!.w / 2).to.be.closeTo((patch.x + 22) / 192, 0.08)
    expect(region!.y + region!.h / 2).to.be.closeTo((patch.y + 22) / 108, 0.1)
  })
})
