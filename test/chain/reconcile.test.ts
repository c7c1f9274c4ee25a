import { expect } from 'chai'
import fc from 'fast-check'
import { equalBytes } from '../../server/bytes.ts'
import type { BlockHeader } from '../../server/chain/events.ts'
import { narrow, nextProbe, reconcile, searchBelow, type View } from '../../server/chain/reconcile.ts'

/** A header of one of several forks: forks differ from block `since` on. */
function header(number: number, fork = 0, since = 0): BlockHeader {
  const hash = (of: number) => new Uint8Array(32).fill(of >= since ? fork + 1 : 0).with(31, of & 0xff)
  return { number, hash: hash(number), parentHash: hash(number - 1), time: number }
}

const view = (changes: Partial<View>): View => ({
  stored: header(10),
  latest: header(12),
  anchor: header(10),
  atAnchor: header(10),
  startBlock: 3,
  patient: false,
  ...changes,
})

const empty = { stored: null, anchor: null, atAnchor: null }

describe('reconcile', () => {
  it('appends from the start block to an empty index', () => {
    expect(reconcile(view(empty))).to.deep.equal({ kind: 'append', from: 3, to: 12 })
  })

  it('waits for the start block', () => {
    expect(reconcile(view({ ...empty, latest: header(2) }))).to.deep.equal({ kind: 'wait', why: 'up to date' })
  })

  it('appends what is above a head that is the node’s', () => {
    expect(reconcile(view({}))).to.deep.equal({ kind: 'append', from: 11, to: 12 })
  })

  it('waits when the head is the node’s youngest block', () => {
    expect(reconcile(view({ latest: header(10) }))).to.deep.equal({ kind: 'wait', why: 'up to date' })
  })

  it('looks for the ancestor when the head is another block than the node’s', () => {
    const decision = reconcile(view({ atAnchor: header(10, 1) }))
    expect(decision).to.deep.equal({ kind: 'fork', search: searchBelow(10) })
  })

  it('waits when the node lacks the block to compare by', () => {
    expect(reconcile(view({ atAnchor: null }))).to.deep.equal({ kind: 'wait', why: 'node lacks a block' })
  })

  describe('when the node is behind', () => {
    const behind = { latest: header(8), anchor: header(7), atAnchor: header(7) }

    it('waits as long as there is patience', () => {
      expect(reconcile(view({ ...behind, patient: true }))).to.deep.equal({ kind: 'wait', why: 'node is behind' })
    })

    it('rolls back to what both have once patience ends', () => {
      expect(reconcile(view(behind))).to.deep.equal({ kind: 'rollback', to: 7 })
    })

    it('empties the index when nothing stored is low enough', () => {
      const young = { latest: header(1), anchor: null, atAnchor: null }
      expect(reconcile(view({ ...young, patient: true }))).to.deep.equal({ kind: 'wait', why: 'node is behind' })
      expect(reconcile(view(young))).to.deep.equal({ kind: 'rollback', to: -1 })
    })

    it('needs no patience when its chain is another one', () => {
      const decision = reconcile(view({ ...behind, atAnchor: header(7, 1), patient: true }))
      expect(decision).to.deep.equal({ kind: 'fork', search: searchBelow(7) })
    })
  })
})

describe('the search for the common ancestor', () => {
  /** Runs the search. @returns its answer and how many probes it took. */
  function search(stored: BlockHeader[], since: number) {
    let found = searchBelow(stored.at(-1)!.number)
    let probes = 0
    for (let at = nextProbe(found); at !== null; at = nextProbe(found), probes++) {
      const there = stored.findLast((one) => one.number <= at) ?? null
      found = narrow(found, at, there, !!there && equalBytes(there.hash, header(there.number, 1, since).hash))
    }
    return { ancestor: found.ancestor, probes }
  }

  it('finds the youngest stored header that the node has, as a walk from the top does', () => {
    const numbers = fc.uniqueArray(fc.nat({ max: 5_000 }), { minLength: 1, maxLength: 60 })
    const same = fc.property(numbers, fc.nat({ max: 5_001 }), (list, anySince) => {
      const top = Math.max(...list)
      const since = Math.min(anySince, top)
      const stored = list.sort((a, b) => a - b).map((number) => header(number, 0, since))
      const expected = stored.findLast((one) => one.number < since) ?? null
      expect(search(stored, since).ancestor).to.deep.equal(expected)
    })
    fc.assert(same, { numRuns: 2_000, seed: 1 })
  })

  it('takes one probe for a fork of one block, and about twice the logarithm for a deep one', () => {
    const stored = Array.from({ length: 100_001 }, (_, number) => header(number))
    const probes = (since: number) => {
      let found = searchBelow(100_000)
      let count = 0
      for (let at = nextProbe(found); at !== null; at = nextProbe(found), count++)
        found = narrow(found, at, stored[at]!, at < since)
      expect(found.ancestor?.number).to.equal(since - 1)
      return count
    }
    expect(probes(100_000)).to.equal(1)
    expect(probes(50_000)).to.be.at.most(34)
    expect(probes(1)).to.be.at.most(34)
  })
})
