/** What a catalogue is: the same facts of the one in memory, in PGlite and in PostgreSQL. */
import { type Catalogue, createCatalogue } from '../../server/catalogue/index.ts'
import { defineAnchorFacts } from './anchor-facts.ts'
import { defineAnswerFacts } from './answer-facts.ts'
import { describeOnDatabases } from './databases.ts'
import { type MadeChain, madeChain } from './made.ts'
import { memoryCatalogue } from './memory-catalogue.ts'
import { defineSinkFacts } from './sink-facts.ts'

describe('the catalogue, in memory', () => {
  defineFacts(async () => ({ catalogue: memoryCatalogue(), dispose: async () => {} }))
})

describeOnDatabases('the catalogue', (open) => {
  defineFacts(async () => {
    const { db, dispose } = await open()
    return { catalogue: createCatalogue(db), dispose }
  })
})

function defineFacts(open: () => Promise<{ catalogue: Catalogue; dispose(): Promise<void> }>): void {
  let catalogue: Catalogue
  let dispose: () => Promise<void>
  let chain: MadeChain

  before(async function () {
    this.timeout(120_000)
    ;({ catalogue, dispose } = await open())
  })
  after(() => dispose())
  beforeEach(async () => {
    await catalogue.rollback(-1)
    chain = madeChain()
  })

  defineSinkFacts(() => ({ catalogue, chain }))
  defineAnswerFacts(() => ({ catalogue, chain }))
  describe('anchors', () => defineAnchorFacts(() => ({ catalogue, chain })))
}
