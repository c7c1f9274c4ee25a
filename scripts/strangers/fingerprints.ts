/** Pictures of a folder, and their fingerprints by the decoders of the product, each kept once it is made. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type DecodedMedia,
  type DecoderPool,
  type Fingerprint,
  fromDocument,
  toDocument,
} from '../../server/fingerprint/index.ts'

const SERVER = new URL('../../server/', import.meta.url).pathname

/** Names what the answers depend on: other code, other fingerprints. */
export function versionOf(...parts: string[]): string {
  const hash = createHash('sha256')
  for (const file of parts.flatMap(sourcesOf)) hash.update(file).update(readFileSync(join(SERVER, file)))
  return hash.digest('hex').slice(0, 16)
}

function sourcesOf(part: string): string[] {
  if (part.endsWith('.ts')) return [part]
  const files = readdirSync(join(SERVER, part)).filter((name) => name.endsWith('.ts'))
  return files.sort().map((name) => join(part, name))
}

/** Files of a folder in an order that has nothing to do with their names: a part of them is a sample of all. */
export function picturesOf(directory: string): string[] {
  const orderOf = (name: string) => createHash('sha256').update(name).digest('hex')
  const files = readdirSync(directory).filter((name) => /\.(jpe?g|png|webp|avif|tiff?)$/i.test(name))
  return files
    .map((name) => ({ name, order: orderOf(name) }))
    .sort((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ name }) => name)
}

/** Of what is asked the view is answered too, as for a lookup. */
export async function decodeFile(
  decoders: DecoderPool,
  path: string,
  as: 'original' | 'asked',
): Promise<DecodedMedia & Fingerprint> {
  const bytes = readFileSync(path)
  const file = await open(path)
  try {
    const options = as === 'asked' ? ({ detail: 'candidate', view: true } as const) : {}
    const media = await decoders.decode(file, bytes.length, options)
    return { ...media, contentDigest: createHash('sha256').update(bytes).digest(), byteLength: bytes.length }
  } finally {
    await file.close()
  }
}

/** As `decodeFile`, as an original, from what is kept where it is. */
export function createKept(decoders: DecoderPool, directory: string) {
  const folder = join(directory, versionOf('fingerprint'))
  mkdirSync(folder, { recursive: true })
  return async (path: string): Promise<Fingerprint> => {
    const kept = join(folder, `${createHash('sha256').update(path).update(readFileSync(path)).digest('hex')}.json`)
    try {
      return fromDocument(JSON.parse(readFileSync(kept, 'utf8')))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    const made = await decodeFile(decoders, path, 'original')
    writeFileSync(kept, JSON.stringify(toDocument(made)))
    return made
  }
}
