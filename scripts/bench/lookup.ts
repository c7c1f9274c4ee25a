/** What a lookup of a picture costs: its stages by themselves, and all of it in a server that runs. */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import sharp, { type Sharp } from 'sharp'
import { decodeEvidence, decodeLocal } from '../../server/fingerprint/index.ts'
import { DEFAULT_LIMITS } from '../../server/fingerprint/job.ts'
import { decodePicture } from '../../server/fingerprint/picture.ts'
import { hashAndView, hashWhole } from '../../server/fingerprint/picture-hash.ts'
import { comparePictures, fitFeatures, prepareFeatures } from '../../server/matching/index.ts'
import { startServerProcess, temporaryFolder } from '../../test/e2e/server.ts'
import { processTree } from '../process-tree.ts'
import { renderScene } from '../scene.ts'
import { fillRegistry } from './crowd.ts'
import type { Row } from './table.ts'

/** Pictures that are registered besides those that are looked up: `LOOKUP_RECORDS=100000` takes half an hour. */
const OTHERS = Number(process.env.LOOKUP_RECORDS ?? 0)

/** One megapixel. */
const [WIDTH, HEIGHT] = [1216, 832]
const ORIGINALS = 6
/** Fewer than 200 lookups in all: then a decoder is replaced, and what it had computed is lost to the count. Rounds through all copies before anything is measured: what the engine has not seen often it has not compiled well. */
const WARM = 3
const ROUNDS = 4

const COPIES: Record<string, (picture: Sharp) => Sharp> = {
  recompressed: (picture) => picture.jpeg({ quality: 50 }),
  cropped: (picture) => picture.extract({ left: 120, top: 60, width: 960, height: 700 }).jpeg({ quality: 70 }),
  mirrored: (picture) => picture.flop().jpeg({ quality: 70 }),
  framed: (picture) =>
    picture.extend({ top: 150, bottom: 150, left: 90, right: 90, background: '#fff' }).jpeg({ quality: 70 }),
}

export async function benchLookup(): Promise<Row[]> {
  const originals = await Promise.all(Array.from({ length: ORIGINALS }, (_, seed) => sceneOf(seed).png().toBuffer()))
  const copies = await Promise.all(
    Object.values(COPIES).flatMap((make) => originals.map((_, seed) => make(sceneOf(seed)).toBuffer())),
  )
  return [...(await stageRows(originals[0]!, copies[0]!)), await wholeRow(originals, copies)]
}

function sceneOf(seed: number): Sharp {
  const { width, height, data } = renderScene(WIDTH, HEIGHT, { seed })
  return sharp(data, { raw: { width, height, channels: 3 } })
}

async function stageRows(original: Buffer, copy: Buffer): Promise<Row[]> {
  const decoded = await decodePicture(original, DEFAULT_LIMITS)
  const ours = hashWhole(decoded.pixels, decoded)
  const candidate = await decodePicture(copy, DEFAULT_LIMITS)
  const { picture, view } = hashAndView(candidate.pixels, candidate)
  const fitted = () => fitFeatures(prepareFeatures(decodeLocal(picture.local!, 'candidate')), decodeLocal(ours.local!))!
  const { transform } = fitted()
  const evidence = decodeEvidence(ours.evidence!)
  const stages: Record<string, () => unknown> = {
    decoding: () => decodePicture(copy, DEFAULT_LIMITS),
    'hashes and view': () => hashAndView(candidate.pixels, candidate),
    'fit to one original': fitted,
    'reading its evidence': () => decodeEvidence(ours.evidence!),
    comparing: () => comparePictures(evidence, view, transform),
  }
  const rows: Row[] = []
  for (const [stage, work] of Object.entries(stages))
    rows.push({
      what: `of a lookup, ${stage}`,
      ours: `${(await cpuMs(work)).toFixed(1)} ms of CPU`,
      peer: '-',
      beside: '-',
    })
  return rows
}

async function cpuMs(work: () => unknown): Promise<number> {
  for (let i = 0; i < 4 * WARM; i++) await work()
  const before = process.cpuUsage()
  for (let i = 0; i < 2 * ROUNDS; i++) await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / (2 * ROUNDS)
}

async function wholeRow(originals: readonly Buffer[], copies: readonly Buffer[]): Promise<Row> {
  const folder = temporaryFolder()
  const server = await startServerProcess(folder.path)
  try {
    await register(originals, server.url, folder.path)
    await fillRegistry(server.url, OTHERS)
    for (let i = 0; i < WARM; i++) await lookUpAll(copies, server.url)
    const before = cpuOf(server.child.pid!)
    let found = 0
    for (let i = 0; i < ROUNDS; i++) found += await lookUpAll(copies, server.url)
    const after = cpuOf(server.child.pid!)
    const each = (part: keyof Cpu) => Math.round((1000 * (after[part] - before[part])) / (ROUNDS * copies.length))
    return {
      what: `a lookup of a picture of 1.0 megapixels over HTTP (${Object.keys(COPIES).join(', ')}; ${ORIGINALS + OTHERS} records)`,
      ours: `${each('server') + each('decoders') + each('comparing')} ms of CPU: server ${each('server')}, decoder ${each('decoders')}, comparison ${each('comparing')}`,
      peer: `${found} of ${ROUNDS * copies.length}`,
      beside: 'found',
    }
  } finally {
    await server.stop()
    folder.remove()
  }
}

async function register(originals: readonly Buffer[], url: string, folder: string): Promise<void> {
  const directory = join(folder, 'originals')
  mkdirSync(directory)
  const paths = originals.map((_, i) => join(directory, `${i}.png`))
  for (const [i, path] of paths.entries()) writeFileSync(path, originals[i]!)
  const program = fileURLToPath(new URL('../../bin/firsthand.mjs', import.meta.url))
  await promisify(execFile)(process.execPath, [program, 'register', '--server', url, '--json', ...paths])
}

/** One after the other. @returns how many were found. */
async function lookUpAll(copies: readonly Buffer[], url: string): Promise<number> {
  let found = 0
  for (const body of copies) {
    const headers = { 'content-type': 'application/octet-stream' }
    const response = await fetch(`${url}/v1/lookups?wait=60`, { method: 'POST', headers, body: new Uint8Array(body) })
    found += Number(((await response.json()) as { matches: unknown[] }).matches.length > 0)
  }
  return found
}

interface Cpu {
  server: number
  decoders: number
  comparing: number
}

/** Seconds computed until now; the local chain does nothing for a lookup. */
function cpuOf(pid: number): Cpu {
  const [server, ...others] = processTree(pid)
  const sum = (part: string) =>
    others.reduce((total, { command, cpuS }) => total + (command.includes(part) ? cpuS : 0), 0)
  return { server: server!.cpuS, decoders: sum('fingerprint/decoder.'), comparing: sum('tinypool') }
}
