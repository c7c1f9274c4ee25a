/** The file of a backup: entries one after the other, each a line of JSON and so many bytes, and a digest of it all at the end. */
import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { RegistryError } from '../errors.ts'

/** `file`: a path in the server's directory. */
export type Entry =
  | { kind: 'rows'; table: string; columns: string[]; rows: number; bytes: number }
  | { kind: 'file'; path: string; bytes: number }

interface Head {
  firsthand: 'backup1'
  schema: string[]
}

const MAX_LINE_BYTES = 64 * 1024
const PIECE_BYTES = 1 << 20
const NEWLINE = 0x0a

export interface ArchiveWriter {
  add(entry: Entry, content: Uint8Array): Promise<void>
  /** Writes the digest and makes the file durable. */
  end(): Promise<void>
}

/** Creates the file. @throws the system's error if it is there already. */
export async function writeArchive(path: string, schema: string[]): Promise<ArchiveWriter> {
  const file = await open(path, 'wx', 0o600)
  const hash = createHash('sha256')
  async function write(bytes: Uint8Array): Promise<void> {
    hash.update(bytes)
    await file.writeFile(bytes)
  }
  const line = (value: object) => Buffer.from(`${JSON.stringify(value)}\n`)
  await write(line({ firsthand: 'backup1', schema } satisfies Head))
  return {
    async add(entry, content) {
      await write(line(entry))
      await write(content)
    },
    async end() {
      await file.writeFile(line({ sha256: hash.digest('hex') }))
      await file.sync()
      await file.close()
    },
  }
}

const damaged = (detail: string) => new RegistryError('request.invalid', `the backup is damaged: ${detail}`)

/** Reads all of it, so that nothing is touched for a backup that is not whole.
 * @returns its schema. @throws RegistryError `request.invalid` */
export async function verifyArchive(path: string): Promise<string[]> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const tail = await readAt(file, Math.max(0, size - 80), Math.min(80, size))
    const said = /^\{"sha256":"([0-9a-f]{64})"\}\n$/.exec(tail.toString('latin1').slice(-78))?.[1]
    if (!said) throw damaged('it does not end with its digest')
    const hash = createHash('sha256')
    const end = size - Buffer.byteLength(`{"sha256":"${said}"}\n`)
    for (let at = 0; at < end; at += PIECE_BYTES) hash.update(await readAt(file, at, Math.min(PIECE_BYTES, end - at)))
    if (hash.digest('hex') !== said) throw damaged('its digest is another one')
    const { value } = await readLine<Head>(file, 0)
    if (value.firsthand !== 'backup1') throw damaged('it is no backup1')
    return value.schema
  } finally {
    await file.close()
  }
}

/** The entries of a verified archive, of one kind. */
export async function* readArchive<K extends Entry['kind']>(
  path: string,
  kind: K,
): AsyncGenerator<{ entry: Extract<Entry, { kind: K }>; content: Uint8Array }> {
  const file = await open(path, 'r')
  try {
    for (let { next } = await readLine<Head>(file, 0); ; ) {
      const { value, next: from } = await readLine<Entry | { sha256: string }>(file, next)
      if ('sha256' in value) return
      next = from + value.bytes
      if (value.kind === kind)
        yield { entry: value as Extract<Entry, { kind: K }>, content: await readAt(file, from, value.bytes) }
    }
  } finally {
    await file.close()
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await file.read(buffer, 0, length, position)
  if (bytesRead < length) throw damaged(`${length} bytes expected at ${position}`)
  return buffer
}

async function readLine<T>(file: FileHandle, position: number): Promise<{ value: T; next: number }> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_LINE_BYTES), 0, MAX_LINE_BYTES, position)
  const end = buffer.subarray(0, bytesRead).indexOf(NEWLINE)
  if (end < 0) throw damaged(`no entry at ${position}`)
  return { value: JSON.parse(buffer.toString('utf8', 0, end)) as T, next: position + end + 1 }
}
