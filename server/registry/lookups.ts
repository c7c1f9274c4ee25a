/** Lookups as jobs: decode, judge; progress on the way, a finished answer kept until it expires. */
import { createHash, randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import type { Catalogue } from '../catalogue/index.ts'
import { RegistryError } from '../errors.ts'
import type { DecodedMedia, Detail, Fingerprint, Sound } from '../fingerprint/index.ts'
import { THRESHOLDS_TEXT } from '../matching/index.ts'
import type { Admission, Turn } from './admission.ts'
import type { Answer } from './answer.ts'
import { type Course, DEFAULT_LIMIT, type Judge } from './judge.ts'
import { isoTime } from './present.ts'
import type { Client, Quota, Share } from './quota.ts'
import type { RemoteMedia } from './remote.ts'
import type { LookupOptions, LookupView, Problem } from './views.ts'

/** A candidate that lies in a file which the job may read until it calls `dispose`. */
export interface Candidate {
  fd: number
  byteLength: number
  /** SHA-256, 32 bytes. */
  contentDigest: Uint8Array
  /** What the client calls it. */
  name?: string | null
  dispose(): Promise<void>
}

export type Decode = (
  fd: number,
  byteLength: number,
  options: { signal: AbortSignal; onProgress: (fraction: number) => void; detail?: Detail; view?: boolean },
) => Promise<DecodedMedia>

export interface Lookups {
  /** Asked before media is received. @throws RegistryError what `startMedia` would throw now. */
  check(client: Client): void
  /** Begins a lookup of media. It takes over the candidate, and disposes of it in the end, also when it throws.
   *  @throws RegistryError `request.rate_limited` or `server.busy` with the seconds after which to come back. */
  startMedia(candidate: Candidate, options: LookupOptions, client: Client): LookupView
  /** Begins a lookup of media that this server fetches. @throws as `startMedia`, and `fetch.refused` for what is refused at sight. */
  startUrl(url: string, options: LookupOptions, client: Client): LookupView
  /** Begins a lookup of a fingerprint that the client computed. @throws as `startMedia`. */
  startFingerprint(fingerprint: Fingerprint, options: LookupOptions, client: Client): LookupView
  /** @throws RegistryError `lookup.not_found`. */
  get(id: string): Promise<LookupView>
  /** Resolves when the lookup is finished or after `waitMs`, with the lookup as it then is. */
  wait(id: string, waitMs: number): Promise<LookupView>
  /** Calls back with the lookup as it is and with each change until it is finished. Returns the way to stop, or null, and calls
   *  nothing, if it was finished and put away already. */
  watch(id: string, listener: (view: LookupView) => void): (() => void) | null
  /** Cancels a lookup that runs, forgets one that is finished. @throws RegistryError `lookup.not_found`. */
  remove(id: string): Promise<void>
  /** Cancels everything that runs. */
  close(): Promise<void>
}

interface Parts {
  decode: Decode
  /** Told that something will be compared soon. */
  prepare: () => void
  remote: RemoteMedia
  /** Of the decoders. */
  admission: Admission
  /** Lookups under way; and of these, those by fingerprint, which lie in memory. */
  quota: Quota
  fingerprints: Quota
  judge: Judge
  catalogue: Catalogue
  /** Of this program. */
  version: string
  /** Seconds that a finished lookup is kept. */
  ttlS: number
  /** Seconds since 1970. */
  now: () => number
  problem: (error: unknown, id: string) => Problem
  /** Is told what the answer does not: an error of ours, and the name that the answer gives it. */
  onError: (error: unknown, instance?: string) => void
}

/** 16 bytes: an id cannot be guessed, so only who was given it can read the answer. */
const ID_BYTES = 16
/** Steps in which the progress of a stage is told. */
const PROGRESS_STEPS = 200
/** Characters of a file's name that are kept; file systems have 255. */
const MAX_NAME = 255

interface Question {
  basis: LookupView['basis']
  name: string | null
  options: LookupOptions
}

interface Job {
  view: LookupView
  abort: AbortController
  changed: EventEmitter<{ change: [LookupView] }>
  finished: Promise<void>
}

/** Of a video that ends before the end that it announces. */
const BREAKS_OFF = 'the file breaks off: it was looked at as far as it could be read'

export function createLookups(parts: Parts): Lookups {
  const jobs = new Map<string, Job>()

  const madeBy = { software: parts.version, thresholds: thresholdsVersion(THRESHOLDS_TEXT) }

  function begin(question: Question, share: Share, run: (job: Job) => Promise<Answer>): LookupView {
    const now = parts.now()
    const view = {
      ...EMPTY,
      id: randomBytes(ID_BYTES).toString('hex'),
      basis: question.basis,
      asked: askedOf(question),
      createdAt: isoTime(now),
      expiresAt: isoTime(now + parts.ttlS),
    }
    const job: Job = { view, abort: new AbortController(), changed: new EventEmitter(), finished: Promise.resolve() }
    // As many as there are streams of events, which are limited where they are served.
    job.changed.setMaxListeners(0)
    jobs.set(view.id, job)
    job.finished = finish(job, run).finally(share.release)
    return job.view
  }

  async function finish(job: Job, run: (job: Job) => Promise<Answer>): Promise<void> {
    let end: Partial<LookupView>
    try {
      end = { ...(await run(job)), madeBy, status: 'done' }
      job.abort.signal.throwIfAborted()
    } catch (error) {
      const cancelled = job.abort.signal.aborted
      end = cancelled ? { status: 'cancelled' } : { status: 'failed', error: failure(error, job.view.id) }
    }
    await keep({ ...job.view, ...end, stage: null, progress: null }).then((view) => update(job, view))
    jobs.delete(job.view.id)
  }

  function failure(error: unknown, id: string): Problem {
    const problem = parts.problem(error, id)
    if (problem.code === 'server.internal') parts.onError(error, problem.instance)
    return problem
  }

  /** Stored before it is told, so that an answer once seen can be read again. */
  async function keep(view: LookupView): Promise<LookupView> {
    const [createdAt, expiresAt] = [view.createdAt, view.expiresAt].map((time) => Date.parse(time) / 1000)
    try {
      await parts.catalogue.putLookup({
        id: view.id,
        createdAt: createdAt!,
        expiresAt: expiresAt!,
        body: JSON.stringify(view),
      })
      return view
    } catch (error) {
      const { id, basis, asked, createdAt, expiresAt } = view
      return { ...EMPTY, id, basis, asked, createdAt, expiresAt, status: 'failed', error: failure(error, id) }
    }
  }

  function update(job: Job, change: Partial<LookupView>): void {
    job.view = { ...job.view, ...change }
    job.changed.emit('change', job.view)
  }

  /** Tells what a reader could see: a stage of many small steps must not flood those who watch, nor go back. */
  function advance(job: Job, fraction: number): void {
    const steps = Math.floor(Math.min(1, Math.max(0, fraction)) * PROGRESS_STEPS)
    if (steps > Math.round((job.view.progress ?? -1) * PROGRESS_STEPS))
      update(job, { progress: steps / PROGRESS_STEPS })
  }

  function check(client: Client): void {
    parts.quota.take(client).release()
    parts.admission.check(client)
  }

  function startMedia(candidate: Candidate, options: LookupOptions, client: Client): LookupView {
    let share: Share | undefined
    try {
      share = parts.quota.take(client)
      const turn = parts.admission.enter(client)
      return begin({ basis: 'media', name: fileName(candidate), options }, share, (job) =>
        decodeAndJudge(job, turn, candidate, options),
      )
    } catch (error) {
      share?.release()
      void candidate.dispose()
      throw error
    }
  }

  function startUrl(url: string, options: LookupOptions, client: Client): LookupView {
    parts.remote.check(url)
    check(client)
    return begin({ basis: 'media', name: url, options }, parts.quota.take(client), async (job) => {
      update(job, { status: 'running', stage: 'fetching' })
      const onProgress = (fraction: number) => advance(job, fraction)
      const candidate = await parts.remote.fetch(url, { signal: job.abort.signal, onProgress, client })
      return decodeAndJudge(job, await enter(candidate, client), candidate, options)
    })
  }

  /** In the queue only now: a slow server elsewhere must not keep a place here. */
  async function enter(candidate: Candidate, client: Client): Promise<Turn> {
    try {
      return parts.admission.enter(client)
    } catch (error) {
      await candidate.dispose()
      throw error
    }
  }

  async function decodeAndJudge(job: Job, turn: Turn, candidate: Candidate, options: LookupOptions): Promise<Answer> {
    const { contentDigest, byteLength } = candidate
    try {
      const { view = null, film = null, truncated, ...media } = await decodeInTurn(job, turn, candidate)
      const judged = await parts.judge({ ...media, contentDigest, byteLength }, { view, film }, options, courseOf(job))
      turn.leave(true)
      const limits = [...(truncated ? [BREAKS_OFF] : []), ...unheard(media.sound ?? null)]
      return { ...judged, limits: [...limits, ...judged.limits] }
    } finally {
      turn.leave()
      await candidate.dispose()
    }
  }

  /** The place of a decoder is given back when all is done: comparing takes as long as decoding, and has no queue of its own. */
  async function decodeInTurn(job: Job, turn: Turn, { fd, byteLength }: Candidate): Promise<DecodedMedia> {
    const { signal } = job.abort
    if (!turn.begun) await turn.ready(signal)
    update(job, { status: 'running', stage: 'decoding', progress: null })
    parts.prepare()
    const onProgress = (fraction: number) => advance(job, fraction)
    return parts.decode(fd, byteLength, { signal, onProgress, detail: 'candidate', view: true })
  }

  function startFingerprint(fingerprint: Fingerprint, options: LookupOptions, client: Client): LookupView {
    const inMemory = parts.fingerprints.take(client)
    try {
      const share = parts.quota.take(client)
      const both = { ...share, release: () => [share, inMemory].forEach(({ release }) => void release()) }
      return begin({ basis: 'client fingerprint', name: null, options }, both, (job) =>
        parts.judge(fingerprint, { view: null, film: null }, options, courseOf(job)),
      )
    } catch (error) {
      inMemory.release()
      throw error
    }
  }

  const courseOf = (job: Job): Course => ({
    signal: job.abort.signal,
    onStage: (stage) => update(job, { status: 'running', stage, progress: null }),
    onProgress: (fraction) => advance(job, fraction),
  })

  async function get(id: string): Promise<LookupView> {
    const job = jobs.get(id)
    if (job) return job.view
    const row = await parts.catalogue.lookup(id, parts.now())
    if (!row) throw new RegistryError('lookup.not_found', `there is no lookup "${id.slice(0, 64)}", or it has expired`)
    return JSON.parse(row.body) as LookupView
  }

  async function wait(id: string, waitMs: number): Promise<LookupView> {
    const job = jobs.get(id)
    if (job && waitMs > 0) {
      const timer = Promise.withResolvers<void>()
      const timeout = setTimeout(timer.resolve, waitMs)
      await Promise.race([job.finished, timer.promise])
      clearTimeout(timeout)
    }
    return job?.view ?? (await get(id))
  }

  function watch(id: string, listener: (view: LookupView) => void): (() => void) | null {
    const job = jobs.get(id)
    if (!job) return null
    listener(job.view)
    job.changed.on('change', listener)
    return () => void job.changed.off('change', listener)
  }

  async function remove(id: string): Promise<void> {
    const job = jobs.get(id)
    if (job) {
      job.abort.abort(new RegistryError('lookup.cancelled', 'cancelled on request'))
      return job.finished
    }
    if (!(await parts.catalogue.deleteLookup(id)))
      throw new RegistryError('lookup.not_found', `there is no lookup "${id.slice(0, 64)}", or it has expired`)
  }

  async function close(): Promise<void> {
    for (const job of jobs.values()) job.abort.abort(new RegistryError('lookup.cancelled', 'the server stops'))
    await Promise.allSettled([...jobs.values()].map((job) => job.finished))
  }

  return { check, startMedia, startUrl, startFingerprint, get, wait, watch, remove, close }
}

/** What of its sound was not looked at. */
function unheard(sound: Sound | null): string[] {
  if (!sound?.readable) return []
  return [
    ...(sound.tracks > 1
      ? [`the file has ${sound.tracks} sound tracks: only the one that players play was compared`]
      : []),
    ...(sound.damaged ? ['parts of its sound cannot be decoded: what could be heard was compared'] : []),
  ]
}

function askedOf({ name, options }: Question): LookupView['asked'] {
  const { publisher = null, kind = null, maxDistance = null, limit = DEFAULT_LIMIT } = options
  return { name, publisher, kind, maxDistance, limit }
}

/** Without the folders, which are nobody's business. */
function fileName({ name }: Candidate): string | null {
  const last = name?.toWellFormed().split(/[\\/]/).at(-1)
  return last ? [...last].slice(0, MAX_NAME).join('') : null
}

/** @returns `thresholds1` and 12 digits that are others whenever a threshold is another. */
const thresholdsVersion = (text: string) =>
  `thresholds1-${createHash('sha256').update(text).digest('hex').slice(0, 12)}`

const EMPTY: LookupView = {
  id: '',
  status: 'queued',
  stage: null,
  progress: null,
  createdAt: '',
  expiresAt: '',
  kind: null,
  basis: 'media',
  asked: { name: null, publisher: null, kind: null, maxDistance: null, limit: DEFAULT_LIMIT },
  verdict: null,
  reason: null,
  summary: null,
  candidate: null,
  matches: [],
  conflict: null,
  limits: [],
  madeBy: null,
  error: null,
}
