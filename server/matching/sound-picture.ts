/** What the sound of a video says beside its picture: whether both follow the original at the same second. Pure. */
import type { SoundExamination, SoundFinding, SoundSegment } from './sound.ts'
import { SOUND } from './thresholds.ts'

type Span = SoundSegment['candidate']

/** @param sound null where it does not follow the original at all, though both have one.
 * @param picture stretches in which the picture follows it. */
export function heardBesidePicture(sound: SoundExamination | null, picture: readonly SoundSegment[]): SoundFinding[] {
  if (!sound) return picture.map(({ candidate }) => finding('replaced', candidate))
  const apart = picture.flatMap((seen) => sound.segments.flatMap((heard) => apartOf(seen, heard)))
  const beside = sound.beside.flatMap((span) => picture.flatMap(({ candidate }) => common(span, candidate)))
  return [
    ...joined(apart).map(({ span, offsetMs }) =>
      Math.abs(offsetMs) > SOUND.otherSecondsMs
        ? finding('replaced', span)
        : { ...finding('shifted', span), offsetS: Math.round(offsetMs) / 1_000 },
    ),
    ...beside
      .filter(({ startMs, endMs }) => endMs - startMs >= SOUND.besideMs)
      .map((span) => finding('replaced', span)),
  ]
}

const finding = (kind: 'replaced' | 'shifted', span: Span): SoundFinding => ({
  channel: 'audio',
  kind,
  span: { startMs: span.startMs, endMs: span.endMs },
  region: null,
  score: 0.99,
})

interface Apart {
  span: Span
  /** By which the sound comes later, in the candidate's time. */
  offsetMs: number
}

/** Where both follow, if not at the same second. */
function apartOf(seen: SoundSegment, heard: SoundSegment): Apart[] {
  return common(seen.candidate, heard.candidate)
    .filter(({ startMs, endMs }) => endMs - startMs >= SOUND.togetherMs)
    .map((span) => {
      const middle = (span.startMs + span.endMs) / 2
      return { span, offsetMs: (secondAt(seen, middle) - secondAt(heard, middle)) / seen.speed }
    })
    .filter(({ offsetMs }) => Math.abs(offsetMs) > (isAsFast(seen) ? SOUND.shiftedMs : SOUND.shiftedElseMs))
}

/** Of the original, at a time of the candidate. */
const secondAt = ({ candidate, original, speed }: SoundSegment, ms: number) =>
  original.startMs + speed * (ms - candidate.startMs)

const isAsFast = ({ speed }: SoundSegment) => Math.abs(speed - 1) < 0.01

function common(a: Span, b: Span): Span[] {
  const span = { startMs: Math.max(a.startMs, b.startMs), endMs: Math.min(a.endMs, b.endMs) }
  return span.startMs < span.endMs ? [span] : []
}

/** Stretches that follow each other and are as much apart are one. */
function joined(all: readonly Apart[]): Apart[] {
  const out: Apart[] = []
  for (const { span, offsetMs } of all.toSorted((a, b) => a.span.startMs - b.span.startMs)) {
    const last = out.at(-1)
    const isOne =
      last &&
      Math.abs(last.offsetMs - offsetMs) <= SOUND.shiftedMs &&
      span.startMs - last.span.endMs <= SOUND.togetherMs
    if (isOne) last.span = { startMs: last.span.startMs, endMs: Math.max(last.span.endMs, span.endMs) }
    else out.push({ span, offsetMs })
  }
  return out
}
