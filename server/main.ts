/** The program of the server: configuration, start, and an orderly end. */
import { startServer } from './compose.ts'
import { readConfig } from './config.ts'
import { RegistryError } from './errors.ts'
import { printable } from './text.ts'

/** Runs a server until it is told to stop. Resolves with the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const unknown = args.filter((arg) => arg !== '--fresh')
  if (unknown.length > 0) {
    console.error(
      `firsthand: unknown argument ${unknown[0]}; there is only --fresh, everything else is in the environment (.env.example)`,
    )
    return 2
  }
  try {
    await run(args.includes('--fresh'))
    return 0
  } catch (error) {
    console.error(error instanceof RegistryError ? printable(`firsthand: ${error.message} (${error.code})`) : error)
    return 1
  }
}

async function run(fresh: boolean): Promise<void> {
  const stop = Promise.withResolvers<void>()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.resolve())
  const started = performance.now()
  const starting = startServer(readConfig(process.env), { fresh })
  const server = await Promise.race([starting, stop.promise])
  if (server) {
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    console.log(`Firsthand is ready after ${seconds} s: ${server.url}`)
    if (server.local) console.log('A local network: its records prove nothing to anybody else. Ctrl-C stops all of it.')
    await stop.promise
    console.log('Stopping.')
  }
  // Told to stop while it started: whatever that broke is of no interest any more.
  await (await starting.catch(() => null))?.close()
}

if (import.meta.main) process.exit(await main(process.argv.slice(2)))
