/** The talk with a decoder process, on a pipe: lines both ways, and after a line that announces them bytes that are no text. Nothing that it says
 * is believed before job.ts has read it. */
import type { Duplex } from 'node:stream'
import type { DecodedMedia } from './fingerprint.ts'
import { type DecoderLimits, type Job, maxAnswerBytes, READY, readAnswer, writeJob } from './job.ts'

const NEWLINE = 10

export interface Talk {
  /** Whether the process has said that it is ready. */
  readonly begun: boolean
  /** Resolves when it does. */
  greeted: Promise<void>
  /** One question at a time. @throws RegistryError about the media; whatever `fail` is given. */
  ask(job: Job, onProgress: (fraction: number) => void): Promise<DecodedMedia>
  fail(error: unknown): void
}

interface Pending {
  limits: DecoderLimits
  onProgress: (fraction: number) => void
  /** Bytes that came since the job was given. */
  received: number
  /** Makes the answer whole when its bytes have come. */
  whole: ((bytes: Uint8Array) => DecodedMedia) | null
  resolve(media: DecodedMedia): void
  reject(error: unknown): void
}

/** @param onViolation called when it says anything but what it was asked for; nothing more is listened to. */
export function createTalk(channel: Duplex | undefined, onViolation: (cause: unknown) => void): Talk {
  let begun = false
  let pending: Pending | null = null
  const greeted = Promise.withResolvers<void>()
  const settle = (how: (job: Pending) => void) => {
    const job = pending
    pending = null
    if (job) how(job)
  }
  let early = 0
  // Also of what has no end of line yet: it is kept until that comes.
  const count = (bytes: number) => {
    if (!begun) early += bytes
    if (pending) pending.received += bytes
    if (early > READY.length + 1) throw new Error('the decoder spoke without being asked')
    if (pending && pending.received > maxAnswerBytes(pending.limits)) throw new Error('the decoder talks too much')
  }
  // Also behind an answer, in one piece with it.
  const expect = () => {
    if (begun && !pending) throw new Error('the decoder spoke without being asked')
  }
  const hear = (line: string): number => {
    if (pending) return answered(pending, line)
    if (line !== READY) throw new Error('the decoder spoke without being asked')
    begun = true
    greeted.resolve()
    return 0
  }
  const answered = (job: Pending, line: string): number => {
    const answer = readAnswer(line, job.limits)
    if (answer.kind === 'progress') job.onProgress(answer.fraction)
    else if (answer.kind === 'error') settle(({ reject }) => reject(answer.error))
    else if (answer.following > 0) job.whole = answer.whole
    else settle(({ resolve }) => resolve(answer.whole(new Uint8Array())))
    return answer.kind === 'media' ? answer.following : 0
  }
  const take = (bytes: Uint8Array) => {
    const media = pending!.whole!(bytes)
    settle(({ resolve }) => resolve(media))
  }
  const violated = (cause: unknown) => {
    channel?.removeAllListeners('data')
    onViolation(cause)
  }
  channel?.on('error', () => {}) // The end of the process says more.
  channel?.on('data', createReader({ count, expect, hear, take, violated }))
  return {
    get begun() {
      return begun
    },
    greeted: greeted.promise,
    ask: (job, onProgress) =>
      new Promise<DecodedMedia>((resolve, reject) => {
        pending = { limits: job.limits, onProgress, received: 0, whole: null, resolve, reject }
        channel?.write(writeJob(job))
      }),
    fail: (error) => settle((job) => job.reject(error)),
  }
}

interface Listener {
  /** Told of everything that comes; may throw, and so may the others: that is a violation. */
  count(bytes: number): void
  /** Asked before each line and all that follows one. */
  expect(): void
  /** @returns how many bytes follow the line that are none. */
  hear(line: string): number
  take(bytes: Uint8Array): void
  violated(cause: unknown): void
}

function createReader({ count, expect, hear, take, violated }: Listener): (chunk: Buffer) => void {
  let begun: Buffer[] = []
  let owed: Uint8Array | null = null
  let had = 0
  /** @returns how much of it was read. */
  const fill = (to: Uint8Array, chunk: Buffer): number => {
    const part = chunk.subarray(0, to.length - had)
    to.set(part, had)
    had += part.length
    if (had === to.length) {
      owed = null
      take(to)
    }
    return part.length
  }
  const readLine = (chunk: Buffer): number => {
    const end = chunk.indexOf(NEWLINE)
    begun.push(end < 0 ? chunk : chunk.subarray(0, end))
    if (end < 0) return chunk.length
    const line = Buffer.concat(begun).toString()
    begun = []
    const following = hear(line)
    owed = following > 0 ? new Uint8Array(following) : null
    had = 0
    return end + 1
  }
  return (chunk) => {
    try {
      count(chunk.length)
      for (let rest = chunk; rest.length > 0; ) {
        expect()
        rest = rest.subarray(owed ? fill(owed, rest) : readLine(rest))
      }
    } catch (cause) {
      violated(cause)
    }
  }
}
