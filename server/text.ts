/**
 * Text of strangers on its way out: names, titles, domains, reasons, whatever stands on the chain, in a request or in an answer of a
 * node. There is one function for each kind of output, and test/strings goes through all of them; pages have their own in
 * web/client/words.ts (`plain`).
 */

/** Controls, format characters (they hide, or turn the direction of writing: UAX #9) and line ends of Unicode. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
const QUOTATION_MARKS = /["“”„‟«»]/gu

/** For a terminal and for details of errors: text on one line, in which nothing moves the cursor or reverses the line. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '�')
}

/** For machines: JSON that reads back as it was, and in which nothing reaches a terminal that obeys it. */
export function toJson(value: unknown, indent?: number): string {
  return escapeUnprintable(JSON.stringify(value, null, indent) ?? 'null')
}

/** JSON as it was written by somebody else, a line of the log say. Line ends stay: in JSON they are between values. */
export function escapeUnprintable(json: string): string {
  return json.replace(UNPRINTABLE, (character) => (character === '\n' ? character : asEscape(character)))
}

/** By its UTF-16 units, as JSON has it. */
function asEscape(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}

/** For a sentence of ours: text that cannot end a quotation and go on in our words, nor fill the page.
 *  @param max code points. */
export function inSentence(text: string, max = 120): string {
  const clean = text.toWellFormed().replace(UNPRINTABLE, ' ').replace(QUOTATION_MARKS, "'").replace(/\s+/g, ' ').trim()
  const characters = [...clean]
  return characters.length > max ? `${characters.slice(0, max - 1).join('')}…` : clean
}
