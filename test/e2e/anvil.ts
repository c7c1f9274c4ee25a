/** anvil on a free port, for tests that run on a second kind of node. */
import { spawn, spawnSync } from 'node:child_process'

export interface Anvil {
  url: string
  stop(): Promise<void>
}

/** Whether there is one on the PATH. */
export const hasAnvil = spawnSync('anvil', ['--version']).error === undefined

export async function startAnvil(): Promise<Anvil> {
  const child = spawn('anvil', ['--port', '0'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const url = await new Promise<string>((resolve, reject) => {
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk
      const address = /Listening on (\S+)/.exec(said)?.[1]
      if (address) resolve(`http://${address}`)
    })
    child.once('exit', () => reject(new Error(`anvil ended: ${said}`)))
  })
  return {
    url,
    async stop() {
      child.kill()
      await ended
    },
  }
}
