import { expect } from 'chai'
import { type Measured, nearestByPdq, tableBeside } from '../../scripts/accuracy/beside.ts'
import { drawChart } from '../../scripts/accuracy/chart.ts'
import { alteredAgainstFalseAlarms, foundAgainstFalse, shareOf } from '../../scripts/accuracy/curves.ts'
import { between, withTables } from '../../scripts/accuracy/document.ts'
import { filmTable, frameSetOf, vpdqMatches } from '../../scripts/accuracy/films.ts'
import type { Result } from '../../scripts/accuracy/results.ts'
import type { Asked } from '../../scripts/strangers/results.ts'

const result = (of: Partial<Result>): Result => ({
  file: 'a.jpg',
  kind: 'image',
  set: 'generated',
  transform: 'crop_10',
  original: 'one.png',
  expected: 'derived',
  verdict: 'excerpt',
  found: true,
  falseAltered: false,
  ...of,
})

const word = (value: number) => new Uint8Array(32).fill(value)

describe('PDQ alone', () => {
  const originals = [
    { original: 'one.png', hash: word(0) },
    { original: 'two.png', hash: word(255) },
  ]
  const near = new Uint8Array(32).fill(255, 0, 3)

  it('finds the nearest original in any turn, within its threshold', () => {
    expect(nearestByPdq([word(15), near], 100, originals)).to.equal('one.png')
    expect(nearestByPdq([word(15), word(0b1111_0000)], 100, originals)).to.equal(null)
  })

  it('finds nothing of a picture with too little detail', () => {
    expect(nearestByPdq([word(0)], 49, originals)).to.equal(null)
  })

  it('stands beside ours for each transformation, and for strangers', () => {
    const results = [
      result({ file: 'a' }),
      result({ file: 'b' }),
      result({ file: 'c', transform: 'mirror', found: false }),
      result({ file: 'd', expected: 'none', original: null, falseMatch: false }),
      result({ file: 'e', kind: 'video' }),
    ]
    const measured: Measured[] = [
      { file: 'a', nearest: 'one.png', score: 80 },
      { file: 'b', nearest: 'two.png', score: 70 },
      { file: 'c', nearest: null, score: 3 },
      { file: 'd', nearest: 'one.png', score: null },
    ]
    expect(tableBeside(results, measured).split('\n').slice(2)).to.deep.equal([
      '| **all derived** | 3 | 33.3 | 66.7 |',
      '| generated:crop_10 | 2 | 50.0 | 100.0 |',
      '| generated:mirror | 1 | 0.0 | 0.0 |',
      '| strangers that match | 1 | 100.0 | 0.0 |',
    ])
  })
})

describe('vPDQ', () => {
  const frames = (...values: number[]) => values.map((value) => ({ hash: word(value), quality: 100 }))

  it('knows each frame once, and none that shows too little', () => {
    expect(frameSetOf(frames(1, 3, 1))).to.deep.equal([word(1), word(3)])
    expect(frameSetOf([...frames(1), { hash: word(3), quality: 49 }])).to.deep.equal([word(1)])
  })

  it('takes two videos for one where four fifths of either’s frames match', () => {
    const original = [0b1, 0b1111, 0b111111, 0b11110000, 255].map(word)
    expect(vpdqMatches(original.slice(0, 2), original)).to.equal(true)
    expect(vpdqMatches(original, original.slice(0, 2))).to.equal(true)
    const strange = word(0b10101010)
    expect(vpdqMatches([...original.slice(0, 4), strange], original)).to.equal(true)
    expect(vpdqMatches([...original.slice(0, 3), strange], original)).to.equal(false)
    expect(vpdqMatches([], original)).to.equal(false)
  })

  it('stands beside ours for each transformation, and for strangers', () => {
    const film = (of: Partial<Result>) => result({ kind: 'video', original: 'one.mp4', agrees: true, ...of })
    const results = [
      film({ file: 'a', transform: 'clip5', offsetErrorS: 0.1 }),
      film({ file: 'b', transform: 'clip5', offsetErrorS: 0.2, falseAltered: true, agrees: false }),
      film({ file: 'c', transform: 'overlay', falseAltered: null }),
      film({
        file: 'd',
        transform: 'face_patch',
        expected: 'altered',
        falseAltered: null,
        regionIou: 0.5,
        regionHit: true,
        spanIou: 0.75,
        spanHit: false,
      }),
      film({ file: 'e', expected: 'none', original: null, falseMatch: false }),
      film({ file: 'f', kind: 'image' }),
    ]
    const measured = results.map(({ file }) => ({
      file,
      matches: file === 'a' ? ['two.mp4', 'one.mp4'] : file === 'e' ? ['two.mp4'] : [],
    }))
    expect(filmTable(results, measured).split('\n').slice(2)).to.deep.equal([
      '| **all derived** | 3 | 33.3 | 100.0 | 66.7 | 50.0 | - | - | - | - | 0.15 |',
      '| generated:clip5 | 2 | 50.0 | 100.0 | 50.0 | 50.0 | - | - | - | - | 0.15 |',
      '| generated:overlay | 1 | 0.0 | 100.0 | 100.0 | - | - | - | - | - | - |',
      '| **all altered** | 1 | 0.0 | 100.0 | 100.0 | - | 0.50 | 100.0 | 0.75 | 0.0 | - |',
      '| generated:face_patch | 1 | 0.0 | 100.0 | 100.0 | - | 0.50 | 100.0 | 0.75 | 0.0 | - |',
      '| strangers that match | 1 | 100.0 | 0.0 | - | - | - | - | - | - | - |',
    ])
  })
})

describe('a curve', () => {
  it('has the exact interval of 95 %, on both sides', () => {
    const { share, low, high } = shareOf(3, 20)
    // Clopper and Pearson 1934.
    expect([share, low, high].map((value) => value.toFixed(4))).to.deep.equal(['0.1500', '0.0321', '0.3789'])
  })

  it('of what is found against strangers counts who reaches each score, by size', () => {
    const measured = [50, 9, null].map((score, i) => ({ file: String(i), nearest: null, score }))
    const nothing = { kind: 'found', matches: [], compared: 0, bestFile: null } as const
    const asked = [1, 7].map((bestScore, i): Asked => {
      const lookups = [10, 100].map((registered) => ({
        ...nothing,
        matches: [],
        registered,
        bestScore: bestScore * (registered / 10),
      }))
      return { file: String(i), quality: 100, lookups }
    })
    const curves = foundAgainstFalse(measured, asked)
    const at = (size: number, threshold: number) => curves.get(size)!.find((point) => point.threshold === threshold)!
    expect(at(10, 8).right.share).to.equal(1)
    expect(at(10, 8).wrong.share).to.equal(0)
    expect(at(100, 10).right.share).to.equal(0.5)
    expect(at(100, 10).wrong.share).to.equal(1)
  })

  it('of alterations leaves overlays out, and copies that show one', () => {
    const found = (...findings: { kind: string; score: number }[]) => ({ answer: { matches: [{ findings }] } })
    const points = alteredAgainstFalseAlarms([
      result({ expected: 'altered', ...found({ kind: 'region', score: 0.99 }), falseAltered: null }),
      result({ expected: 'altered', ...found({ kind: 'overlay', score: 0.998 }), falseAltered: null }),
      result({ ...found({ kind: 'region', score: 0.985 }) }),
      result({ ...found() }),
      result({ transform: 'logo', ...found({ kind: 'region', score: 0.998 }), falseAltered: null }),
    ])
    expect(points.map(({ threshold, right, wrong }) => [threshold, right.share, wrong.share])).to.deep.equal([
      [0.985, 0.5, 0.5],
      [0.99, 0.5, 0],
    ])
  })
})

describe('a chart', () => {
  const axis = { label: 'a < b', from: 1, to: 100, log: true, ticks: [1, 10, 100], format: String }
  const point = { x: 10, y: 10, xs: [0, 100] as [number, number], title: '"ten"' }
  const svg = drawChart({ title: 'A & B', x: axis, y: axis, series: [{ name: 'one', points: [point] }] })

  it('puts a point where its axes say, and its interval no further than the edge', () => {
    // Half way between both ends of a logarithmic axis: 70 to 700, and 340 to 44.
    expect(svg).to.include('<circle cx="385" cy="192" r="4">')
    expect(svg).to.include('<line x1="70" y1="192" x2="700" y2="192"/>')
  })

  it('says what it shows, on a dark page too', () => {
    expect(svg).to.include('aria-label="A &amp; B"').and.include('a &lt; b').and.include('&quot;ten&quot;')
    expect(svg).to.include('prefers-color-scheme:dark')
  })
})

describe('the document', () => {
  const table = (row: string) => `| what | n |\n|---|---|\n${row}`
  const before = `# A\n<!-- begin tables -->\n## image\nold, old.\n\n${table('| **all derived** | 3 |')}\n\n## video\n9 lookups, then.\n\n${table('| x | 9 |')}\n<!-- end tables -->\nafter\n`
  const printed = `registered 2 originals\n\n## image\n${table('| **all derived** | 5 |\n| a | 5 |\n| **all none** | 2 |')}\n\nlookups 7, errors 0\n`

  it('gets the tables of the kinds that were run, and keeps the others', () => {
    expect(withTables(before, printed, '2026-11-25')).to.equal(
      `# A\n<!-- begin tables -->\n## image\n7 lookups, 2026-11-25.\n\n${table('| **all derived** | 5 |\n| a | 5 |\n| **all none** | 2 |')}\n\n## video\n9 lookups, then.\n\n${table('| x | 9 |')}\n<!-- end tables -->\nafter\n`,
    )
  })

  it('is refused without its markers', () => {
    expect(() => between('# A\n', 'tables', 'x')).to.throw('docs/accuracy.md lacks its markers of tables')
  })
})
