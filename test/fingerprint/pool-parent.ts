/** A process with a pool, to be killed: decodes the file named first, says so, and stays. The second argument may name
 * another program. */
import { open } from 'node:fs/promises'
import { createDecoderPool } from '../../server/fingerprint/pool.ts'

const [path, program] = process.argv.slice(2)
const file = await open(path!, 'r')
const { size } = await file.stat()
const pool = createDecoderPool({ size: 1, ...(program ? { program: new URL(program) } : {}) })
const decoded = pool.decode(file, size)
if (!program) await decoded
setInterval(() => {
  if (pool.stats().processes > 0) console.log('ready')
}, 50)
