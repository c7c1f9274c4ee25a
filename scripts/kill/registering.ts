/** Somebody who registers pictures and videos without end, by way of a server that is not always there. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import sharp from 'sharp'
import type { Deployment, PublisherClient, Registration } from '../../server/chain/index.ts'
import { createApi } from '../../server/cli/api.ts'
import { mediaFile } from '../../server/cli/media.ts'
import { openLedger } from '../../server/command.ts'
import { readConfig } from '../../server/config.ts'
import { openDecoders } from '../../server/decoders.ts'
import {
  type Fingerprint,
  type MediaFile,
  type Registered,
  registerFiles,
  type Way,
} from '../../server/registry/index.ts'
import { renderScene } from '../scene.ts'

export interface Registering {
  /** The server that is there now. */
  goesTo(url: string): void
  /** What a server has said to be registered and searchable. */
  answered(): readonly Registered[]
  /** Registers so many without a server and without blocks. */
  fallBehind(count: number): Promise<void>
  /** After the registration that is under way. */
  stop(): Promise<void>
}

const [WIDTH, HEIGHT] = [160, 120]
/** Every so many are a video, and each way is taken in turn. */
const VIDEO_EVERY = 3
const WAYS: readonly Way[] = ['stored', 'logged', 'rooted']
const VIDEO = new URL('../../examples/crossing.mp4', import.meta.url)
const NOTHING = { text: null, sourceUrl: null, derivedFrom: null }
const RETRY_MS = 50

export async function startRegistering({
  deployment,
  directory,
  client,
  publisherId,
}: {
  deployment: Deployment
  directory: string
  client: PublisherClient
  publisherId: number
}): Promise<Registering> {
  const pool = openDecoders(readConfig({ DECODERS: '1' }))
  const media = join(directory, 'media')
  mkdirSync(media, { recursive: true })
  const answered: Registered[] = []
  let url = 'http://127.0.0.1:9'
  let stopped = false
  let behind = 0

  /** The same picture under another size of `free`, a box that players skip: another file. It is decoded once. */
  let film: Promise<Fingerprint> | undefined
  function video(number: number): MediaFile {
    const path = join(media, `${number}.mp4`)
    const skipped = Buffer.alloc(16)
    skipped.writeUInt32BE(16)
    skipped.write('free', 4)
    skipped.writeUInt32BE(number, 8)
    const bytes = Buffer.concat([readFileSync(VIDEO), skipped])
    const contentDigest = new Uint8Array(createHash('sha256').update(bytes).digest())
    writeFileSync(path, bytes)
    const decodeOnce = () => (film ??= mediaFile(path, pool.decode).fingerprint(() => {}))
    return {
      name: path,
      digest: async () => contentDigest,
      fingerprint: async () => ({ ...(await decodeOnce()), contentDigest, byteLength: bytes.length }),
    }
  }

  async function picture(number: number): Promise<MediaFile> {
    const path = join(media, `${number}.png`)
    const { width, height, data } = renderScene(WIDTH, HEIGHT, { seed: number })
    await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(path)
    return mediaFile(path, pool.decode)
  }

  /** Asks until it is answered. */
  async function registerOne(file: MediaFile, number: number): Promise<void> {
    while (!stopped) {
      const ledger = openLedger({ publisherId, deployment, client }, createApi(url))
      const description = { ...NOTHING, title: `number ${number}` }
      const options = {
        description,
        evidence: 'public' as const,
        way: WAYS[number % WAYS.length]!,
        batch: 1,
        concurrency: 1,
        wait: true,
      }
      for await (const outcome of registerFiles([file], ledger, options)) {
        if (outcome.status !== 'failed') return void answered.push(outcome)
      }
      await sleep(RETRY_MS)
    }
  }

  async function run(): Promise<void> {
    for (let number = 1; !stopped; number++)
      await registerOne(number % VIDEO_EVERY === 0 ? video(number) : await picture(number), number)
  }
  const running = run()

  return {
    goesTo(next) {
      url = next
    },
    answered: () => answered,
    async fallBehind(count) {
      const registrations = Array.from({ length: count }, () => bare(++behind))
      if (count > 0) await client.registerLogged(publisherId, registrations)
    },
    async stop() {
      stopped = true
      await running
      await pool.close()
    },
  }
}

function bare(number: number): Registration {
  const word = (name: string) => new Uint8Array(createHash('sha256').update(`${name} ${number}`).digest())
  const perceptualHashes = [word('words')]
  return { contentDigest: word('content'), manifestDigest: word('manifest'), kind: 1, algorithm: 1, perceptualHashes }
}
