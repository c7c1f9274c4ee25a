/** `npm run fuzz:media -- --files 10000 [--seed N] [--server URL] [--keep DIRECTORY] [--replace]`: broken pictures, videos and sounds. */
import { mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { DEFAULT_LIMITS } from '../server/fingerprint/job.ts'
import { createDecoderPool } from '../server/fingerprint/pool.ts'
import { fuzzMedia, problemOf, type Target } from '../test/fuzz/media-fuzz.ts'

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    server: { type: 'string' },
    keep: { type: 'string' },
    /** Replace a decoder after every refusal, as a server does: ten times slower. */
    replace: { type: 'boolean', default: false },
  },
})

const size = availableParallelism()
const pool = createDecoderPool({
  size,
  limits: { ...DEFAULT_LIMITS, timeoutS: 20 },
  replaceAfterRefusal: values.replace,
})

const byPool: Target = async (file, open) => {
  const opened = await open()
  try {
    return await pool.decode(opened.fd, file.bytes.length)
  } finally {
    await opened.close()
  }
}

const byServer: Target = async ({ bytes }) => {
  const headers = { 'content-type': 'application/octet-stream' }
  const response = await fetch(`${values.server}/v1/lookups?wait=60`, {
    method: 'POST',
    headers,
    body: new Uint8Array(bytes),
  })
  const body = await response.json()
  if (!response.ok) throw problemOf(body)
  return body
}

if (values.keep) mkdirSync(values.keep, { recursive: true })
const startedAt = performance.now()
const files = Number(values.files)
const report = await fuzzMedia({
  files,
  seed: Number(values.seed),
  abreast: 2 * size,
  target: values.server ? byServer : byPool,
  keep: values.keep,
  onProgress: (done) => {
    if (done % 1000 === 0) console.error(`${done} of ${files} after ${seconds()} s`)
  },
})
const { confinement, started } = pool.stats()
await pool.close()

console.log(
  JSON.stringify({ files, seed: Number(values.seed), seconds: seconds(), started, confinement, ...report }, null, 2),
)
process.exitCode = report.faults.length > 0 ? 1 : 0

function seconds(): number {
  return Math.round((performance.now() - startedAt) / 1000)
}
