/** The program that bin/firsthand.mjs starts. */
import { run } from './main.ts'

// Whoever read has gone (`| head`): what is under way is finished all the same, as nothing may be half done.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })

process.exitCode = await run(process.argv.slice(2))
