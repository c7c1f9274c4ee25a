/** The page: takes a file, follows its lookup, shows the answer, and lists the records. */
import { lookupInAddress, nameInAddress, onAddressed } from './address.ts'
import { cancelLookup, getLookup, isFinished, ProblemError, startLookup, startLookupOf } from './api.ts'
import { announce, byId } from './dom.ts'
import { watchFiles } from './drop.ts'
import { followLookup } from './follow.ts'
import { showProblem, showVerdict } from './lookup-view.ts'
import { createPreview } from './preview.ts'
import { createRecords } from './records-view.ts'
import { registerForm } from './register-view.ts'
import { isSameFile } from './same-file.ts'
import { createStages, type StagesView } from './stages-view.ts'
import type { Lookup } from './wire.ts'
import { isAddress, STAGES, STAGES_OF_ADDRESS, VERDICT_WORDS } from './words.ts'

/** A file of the reader's, or an address; null where the page was reloaded, and has only the name. */
type Source = File | string | null

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
  nameInAddress(null)
  preview.clear()
  panel.hidden = true
  document.title = TITLE
  announce('The lookup was cancelled.')
  origin.focus()
}

async function lookUp(source: File | string): Promise<void> {
  stop()
  nameInAddress(null)
  await run({ source, controller: new AbortController(), id: null })
}

/** Takes up a lookup that the server has. */
async function resume(id: string, source: Source = null): Promise<void> {
  if (current?.id === id) return
  stop()
  nameInAddress(id)
  await run({ source, controller: new AbortController(), id })
}

async function run(run: Run): Promise<void> {
  current = run
  panel.hidden = false
  byId('ask').classList.add('asked')
  showSource(run.source)
  document.title = 'Looking it up: Firsthand'
  try {
    finish(run, await (run.id === null ? ask(run) : follow(run, run.id)))
  } catch (error) {
    if (!run.controller.signal.aborted) fail(run, error)
  }
}

function showSource(source: Source): void {
  if (source === null) preview.clear()
  else if (typeof source === 'string') preview.showAddress(source)
  else preview.show(source)
}

async function ask(run: Run): Promise<Lookup> {
  const names = typeof run.source === 'string' ? STAGES_OF_ADDRESS : STAGES
  const stages = createStages(answer, names, cancel)
  stages.show({ stage: names[0]!, progress: typeof run.source === 'string' ? null : 0 })
  panel.scrollIntoView({ block: 'nearest' })
  const started = await start(run, (progress) => stages.show({ stage: 'receiving', progress }))
  run.id = started.id
  nameInAddress(started.id)
  return isFinished(started) ? started : goOn(run, started.id, stages)
}

function start({ source, controller: { signal } }: Run, onSent: (progress: number | null) => void): Promise<Lookup> {
  if (source === null) throw new TypeError('a lookup without a source is not begun')
  return typeof source === 'string' ? startLookupOf(source, signal) : startLookup(source, onSent, signal)
}

async function follow(run: Run, id: string): Promise<Lookup> {
  const lookup = await getLookup(id, run.controller.signal)
  const name = lookup.asked?.name ?? null
  if (run.source === null && name !== null) preview.showName(name)
  if (isFinished(lookup)) return lookup
  const stages = createStages(answer, name && isAddress(name) ? STAGES_OF_ADDRESS : STAGES, cancel)
  stages.show({ stage: lookup.stage ?? null, progress: lookup.progress ?? null })
  return goOn(run, id, stages)
}

function goOn({ controller: { signal } }: Run, id: string, stages: StagesView): Promise<Lookup> {
  return followLookup({ id, onStage: (at) => stages.show(at), onLost: (lost) => stages.lost(lost), signal })
}

function finish(run: Run, lookup: Lookup): void {
  if (current !== run) return
  if (lookup.status === 'cancelled') {
    cancel()
    return
  }
  if (lookup.status === 'failed') throw new ProblemError(lookup.error ?? { title: 'The lookup failed' })
  current = null
  const heading = show(run, lookup)
  conclude(heading, lookup.verdict ? VERDICT_WORDS[lookup.verdict] : 'Answer')
}

function show(run: Run, lookup: Lookup): HTMLElement {
  const heading = showVerdict(answer, lookup, preview.address())
  if (answer.querySelector('.film')) preview.giveWay()
  if (token && (lookup.verdict === 'not_registered' || lookup.verdict === 'inconclusive')) offerToRegister(run, lookup)
  if (run.source === null && !isAddress(lookup.asked?.name ?? '')) preview.askAgain((file) => showAgain(file, lookup))
  return heading
}

/** The reader's own copy, beside the answer of a lookup that was taken up again. @returns what is wrong with it; null where nothing is. */
async function showAgain(file: File, lookup: Lookup): Promise<string | null> {
  if (!lookup.candidate || !(await isSameFile(file, lookup.candidate))) return 'That is another file: its bytes differ.'
  preview.show(file)
  show({ source: file, controller: new AbortController(), id: lookup.id }, lookup).focus({ preventScroll: true })
  return null
}

function fail(run: Run, error: unknown): void {
  if (current === run) current = null
  const problem =
    error instanceof ProblemError ? error : new ProblemError({ title: 'The page failed', detail: String(error) })
  conclude(showProblem(answer, problem, { onRetry: retry(run, problem) }), 'No verdict')
}

/** A lookup that the server may still have is taken up; one that it answered is asked anew, where there is something to ask with. */
function retry({ id, source }: Run, { problem: { status } }: ProblemError): (() => void) | null {
  if (id !== null && (status === undefined || status >= 500)) return () => void resume(id, source)
  return source === null ? null : () => void lookUp(source)
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
  if (!(file instanceof File)) return
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
onAddressed((id) => void resume(id))
const addressed = lookupInAddress()
if (addressed) void resume(addressed)
