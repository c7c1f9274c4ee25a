/** A decoder program for the tests of the pool: it does what the text in the "media" says. */
import { readSync } from 'node:fs'
import { Socket } from 'node:net'
import { createInterface } from 'node:readline'

const channel = new Socket({ fd: 4 })
channel.on('close', () => process.kill(process.pid, 'SIGKILL'))

const HASHES = new Array(8).fill('0'.repeat(64))

/** What `answer` answers: a picture as wide as the process has had jobs. */
const picture = (width: number) => ({
  kind: 'image',
  mediaType: 'image/png',
  width,
  height: 1,
  durationMs: null,
  picture: { orientations: HASHES, reduced: HASHES, quality: 0, local: '', evidence: '' },
  frames: [],
})

let jobs = 0
const held: Buffer[] = []

async function obey(order: string, rest: string): Promise<void> {
  if (order === 'answer') say({ media: picture(jobs) })
  if (order === 'twice') for (let i = 0; i < 2; i++) say({ media: picture(jobs) })
  if (order === 'refuse') say({ error: { code: 'media.undecodable', detail: 'an orderly refusal' } })
  if (order === 'view') {
    const seen = { ...picture(jobs), view: { width: 4, height: 3, colour: false } }
    say({ media: { ...seen, picture: { ...seen.picture, evidence: null } } })
    // In two pieces, as a pipe may bring them.
    const samples = Uint8Array.from({ length: Number(rest) }, (_, i) => 10 + i)
    channel.write(samples.subarray(0, 7))
    setTimeout(() => channel.write(samples.subarray(7)), 5)
  }
  if (order === 'crash') process.abort()
  if (order === 'throw') throw new Error('a defect of the decoder')
  if (order === 'say') channel.write(`${rest}\n`)
  if (order === 'flood') for (;;) await new Promise((done) => channel.write('x'.repeat(65_536), done))
  if (order === 'eat') for (;;) await eat(16)
  if (order === 'swell') {
    await eat(Number(rest))
    say({ media: picture(jobs) })
  }
  if (order === 'mutter') {
    say({ media: picture(jobs) })
    // No end of line: whoever waits for one keeps all of it.
    for (;;) await new Promise((done) => setTimeout(() => channel.write('x'.repeat(1024), done), 5))
  }
  if (order === 'progress') {
    for (const progress of [0.25, 0.5, 1]) say({ progress })
    say({ media: picture(jobs) })
  }
  if (order === 'creep') {
    for (let i = 1; i <= 10; i++) {
      await new Promise((done) => setTimeout(done, Number(rest)))
      say({ progress: i / 10 })
    }
    say({ media: picture(jobs) })
  }
  if (order === 'spin') for (;;) jobs = jobs & 1023
  // 'hang' does nothing at all.
}

const say = (answer: object) => channel.write(`${JSON.stringify(answer)}\n`)

async function eat(mebibytes: number): Promise<void> {
  held.push(Buffer.alloc(mebibytes * 2 ** 20, 1))
  await new Promise((done) => setTimeout(done, 5))
}

channel.write('{"ready":true}\n')
for await (const line of createInterface({ input: channel })) {
  jobs++
  const bytes = Buffer.alloc(JSON.parse(line).byteLength)
  readSync(3, bytes, 0, bytes.length, 0)
  const [order, rest] = bytes.toString().split(/:(.*)/s)
  await obey(order!, rest ?? '')
}
