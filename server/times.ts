/** Times in media as a player shows them. Pages have their own in web/client/words.ts; a test holds the two together. */

export interface Span {
  startS: number
  endS: number
}

/** `0:07`, `1:02:03`, and with tenths `0:07.5`. @param seconds not negative. */
export function clock(seconds: number, tenths = false): string {
  const unit = tenths ? 10 : 1
  const whole = Math.round(seconds * unit)
  const total = Math.floor(whole / unit)
  const [hours, minutes] = [Math.floor(total / 3600), Math.floor(total / 60) % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  const begins = hours > 0 ? `${hours}:${two(minutes)}` : `${minutes}`
  return `${begins}:${two(total % 60)}${tenths ? `.${whole % unit}` : ''}`
}

/** Seconds under which whole ones would hide how long a stretch is. */
const SHORT_S = 2

/** `0:06 to 0:10`. */
export function fromTo({ startS, endS }: Span, tenths = endS - startS < SHORT_S): string {
  return `${clock(startS, tenths)} to ${clock(endS, tenths)}`
}
