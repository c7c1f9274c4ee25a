import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { ROOT, run, startServerProcess, temporaryFolder } from './server.ts'

const HILLS = join(ROOT, 'examples/hills.jpg')
const COPY = join(ROOT, 'examples/hills-copy.webp')
const CROSSING = join(ROOT, 'examples/crossing.mp4')
const CLIP = join(ROOT, 'examples/crossing-clip.webm')

async function lookup(server: string, file: string) {
  const answer = await run(['lookup', file, '--json'], { server })
  expect(answer.code, answer.stderr).to.equal(0)
  return JSON.parse(answer.stdout)
}

async function records(server: string) {
  return ((await (await fetch(`${server}/v1/records`)).json()) as { records: unknown[] }).records
}

describe('a local registry', () => {
  const folder = temporaryFolder()
  after(() => folder.remove())

  it('keeps records, their anchors and manifests over an orderly stop', async () => {
    const first = await startServerProcess(folder.path)
    const registered = await run(['register', HILLS, CROSSING, '--title', 'A title', '--json'], { server: first.url })
    expect(registered.code, registered.stderr).to.equal(0)
    const before = await records(first.url)
    expect(before).to.have.length(2)
    expect(await first.stop()).to.equal(0)

    const second = await startServerProcess(folder.path)
    expect(await records(second.url)).to.deep.equal(before)
    expect(await lookup(second.url, COPY)).to.include({ verdict: 'same_content' })
    expect(await lookup(second.url, CLIP)).to.include({ verdict: 'excerpt' })
    await second.kill()
  })

  it('keeps them over kill -9, and a new registration goes on from there', async () => {
    const server = await startServerProcess(folder.path)
    expect(await records(server.url)).to.have.length(2)
    const again = await run(['register', HILLS, '--json'], { server: server.url })
    expect(JSON.parse(again.stdout)).to.include({ status: 'already_registered', transaction: null })
    const more = await run(['register', COPY, '--json'], { server: server.url })
    expect(JSON.parse(more.stdout)).to.include({ status: 'registered' })
    const answer = await lookup(server.url, COPY)
    // Both are as old and as trusted: equal bytes explain better.
    expect(answer).to.include({ verdict: 'identical', conflict: null })
    expect(answer.matches).to.have.length(2)
    await server.kill()
  })

  it('begins anew with --fresh', async () => {
    const server = await startServerProcess(folder.path, ['--fresh'])
    expect(await records(server.url)).to.deep.equal([])
    expect(await lookup(server.url, HILLS)).to.include({
      verdict: 'not_registered',
      summary: 'No registered original was found for this picture. That says nothing about whether it is genuine.',
    })
    await server.stop()
  })

  it('refuses a second server in the same folder, and says which one has it', async () => {
    const server = await startServerProcess(folder.path)
    const second = await startServerProcess(folder.path).then(
      () => 'started',
      (error: Error) => error.message,
    )
    expect(second).to.match(/another server \(process \d+\) uses the folder/)
    await server.stop()
  })

  it('forgets a lookup on request, and keeps no candidate', async () => {
    const server = await startServerProcess(folder.path)
    const body = readFileSync(COPY)
    const { id } = (await (await fetch(`${server.url}/v1/lookups`, { method: 'POST', body })).json()) as { id: string }
    expect((await fetch(`${server.url}/v1/lookups/${id}`, { method: 'DELETE' })).status).to.equal(204)
    expect((await fetch(`${server.url}/v1/lookups/${id}`)).status).to.equal(404)
    await server.stop()
  })
})
