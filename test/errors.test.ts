import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import * as z from 'zod'
import { describeIssues, ERRORS, type ErrorCode, RegistryError } from '../server/errors.ts'

const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')
const paragraphs = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((part) => {
      const [heading = '', ...text] = part.split('\n')
      return [heading.trim(), text.join(' ').trim()] as const
    }),
)

describe('docs/errors.md', () => {
  it('has a paragraph for each code of the table, in its order, and no other', () => {
    expect([...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).to.deep.equal(Object.keys(ERRORS))
  })

  for (const [code, { status, title, retry }] of Object.entries(ERRORS)) {
    it(`begins ${code} with its status and title`, () => {
      expect(paragraphs.get(code)).to.match(new RegExp(`^\\*\\*${status}\\*\\* · ${title}\\.`))
    })
    it(`says of ${code} in two or three sentences more what to do and whether trying again helps`, () => {
      const text = paragraphs.get(code)!.replace(/^\*\*.*?\*\*.*?\. {2}/, '')
      expect(text.match(/[.:](?= |$)/g), text).to.have.length.within(2, 5)
      expect(/Trying again (?:later )?(?:helps|may help)/.test(text), 'retry').to.equal(retry)
      if (!retry) expect(text).to.match(/[Tt]rying again .*not help/)
    })
  }
})

describe('RegistryError', () => {
  it('carries code, status, title, detail and cause', () => {
    const cause = new Error('disk')
    const error = new RegistryError('server.busy', 'no room', { cause, retryAfterS: 60 })
    expect(error).to.include({ code: 'server.busy', status: 503, message: 'no room', cause, retryAfterS: 60 })
    expect(error.title).to.equal(ERRORS['server.busy'].title)
    expect(error.name).to.equal('RegistryError')
  })

  it('has a status of 4xx or 5xx for every code, which may pass by itself only where it is a matter of time', () => {
    for (const [code, { status }] of Object.entries(ERRORS)) expect(status, code).to.be.within(400, 599)
    const retried = Object.keys(ERRORS).filter((code) => ERRORS[code as ErrorCode].retry)
    expect(retried).to.deep.equal([
      'request.timeout',
      'request.rate_limited',
      'fetch.timeout',
      'fetch.unreachable',
      'lookup.unfinished',
      'chain.unreachable',
      'server.busy',
    ])
  })
})

describe('describeIssues', () => {
  const shape = z.object({ frames: z.array(z.object({ quality: z.int().max(100) })) })
  const issuesOf = (value: unknown) => describeIssues(shape.safeParse(value).error!)

  it('names the field, on one line', () => {
    expect(issuesOf({ frames: [{ quality: 1 }, { quality: 101 }] })).to.match(/^frames\[1\]\.quality: [^\n]*100[^\n]*$/)
  })

  it('tells the first three of ten thousand faults and counts the others', () => {
    const text = issuesOf({ frames: Array(10_000).fill({ quality: 101 }) })
    expect(text.match(/quality/g)).to.have.length(3)
    expect(text).to.match(/; and 9997 more$/)
  })

  it('says what is expected of a value as a whole', () => {
    expect(issuesOf(3)).to.match(/^Invalid input: expected object/)
  })
})
