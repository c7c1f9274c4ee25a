/** A decoder that fell to a file: it does what the text in the "media" says, and tells how it went as if it were a fault
 * of the media. */
import { spawn } from 'node:child_process'
import { openSync, readdirSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { connect, Socket } from 'node:net'
import { createInterface } from 'node:readline'

const channel = new Socket({ fd: 4 })

const deeds: Record<string, (to: string) => unknown> = {
  connect: (port) =>
    new Promise<void>((resolve, reject) => {
      connect(Number(port), '127.0.0.1', () => resolve()).on('error', reject)
    }),
  read: (path) => readFileSync(path, 'latin1'),
  list: (path) => readdirSync(path).join(' '),
  write: (path) => writeFileSync(path, 'written'),
  kill: (pid) => process.kill(Number(pid), 'SIGTERM'),
  start: () => {
    spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })
    return new Promise(() => {})
  },
  open: () => {
    let opened = 0
    try {
      for (; ; opened++) openSync(process.execPath, 'r')
    } catch (error) {
      throw new Error(`${String(error)} after ${opened}`)
    }
  },
  // It answers as it should, and then goes on by itself.
  linger: () =>
    setTimeout(() => {
      for (;;);
    }, 10),
}

async function tell(order: string, rest: string): Promise<string> {
  try {
    return `done: ${await deeds[order]!(rest)}`
  } catch (error) {
    return String(error)
  }
}

const HASHES = new Array(8).fill('0'.repeat(64))
const media = {
  kind: 'image',
  mediaType: 'image/png',
  width: 1,
  height: 1,
  durationMs: null,
  picture: { orientations: HASHES, reduced: HASHES, quality: 0, local: '', evidence: '' },
  frames: [],
}

channel.write('{"ready":true}\n')
for await (const line of createInterface({ input: channel })) {
  const bytes = Buffer.alloc(JSON.parse(line).byteLength)
  readSync(3, bytes, 0, bytes.length, 0)
  const [order, rest] = bytes.toString().split(/:(.*)/s)
  const detail = await tell(order!, rest ?? '')
  const answer = order === 'linger' ? { media } : { error: { code: 'media.undecodable', detail } }
  channel.write(`${JSON.stringify(answer)}\n`)
}
