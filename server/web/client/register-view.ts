/** Registers the file that was looked up, as the development publisher of a local registry. */
import { ProblemError, register } from './api.ts'
import { announce, copyable, el } from './dom.ts'
import { recordLink } from './record-facts.ts'
import type { Registration } from './wire.ts'
import { advice, byteSize, plain } from './words.ts'

export interface RegisterOptions {
  file: File
  contentDigest: string | undefined
  token: string
  /** After the record is there. */
  onRegistered(): void
  onLookUpAgain(): void
}

export function registerForm(options: RegisterOptions): HTMLElement {
  // Not filled in from the file's name: a name may say more than its owner wants to be public for good.
  const title = el('input', { type: 'text', id: 'register-title', required: true, maxlength: 200, autocomplete: 'off' })
  const text = el('textarea', { id: 'register-text', rows: 3, maxlength: 1000 })
  const bar = el('progress', { max: 1, 'aria-label': 'Sending the file', hidden: true })
  const send = el('button', { type: 'submit' }, 'Register this file')
  const outcome = el('div', { class: 'outcome' })
  const form = el(
    'form',
    { class: 'register', 'aria-labelledby': 'register-heading' },
    el('h2', { id: 'register-heading' }, 'Register this file as the development publisher'),
    el(
      'p',
      {},
      'This registry runs on your machine, so you can try it. On its local chain this becomes public, and cannot be taken back:',
    ),
    publicFacts(options.file, options.contentDigest),
    el('p', {}, 'The file itself is not published: it is sent to this server, fingerprinted, and not kept.'),
    el('label', { for: 'register-title' }, 'Title'),
    title,
    el('label', { for: 'register-text' }, 'Description ', el('span', { class: 'muted' }, '(optional)')),
    text,
    bar,
    el('p', {}, send),
    outcome,
  )

  const submit = async () => {
    // Kept focusable, so that the reader is not thrown back to the start of the page.
    send.setAttribute('aria-disabled', 'true')
    bar.hidden = false
    outcome.replaceChildren()
    announce('Registering the file.')
    try {
      const registration = await register({
        file: options.file,
        title: title.value.trim(),
        text: text.value.trim(),
        token: options.token,
        onProgress: (progress) => fill(bar, progress),
        signal: new AbortController().signal,
      })
      form.replaceWith(registered(registration, options.onLookUpAgain))
      options.onRegistered()
    } catch (error) {
      outcome.replaceChildren(refused(error))
    } finally {
      send.removeAttribute('aria-disabled')
      bar.hidden = true
    }
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (send.getAttribute('aria-disabled') !== 'true') void submit()
  })
  return form
}

/** After the last byte the server still works: a full bar would say that it is done. */
function fill(bar: HTMLProgressElement, progress: number | null): void {
  if (progress === null || progress >= 1) bar.removeAttribute('value')
  else bar.value = progress
}

function registered(registration: Registration, onLookUpAgain: () => void): HTMLElement {
  const known = registration.status === 'already_registered'
  const heading = el('h2', { tabindex: -1 }, known ? 'Registered already' : 'Registered')
  const again = el('button', { type: 'button' }, 'Look it up again')
  again.addEventListener('click', onLookUpAgain)
  // In the document only after this task; focus cannot move to it before.
  queueMicrotask(() => heading.focus())
  announce(known ? 'This file was registered already.' : 'The file is registered.')
  return el(
    'section',
    { class: 'register' },
    heading,
    el(
      'p',
      {},
      known
        ? 'This publisher had registered the file before; nothing was changed.'
        : 'The record is on the local chain.',
    ),
    el('p', {}, 'Record: ', copyable(registration.recordId, 'record id')),
    el('p', {}, recordLink(registration.recordId)),
    el('p', {}, again),
  )
}

function refused(error: unknown): HTMLElement {
  const { problem, retryAfterS } =
    error instanceof ProblemError ? error : new ProblemError({ title: 'The page failed', detail: String(error) })
  return el(
    'div',
    { class: 'note', role: 'alert' },
    el('p', {}, el('strong', {}, plain(problem.title, 120)), '. ', problem.detail),
    el('p', {}, advice(problem, retryAfterS)),
    problem.code ? el('p', {}, 'Code: ', el('code', {}, problem.code)) : null,
  )
}

/** What the development publisher would make public, said before it is sent. */
function publicFacts(file: File, contentDigest: string | undefined): HTMLElement {
  return el(
    'ul',
    {},
    el(
      'li',
      {},
      'the content digest of the file',
      contentDigest ? ': ' : '',
      contentDigest ? el('code', {}, contentDigest) : null,
    ),
    el(
      'li',
      {},
      'its perceptual hashes and prints of its sound, with its kind, size in pixels, length and file size (',
      byteSize(file.size),
      ')',
    ),
    smallCopies(file.type),
    el('li', {}, 'the title and the description that you write'),
  )
}

/** By the name alone, as the browser takes it: an animation may be either. */
function smallCopies(type: string): HTMLElement | null {
  if (type.startsWith('image/'))
    return el('li', {}, 'a small copy of the picture, at most 512 pixels a side, by which copies are compared')
  if (!type.startsWith('video/')) return null
  return el(
    'li',
    {},
    'small copies of its frames, two a second and at most 192 pixels a side, by which copies are compared',
  )
}
