/** What strangers wrote, on its way through everything that this program puts out. Each list is compared with what there is, so that a
 *  new output is not forgotten. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { toHex0x } from '../../server/bytes.ts'
import { manifestCid, toDocument } from '../../server/fingerprint/index.ts'
import { openApi } from '../../server/http/openapi.ts'
import { firsthand } from '../cli/capture.ts'
import { decodeAnything, type Served, serve } from '../http/harness.ts'
import { OBEYED, type Stranger, strangerOf, TEXTS } from './stranger.ts'

/** How each address that is read gets something of a stranger into its answer. */
const READ: Record<string, (of: Stranger) => string> = {
  '/v1/records': ({ publisher }) => `/v1/records?publisher=${publisher.publisherId}`,
  '/v1/records/{recordId}': ({ record }) => `/v1/records/${toHex0x(record.recordId)}`,
  '/v1/records/{recordId}/manifest': ({ record }) => `/v1/records/${toHex0x(record.recordId)}/manifest`,
  '/v1/publishers/{id}': ({ publisher }) => `/v1/publishers/${publisher.publisherId}`,
  '/v1/status': () => '/v1/status',
  '/readyz': () => '/readyz',
  '/healthz': () => '/healthz',
  '/metrics': () => '/metrics',
}
/** Read below: they need a lookup, or are bytes that nobody shows; or a picture, in which there is no text. */
const ELSEWHERE = [
  '/v1/lookups/{id}',
  '/v1/lookups/{id}/events',
  '/v1/lookups/{id}/report',
  '/v1/records/{recordId}/evidence',
  '/ipfs/{cid}',
]

/** Commands that show what others wrote, with their arguments. */
const SHOWN: Record<string, (of: Stranger, file: string) => string[]> = {
  record: ({ record }) => ['record', toHex0x(record.recordId)],
  publisher: ({ publisher }) => ['publisher', String(publisher.publisherId)],
  status: () => ['status'],
  lookup: (_, file) => ['lookup', file],
}
/** Commands that tell what this machine did, in words of ours; what they quote goes through `print`, as everything does (below). */
const OWN = [
  'audit',
  'backup',
  'block',
  'fingerprint',
  'help',
  'rebuild',
  'register',
  'restore',
  'revoke',
  'serve',
  'supersede',
]

describe('what strangers wrote', function () {
  this.timeout(60_000)
  let server: Served
  let strangers: Stranger[]
  let current: Stranger

  before(async () => {
    strangers = await Promise.all(TEXTS.map((text, i) => strangerOf(text, i + 1)))
    current = strangers[0]!
    server = await serve({
      publishers: strangers.map(({ publisher }) => publisher),
      decode: async (...args) => ({ ...(await decodeAnything(...args)), ...mediaOf(current) }),
    })
    for (const { record, blocks } of strangers) {
      await server.blocks.put(blocks)
      server.catalogue.insert(record)
    }
  })
  after(() => server.close())

  const mediaOf = ({ fingerprint: { picture } }: Stranger) => ({ picture })

  async function lookUp(of: Stranger): Promise<Response> {
    const body = JSON.stringify({ fingerprint: toDocument(of.fingerprint) })
    return fetch(`${server.url}/v1/lookups`, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
  }

  /** Every text in it, wherever it is. */
  function textsIn(value: unknown): string[] {
    if (typeof value === 'string') return [value]
    return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsIn) : []
  }

  it('is read at every address that the document has', () => {
    const paths = openApi('1').paths as Record<string, { get?: object }>
    const read = Object.keys(paths).filter((path) => paths[path]!.get)
    expect([...Object.keys(READ), ...ELSEWHERE]).to.have.members(read)
  })

  it('comes back from JSON as it was, and is nothing to a terminal that shows the JSON', async () => {
    for (const stranger of strangers)
      for (const [path, at] of Object.entries(READ)) {
        const response = await fetch(server.url + at(stranger))
        const text = await response.text()
        expect(response.status, path).to.be.oneOf([200, 503])
        expect(text, path).not.to.match(OBEYED)
        if (path.includes('record'))
          expect(textsIn(JSON.parse(text)), path).to.include(
            stranger.text.toWellFormed().slice(0, 300) === stranger.text
              ? stranger.text
              : stranger.record.publisherName?.toWellFormed(),
          )
      }
  })

  it('is in a lookup as it was, in a summary without what could forge it, and in one event of a stream', async () => {
    for (const stranger of strangers) {
      const response = await lookUp(stranger)
      const text = await response.text()
      expect(text).not.to.match(OBEYED)
      const { summary, matches } = JSON.parse(text) as { summary: string; matches: { original: { title: string } }[] }
      expect(stranger.text.toWellFormed().startsWith(matches[0]!.original.title)).to.equal(true)
      expect(summary).not.to.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      expect(summary.match(/[“”]/g), summary).to.deep.equal(['“', '”'])
      expect(summary.match(/unverified/g), summary).to.have.length.at.least(1)
      expect(summary.length).to.be.below(700)
      const stream = await (await fetch(`${server.url}${response.headers.get('location')}/events`)).text()
      expect(stream).not.to.match(OBEYED)
      expect(stream).to.match(/^event: done\ndata: [^\n\r]+\n\n$/)
    }
  })

  it('is in a report without markup, turns no line of it, and begins no sentence of ours', async () => {
    const tags = /<(\/?[a-z0-9]+)(?: [a-z-]+="[^"<>]*")*>/g
    for (const stranger of strangers) {
      const report = await fetch(`${server.url}${(await lookUp(stranger)).headers.get('location')}/report`)
      const html = await report.text()
      expect(report.status).to.equal(200)
      expect(html).not.to.match(OBEYED)
      // Tags of ours and style taken away, nothing of markup is left: what a stranger wrote has none.
      const text = html.replace(/<!doctype html>|<style>[\s\S]*?<\/style>/g, '').replace(tags, '')
      expect(text).not.to.match(/[<>]/)
      expect(html).not.to.match(/<(?:script|img|iframe|a|form)\b/)
      expect(html).to.match(/<strong><bdi>.*<\/bdi><\/strong> \(publisher \d+\); unverified/)
      expect(html.length).to.be.below(25_000)
    }
  })

  it('is no header of a block that is served', async () => {
    for (const { record } of strangers) {
      const response = await fetch(`${server.url}/ipfs/${manifestCid(record.manifestDigest)}?format=raw`)
      expect(response.status).to.equal(200)
      expect(response.headers.get('content-disposition')).to.match(/^attachment; filename="[a-z0-9]+\.bin"$/)
      expect(response.headers.get('x-content-type-options')).to.equal('nosniff')
    }
  })

  it('stays out of pages that are made here', async () => {
    for (const path of ['/', '/docs', '/docs/errors', '/openapi.json']) {
      const text = await (await fetch(server.url + path)).text()
      for (const { text: of } of strangers.filter((one) => one.text.length > 9)) expect(text, path).not.to.contain(of)
    }
  })

  it('is quoted in an error on one line, and makes no name of a metric and no line of the log', async () => {
    for (const { text } of strangers) {
      const encoded = encodeURIComponent(text.toWellFormed())
      for (const path of [
        `/v1/records?kind=${encoded}`,
        `/v1/records/${encoded}`,
        `/v1/lookups/${encoded}`,
        `/${encoded}`,
      ]) {
        const body = await (await fetch(server.url + path)).text()
        expect(body).not.to.match(OBEYED)
        const { detail } = JSON.parse(body) as { detail?: string }
        expect(detail ?? '').not.to.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      }
    }
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    for (const line of metrics.trimEnd().split('\n'))
      expect(line).to.match(/^($|# |[a-z_0-9]+(\{[^{}]*\})? [-+\d.e]+$|[a-z_0-9]+(\{[^{}]*\})? Nan$)/i)
    const routes = new Set([...metrics.matchAll(/route="([^"]*)"/g)].map(([, route]) => route))
    expect([...routes].filter((route) => !/^(none|[\w/:.*-]+)$/.test(route!))).to.deep.equal([])
    expect(server.lines.join('')).not.to.match(OBEYED)
    expect(server.lines.every((line) => line.endsWith('}\n') && line.indexOf('\n') === line.length - 1)).to.equal(true)
  })

  it('is shown by every command that there is, or is nothing to it', async () => {
    const help = (await firsthand('--help')).out
    const commands = [...help.matchAll(/^ {2}([a-z]+)(?: |$)/gm)].map(([, name]) => name!)
    expect([...Object.keys(SHOWN), ...OWN]).to.include.members(commands)
  })

  it('has one way to a terminal: no other file of the server writes there', () => {
    const server = join(import.meta.dirname, '../../server')
    const files = readdirSync(server, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
    const writing = files.filter((path) =>
      /console\.|std(?:out|err)\.write/.test(readFileSync(join(server, path), 'utf8')),
    )
    expect(writing).to.have.members(['main.ts', 'cli/terminal.ts'])
  })

  it('moves nothing on a terminal, and begins no line there', async () => {
    const file = join(server.directory, 'candidate.jpg')
    for (const [i, stranger] of strangers.entries()) {
      current = stranger
      writeFileSync(file, `some media ${stranger.publisher.publisherId}`)
      for (const [name, argumentsFor] of Object.entries(SHOWN)) {
        // A lookup is waited for in steps of 200 ms.
        if (name === 'lookup' && i % 5 > 0) continue
        const args = [...argumentsFor(stranger, file), '--server', server.url]
        const { code, out, err } = await firsthand(...args)
        expect([code, err], name).to.deep.equal([0, ''])
        expect(out, name).not.to.match(OBEYED)
        expect(
          out.split('\n').filter((line) => /^(?:IDENTICAL|X-Injected|event:)/.test(line)),
          name,
        ).to.deep.equal([])
        const json = (await firsthand(...args, '--json')).out
        expect(json, name).not.to.match(OBEYED)
        JSON.parse(json)
      }
    }
  })

  it('of a server that lies is told as an error on one line', async () => {
    const { err, code } = await firsthand('record', 'x\x1b[2J\nregistered y', '--server', server.url)
    expect(code).to.equal(1)
    expect(err).not.to.match(OBEYED)
    expect(err.trimEnd().split('\n')).to.have.length(1)
  })
})
