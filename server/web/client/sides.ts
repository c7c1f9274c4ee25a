/** Both sides at the same second: the reader's file and, where the reader has it, the original. One is shown and plays, the other waits at its
 *  moment; changing sides goes to the same moment of the other, and on from there. */
import { announce } from './dom.ts'
import { leftOutAt, type Moment, momentOfCopy, momentOfOriginal, type Place } from './moments.ts'
import type { Original, Standing } from './original.ts'
import { onTimes, type Player } from './player-view.ts'
import { createSideBar } from './side-bar.ts'
import { LEFT_OUT, NO_ORIGINAL, otherOriginal, standingMark } from './side-words.ts'
import type { Lane, Timeline } from './timeline.ts'
import { plain } from './words.ts'

export interface Sides {
  /** Puts both at a moment of the reader's file. */
  seek(copyS: number, play: boolean): void
  /** To the other side. */
  change(): void
  /** Takes the original of a lane in, in the place of one from before; null takes it away. */
  bring(lane: Lane, original: Original | null): void
  /** What is known of an original has changed. */
  refresh(): void
  /** Calls back with each moment that is shown. @param standing of the original; null while the reader's file is shown. @param still whether it stands at it. */
  onMoment(listener: (moment: Moment, standing: Standing | null, still: boolean) => void): void
}

interface Held {
  lane: Lane
  original: Original
}

export function createSides(player: Player, timeline: Timeline): Sides {
  const listeners: Parameters<Sides['onMoment']>[0][] = []
  const held = new Map<Lane, Held>()
  /** Null while it is the reader's file. */
  let shown: Held | null = null
  let lastCopyS = 0
  const bar = createSideBar((side) => (side === 'copy' ? toCopy() : toOriginal()))
  player.element.append(bar.element)

  const sideOf = (from: Place | null) => (from && held.get(from.lane)) ?? null
  const mediaOf = (side: Held | null) => side?.original.media ?? player.media()
  const mark = () => {
    const other = sideOf(momentOfCopy(timeline, player.time()).original) ?? [...held.values()].at(-1)
    const side = shown ?? other
    if (side) bar.show(shown ? 'original' : 'copy', side.original.standing)
  }
  const say = (sentence: string) => {
    bar.say(sentence)
    announce(sentence)
  }
  const tell = (still: boolean) => {
    const moment = shown ? momentOf(shown) : momentOfCopy(timeline, player.time())
    lastCopyS = moment.copyS ?? lastCopyS
    for (const listener of listeners) listener(moment, shown?.original.standing ?? null, still)
  }
  const momentOf = ({ lane, original }: Held): Moment =>
    momentOfOriginal(timeline, { lane, originalS: original.media.currentTime }, lastCopyS)
  player.onTime((_, still) => shown === null && tell(still))

  function reveal(side: Held | null): void {
    const [from, to] = [mediaOf(shown), mediaOf(side)]
    shown = side
    mark()
    if (from === to) return
    const hadFocus = document.activeElement === from
    from?.pause()
    player.reveal(side?.original.media ?? null)
    if (hadFocus) to?.focus({ preventScroll: true })
  }

  function go(side: Held | null, seconds: number): void {
    const plays = mediaOf(shown)?.paused === false
    const media = mediaOf(side)
    if (media) media.currentTime = seconds
    reveal(side)
    // Refused where the reader has forbidden it: then it stands there.
    if (plays) media?.play().catch(() => undefined)
    announce(side ? standingMark(side.original.standing) : 'Your file')
  }

  function toOriginal(): void {
    if (shown) return
    const from = momentOfCopy(timeline, player.time()).original
    const side = sideOf(from)
    if (from && side) go(side, from.originalS)
    else say(nothingOf(from))
  }

  function toCopy(): void {
    if (!shown) return
    const { lane, original } = shown
    const { copyS } = momentOf(shown)
    go(null, copyS ?? leftOutAt(lane, original.media.currentTime))
    if (copyS === null) say(LEFT_OUT)
  }

  function bring(lane: Lane, original: Original | null): void {
    const former = held.get(lane)
    if (former && former === shown) reveal(null)
    former?.original.release()
    held.delete(lane)
    if (original) take({ lane, original })
    bar.element.hidden = held.size === 0
    mark()
  }

  function take(side: Held): void {
    const { media } = side.original
    held.set(side.lane, side)
    player.element.prepend(media)
    onTimes(media, () => shown === side && tell(media.paused && !media.seeking))
    media.addEventListener('error', () => held.get(side.lane) === side && bring(side.lane, null))
    const from = momentOfCopy(timeline, player.time()).original
    if (from?.lane === side.lane) media.currentTime = from.originalS
  }

  return {
    bring,
    refresh() {
      mark()
      tell(mediaOf(shown)?.paused ?? true)
    },
    change: () => (held.size === 0 ? undefined : shown ? toCopy() : toOriginal()),
    onMoment: (listener) => void listeners.push(listener),
    seek(copyS, play) {
      const from = momentOfCopy(timeline, copyS).original
      const side = sideOf(from)
      if (from && side) side.original.media.currentTime = from.originalS
      const leaves = shown !== null && side === null
      reveal(shown && side)
      if (leaves) say(nothingOf(from))
      player.seek(copyS, play && !shown)
      if (shown && play) shown.original.media.play().catch(() => undefined)
    },
  }
}

/** Why there is no original to show of a moment. */
function nothingOf(from: Place | null): string {
  return from ? otherOriginal(plain(from.lane.match.original.title ?? 'another original', 80)) : NO_ORIGINAL
}
