/** The original's side: what plays it, and how far that is known to be what was registered. */
import { el } from './dom.ts'
import type { Kind } from './wire.ts'

/** A file of the reader's is checked against the record; what an address serves is not. */
export type Standing = 'checking' | 'registered' | 'other' | 'unreadable' | { servedBy: string }

export interface Original {
  media: HTMLMediaElement
  standing: Standing
  /** Lets go of it: nothing of it is loaded any more. */
  release(): void
}

export interface Wanted {
  /** Of the record; null where it is not known. */
  kind: Kind | null
  from: File | { address: string; host: string }
  signal: AbortSignal
}

/** Of what can be played from its beginning only. */
export class NotSeekableError extends Error {}

/** What can be played, and put to any moment.
 * @throws NotSeekableError, Error where it is nothing that this browser can play, or the signal's reason. */
export async function loadOriginal({ kind, from, signal }: Wanted): Promise<Original> {
  const original = from instanceof File ? ofFile(from, kind) : ofAddress(from, kind)
  try {
    await loaded(original.media, signal)
    signal.throwIfAborted()
    return original
  } catch (error) {
    original.release()
    throw error
  }
}

function ofFile(file: File, kind: Kind | null): Original {
  const url = URL.createObjectURL(file)
  const media = createMedia(url, kind)
  const release = () => {
    letGo(media)
    URL.revokeObjectURL(url)
  }
  return { media, standing: 'checking', release }
}

function ofAddress({ address, host }: { address: string; host: string }, kind: Kind | null): Original {
  const media = createMedia(address, kind)
  return { media, standing: { servedBy: host }, release: () => letGo(media) }
}

function createMedia(src: string, kind: Kind | null): HTMLMediaElement {
  const attributes = { src, controls: true, preload: 'auto', 'aria-label': 'The original', hidden: true }
  if (kind === 'audio') return el('audio', attributes)
  return el('video', { ...attributes, playsinline: true, controlslist: 'nofullscreen', disablepictureinpicture: true })
}

function letGo(media: HTMLMediaElement): void {
  media.remove()
  media.removeAttribute('src')
  media.load()
}

function loaded(media: HTMLMediaElement, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const cannot = () => reject(new Error('this browser cannot play it'))
    // A file whose picture the browser does not know may still have a sound that it plays.
    const shows = () => !(media instanceof HTMLVideoElement) || media.videoWidth > 0
    const ready = () => {
      if (!shows()) cannot()
      else if (!isSeekable(media)) reject(new NotSeekableError('it cannot be put to a moment'))
      else resolve()
    }
    media.addEventListener('loadedmetadata', ready, { once: true })
    media.addEventListener('error', cannot, { once: true })
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

/** Not so where a server knows nothing of ranges. */
function isSeekable({ seekable }: HTMLMediaElement): boolean {
  return seekable.length > 0 && seekable.end(seekable.length - 1) > 0
}
