/** What the page says of an original that it plays, which it has from elsewhere: never more than is known. Pure. */
import type { Standing } from './original.ts'

/** While it can be played: on its own side and on the other. */
export function standingMark(standing: Standing): string {
  if (typeof standing === 'object') return `Original: as ${standing.servedBy} serves it today, not checked`
  return {
    checking: 'Original: not checked yet',
    registered: 'Original: the registered file',
    other: 'Original: not the registered file, it proves nothing',
    unreadable: 'Original: could not be checked, it proves nothing',
  }[standing]
}

/** Once it is known. */
export function standingSentence(standing: Standing): string {
  if (typeof standing === 'object')
    return `It is played as ${standing.servedBy} serves it today, not checked: it need not be the registered file.`
  return {
    checking: 'Its digest is being computed. It can be played meanwhile.',
    registered: 'This is the registered file, byte for byte.',
    other: 'This is not the registered file: what you see and hear of it proves nothing.',
    unreadable: 'This file could not be read to its end: whether it is the registered one is not known.',
  }[standing]
}

/** What a moment is one of: the original is named where it is the registered file that is played, and by nothing else. */
export function standInName(standing: Standing): string | null {
  if (standing === 'registered') return null
  return typeof standing === 'object' ? `what ${standing.servedBy} serves` : 'the file that you chose'
}

export const CANNOT_PLAY = 'This browser cannot play this file, so it cannot stand beside yours.'

export const nothingCame = (host: string) =>
  `Nothing that this browser can play came from ${host}: there may be a page around it, or nothing any more.`

export const onlyFromBeginning = (host: string) =>
  `${host} serves it from its beginning only: it cannot be put to the second at which your file is.`

export const visitSentence = 'Its publisher names an address where it was published, at '
export const visitMeaning = (host: string) =>
  `Your browser asks there only when you press the button: ${host} then learns of your visit, though not what you looked up.`

/** Why the side is not changed. */
export const NO_ORIGINAL = 'This moment of your file comes from no registered original: there is no other side of it.'
export const otherOriginal = (title: string) =>
  `This moment comes from ${title}, whose file is not here: choose it below.`
export const LEFT_OUT = 'Your file has nothing of that moment: it stands where it leaves it out.'
