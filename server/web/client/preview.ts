/** Shows the file that is being looked up, from the reader's own disk. */
import { el, facts, quoted } from './dom.ts'
import { byteSize, isAddress } from './words.ts'

export interface Preview {
  show(file: File): void
  /** Nothing of what is there is loaded: that the reader asks is nobody's business there. */
  showAddress(address: string): void
  /** Of a lookup that was taken up again: the page does not have the file any more. @param name of the file, or its address. */
  showName(name: string): void
  /** Offers to show the file again. @param take says what is wrong with a file; null where nothing is. */
  askAgain(take: (file: File) => Promise<string | null>): void
  /** Leaves the file to a player elsewhere on the page. */
  giveWay(): void
  /** Where the file that is shown can be had, until another is; null without one. */
  address(): string | null
  clear(): void
}

export function createPreview(container: HTMLElement): Preview {
  let url: string | null = null
  const clear = () => {
    if (url) URL.revokeObjectURL(url)
    url = null
    container.replaceChildren()
    delete container.dataset.kind
  }
  const showAddress = (address: string) => {
    clear()
    container.append(
      el('h2', { class: 'label' }, 'The address'),
      facts([['Address', quoted(address)]]),
      el('p', { class: 'muted' }, 'No preview: only the server asks there.'),
    )
  }
  return {
    clear,
    address: () => url,
    showAddress,
    showName(name) {
      if (isAddress(name)) return showAddress(name)
      clear()
      container.append(el('h2', { class: 'label' }, 'The file'), facts([['Name', quoted(name)]]))
    },
    giveWay: () => container.querySelector('.preview')?.remove(),
    askAgain: (take) => void container.append(...again(take)),
    show(file) {
      clear()
      url = URL.createObjectURL(file)
      container.dataset.kind = kindOf(file)
      const stage = el('div', { class: 'preview' }, player(file, url))
      container.append(
        el('h2', { class: 'label' }, 'Your file'),
        stage,
        facts([
          ['Name', quoted(file.name || 'pasted file')],
          ['Size', byteSize(file.size)],
        ]),
      )
    },
  }
}

function player(file: File, src: string): HTMLElement {
  const none = () => el('p', { class: 'muted' }, 'No preview: this browser does not show files of this type.')
  const kind = kindOf(file)
  const shown =
    kind === 'image'
      ? el('img', { src, alt: 'Preview of your file' })
      : kind === 'video'
        ? el('video', {
            src,
            controls: true,
            playsinline: true,
            preload: 'metadata',
            'aria-label': 'Preview of your file',
          })
        : kind === 'audio'
          ? el('audio', { src, controls: true, preload: 'metadata', 'aria-label': 'Preview of your file' })
          : none()
  shown.addEventListener('error', () => shown.replaceWith(none()))
  return shown
}

/** As the browser takes it by the name; the server looks at the bytes. */
function kindOf(file: File): string {
  return file.type.split('/')[0] ?? ''
}

/** The file was not kept: only the reader has it. */
function again(take: (file: File) => Promise<string | null>): HTMLElement[] {
  const said = el('p', { class: 'muted', role: 'status' }, 'The page does not have the file any more.')
  const input = el('input', { class: 'unseen', type: 'file', id: 'again', accept: 'image/*,video/*,audio/*' })
  input.addEventListener('change', async () => {
    const file = input.files?.[0]
    input.value = ''
    if (!file) return
    said.textContent = 'Reading it, to see whether it is the same.'
    const wrong = await take(file).catch(() => 'This file cannot be read.')
    if (wrong) said.textContent = wrong
  })
  return [said, el('p', {}, input, el('label', { class: 'button quiet', for: 'again' }, 'Show your copy of it'))]
}
