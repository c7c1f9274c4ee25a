/** The file that outlives the local network: what changed it, line by line, and the hash that came of it. */
import { constants } from 'node:fs'
import { type FileHandle, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The first line. */
export interface JournalHeader {
  journal: 'devnet1'
  chainId: number
  /** Time of the first block, ISO 8601. */
  initialDate: string
  /** Hash of the first block. */
  genesis: string
}

/** Each further line: one block. */
export interface JournalEntry {
  /** Of the block, seconds since 1970. */
  time: number
  method: string
  params: unknown[]
  blockHash: string
}

export interface Journal {
  /** Null for a new journal. */
  readonly header: JournalHeader | null
  /** The lines after the header, once, before the first `append`. A last line that was not written whole is cut off.
   * @throws JournalDamaged */
  entries(): AsyncGenerator<JournalEntry>
  /** Writes the header. */
  begin(header: JournalHeader): Promise<void>
  /** Resolves when the entry is on the disk. */
  append(entry: JournalEntry): Promise<void>
  /** Bytes that were cut off the end. */
  readonly tornBytes: number
  close(): Promise<void>
}

/** A line in the middle cannot be read. */
export class JournalDamaged extends Error {
  override readonly name = 'JournalDamaged'
}

const PIECE_BYTES = 1 << 20
const NEWLINE = 0x0a

/** Gives an old journal another name, with the time in it. @returns the name, or null if there is none. */
export async function moveJournalAside(path: string, now: Date): Promise<string | null> {
  const aside = path.replace(/\.jsonl$/, `-${now.toISOString().replaceAll(':', '')}.jsonl`)
  try {
    await rename(path, aside)
    return aside
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Opens or creates the file. The caller holds the lock of its folder. @throws JournalDamaged */
export async function openJournal(path: string): Promise<Journal> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)
  const lines = readLines(file)
  /** Where the next line goes: after the last one that is whole. */
  let end = 0
  let tornBytes = 0

  async function next(): Promise<unknown> {
    const { value } = await lines.next()
    if (value === undefined) return undefined
    const parsed = parseLine(value.text)
    if (parsed !== undefined) end = value.end
    else if (!value.last) throw new JournalDamaged(`the line at byte ${end} cannot be read`)
    return parsed
  }

  /** Nothing whole follows: what is left was being written when the power went. */
  async function cut(): Promise<void> {
    const { size } = await file.stat()
    tornBytes = size - end
    if (tornBytes > 0) await file.truncate(end)
  }

  async function write(line: object): Promise<void> {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, end + done)
      done += bytesWritten
    }
    await file.datasync()
    end += bytes.length
  }

  const header = ((await next()) ?? null) as JournalHeader | null
  if (header === null) await cut()

  return {
    header,
    async *entries() {
      for (let entry = await next(); entry !== undefined; entry = await next()) yield entry as JournalEntry
      await cut()
    },
    async begin(first) {
      await write(first)
      await syncFolder(dirname(path))
    },
    append: write,
    get tornBytes() {
      return tornBytes
    },
    close: () => file.close(),
  }
}

interface Line {
  text: string
  /** Byte after its newline. */
  end: number
  /** Whether nothing follows it. */
  last: boolean
}

/** Lines of a file, the rest after the last newline as one more. */
async function* readLines(file: FileHandle): AsyncGenerator<Line, undefined> {
  const { size } = await file.stat()
  let rest = Buffer.alloc(0)
  let start = 0
  for (let position = 0; position < size; ) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(PIECE_BYTES), 0, PIECE_BYTES, position)
    if (bytesRead === 0) break
    position += bytesRead
    rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)])
    let from = 0
    for (let at = rest.indexOf(NEWLINE); at !== -1; at = rest.indexOf(NEWLINE, from)) {
      const end = start + at + 1
      yield { text: rest.toString('utf8', from, at), end, last: end >= size }
      from = at + 1
    }
    rest = rest.subarray(from)
    start += from
  }
  // Without its newline a line is not whole, even if it can be read.
  if (rest.length > 0) yield { text: '', end: size, last: true }
}

function parseLine(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

/** Makes the new file's name durable. Not every system lets a folder be opened. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => null)
  await folder?.sync().catch(() => {})
  await folder?.close()
}
