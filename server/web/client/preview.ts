/** Shows the file that is being looked up, from the reader's own disk. */
import { el, facts, quoted } from './dom.ts'
import { byteSize } from './words.ts'

export interface Preview {
  show(file: File): void
  /** Nothing of what is there is loaded: that the reader asks is nobody's business there. */
  showAddress(address: string): void
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
  return {
    clear,
    address: () => url,
    showAddress(address) {
      clear()
      container.append(
        el('h2', { class: 'label' }, 'The address'),
        facts([['Address', quoted(address)]]),
        el('p', { class: 'muted' }, 'No preview: only the server asks there.'),
      )
    },
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
