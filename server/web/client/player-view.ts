/** Plays the reader's own file, with what was found drawn over the picture. Where it cannot be played, only its time goes on being told. */
import { el, svg } from './dom.ts'
import { contentBox } from './letterbox.ts'
import { isLaidOver, isSeenAt, type Mark } from './timeline.ts'

export interface Player {
  element: HTMLElement
  /** Of the candidate, in seconds. */
  time(): number
  seek(seconds: number, play: boolean): void
  /** Calls back with each moment that is shown. @param still whether it stands at it. */
  onTime(listener: (seconds: number, still: boolean) => void): void
  /** What plays the file; null where nothing does. */
  media(): HTMLMediaElement | null
  /** The same for a picture of it. */
  picture(): HTMLVideoElement | null
  /** Shows another medium, which is in the element already, in the place of the file; null shows the file again. */
  reveal(other: HTMLMediaElement | null): void
}

export interface Played {
  /** Address of the reader's file; null where the page does not have it. */
  file: string | null
  /** Pixels, upright; null for sound. */
  width: number | null
  height: number | null
  marks: readonly Mark[]
  /** What is said of the moment, under the picture. */
  caption: HTMLElement
}

const CANNOT = 'This browser cannot play this file. The timeline tells the same.'
const NOT_HERE = 'The video cannot be played here: this page does not have the file.'

export function createPlayer(of: Played): Player {
  const listeners: ((seconds: number, still: boolean) => void)[] = []
  const element = el('div', { class: 'player' })
  let media: HTMLMediaElement | null = null
  let standsAtS = 0
  const time = () => media?.currentTime ?? standsAtS
  const tell = () => {
    for (const listener of listeners) listener(time(), media === null || (media.paused && !media.seeking))
  }
  const sayOnly = (sentence: string) => {
    media = null
    element.className = 'no-player'
    element.replaceChildren(el('p', { class: 'muted' }, sentence), of.caption)
  }
  const fail = () => {
    sayOnly(CANNOT)
    tell()
  }
  if (of.file === null) sayOnly(NOT_HERE)
  else media = fillPlayer(element, of, { tell, fail })
  return {
    element,
    time,
    seek(seconds, play) {
      standsAtS = seconds
      if (media) media.currentTime = seconds
      // Refused where the reader has forbidden it: then it stands there.
      if (media && play) media.play().catch(() => undefined)
      if (!media) tell()
    },
    onTime(listener) {
      listeners.push(listener)
    },
    media: () => media,
    picture: () => (media instanceof HTMLVideoElement ? media : null),
    reveal(other) {
      for (const one of element.querySelectorAll('video, audio'))
        one.toggleAttribute('hidden', one !== (other ?? media))
      // They are of the file's picture, not of another.
      element.querySelector('.outlines')?.toggleAttribute('hidden', other !== null)
    },
  }
}

interface Heard {
  tell(): void
  fail(): void
}

function fillPlayer(element: HTMLElement, { file, width, height, marks, caption }: Played, { tell, fail }: Heard) {
  const seen = width !== null && height !== null
  const attributes = { src: file, controls: true, preload: 'auto', 'aria-label': 'Your file' }
  const media = seen
    ? el('video', { ...attributes, playsinline: true, controlslist: 'nofullscreen', disablepictureinpicture: true })
    : el('audio', attributes)
  media.addEventListener('error', fail)
  onTimes(media, tell)
  const bar = el('div', { class: 'bar' }, caption)
  element.append(media, bar)
  if (!(media instanceof HTMLVideoElement)) return media
  element.style.setProperty('--aspect', String(width! / height!))
  // A file whose picture the browser does not know may still have a sound that it plays.
  media.addEventListener('loadedmetadata', () => media.videoWidth === 0 && fail())
  const over = outlinesOver(media, marks)
  media.addEventListener('seeked', over.show)
  onEachFrame(media, over.show)
  element.append(over.element)
  bar.append(...fullScreen(element))
  return media
}

/** Whenever another moment is shown, or it begins to stand or go. */
export function onTimes(media: HTMLMediaElement, act: () => void): void {
  for (const event of ['seeked', 'pause', 'loadeddata', 'timeupdate']) media.addEventListener(event, act)
  onEachFrame(media, act)
}

/** While it plays; `timeupdate` alone comes four times a second. */
function onEachFrame(media: HTMLMediaElement, act: () => void): void {
  const step = () => {
    act()
    if (!media.paused && media.isConnected) requestAnimationFrame(step)
  }
  media.addEventListener('play', () => requestAnimationFrame(step))
}

/** Outlines in fractions of the picture, laid where the picture lies in its element: beside it there may be bars. */
function outlinesOver(video: HTMLVideoElement, marks: readonly Mark[]) {
  const drawn = marks.filter(({ finding }) => finding.region !== null).map((mark) => ({ mark, shape: outline(mark) }))
  const attributes = { class: 'outlines', viewBox: '0 0 1 1', preserveAspectRatio: 'none', 'aria-hidden': true }
  const element = svg('svg', attributes, ...drawn.map(({ shape }) => shape)) as SVGSVGElement
  const place = () => {
    const box = { width: video.clientWidth, height: video.clientHeight }
    const { x, y, w, h } = contentBox(box, { width: video.videoWidth, height: video.videoHeight })
    const at = { left: x + video.offsetLeft, top: y + video.offsetTop, width: w, height: h }
    for (const [name, value] of Object.entries(at)) element.style.setProperty(name, `${value}px`)
  }
  const show = () => {
    for (const { mark, shape } of drawn) shape.toggleAttribute('hidden', !isSeenAt(mark, video.currentTime))
  }
  new ResizeObserver(place).observe(video)
  video.addEventListener('loadedmetadata', place)
  show()
  return { element, show }
}

function outline({ finding }: Mark): SVGElement {
  const { x, y, w: width, h: height } = finding.region!
  const line = (name: string) => svg('rect', { x, y, width, height, class: name })
  return svg('g', { class: isLaidOver(finding) ? 'outline overlay' : 'outline' }, line('ground'), line('line'))
}

/** Of the player and not of the video alone: the outlines go along. None where the browser has no such thing. */
function fullScreen(element: HTMLElement): HTMLElement[] {
  if (!document.fullscreenEnabled) return []
  const button = el('button', { type: 'button', class: 'full' }, 'Full screen')
  button.addEventListener('click', () => {
    const change = document.fullscreenElement ? document.exitFullscreen() : element.requestFullscreen()
    change.catch(() => undefined)
  })
  document.addEventListener('fullscreenchange', () => {
    button.textContent = document.fullscreenElement === element ? 'Leave full screen' : 'Full screen'
  })
  return [button]
}
