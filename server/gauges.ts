/** What a monitor reads beside the durations of requests. docs/operations.md explains each; a test holds it to that. */
import { type Indexer, indexGauges } from './chain/index.ts'
import type { Confinement, DecoderPool } from './fingerprint/index.ts'
import type { Gauges } from './http/index.ts'
import type { Matcher } from './matching/index.ts'
import type { Registry } from './registry/index.ts'

interface Parts {
  indexer: Indexer
  matcher: Matcher
  pool: DecoderPool
  registry: Registry
}

export function gauges({ indexer, matcher, pool, registry }: Parts): Gauges {
  return {
    ...indexGauges(indexer),
    originals: { help: 'Registered originals that can be found by likeness', read: () => matcher.size().originals },
    hashes: { help: 'Perceptual hashes in the index', read: () => matcher.size().hashes },
    blocks_waiting: {
      help: 'Manifests and lists that are asked for at gateways, or will be',
      read: () => registry.fetching()?.waiting ?? 0,
    },
    blocks_fetched: {
      help: 'Manifests and lists that came since the start',
      read: () => registry.fetching()?.fetched ?? 0,
    },
    blocks_given_up: {
      help: 'Times that one was not had and left to the next sweep, since the start',
      read: () => registry.fetching()?.failed ?? 0,
    },
    decoders_busy: { help: 'Decoder processes at work', read: () => pool.stats().busy },
    decoders_started: { help: 'Decoder processes started', read: () => pool.stats().started },
    decoders_failed: { help: 'Files that no decoder could read', read: () => pool.stats().failed },
    decoders_confined: {
      help: '1 if decoders have no network and see no files but their program; 0 otherwise, or before the first starts',
      read: () => (isApart(pool.stats().confinement) ? 1 : 0),
    },
    decoders_queued: { help: 'Files that wait for a decoder', read: () => registry.load().waiting },
    decoders_refused: {
      help: 'Files that were refused since the start because too many waited for a decoder',
      read: () => registry.load().refused,
    },
    decode_seconds: { help: 'What a file took lately', read: () => registry.load().meanMs / 1000 },
    lookups_running: { help: 'Lookups under way, waiting ones too', read: () => registry.load().lookups },
  }
}

/** Whether decoders have no network and see no files but their program. */
export const isApart = (given: Confinement | null) => given?.files === 'program' && given.namespaces.includes('net')
