/** Uploads go to disk as they come, with a limit, and are hashed on the way: never into memory whole. */
import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, read as readCallback, rmSync } from 'node:fs'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import busboy from 'busboy'
import { RegistryError } from '../errors.ts'
import { type BytesOnDisk, type Candidate, type Client, createQuota, type Share } from '../registry/index.ts'
import { fileNameOf } from './file-name.ts'

const read = promisify(readCallback)

export interface UploadLimits {
  maxBytes: number
  /** Milliseconds without a byte. */
  idleMs: number
  /** Bytes a second, in the mean over the whole upload, once `graceMs` are over. */
  minRate: number
  graceMs: number
  /** Uploads that are received at the same time, altogether and of one client. */
  maxConcurrent: number
  clientConcurrent: number
  /** Bytes of uploads that are received or worked on, altogether and of one client. */
  spaceBytes: number
  clientBytes: number
}

export const UPLOAD_LIMITS: Omit<UploadLimits, 'maxBytes' | 'spaceBytes' | 'clientBytes'> = {
  idleMs: 20_000,
  minRate: 1_024,
  graceMs: 30_000,
  maxConcurrent: 64,
  clientConcurrent: 16,
}

/** Seconds after which whoever finds no room for an upload is told to come back: what is there may take minutes, or be gone at once. */
const SPACE_S = 5
const PLACE_S = 2

export interface Uploads {
  /** Receives the media of a request: its raw body, or the field `media` of a form.
   * @throws RegistryError `request.too_large`, `request.timeout`, `request.invalid`, `request.rate_limited`, `media.empty`,
   *  `server.busy`. */
  receive(request: IncomingMessage, client: Client): Promise<Candidate>
  /** Keeps media that this server fetched itself; whoever fetches it bounds and watches it.
   * @throws RegistryError `request.too_large`, `request.rate_limited`, `media.empty`, `server.busy`; what the source fails with. */
  keep(source: Readable, client: Client): Promise<Candidate>
  /** Receives a small body whole. @throws as `receive`. */
  receiveBytes(request: IncomingMessage, maxBytes: number, client: Client): Promise<Uint8Array>
  /** Receives a large body onto the disk, and has it worked on there, one at a time.
   * @throws as `receive`, and as `work`. */
  receiveInTurn<T>(
    request: IncomingMessage,
    maxBytes: number,
    client: Client,
    work: (file: BytesOnDisk) => Promise<T>,
  ): Promise<T>
}

/** @param directory is emptied: what a killed server left behind is of no use to anybody. */
export function createUploads(directory: string, limits: UploadLimits): Uploads {
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const places = createQuota({
    what: 'uploads',
    total: limits.maxConcurrent,
    perClient: limits.clientConcurrent,
    retryAfterS: () => PLACE_S,
  })
  const space = createQuota({
    what: 'bytes of uploads',
    total: limits.spaceBytes,
    perClient: limits.clientBytes,
    retryAfterS: () => SPACE_S,
  })

  async function receive(request: IncomingMessage, client: Client): Promise<Candidate> {
    refuseByHeaders(request, limits.maxBytes)
    // Asked and not held: whoever announces much and sends little must not keep out the others.
    space.take(client, announced(request)).release()
    const isForm = request.headers['content-type']?.toLowerCase().startsWith('multipart/form-data')
    return inPlace(client, () => (isForm ? fromForm(request, client) : fromBody(request, client)))
  }

  async function fromBody(request: IncomingMessage, client: Client): Promise<Candidate> {
    const media = await storeMedia(watched(request, limits), client)
    return { ...media, name: fileNameOf(request.headers['content-disposition']) }
  }

  /** One of the places for uploads, for as long as `work` takes. */
  async function inPlace<T>(client: Client, work: () => Promise<T>): Promise<T> {
    const place = places.take(client)
    try {
      return await work()
    } finally {
      place.release()
    }
  }

  async function storeMedia(source: Readable, client: Client): Promise<Candidate> {
    const media = await store(source, limits.maxBytes, client)
    if (media.byteLength > 0) return media
    await media.dispose()
    throw new RegistryError('media.empty', 'the media has no bytes: send the file as the body or as form field "media"')
  }

  async function store(source: Readable, maxBytes: number, client: Client): Promise<Candidate> {
    // It may fail before anybody reads it, and an error that nobody hears ends the process; the pipeline finds it again.
    source.on('error', () => {})
    const file = await openNameless()
    const room = space.take(client, 0)
    const dispose = () => file.close().finally(room.release)
    try {
      const { digest, byteLength } = await write(source, file, maxBytes, room)
      return { fd: file.fd, byteLength, contentDigest: digest, dispose }
    } catch (error) {
      await dispose()
      throw error
    }
  }

  async function openNameless(): Promise<FileHandle> {
    const path = join(directory, randomUUID())
    const file = await open(path, 'wx+', 0o600)
    // The name is not needed again, and without one nothing can be left behind.
    await unlink(path)
    return file
  }

  async function fromForm(request: IncomingMessage, client: Client): Promise<Candidate> {
    let found: Promise<Candidate> | undefined
    const form = parser(request)
    form.on('file', (name, stream, { filename }) => {
      if (name !== 'media' || found) stream.on('error', () => {}).resume()
      if (name !== 'media') return
      if (found)
        return void form.destroy(new RegistryError('request.invalid', 'the form has two files "media": send one'))
      found = storeMedia(stream, client).then((media) => ({ ...media, name: filename ?? null }))
      found.catch((error: Error) => form.destroy(error))
    })
    try {
      await pipeline(watched(request, limits), form)
    } catch (cause) {
      const [outcome] = await Promise.allSettled([found])
      if (outcome.status === 'fulfilled') await outcome.value?.dispose()
      throw asUploadError(cause)
    }
    if (!found) throw new RegistryError('request.invalid', 'the form has no file field "media"')
    return found
  }

  async function receiveBytes(request: IncomingMessage, maxBytes: number, client: Client): Promise<Uint8Array> {
    refuseByHeaders(request, maxBytes)
    return inPlace(client, () => collect(watched(request, limits), maxBytes))
  }

  const inTurn = createTurns()

  async function receiveInTurn<T>(
    request: IncomingMessage,
    maxBytes: number,
    client: Client,
    work: (file: BytesOnDisk) => Promise<T>,
  ): Promise<T> {
    refuseByHeaders(request, maxBytes)
    const body = await inPlace(client, () => store(watched(request, limits), maxBytes, client))
    try {
      const { fd, byteLength } = body
      return await inTurn(() => work({ byteLength, read: (at, length) => readAt(fd, at, length) }))
    } finally {
      await body.dispose()
    }
  }

  return { receive, keep: storeMedia, receiveBytes, receiveInTurn }
}

/** Runs one after the other what together would take too much of the disk's time and of memory. */
function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const result = last.then(work)
    last = result.catch(() => {})
    return result
  }
}

async function readAt(fd: number, from: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  for (let had = 0; had < length; ) {
    const { bytesRead } = await read(fd, bytes, had, length - had, from + had)
    if (bytesRead === 0) throw new RangeError(`an upload was to have ${length} bytes at ${from}, and has ${had}`)
    had += bytesRead
  }
  return bytes
}

async function collect(source: AsyncIterable<Buffer>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of source) {
      length += chunk.length
      if (length > maxBytes) throw tooLarge(maxBytes)
      chunks.push(chunk)
    }
  } catch (cause) {
    throw asUploadError(cause)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

function parser(request: IncomingMessage) {
  try {
    // Browsers send names in UTF-8 (HTML, "Multipart form data").
    return busboy({
      headers: request.headers,
      defParamCharset: 'utf8',
      limits: { files: 8, fields: 50, fieldSize: 10_000, parts: 60 },
    })
  } catch (cause) {
    throw new RegistryError('request.invalid', 'the form cannot be read: its Content-Type has no boundary', { cause })
  }
}

async function write(
  source: Readable,
  file: FileHandle,
  maxBytes: number,
  room: Share,
): Promise<{ digest: Uint8Array; byteLength: number }> {
  const hash = createHash('sha256')
  let byteLength = 0
  try {
    // Not file.createWriteStream: unless it closes the file, the file can never be closed.
    for await (const chunk of source as AsyncIterable<Buffer>) {
      byteLength += chunk.length
      if (byteLength > maxBytes) throw tooLarge(maxBytes)
      room.more(chunk.length)
      hash.update(chunk)
      await file.writeFile(chunk)
    }
  } catch (cause) {
    throw asUploadError(cause)
  }
  return { digest: new Uint8Array(hash.digest()), byteLength }
}

/** What can be told by its headers is refused before a byte of it is read. */
function refuseByHeaders(request: IncomingMessage, maxBytes: number): void {
  const coding = request.headers['content-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'identity')
    throw new RegistryError(
      'request.unsupported_media_type',
      `found Content-Encoding "${coding.slice(0, 40)}": send the body as it is, without one`,
    )
  if (announced(request) > maxBytes) throw tooLarge(maxBytes)
}

/** Bytes that the headers announce; 0 if they do not say. */
const announced = (request: IncomingMessage) => Number(request.headers['content-length'] ?? 0)

function tooLarge(maxBytes: number): RegistryError {
  return new RegistryError('request.too_large', `at most ${maxBytes} bytes are taken`)
}

/** The body, ended with an error when it stalls or drips. */
function watched(request: IncomingMessage, { idleMs, minRate, graceMs }: UploadLimits): Readable {
  const started = performance.now()
  let received = 0
  const out = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length
      idle.refresh()
      const elapsedMs = performance.now() - started
      if (elapsedMs > graceMs && received < (minRate * elapsedMs) / 1000)
        return done(
          new RegistryError('request.timeout', `${received} bytes in ${Math.round(elapsedMs / 1000)} s is too slow`),
        )
      done(null, chunk)
    },
  })
  const idle = setTimeout(() => {
    // Nothing may arrive because we read nothing: then the reader is slow, not the sender.
    if (out.writableNeedDrain) idle.refresh()
    else out.destroy(new RegistryError('request.timeout', `no byte arrived for ${idleMs / 1000} s`))
  }, idleMs)
  out.once('close', () => clearTimeout(idle))
  request.once('aborted', () =>
    out.destroy(new RegistryError('request.invalid', 'the connection ended before the body did')),
  )
  request.once('error', (cause) => out.destroy(cause))
  return request.pipe(out)
}

function asUploadError(cause: unknown): unknown {
  if (cause instanceof RegistryError) return cause
  const message = cause instanceof Error ? cause.message : String(cause)
  if ((cause as NodeJS.ErrnoException).code === 'ENOSPC')
    return new RegistryError('server.busy', 'there is no room for uploads at the moment', { cause, retryAfterS: 60 })
  return new RegistryError('request.invalid', `the body cannot be read: ${message}`, { cause })
}
