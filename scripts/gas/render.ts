/** The measured tables as Markdown, and what they must not exceed. Pure. */
import type { Cost } from './measure.ts'

interface Limit {
  name: string
  items: number
  /** Gas of an item. */
  most: number
}

/** What was promised for a picture, which has two words. */
const LIMITS: Limit[] = [
  { name: 'register, 2 words', items: 1, most: 85_000 },
  { name: 'registerMany, 2 words', items: 100, most: 58_000 },
  { name: 'registerLogged, 2 words', items: 100, most: 7_500 },
  { name: 'registerRoots, a batch of 8,192', items: 1, most: 75_000 },
]

const number = (value: number) => Math.round(value).toLocaleString('en-US')
const row = (...cells: string[]) => `| ${cells.join(' | ')} |`

function limitOf({ name, items }: Cost): Limit | undefined {
  return LIMITS.find((limit) => limit.name === name && limit.items === items)
}

/** Rows that cost more than was promised. */
export function tooDear(costs: readonly Cost[]): string[] {
  return costs
    .filter((cost) => cost.gas / cost.items > (limitOf(cost)?.most ?? Number.POSITIVE_INFINITY))
    .map(({ name, items, gas }) => `${name}: ${number(gas / items)} each of ${items}`)
}

export function render(costs: readonly Cost[]): string {
  const head = [
    row('what', 'items', 'gas', 'gas an item', 'floor an item', 'at most'),
    row('---', '---:', '---:', '---:', '---:', '---:'),
  ]
  const lines = costs.map((cost) => {
    const { name, items, gas, floor } = cost
    const most = limitOf(cost)?.most
    return row(
      name,
      number(items),
      number(gas),
      number(gas / items),
      floor === null ? '' : number(floor / items),
      most ? number(most) : '',
    )
  })
  return `${[...head, ...lines].join('\n')}\n`
}
