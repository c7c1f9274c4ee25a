/** The ways a file comes in: chosen, dropped anywhere on the page, or pasted; and an address that is pasted. */

export interface FileSource {
  input: HTMLInputElement
  /** Shows that a dragged file may be let go. */
  zone: HTMLElement
  onFile(file: File): void
  onAddress(address: string): void
  /** Called with a sentence when what came cannot be looked up, or only a part of it; with nothing when all is well. */
  onNotice(sentence: string): void
}

export function watchFiles({ input, zone, onFile, onAddress, onNotice }: FileSource): void {
  const take = (files: FileList | null | undefined) => {
    const file = files?.[0]
    if (!file) return
    onNotice(files.length > 1 ? `One file at a time: this is the first of ${files.length}.` : '')
    onFile(file)
  }

  input.addEventListener('change', () => {
    take(input.files)
    // So that choosing the same file again is a change again.
    input.value = ''
  })
  document.addEventListener('paste', (event) => {
    if (event.clipboardData?.files.length) return take(event.clipboardData.files)
    const text = event.clipboardData?.getData('text/plain').trim() ?? ''
    const writing = event.target instanceof Element && event.target.closest('input, textarea')
    if (!writing && /^https?:\/\/\S+$/i.test(text)) onAddress(text)
  })

  // Enter and leave fire for every element under the pointer: only their balance tells whether the page was left.
  let depth = 0
  const settle = (change: number) => {
    depth = change === 0 ? 0 : Math.max(0, depth + change)
    zone.classList.toggle('over', depth > 0)
  }
  const onDrag = (name: 'dragenter' | 'dragleave' | 'dragover' | 'drop', use: (data: DataTransfer) => void) => {
    document.addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes('Files')) return
      // Without this the browser would leave the page and open the file.
      event.preventDefault()
      use(event.dataTransfer)
    })
  }
  onDrag('dragenter', () => settle(1))
  onDrag('dragleave', () => settle(-1))
  onDrag('dragover', (data) => {
    data.dropEffect = 'copy'
  })
  onDrag('drop', (data) => {
    settle(0)
    if (data.items[0]?.webkitGetAsEntry?.()?.isDirectory) onNotice('A folder cannot be looked up: drop one file.')
    else take(data.files)
  })
}
