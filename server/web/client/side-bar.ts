/** Under the picture, once there is an original to play: which side is played, the way to the other, and what the one is that is heard. */
import { el } from './dom.ts'
import type { Standing } from './original.ts'
import { standingMark } from './side-words.ts'

export type Side = 'copy' | 'original'

export interface SideBar {
  element: HTMLElement
  /** @param standing of the original that is shown, or that there is on the other side. */
  show(side: Side, standing: Standing): void
  /** In the place of how the original stands, until another side is shown. */
  say(sentence: string): void
}

/** The key that changes the side wherever the focus is in the video and its timeline. */
export const SWITCH_KEY = 'o'

export function createSideBar(onChoose: (side: Side) => void): SideBar {
  const [copy, original] = [sideButton('Your file', 'copy', onChoose), sideButton('Original', 'original', onChoose)]
  const said = el('p', { class: 'side-said' })
  const key = el('span', { class: 'side-key wide-only' }, 'or press ', el('kbd', {}, SWITCH_KEY.toUpperCase()))
  const group = el('div', { class: 'switch', role: 'group', 'aria-label': 'Which side is played' }, copy, original)
  const element = el('div', { class: 'side-bar', hidden: true }, group, key, said)
  return {
    element,
    show(side, standing) {
      copy.setAttribute('aria-pressed', String(side === 'copy'))
      original.setAttribute('aria-pressed', String(side === 'original'))
      said.textContent = standingMark(standing)
      said.classList.toggle('unsure', standing !== 'registered')
    },
    say(sentence) {
      said.textContent = sentence
      said.classList.add('unsure')
    },
  }
}

function sideButton(name: string, side: Side, onChoose: (side: Side) => void): HTMLButtonElement {
  const keys = { 'aria-keyshortcuts': SWITCH_KEY.toUpperCase() }
  const button = el('button', { type: 'button', class: 'side', 'aria-pressed': 'false', ...keys }, name)
  button.addEventListener('click', () => onChoose(side))
  return button
}
