/** "Compare with the original": the registry keeps no media, so its file comes from the reader's disk, or from where its publisher says it is. */
import { getSourceUrl } from './api.ts'
import { digestOf } from './digest.ts'
import { el, fill, quoted } from './dom.ts'
import { letterOf } from './film-words.ts'
import { loadOriginal, NotSeekableError, type Original, type Standing, type Wanted } from './original.ts'
import {
  CANNOT_PLAY,
  nothingCame,
  onlyFromBeginning,
  standingSentence,
  visitMeaning,
  visitSentence,
} from './side-words.ts'
import type { Sides } from './sides.ts'
import { type Source, sourceOf } from './source-address.ts'
import type { Lane, Timeline } from './timeline.ts'

const INTRODUCTION =
  'This registry keeps no media. With the original’s file you can see and hear both at the same second; it stays on this machine.'

export function createOriginals({ lanes }: Timeline, sides: Sides): HTMLElement {
  const several = lanes.length > 1
  const views = lanes.map((lane, index) => createOriginalView(lane, sides, { index, several }))
  const title = several ? 'Compare with the originals' : 'Compare with the original'
  const element = el(
    'details',
    { class: 'originals' },
    el('summary', {}, title),
    el('p', { class: 'muted' }, INTRODUCTION),
    ...views.map((view) => view.element),
  )
  element.addEventListener('toggle', () => views.map((view) => view.open()), { once: true })
  return element
}

interface Place {
  index: number
  several: boolean
}

function createOriginalView(lane: Lane, sides: Sides, { index, several }: Place) {
  const { original, recordId } = lane.match
  const ofFile = el('p', { class: 'original-said', role: 'status' })
  const ofSource = el('p', { class: 'original-said', role: 'status' })
  const progress = el('progress', { max: 1, value: 0, 'aria-label': 'Digest of the original’s file', hidden: true })
  const source = el('div', { class: 'source' })
  let attempt = new AbortController()

  /** What was there before goes, whether it is ready or not. */
  function begin(said: HTMLElement): AbortSignal {
    attempt.abort()
    attempt = new AbortController()
    sides.bring(lane, null)
    progress.hidden = true
    delete ofFile.dataset.standing
    fill(ofFile)
    fill(ofSource)
    fill(said, 'Loading it.')
    return attempt.signal
  }

  async function load(from: Wanted['from'], signal: AbortSignal): Promise<Original> {
    const found = await loadOriginal({ kind: original.kind, from, signal })
    sides.bring(lane, found)
    return found
  }

  async function take(file: File): Promise<void> {
    const signal = begin(ofFile)
    const found = await load(file, signal).catch(() => null)
    if (signal.aborted) return
    const stand = (standing: Standing) => {
      if (found) found.standing = standing
      fill(ofFile, quoted(file.name), ': ', !found && `${CANNOT_PLAY} `, standingSentence(standing))
      ofFile.dataset.standing = String(standing)
      sides.refresh()
    }
    stand('checking')
    progress.value = 0
    progress.hidden = false
    const digest = await digestOf({ file, signal, onProgress: advance }).catch(() => null)
    if (signal.aborted) return
    progress.hidden = true
    stand(digest === null ? 'unreadable' : digest === original.contentDigest ? 'registered' : 'other')
  }

  function advance(share: number): void {
    progress.value = share
    // Another lookup has taken the place of this one.
    if (!progress.isConnected) attempt.abort()
  }

  async function visit(from: Source): Promise<void> {
    const signal = begin(ofSource)
    try {
      const { standing } = await load(from, signal)
      fill(ofSource, standingSentence(standing))
    } catch (error) {
      const why = error instanceof NotSeekableError ? onlyFromBeginning : nothingCame
      if (!signal.aborted) fill(ofSource, `${why(from.host)} `, opener(from))
    }
  }

  async function open(): Promise<void> {
    const found = sourceOf(await getSourceUrl(recordId, original.contentDigest))
    if (found) fill(source, ...sourceLines(found, () => void visit(found)))
  }

  const chooser = fileChooser(index, several, (file) => void take(file))
  const name =
    several && el('h3', {}, `${letterOf(index)} `, original.title ? quoted(original.title) : 'Original without a title')
  const element = el('div', { class: 'original' }, name, chooser, ofFile, progress, source, ofSource)
  return { element, open }
}

function fileChooser(index: number, several: boolean, onFile: (file: File) => void): HTMLElement {
  const id = `original-${index}`
  const input = el('input', { class: 'unseen', type: 'file', id, accept: 'video/*,audio/*' })
  input.addEventListener('change', () => {
    const file = input.files?.[0]
    input.value = ''
    if (file) onFile(file)
  })
  const of = several ? ` of ${letterOf(index)}` : ''
  return el('p', {}, input, el('label', { class: 'button quiet', for: id }, `Choose the original’s file${of}`))
}

function sourceLines(source: Source, onVisit: () => void): HTMLElement[] {
  const button = el('button', { type: 'button', class: 'quiet' }, `Play from ${source.host}`)
  button.addEventListener('click', onVisit)
  const meaning = visitMeaning(source.host)
  return [el('p', {}, visitSentence, el('strong', {}, source.host), `. ${meaning}`), el('p', {}, button)]
}

function opener({ address, host }: Source): HTMLElement {
  const away = { target: '_blank', rel: 'noopener noreferrer nofollow' }
  return el('a', { href: address, ...away }, `Open it at ${host} in a new tab`)
}
