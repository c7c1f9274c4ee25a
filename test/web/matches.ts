/** One match as the server answers it, and what it is made of. */
import type { Match, Relation } from '../../server/web/client/wire.ts'

export const hex = (seed: number, digits = 64) =>
  Array.from({ length: digits }, (_, i) => ((seed * 7919 + i * 104_729) % 16).toString(16)).join('')

export const anchor = (seed: number, finality = 'local') => ({
  chain: finality === 'local' ? 'eip155:31337' : 'eip155:10',
  contract: `0x${hex(seed, 40)}`,
  transaction: `0x${hex(seed + 1)}`,
  block: 11 + seed,
  finality,
})

export const pixels = { width: 1920, height: 1080 }

export const publisher = { id: 1, name: 'Development newsroom', domain: 'newsroom.example', trust: 'unverified' }

export function match(relation: Relation, changes: Partial<Match> = {}): Match {
  return {
    recordId: `0x${hex(3)}`,
    relation,
    similarity: relation === 'identical' ? 100 : 97,
    distanceBits: relation === 'identical' ? null : 6,
    original: {
      contentDigest: hex(4),
      kind: 'image',
      title: 'Two kayaks at the jetty, early morning',
      ...pixels,
      durationS: null,
    },
    publisher,
    registeredAt: '2026-11-20T10:00:00Z',
    state: 'active',
    disowned: null,
    supersession: null,
    anchor: anchor(1),
    segments: [],
    placement: null,
    findings: [],
    limits: relation === 'same_content' || relation === 'excerpt' ? ['not compared for alterations'] : [],
    transforms: relation === 'identical' ? [] : ['re-encoded', 'resized', 'mirrored'],
    ...changes,
  }
}

/** Records with this id have no evidence to show. */
export const HIDDEN = `0x${hex(17)}`

export const region = (x: number, y: number, w: number, h: number) => ({ x, y, w, h })
