/** The page: takes a file, follows its lookup, shows the answer, and lists the records. */
import { cancelLookup, followLookup, isFinished, ProblemError, startLookup } from './api.ts'
import { announce, byId } from './dom.ts'
import { watchFiles } from './drop.ts'
import { showProblem, showVerdict } from './lookup-view.ts'
import { createPreview } from './preview.ts'
import { createRecords } from './records-view.ts'
import { registerForm } from './register-view.ts'
import { createStages } from './stages-view.ts'
import type { Lookup } from './wire.ts'
import { VERDICT_WORDS } from './words.ts'

interface Run {
  file: File
  controller: AbortController
  /** Null until the server has named the lookup. */
  id: string | null
}

const TITLE = document.title
const token = meta('firsthand-token')
const input = byId('file') as HTMLInputElement
const panel = byId('lookup')
const answer = byId('answer')
const preview = createPreview(byId('candidate'))
const records = createRecords(byId('record-list'))
let current: Run | null = null

function meta(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? ''
}

function notice(sentence: string): void {
  byId('notice').textContent = sentence
}

/** Ends the lookup that runs, here and on the server. */
function stop(): void {
  const run = current
  current = null
  if (!run) return
  run.controller.abort()
  if (run.id) cancelLookup(run.id)
}

function cancel(): void {
  stop()
  preview.clear()
  panel.hidden = true
  document.title = TITLE
  announce('The lookup was cancelled.')
  input.focus()
}

async function lookUp(file: File): Promise<void> {
  stop()
  const run: Run = { file, controller: new AbortController(), id: null }
  current = run
  panel.hidden = false
  byId('ask').classList.add('asked')
  preview.show(file)
  document.title = 'Looking it up: Firsthand'
  try {
    finish(run, await follow(run))
  } catch (error) {
    if (!run.controller.signal.aborted) fail(run, error)
  }
}

async function follow(run: Run): Promise<Lookup> {
  const { signal } = run.controller
  const stages = createStages(answer, cancel)
  stages.show({ stage: 'receiving', progress: 0 })
  panel.scrollIntoView({ block: 'nearest' })
  const started = await startLookup(run.file, (progress) => stages.show({ stage: 'receiving', progress }), signal)
  run.id = started.id
  if (isFinished(started)) return started
  return followLookup(started.id, (at) => stages.show(at), signal)
}

function finish(run: Run, lookup: Lookup): void {
  if (current !== run) return
  if (lookup.status === 'cancelled') {
    cancel()
    return
  }
  if (lookup.status === 'failed') throw new ProblemError(lookup.error ?? { title: 'The lookup failed' })
  current = null
  const heading = showVerdict(answer, lookup)
  if (token && (lookup.verdict === 'not_registered' || lookup.verdict === 'inconclusive')) offerToRegister(run, lookup)
  conclude(heading, lookup.verdict ? VERDICT_WORDS[lookup.verdict] : 'Answer')
}

function fail(run: Run, error: unknown): void {
  if (current === run) current = null
  const problem =
    error instanceof ProblemError ? error : new ProblemError({ title: 'The page failed', detail: String(error) })
  conclude(showProblem(answer, problem, { onRetry: () => void lookUp(run.file) }), 'No verdict')
}

function conclude(heading: HTMLElement, word: string): void {
  // The focus says it; the last stage must not be said after it.
  announce('')
  document.title = `${word}: Firsthand`
  heading.focus({ preventScroll: true })
  const card = heading.parentElement?.parentElement ?? heading
  const { top, bottom } = card.getBoundingClientRect()
  if (top < 0 || bottom > innerHeight) card.scrollIntoView({ block: 'start' })
}

function offerToRegister({ file }: Run, lookup: Lookup): void {
  answer.append(
    registerForm({
      file,
      contentDigest: lookup.candidate?.contentDigest,
      token,
      onRegistered: () => void records.reload(),
      onLookUpAgain: () => void lookUp(file),
    }),
  )
}

watchFiles({
  input,
  zone: byId('drop'),
  onFile: (file) => void lookUp(file),
  onNotice: notice,
})
byId('version').textContent = meta('firsthand-version')
void records.reload()
