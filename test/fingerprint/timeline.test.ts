import { expect } from 'chai'
import fc from 'fast-check'
import { createForesight, createTimeline } from '../../server/fingerprint/timeline.ts'

const MS = { timeBase: { num: 1, den: 1000 }, frameMs: 40, discontinuous: false }

/** Times of the frames that are chosen of frames at these times. */
function chosen(times: (number | null)[], timing = MS): number[] {
  const timeline = createTimeline(timing)
  return times
    .map((ms) => timeline.place(ms === null ? null : BigInt(ms), 0n))
    .filter((placed) => placed.chosen)
    .map((placed) => placed.timeMs)
}

const every = (stepMs: number, count: number, fromMs = 0) =>
  Array.from({ length: count }, (_, i) => fromMs + i * stepMs)

describe('the timeline of a video', () => {
  it('chooses the first frame at or after each half second', () => {
    expect(chosen(every(40, 40))).to.deep.equal([0, 520, 1000, 1520])
  })

  it('counts from the first frame', () => {
    expect(chosen(every(40, 40, 123_456))).to.deep.equal([0, 520, 1000, 1520])
    expect(chosen(every(40, 40, -700))).to.deep.equal([0, 520, 1000, 1520])
  })

  it('chooses no frame twice where they are rare', () => {
    expect(chosen([0, 1000, 2000, 5300])).to.deep.equal([0, 1000, 2000, 5300])
  })

  it('chooses by time and not by number where frames come irregularly', () => {
    expect(chosen([0, 100, 480, 520, 1300, 1400, 2600])).to.deep.equal([0, 520, 1300, 2600])
  })

  it('chooses the same frames whatever the ticks are', () => {
    for (const den of [1000, 12_800, 90_000, 1_000_000]) {
      const timeline = createTimeline({ ...MS, timeBase: { num: 1, den } })
      const times = Array.from({ length: 61 }, (_, i) => BigInt(Math.round((i * den) / 30)))
      const taken = times.map((pts) => timeline.place(pts, 0n)).flatMap((placed, i) => (placed.chosen ? [i] : []))
      expect(taken, `ticks of 1/${den} s`).to.deep.equal([0, 15, 30, 45, 60])
    }
  })

  it('goes by the frame rate where frames have no times', () => {
    expect(chosen(new Array(40).fill(null))).to.deep.equal([0, 520, 1000, 1520])
    expect(chosen([null, null, 80, 120, ...every(40, 20, 160)])).to.deep.equal([0, 520])
  })

  it('goes on where the clock starts anew', () => {
    expect(chosen([...every(100, 12), ...every(100, 12)])).to.deep.equal([0, 500, 1000, 1540, 2040])
  })

  it('closes a gap between two recordings in a transport stream, and keeps a pause elsewhere', () => {
    const times = [...every(100, 12), ...every(100, 4, 60_000)]
    expect(chosen(times, { ...MS, discontinuous: true })).to.deep.equal([0, 500, 1000])
    expect(chosen(times)).to.deep.equal([0, 500, 1000, 60_000])
  })

  it('says where a frame ends', () => {
    const timeline = createTimeline(MS)
    expect(timeline.place(0n, 100n).endMs).to.equal(100)
    expect(timeline.place(100n, 0n).endMs).to.equal(140)
  })
})

describe('foresight', () => {
  /** Frames in order of presentation, as packets in an order of decoding in which none moves by more than `depth`. */
  const streams = fc
    .record({
      gaps: fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 80 }),
      swaps: fc.array(fc.nat({ max: 3 }), { minLength: 80, maxLength: 80 }),
    })
    .map(({ gaps, swaps }) => {
      let ms = 0
      const shown = [0, ...gaps.map((gap) => (ms += gap))]
      const decoded = shown.map((_, i) => i)
      swaps.forEach((by, i) => {
        // A frame is decoded before those that are shown before it and refer to it.
        if (i + by < decoded.length && i % 4 === 0) decoded.splice(i, 0, ...decoded.splice(i + by, 1))
      })
      return { shown, decoded }
    })

  it('calls every chosen frame needed, and no other, when times are known', () => {
    fc.assert(
      fc.property(streams, ({ shown, decoded }) => {
        const foresight = createForesight<number>()
        // Each is decoded as many frames before it is shown as the stream reorders by.
        const dts = (slot: number) => (slot < 4 ? shown[0]! - (4 - slot) : shown[slot - 4]!)
        const fates = decoded.flatMap((frame, slot) => foresight.push(frame, shown[frame]!, dts(slot)))
        fates.push(...foresight.flush())
        expect(fates.map((fate) => fate.packet)).to.deep.equal(decoded)
        const needed = fates.filter((fate) => fate.needed).map((fate) => shown[fate.packet]!)
        expect(needed.toSorted((a, b) => a - b)).to.deep.equal(chosen(shown))
      }),
    )
  })

  it('calls everything needed when times are missing, or leap', () => {
    const missing = createForesight<number>()
    const fates = every(40, 30).flatMap((_, i) => missing.push(i, null, null))
    expect(fates.every((fate) => fate.needed)).to.equal(true)

    const leaping = createForesight<number>()
    const times = [...every(40, 30, 5000), ...every(40, 30)]
    const after = times.flatMap((ms, i) => leaping.push(i, ms, ms)).slice(30)
    expect(after.length).to.equal(30)
    expect(after.every((fate) => fate.needed)).to.equal(true)
  })

  it('holds no more than 33 packets', () => {
    const foresight = createForesight<number>()
    const out = every(40, 100).flatMap((_, i) => foresight.push(i, 1e6 + 40 * i, 0))
    expect(out.length).to.be.at.least(100 - 33)
  })
})
