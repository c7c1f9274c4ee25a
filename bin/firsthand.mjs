#!/usr/bin/env node
// Starts the command with a Node that is new enough. The program is TypeScript that Node runs as it is; in an installed package
// Node refuses to strip types, so strip.mjs does it there. There is no build, and what is published is what was tested.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const program = new URL('../server/cli/run.ts', import.meta.url)
const installed = fileURLToPath(program).includes(`${sep}node_modules${sep}`)
const newEnough = Number(process.versions.node.split('.')[0]) >= 24

if (newEnough && !installed) await import(program)
else start(newEnough ? process.execPath : nodeOfPackage())

/** The Node that npm installed for this platform, or undefined. */
function nodeOfPackage() {
  try {
    return createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/bin/node`)
  } catch {
    return undefined
  }
}

function start(node) {
  if (!node) {
    console.error(`firsthand needs Node 24 or newer, this is ${process.version}: install it from nodejs.org`)
    process.exitCode = 2
    return
  }
  const strip = ['--disable-warning=ExperimentalWarning', '--import', new URL('strip.mjs', import.meta.url).href]
  // As `npm start` has it: V8 takes 128 MB for new objects and does not give them back. Those of the server are requests, soon over.
  const args = [
    '--max-semi-space-size=8',
    ...(installed ? strip : []),
    fileURLToPath(program),
    ...process.argv.slice(2),
  ]
  const child = spawn(node, args, { stdio: 'inherit' })
  // The terminal sends Ctrl-C to both; the child decides when it is done.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal ? 1 : 0)
  })
}
