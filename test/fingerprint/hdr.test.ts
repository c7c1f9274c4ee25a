import { expect } from 'chai'
import { FROM_HLG, FROM_PQ } from '../../server/fingerprint/hdr.ts'

describe('high dynamic range', () => {
  it('keeps black, rises, and ends at white', () => {
    for (const curve of [FROM_PQ, FROM_HLG]) {
      expect(curve[0]).to.equal(0)
      expect(curve[255]).to.equal(255)
      expect(curve.every((value, i) => i === 0 || curve[i - 1]! <= value)).to.equal(true)
    }
  })

  // BT.2408, table 1: 18 % grey card and white of a face in ordinary range, in codes of PQ and HLG.
  it('puts a grey card and white where ordinary range has them, nearly', () => {
    const [pq, hlg] = [
      [0.38, 0.58],
      [0.38, 0.75],
    ].map((codes) => codes.map((code) => Math.round(255 * code)))
    expect(FROM_PQ[pq![0]!]).to.be.within(95, 130)
    expect(FROM_PQ[pq![1]!]).to.be.within(180, 230)
    expect(FROM_HLG[hlg![0]!]).to.be.within(95, 130)
    expect(FROM_HLG[hlg![1]!]).to.be.within(180, 230)
  })
})
