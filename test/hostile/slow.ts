/** Uploads that come so slowly that they would never end. They begin with the test, and are asked about at its end. */
import { connect } from 'node:net'
import { type Answer, lastAnswer } from './client.ts'

/** Milliseconds. Longer than the server waits for a byte (20 s), or for a kilobyte a second (30 s). */
const LIMIT_MS = 60_000
const DRIP_MS = 1_000

const post = (path: string, type: string) =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: 100000\r\n\r\n`

const FORM = '--b\r\nContent-Disposition: form-data; name="media"; filename="a"\r\n\r\nabc'

const SLOW: { name: string; start: string; drips: boolean }[] = [
  { name: 'headers that stall', start: 'POST /v1/lookups HTTP/1.1\r\nHost: local', drips: false },
  { name: 'headers that drip', start: 'POST /v1/lookups HTTP/1.1\r\nHost: localhost\r\nX-A: ', drips: true },
  { name: 'a file that does not begin', start: post('/v1/lookups', 'image/jpeg'), drips: false },
  { name: 'a file that stalls', start: `${post('/v1/lookups', 'image/jpeg')}abc`, drips: false },
  { name: 'a file that drips', start: `${post('/v1/lookups', 'image/jpeg')}abc`, drips: true },
  {
    name: 'a form that stalls',
    start: `${post('/v1/lookups', 'multipart/form-data; boundary=b')}${FORM}`,
    drips: false,
  },
  { name: 'a form that drips', start: `${post('/v1/lookups', 'multipart/form-data; boundary=b')}${FORM}`, drips: true },
  { name: 'a fingerprint that drips', start: `${post('/v1/lookups', 'application/json')}{`, drips: true },
  { name: 'a CAR that stalls', start: `${post('/v1/registrations', 'application/vnd.ipld.car')}abc`, drips: false },
]

export function slowUploads(port: number) {
  const answers = SLOW.map(({ start, drips }) => drip(port, start, drips))
  return {
    identities: SLOW.map(({ start, drips }) => `${start}${drips}`),
    /** What `check` finds wrong with the answers, when all are in. */
    async faults(check: (answer: Pick<Answer, 'status' | 'headers' | 'body'>) => string[]): Promise<string[]> {
      const texts = await Promise.all(answers)
      return texts.flatMap((text, i) => {
        const answer = lastAnswer(text)
        const faults = answer ? check(answer) : ['is missing']
        return faults.map((fault) => `the answer to ${SLOW[i]!.name} ${fault}`)
      })
    },
  }
}

function drip(port: number, start: string, drips: boolean): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(start))
    const dripping = drips ? setInterval(() => socket.write('a'), DRIP_MS) : undefined
    const limit = setTimeout(() => socket.destroy(), LIMIT_MS)
    socket.setEncoding('latin1').on('error', () => {})
    socket.on('data', (data) => {
      text += data
      clearInterval(dripping)
    })
    socket.on('close', () => {
      clearInterval(dripping)
      clearTimeout(limit)
      resolve(text)
    })
  })
}
