/** What an indexer does, as numbers for `/metrics`; -1 where nothing is known yet. */
import type { Indexer, IndexerState } from './indexer.ts'

export function indexGauges(indexer: Indexer) {
  const gauge = (help: string, read: (state: IndexerState) => number | null) => ({
    help,
    read: () => read(indexer.state()) ?? -1,
  })
  const final = (tag: 'safe' | 'finalized') => (state: IndexerState) =>
    state.final === 'local' ? null : state.final[tag]
  return {
    index_head_block: gauge('Last block in the index', ({ head }) => head?.number ?? null),
    index_chain_head_block: gauge('Youngest block of the node that is read from', ({ chainHead }) => chainHead),
    index_safe_block: gauge('Last block that is safe', final('safe')),
    index_finalized_block: gauge('Last block that is final', final('finalized')),
    index_lag_blocks: gauge('Blocks that the index is behind the chain', ({ lagBlocks }) => lagBlocks),
    index_lag_seconds: gauge('Seconds of the chain that the index is behind', ({ lagSeconds }) => lagSeconds),
    index_failing: gauge('1 while the last look at the chain failed', ({ lastError }) => (lastError ? 1 : 0)),
    index_nodes: gauge('Nodes that may be read from', ({ nodes }) => nodes.length),
    index_nodes_good: gauge(
      'Of these, those that last answered well',
      ({ nodes }) => nodes.filter(({ condition }) => condition === 'good').length,
    ),
  }
}
