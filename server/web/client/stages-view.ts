/** The stages of a lookup that runs: an ordered list, a progress bar and a way out. */
import { announce, el } from './dom.ts'
import type { Progress, Stage } from './wire.ts'
import { STAGE_SENTENCES, STAGE_WORDS } from './words.ts'

export interface StagesView {
  show(at: Progress): void
  /** Says that the server is not reached, or takes it back. */
  lost(lost: boolean): void
}

const LOST = 'The connection was lost. The server goes on meanwhile; asking it again.'

export function createStages(container: HTMLElement, stages: readonly Stage[], onCancel: () => void): StagesView {
  const items = stages.map((stage) => el('li', {}, STAGE_WORDS[stage], el('span', { class: 'unseen' })))
  const bar = el('progress', { max: 1, 'aria-label': 'Progress of this stage' })
  const sentence = el('p', { class: 'sentence' })
  const cancel = el('button', { type: 'button', class: 'quiet' }, 'Cancel')
  cancel.addEventListener('click', onCancel)
  container.replaceChildren(
    el('h2', { class: 'label' }, 'Looking it up'),
    el('ol', { class: 'stages' }, ...items),
    bar,
    el('div', { class: 'row' }, sentence, cancel),
  )

  let current = -1
  const say = (words: string) => {
    sentence.textContent = words
    announce(words)
  }
  return {
    show({ stage, progress }) {
      if (stage === null) return
      const index = stages.indexOf(stage)
      // Events may be late: a stage that was left is not entered again.
      if (index < current || index < 0) return
      if (progress === null) bar.removeAttribute('value')
      else bar.value = Math.min(1, Math.max(0, progress))
      if (index === current) return
      current = index
      items.forEach((item, i) => {
        mark(item, i - index)
      })
      say(STAGE_SENTENCES[stage])
    },
    lost(lost) {
      const stage = stages[current]
      say(lost ? LOST : stage ? STAGE_SENTENCES[stage] : '')
    },
  }
}

/** @param distance from the stage at work: negative is done, 0 is this one. */
function mark(item: HTMLLIElement, distance: number): void {
  item.className = distance < 0 ? 'done' : distance === 0 ? 'now' : ''
  if (distance === 0) item.setAttribute('aria-current', 'step')
  else item.removeAttribute('aria-current')
  const spoken = item.querySelector('.unseen')
  if (spoken) spoken.textContent = distance < 0 ? ' (done)' : distance === 0 ? ' (now)' : ''
}
