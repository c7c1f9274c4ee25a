/** A program: creates an empty cluster in the directory of its first argument, and ends. A process of its own, for initdb
 *  leaves half a gigabyte behind in the memory of the one that runs it. */
import { closeSync, fsyncSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { startPglite } from './pglite-start.ts'

function sync(path: string): void {
  const descriptor = openSync(path, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
}

const directory = process.argv[2]
if (!directory) throw new TypeError('expected a directory as the first argument')
const pglite = await startPglite(directory)
await pglite.close()
for (const entry of readdirSync(directory, { recursive: true, encoding: 'utf8' })) sync(join(directory, entry))
sync(directory)
process.exit(0)
