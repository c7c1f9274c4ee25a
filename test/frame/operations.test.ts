import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { gauges } from '../../server/gauges.ts'

const ROOT = join(import.meta.dirname, '../..')
const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8')
const dashboard = readFileSync(join(ROOT, 'docs/dashboard.json'), 'utf8')

/** Nothing is read from the parts before a monitor asks. */
const own = [...Object.keys(gauges({} as never)).map((name) => `firsthand_${name}`), 'firsthand_http_request_seconds']

const named = (text: string) =>
  [...new Set(text.match(/\bfirsthand_[a-z_]+/g))].map((name) => name.replace(/_(bucket|count|sum)$/, ''))

describe('the metrics', () => {
  it('are each explained in docs/operations.md, and nothing else is', () => {
    const explained = [...page.matchAll(/^\| `(firsthand_[a-z_]+)` \|/gm)].map(([, name]) => name)
    expect(explained).to.have.members(own)
  })

  it('are the only ones that the page and the dashboard name', () => {
    expect(own).to.include.members(named(page))
    expect(own).to.include.members(named(dashboard))
  })

  it('of the dashboard stand in panels, each with a title and a query', () => {
    const { panels } = JSON.parse(dashboard) as { panels: { title: string; targets: { expr: string }[] }[] }
    expect(panels.length).to.be.greaterThan(5)
    for (const { title, targets } of panels) {
      expect(title).to.not.equal('')
      expect(
        targets.every(({ expr }) => /firsthand_|process_/.test(expr)),
        title,
      ).to.equal(true)
    }
  })
})
