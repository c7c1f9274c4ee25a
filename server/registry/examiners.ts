/** Processes that compare pictures and draw evidence: as many as there are decoders, so that the thread of the server answers meanwhile, and what
 *  comparing takes for a moment does not stay in its memory. */
import { Tinypool } from 'tinypool'
import { RegistryError } from '../errors.ts'
import type { CandidateSound, SoundPrints } from '../fingerprint/index.ts'
import type {
  Examined,
  ExaminedFilm,
  FilmCandidate,
  FilmOriginal,
  PictureCandidate,
  PictureOriginal,
  SoundExamination,
  SoundProposal,
} from '../matching/index.ts'
import { createFilmFiles } from './film-files.ts'
import { createPlaces } from './places.ts'

export type Examine = (
  candidate: PictureCandidate,
  originals: PictureOriginal[],
  signal: AbortSignal,
) => Promise<Examined[]>

export type ExamineFilm = (
  candidate: FilmCandidate,
  originals: FilmOriginal[],
  signal: AbortSignal,
) => Promise<ExaminedFilm[]>

/** Null where the candidate does not follow the original. */
export type ExamineSound = (
  candidate: CandidateSound,
  original: SoundPrints,
  proposals: readonly SoundProposal[],
  signal: AbortSignal,
) => Promise<SoundExamination | null>

/** Evidence as a PNG file; null for what is no evidence. */
export type Draw = (evidence: Uint8Array) => Promise<Uint8Array | null>

export interface Examiners {
  /** Starts a process, if there is none, for what is being decoded and will be compared: a start takes as long as a picture. */
  prepare(): void
  /** @throws the signal's reason; RegistryError `server.internal` if a process breaks down, or takes longer than any picture does. */
  examine: Examine
  /** @throws as `examine`; more time is given. */
  examineFilm: ExamineFilm
  /** @throws as `examineFilm`. */
  examineSound: ExamineSound
  /** @throws RegistryError `server.internal` likewise. */
  draw: Draw
  close(): Promise<void>
}

export interface ExaminersOptions {
  /** Milliseconds after which a job is ended, and its process with it. */
  limitMs?: number
  /** What a process runs, where it is not `examine-worker.ts`. */
  worker?: URL
  /** Where films lie on their way to a process; it is emptied. */
  directory: string
}

/** Many times what the slowest pictures take, and how much more a film of hours. */
const LIMIT_MS = 60_000
const FILM_LIMITS = 5
/** Milliseconds after which a process that has nothing to do ends. */
const IDLE_MS = 60_000
/** Megabytes of objects; the grids of two pictures lie beside them. */
const FLAGS = ['--max-old-space-size=256', '--max-semi-space-size=8', '--v8-pool-size=1', '--single-threaded-gc']

export function createExaminers(
  processes: number,
  { limitMs = LIMIT_MS, worker = new URL('./examine-worker.ts', import.meta.url), directory }: ExaminersOptions,
): Examiners {
  const pool = new Tinypool({
    filename: worker.href,
    name: 'examine',
    runtime: 'child_process',
    serialization: 'advanced',
    // No address of a database, and no key.
    env: {},
    execArgv: [...process.execArgv, ...FLAGS],
    minThreads: 0,
    maxThreads: processes,
    idleTimeout: IDLE_MS,
    // One may compare many.
    isolateWorkers: false,
  })
  // A process that ended while it had nothing to do is missed by nobody; unheard, it would end the server.
  pool.on('error', () => {})
  // The pool starts no process for what waits in it when one ends: so nothing waits there.
  const places = createPlaces(processes)

  const films = createFilmFiles(directory)

  let preparing: Promise<void> | null = null

  async function run<T>(name: string, job: unknown, signal: AbortSignal, withinMs = limitMs): Promise<T> {
    // Else the pool would start another one.
    await preparing
    const leave = await places.enter(signal)
    const limit = AbortSignal.timeout(withinMs)
    try {
      return await pool.run(job, { name, signal: AbortSignal.any([signal, limit]) })
    } catch (cause) {
      signal.throwIfAborted()
      const why = limit.aborted ? `it took more than ${withinMs / 1000} s` : (cause as Error).message
      throw new RegistryError('server.internal', `a comparison broke down: ${why}`, { cause })
    } finally {
      leave()
    }
  }

  function prepare(): void {
    // Where it breaks down, so does the comparison, which says so.
    if (preparing || pool.threads.length > 0) return
    const done = () => {
      preparing = null
    }
    preparing = pool.run(null, { name: 'prepare', signal: AbortSignal.timeout(limitMs) }).then(done, done)
  }

  return {
    prepare,
    examine: (candidate, originals, signal) => run('examine', { candidate, originals }, signal),
    examineFilm: (candidate, originals, signal) =>
      films.lend(candidate.film, (film) =>
        run('film', { candidate: { ...candidate, film }, originals }, signal, FILM_LIMITS * limitMs),
      ),
    examineSound: (candidate, original, proposals, signal) =>
      run('sound', { candidate, original, proposals }, signal, FILM_LIMITS * limitMs),
    draw: (evidence) => run('draw', evidence, NEVER),
    close: () => pool.destroy(),
  }
}

/** Others may wait for the same. */
const NEVER = new AbortController().signal
