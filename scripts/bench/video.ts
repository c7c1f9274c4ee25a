/** CPU time of a video of 720p at 30 frames a second, fingerprinted as the decoder process does it, beside decoding alone. */
import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { DEFAULT_LIMITS } from '../../server/fingerprint/job.ts'
import { readStream } from '../../server/fingerprint/video.ts'
import { renderScene } from '../scene.ts'
import type { Row } from './table.ts'

const SECONDS = 40
const ROUNDS = 3
/** A camera that wanders over a scene, with some noise: H.264 of 4 Mbit a second. */
const PAN = "crop=1280:720:x='320+300*sin(t/3)':y='180+170*sin(t/5)',noise=alls=4:allf=t,format=yuv420p"

export async function benchVideo(): Promise<Row[]> {
  const beside = `ffmpeg -threads 1 -f null of its picture, same run, the best of ${ROUNDS}`
  const what = `CPU seconds for ${SECONDS} s of 720p30 (H.264), fingerprinted as an original`
  if (spawnSync('ffmpeg', ['-version']).error)
    return [{ what, ours: 'not measured', peer: '-', beside: 'there is no ffmpeg on the PATH' }]
  const directory = mkdtempSync(join(tmpdir(), 'firsthand-bench-'))
  try {
    const file = join(directory, 'film.mp4')
    await makeFilm(directory, file)
    const [decoding, original, candidate] = [[], [], []] as [number[], number[], number[]]
    for (let round = 0; round < ROUNDS; round++) {
      decoding.push(decodeOnly(file))
      original.push(await fingerprint(file, false))
      candidate.push(await fingerprint(file, true))
    }
    const [peer, ours, asked] = [decoding, original, candidate].map((all) => Math.min(...all)) as [
      number,
      number,
      number,
    ]
    const row = (seconds: number) => `${seconds.toFixed(2)} s, ${(seconds / peer).toFixed(2)} times`
    return [
      { what, ours: row(ours), peer: `${peer.toFixed(2)} s`, beside },
      {
        what: 'the same as a candidate, every frame of which is looked at',
        ours: row(asked),
        peer: `${peer.toFixed(2)} s`,
        beside,
      },
    ]
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function makeFilm(directory: string, file: string): Promise<void> {
  const { width, height, data } = renderScene(1920, 1080, { seed: 3 })
  const scene = join(directory, 'scene.png')
  await sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(scene)
  const input = ['-loop', '1', '-framerate', '30', '-i', scene, '-t', String(SECONDS), '-vf', PAN]
  execFileSync('ffmpeg', [
    '-v',
    'error',
    '-nostdin',
    ...input,
    '-c:v',
    'libx264',
    '-preset',
    'medium',
    '-crf',
    '23',
    file,
  ])
}

/** As `-benchmark` tells it. */
function decodeOnly(file: string): number {
  const options = ['-nostdin', '-benchmark', '-threads', '1', '-i', file, '-map', '0:v', '-f', 'null', '-']
  const { stderr } = spawnSync('ffmpeg', options, { encoding: 'utf8' })
  const [, user, system] = /utime=([\d.]+)s stime=([\d.]+)s/.exec(stderr)!
  return Number(user) + Number(system)
}

async function fingerprint(file: string, film: boolean): Promise<number> {
  const fd = openSync(file, 'r')
  const byteLength = statSync(file).size
  const before = process.cpuUsage()
  await readStream({ fd, byteLength, demuxer: 'mov', mediaType: 'video/mp4', limits: DEFAULT_LIMITS, film })
  const { user, system } = process.cpuUsage(before)
  closeSync(fd)
  return (user + system) / 1e6
}
