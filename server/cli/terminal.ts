/** What is written for a person: progress, verdicts, problems. Titles and names come from strangers and are made harmless. */
import { MultiBar, Presets } from 'cli-progress'
import { RegistryError } from '../errors.ts'
import {
  type FindingView,
  findingWords,
  type LookupView,
  type MatchView,
  type SegmentView,
  type WholeRecordView,
} from '../registry/index.ts'
import { printable, toJson } from '../text.ts'
import { clock, fromTo } from '../times.ts'

export { printable }

/** One line each: a title with a line break in it must not look like a line of ours. */
export function print(...lines: string[]): void {
  process.stdout.write(lines.map((line) => `${printable(line)}\n`).join(''))
}

/** For machines: nothing is lost, and what may not reach a terminal is escaped. */
export function printJson(value: unknown, indent?: number): void {
  process.stdout.write(`${toJson(value, indent)}\n`)
}

export function note(line: string): void {
  process.stderr.write(`${line.split('\n').map(printable).join('\n')}\n`)
}

export function describeError(error: unknown): string {
  // On one line: the detail may be of a server elsewhere, which may quote a stranger.
  if (error instanceof RegistryError) return printable(`${error.message} (${error.code})`)
  return error instanceof Error ? error.message : String(error)
}

export interface Progress {
  /** @param fraction 0 to 1; null where it is not known. */
  update(name: string, stage: string, fraction: number | null): void
  done(name: string): void
  stop(): void
}

/** On a terminal a bar for each thing under way, of the stage that it is in; in a pipe a line now and then, and none of what is quick. */
export function createProgress(enabled: boolean): Progress {
  if (!enabled) return { update: () => {}, done: () => {}, stop: () => {} }
  return process.stderr.isTTY ? progressBars() : progressLines()
}

const share = (fraction: number | null) => (fraction === null ? '' : ` ${Math.round(fraction * 100)} %`)

function progressBars(): Progress {
  const bars = new MultiBar(
    { format: '{bar} {stage}{share} {name}', hideCursor: true, clearOnComplete: true, stream: process.stderr },
    Presets.rect,
  )
  const byName = new Map<string, ReturnType<MultiBar['create']>>()
  return {
    update(name, stage, fraction) {
      const told = { name: printable(name), stage: printable(stage), share: share(fraction) }
      const bar = byName.get(name) ?? bars.create(100, 0, told)
      byName.set(name, bar)
      bar.update(Math.round((fraction ?? 0) * 100), told)
    },
    done(name) {
      const bar = byName.get(name)
      if (bar) bars.remove(bar)
      byName.delete(name)
    },
    stop: () => bars.stop(),
  }
}

/** Milliseconds between two lines, and before the first. */
const LINE_MS = 5_000

export function progressLines(now: () => number = Date.now): Progress {
  let toldAt = now()
  return {
    update(name, stage, fraction) {
      if (now() - toldAt < LINE_MS) return
      toldAt = now()
      note(`${stage}${share(fraction)}: ${name}`)
    },
    done: () => {},
    stop: () => {},
  }
}

const VERDICTS: Record<string, string> = {
  identical: 'IDENTICAL',
  same_content: 'SAME CONTENT',
  excerpt: 'EXCERPT',
  altered: 'ALTERED',
  composite: 'COMPOSITE',
  not_registered: 'NOT REGISTERED',
  inconclusive: 'INCONCLUSIVE',
}

/** @param report address of the answer as a page. */
export function printLookup(lookup: LookupView, report: string): void {
  print(VERDICTS[lookup.verdict ?? ''] ?? String(lookup.verdict), lookup.summary ?? '')
  for (const limit of lookup.limits.filter((one) => !lookup.matches.some(({ limits }) => limits.includes(one))))
    print(`limit      ${limit}`)
  for (const match of lookup.matches) printMatch(match)
  print('', `report     ${report}`)
}

function printMatch(match: MatchView): void {
  const { publisher, anchor } = match
  const distance = match.distanceBits === null ? '' : `, ${match.distanceBits} of 256 bits differ`
  print('', `record     ${match.recordId}`)
  print(`original   ${match.original.title ?? '(no title)'}`)
  print(`publisher  ${publisher.name ?? `publisher ${publisher.id}`} (${publisher.trust})`)
  print(`registered ${match.registeredAt}${stateOf(match)}`)
  print(`relation   ${match.relation}${distance}${match.transforms.map((transform) => `, ${transform}`).join('')}`)
  for (const segment of match.segments) print(`segment    ${segmentWords(segment)}`)
  for (const line of comparedLines(match)) print(line)
  for (const limit of match.limits) print(`limit      ${limit}`)
  const local = anchor.finality === 'local' ? ' (a local chain: its clock proves nothing)' : ''
  print(
    `anchor     ${anchor.chain}, block ${anchor.block}, transaction ${anchor.transaction}, ${anchor.finality}${local}`,
  )
}

/** Below this a part is missing by more than rounding. */
const WHOLE = 0.97

/** How a picture lies on its original, and what differs from it. */
function comparedLines({ placement, findings, segments }: MatchView): string[] {
  const share = ({ w, h }: { w: number; h: number }, sentence: (part: string) => string) =>
    w * h < WHOLE ? [`placement  ${sentence(percent(w * h))}`] : []
  return [
    ...(placement ? share(placement.original, (part) => `the candidate shows ${part} of the original`) : []),
    ...(placement ? share(placement.candidate, (part) => `the original fills ${part} of the candidate`) : []),
    ...findings.map((finding) => findingLine(finding, segments)),
  ]
}

function segmentWords({ candidate, original, speed }: SegmentView): string {
  if (candidate.endS <= candidate.startS) return `the candidate is ${clock(original.startS, true)} of the original`
  const at = Math.abs(speed - 1) > SAME_SPEED ? `, at ${Number(speed.toFixed(2))} times its speed` : ''
  return `${fromTo(candidate, true)} of the candidate is ${fromTo(original, true)} of the original${at}`
}

/** A difference in speed that is one of measurement. */
const SAME_SPEED = 0.005

function findingLine(finding: FindingView, segments: SegmentView[]): string {
  const { region, score } = finding
  const place =
    region &&
    `${percent(region.w)} x ${percent(region.h)} of the candidate, ${percent(region.x)} from its left and ${percent(region.y)} from its top`
  const parts = [whatAndWhen(finding, segments), place].filter(Boolean)
  return `finding    ${parts.join(', ')}; score ${(Math.floor(score * 100) / 100).toFixed(2)}`
}

function whatAndWhen(finding: FindingView, segments: SegmentView[]): string {
  const { kind, span } = finding
  if (!span) return kind === 'overlay' ? 'something is laid over the candidate' : 'differs from the original'
  const when = kind === 'missing' ? `at ${clock(span.startS, true)}` : `from ${fromTo(span, true)}`
  return `${findingWords(finding, segments)} ${when}`
}

const percent = (fraction: number) => `${Math.round(fraction * 100)} %`

function stateOf({ state, disowned, supersession }: MatchView): string {
  if (disowned) return `, disowned: its key is compromised since ${declared(disowned)}`
  if (supersession) return `, since superseded by ${supersession.record}`
  return state === 'revoked' ? ', since revoked' : ''
}

export function printRecord(record: WholeRecordView): void {
  print(`record     ${record.recordId}`)
  print(`title      ${record.title ?? '(none)'}`)
  print(`publisher  ${record.publisher.name ?? `publisher ${record.publisher.id}`} (${record.publisher.trust})`)
  print(`registered ${record.registeredAt}`)
  print(
    `state      ${record.state}${record.revocation ? ` on ${record.revocation.at}: ${record.revocation.reason}` : ''}`,
  )
  if (record.withdrawal)
    print(
      `manifest   withdrawn by the operator of this server on ${record.withdrawal.at}${record.withdrawal.reason ? `: ${record.withdrawal.reason}` : ''}`,
    )
  if (record.supersession) print(`superseded on ${record.supersession.at} by record ${record.supersession.record}`)
  if (record.way !== 'stored' || record.anchors.length > 1 || record.disowned)
    for (const { way, registeredAt, signer, disowned } of record.anchors)
      print(`anchor     ${way}, ${registeredAt}, signed by ${signer}${voidSince(disowned)}`)
  for (const { change, at, signer, disowned } of record.changes)
    if (disowned) print(`void       ${change} on ${at} by ${signer}${voidSince(disowned)}`)
}

const voidSince = (disowned: WholeRecordView['disowned']) =>
  disowned ? `, void: compromised since ${declared(disowned)}` : ''

/** Both dates, and whether it may have been a thief who declared. */
export const declared = ({ since, declaredAt, contested }: NonNullable<WholeRecordView['disowned']>) =>
  `${since} (declared ${declaredAt}${contested ? ', by an account declared compromised itself' : ''})`
