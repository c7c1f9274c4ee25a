/** The page: takes a file, follows its lookup, shows the answer, and lists the records. */
import { cancelLookup, followLookup, isFinished, ProblemError, startLookup, startLookupOf } from './api.ts'
import { announce, byId } from './dom.ts'
import { watchFiles } from './drop.ts'
import { showProblem, showVerdict } from './lookup-view.ts'
import { createPreview } from './preview.ts'
import { createRecords } from './records-view.ts'
import { registerForm } from './register-view.ts'
import { createStages } from './stages-view.ts'
import type { Lookup } from './wire.ts'
import { STAGES, STAGES_OF_ADDRESS, VERDICT_WORDS } from './words.ts'

/** A file of the reader's, or an address. */
type Source = File | string

interface Run {
  source: Source
  controller: AbortController
  /** Null until the server has named the lookup. */
  id: string | null
}

const TITLE = document.title
const token = meta('firsthand-token')
const input = byId('file') as HTMLInputElement
const address = byId('address') as HTMLInputElement
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
  const origin = typeof current?.source === 'string' ? address : input
  stop()
  preview.clear()
  panel.hidden = true
  document.title = TITLE
  announce('The lookup was cancelled.')
  origin.focus()
}

async function lookUp(source: Source): Promise<void> {
  stop()
  const run: Run = { source, controller: new AbortController(), id: null }
  current = run
  panel.hidden = false
  byId('ask').classList.add('asked')
  if (typeof source === 'string') preview.showAddress(source)
  else preview.show(source)
  document.title = 'Looking it up: Firsthand'
  try {
    finish(run, await follow(run))
  } catch (error) {
    if (!run.controller.signal.aborted) fail(run, error)
  }
}

async function follow(run: Run): Promise<Lookup> {
  const { signal } = run.controller
  const names = typeof run.source === 'string' ? STAGES_OF_ADDRESS : STAGES
  const stages = createStages(answer, names, cancel)
  stages.show({ stage: names[0]!, progress: typeof run.source === 'string' ? null : 0 })
  panel.scrollIntoView({ block: 'nearest' })
  const started = await start(run, (progress) => stages.show({ stage: 'receiving', progress }))
  run.id = started.id
  if (isFinished(started)) return started
  return followLookup(started.id, (at) => stages.show(at), signal)
}

function start({ source, controller: { signal } }: Run, onSent: (progress: number | null) => void): Promise<Lookup> {
  return typeof source === 'string' ? startLookupOf(source, signal) : startLookup(source, onSent, signal)
}

function finish(run: Run, lookup: Lookup): void {
  if (current !== run) return
  if (lookup.status === 'cancelled') {
    cancel()
    return
  }
  if (lookup.status === 'failed') throw new ProblemError(lookup.error ?? { title: 'The lookup failed' })
  current = null
  const heading = showVerdict(answer, lookup, preview.address())
  if (token && (lookup.verdict === 'not_registered' || lookup.verdict === 'inconclusive')) offerToRegister(run, lookup)
  conclude(heading, lookup.verdict ? VERDICT_WORDS[lookup.verdict] : 'Answer')
}

function fail(run: Run, error: unknown): void {
  if (current === run) current = null
  const problem =
    error instanceof ProblemError ? error : new ProblemError({ title: 'The page failed', detail: String(error) })
  conclude(showProblem(answer, problem, { onRetry: () => void lookUp(run.source) }), 'No verdict')
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

function offerToRegister({ source: file }: Run, lookup: Lookup): void {
  // What lies elsewhere is hardly the reader's own.
  if (typeof file === 'string') return
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

byId('address-form').addEventListener('submit', (event) => {
  event.preventDefault()
  void lookUp(address.value.trim())
})
watchFiles({
  input,
  zone: byId('drop'),
  onFile: (file) => void lookUp(file),
  onAddress: (pasted) => {
    address.value = pasted
    void lookUp(pasted)
  },
  onNotice: notice,
})
byId('version').textContent = meta('firsthand-version')
void records.reload()
