/** A long film, registered in a server that runs, and a minute of it looked up: seconds, and what all of its processes hold. */
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { appendFileSync, openAsBlob, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { startServerProcess, temporaryFolder } from '../../test/e2e/server.ts'
import { processTree } from '../process-tree.ts'
import { renderScene } from '../scene.ts'
import { type Row, timedAsync } from './table.ts'

/** Minutes; `FILM_MINUTES=120` takes half an hour. */
const MINUTES = Number(process.env.FILM_MINUTES ?? 30)
const SCENE_S = 20
const CLIP_S = 60
/** Of one clip: the first one waits for processes that start. */
const ROUNDS = 3
const RATE = 24
/** A camera that wanders over a scene. */
const PAN = "crop=640:360:x='160+150*sin(t/3)':y='90+85*sin(t/5)',format=yuv420p"
const ENCODED = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', String(2 * RATE)]

export async function benchFilm(): Promise<Row[]> {
  const what = `a film of ${MINUTES} minutes (640×360, ${RATE} a second)`
  if (spawnSync('ffmpeg', ['-version']).error)
    return [{ what, ours: 'not measured', peer: '-', beside: 'there is no ffmpeg on the PATH' }]
  const folder = temporaryFolder()
  const server = await startServerProcess(join(folder.path, 'data'))
  const memory = watchMemory(server.child.pid!)
  try {
    const { film, clip, startS } = await makeFilm(folder.path)
    const [registeringS] = await timedAsync(() => register(film, server.url))
    const registering = memory.most()
    const asked = await askedOften(clip, server.url)
    const clips = memory.most()
    const [wholeS, whole] = await timedAsync(() => relationOfAll(film, server.url))
    return [
      { what: `${what}, registered`, ours: `${registeringS.toFixed(0)} s`, peer: registering, beside: HELD },
      { what: `${CLIP_S} s of it looked up`, ours: asked.seconds, peer: clips, beside: HELD },
      {
        what: 'where it was found',
        ours: asked.startS,
        peer: `${startS.toFixed(2)} s`,
        beside: 'where it was cut out',
      },
      {
        what: `all of it looked up, a byte longer: ${whole}`,
        ours: `${wholeS.toFixed(0)} s`,
        peer: memory.most(),
        beside: HELD,
      },
    ]
  } finally {
    memory.stop()
    await server.stop()
    folder.remove()
  }
}

const HELD = 'the most that all processes of the service held meanwhile'

async function makeFilm(folder: string) {
  const scenes = Math.ceil((60 * MINUTES) / SCENE_S)
  const list = join(folder, 'scenes.txt')
  for (let seed = 0; seed < scenes; seed++) await makeScene(folder, seed)
  writeFileSync(list, Array.from({ length: scenes }, (_, seed) => `file 'scene${seed}.mp4'\n`).join(''))
  const [film, clip] = [join(folder, 'film.mp4'), join(folder, 'clip.mp4')]
  ffmpeg('-f', 'concat', '-i', list, '-c', 'copy', film)
  // Somewhere within a scene, between two frames that were registered.
  const startS = 60 * MINUTES * 0.6 + 7.3
  ffmpeg('-ss', String(startS), '-i', film, '-t', String(CLIP_S), '-vf', 'scale=480:-2', ...ENCODED, '-crf', '30', clip)
  return { film, clip, startS }
}

async function makeScene(folder: string, seed: number): Promise<void> {
  const { width, height, data } = renderScene(960, 540, { seed })
  const picture = join(folder, 'scene.png')
  await sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(picture)
  const still = ['-loop', '1', '-framerate', String(RATE), '-i', picture, '-t', String(SCENE_S)]
  ffmpeg(...still, '-vf', PAN, ...ENCODED, join(folder, `scene${seed}.mp4`))
}

const ffmpeg = (...args: string[]) => execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args])

async function register(path: string, url: string): Promise<void> {
  const program = fileURLToPath(new URL('../../bin/firsthand.mjs', import.meta.url))
  await promisify(execFile)(process.execPath, [program, 'register', '--server', url, '--json', path])
}

async function askedOften(clip: string, url: string): Promise<{ seconds: string; startS: string }> {
  const [seconds, starts]: [number[], string[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    const [took, start] = await timedAsync(() => foundAt(clip, url))
    seconds.push(took)
    starts.push(start)
  }
  return { seconds: seconds.map((s) => `${s.toFixed(1)} s`).join(', '), startS: starts.at(-1)! }
}

interface Told {
  id: string
  status: string
  /** Not there while it is looked up. */
  matches?: { relation: string; segments: { original: { startS: number } }[] }[]
}

/** What a film of other bytes is to the one that was registered. */
async function relationOfAll(film: string, url: string): Promise<string> {
  appendFileSync(film, Uint8Array.of(0))
  const body = await openAsBlob(film, { type: 'video/mp4' })
  let told = (await (await fetch(`${url}/v1/lookups?wait=0`, { method: 'POST', body })).json()) as Told
  while (['queued', 'running'].includes(told.status)) {
    await setTimeout(1_000)
    told = (await (await fetch(`${url}/v1/lookups/${told.id}`)).json()) as Told
  }
  return told.matches?.[0]?.relation ?? `${told.status}, not found`
}

async function foundAt(clip: string, url: string): Promise<string> {
  const body = await openAsBlob(clip, { type: 'video/mp4' })
  const response = await fetch(`${url}/v1/lookups?wait=120`, { method: 'POST', body })
  const { matches } = (await response.json()) as Told
  const segment = matches?.[0]?.segments[0]
  return segment ? `${segment.original.startS.toFixed(2)} s` : 'not found'
}

/** Twice a second. What processes share, such as the engine's own code, counts once. */
function watchMemory(pid: number) {
  let mostBytes = 0
  const look = () => {
    const held = processTree(pid).reduce((sum, process) => sum + shareOf(process.pid), 0)
    mostBytes = Math.max(mostBytes, held)
  }
  const timer = setInterval(look, 500)
  return {
    most: () => `${Math.round(mostBytes / 1e6)} MB`,
    stop: () => clearInterval(timer),
  }
}

/** Bytes: the proportional set size (Linux); 0 of a process that has just ended. */
function shareOf(pid: number): number {
  try {
    return 1024 * Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
