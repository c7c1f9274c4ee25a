/** Local hashes: what they cost a picture, and a search among those of 100,000 pictures. */
import type { LocalFeatures } from '../../server/fingerprint/index.ts'
import { createLocalIndex, fitFeatures, type LocalIndex, prepareFeatures } from '../../server/matching/index.ts'
import { drawFeatures, SCENES } from './drawn.ts'
import { generator } from './hamming.ts'
import type { Row } from './table.ts'

const PICTURES = 100_000
const QUERIES = 100
/** Records among which the original is counted as found: more than a lookup compares. */
const COMPARED = 20
/** Of 256 features, how many a copy shares with its original; a corner of 70 % keeps 60 of those of a photograph. */
const SHARED = 60

export function benchLocal(): Row[] {
  const random = generator(5)
  const { featuresOf: records, scene } = drawFeatures()
  const index = createLocalIndex()
  const buildS = cpuS(() => {
    for (let number = 0; number < PICTURES; number++) index.add(records(number), number)
  })
  const copies = Array.from({ length: QUERIES }, (_, i) => {
    const number = i * Math.floor(PICTURES / QUERIES)
    return { number, features: copyOf(records(number), scene(random), random) }
  })
  return [...searchRows(index, copies, buildS), fitRow(records, copies)]
}

interface Copy {
  number: number
  features: LocalFeatures
}

function searchRows(index: LocalIndex, copies: readonly Copy[], buildS: number): Row[] {
  let [first, among] = [0, 0]
  const querySeconds = copies.map(({ number, features }) =>
    cpuS(() => {
      const values = index.query(features, COMPARED).map(({ value }) => value)
      first += Number(values[0] === number)
      among += Number(values.includes(number))
    }),
  )
  const median = querySeconds.sort((a, b) => a - b)[QUERIES >> 1]!
  return [
    {
      what: `search by local hashes among ${PICTURES.toLocaleString('en')} pictures (drawn from ${SCENES} made ones, with an eighth of the bits flipped)`,
      ours: `${(1000 * median).toFixed(0)} ms of CPU`,
      peer: `first ${first}, among ${COMPARED} ${among} of ${QUERIES}`,
      beside: `found, of copies with ${SHARED} of 256 features in common`,
    },
    {
      what: 'building that index',
      ours: `${buildS.toFixed(1)} s, ${Math.round(index.size().bytes / PICTURES)} bytes a picture`,
      peer: '9,472 bytes a picture',
      beside: 'the hashes themselves, on disk',
    },
  ]
}

function fitRow(records: (number: number) => LocalFeatures, copies: readonly Copy[]): Row {
  const seconds = cpuS(() => {
    for (const { number, features } of copies) fitFeatures(prepareFeatures(features), records(number + 1))
  })
  return {
    what: 'a stranger compared by local hashes, as it is and mirrored',
    ours: `${((1000 * seconds) / QUERIES).toFixed(1)} ms of CPU`,
    peer: '-',
    beside: '-',
  }
}

/** Shares some features, of which each bit changes with a probability of a sixteenth, as real ones do; the others are a stranger's. */
function copyOf(record: LocalFeatures, stranger: LocalFeatures, random: () => number): LocalFeatures {
  const word = () => random() * 2 ** 32
  const words = stranger.words.slice()
  for (let w = 0; w < 8 * SHARED; w++) words[w] = record.words[w]! ^ (word() & word() & word() & word())
  return { ...stranger, words }
}

function cpuS(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}
