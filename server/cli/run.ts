/** The program that bin/firsthand.mjs starts. */
import { run } from './main.ts'

process.exitCode = await run(process.argv.slice(2))
