import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Cost, measure } from '../../scripts/gas/measure.ts'
import { render, tooDear } from '../../scripts/gas/render.ts'

describe('docs/gas.md', () => {
  let costs: Cost[]

  before(async () => {
    costs = await measure()
  })

  it('says what is measured, gas for gas', async () => {
    const page = await readFile(join(import.meta.dirname, '../../docs/gas.md'), 'utf8')
    for (const line of render(costs).trim().split('\n'))
      expect(page.split('\n'), 'run npm run gas, and see whether that is what was meant').to.include(line)
  })

  it('promises no less than the contracts keep', () => {
    expect(tooDear(costs)).to.deep.equal([])
    const dear = costs.map((cost) => ({ ...cost, gas: 2 * cost.gas }))
    expect(tooDear(dear)).to.have.length(4)
  })

  it('puts nothing below the floor that anybody pays', () => {
    for (const { name, gas, floor } of costs) if (floor !== null) expect(gas, name).to.be.at.least(floor)
  })
})
