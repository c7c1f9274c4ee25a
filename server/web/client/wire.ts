/** The JSON of the API as this page reads it. Every text in it is written by strangers. */

export type Kind = 'image' | 'video' | 'audio'
export type Relation = 'identical' | 'same_content' | 'excerpt' | 'altered' | 'composite'
export type Verdict = Relation | 'not_registered' | 'inconclusive'
export type Stage = 'receiving' | 'fetching' | 'decoding' | 'searching' | 'comparing'

/** RFC 9457 with our `code`. */
export interface Problem {
  type?: string
  title: string
  status?: number
  detail?: string
  code?: string
  instance?: string
}

export interface Publisher {
  id: number
  name: string | null
  domain: string | null
  trust: string
}

export interface Anchor {
  chain: string
  contract: string
  transaction: string
  block: number
  finality: string
}

/** When the signer was declared compromised: what it signed since then is void. */
export interface Disowned {
  since: string
  declaredAt: string
  declaredBy: string | null
  /** Whether that account was declared compromised itself. */
  contested: boolean
}

/** What became of a record. */
export interface State {
  state: string
  disowned: Disowned | null
  supersession: { at: string; record: string } | null
}

export interface Span {
  startS: number
  endS: number
}

export interface Segment {
  candidate: Span
  original: Span
  /** Seconds of the original that pass in one second of the candidate. */
  speed?: number
  /** How its picture lies on the original. */
  placement?: Placement | null
}

/** Fractions of a width and a height. */
export interface Region {
  x: number
  y: number
  w: number
  h: number
}

/** In fractions too; beyond 0 and 1 where it is beyond the edge. */
export interface Point {
  x: number
  y: number
}

/** How a picture lies on its original. */
export interface Placement {
  /** The part of the candidate in which the original is. */
  candidate: Region
  /** The part of the original that the candidate shows. */
  original: Region
  /** Of the whole original in the candidate: top left, top right, bottom left. */
  corners: [Point, Point, Point]
}

/** One difference from the original. */
export interface Finding {
  /** `video` for what is seen, `audio` for what is heard. */
  channel: string
  kind: string
  /** Of the candidate; of no length where something is missing, null where there is no time. */
  span: Span | null
  /** Of the candidate. */
  region: Region | null
  score: number
  /** Seconds by which the sound comes after the picture; only of what is shifted. */
  offsetS?: number | undefined
}

export interface Match extends State {
  recordId: string
  relation: Relation
  similarity: number | null
  distanceBits: number | null
  original: {
    contentDigest: string
    kind: Kind | null
    title: string | null
    durationS: number | null
    width: number | null
    height: number | null
    /** Of equal parts of a span of it, 0 to 100; only of what sounds. */
    loudness?: { span: Span; values: readonly number[] } | undefined
  }
  publisher: Publisher
  registeredAt: string
  anchor: Anchor
  segments: Segment[]
  transforms: string[]
  placement: Placement | null
  findings: Finding[]
  limits: string[]
}

export interface Candidate {
  contentDigest: string
  sizeBytes: number
  durationS: number | null
  width: number | null
  height: number | null
  quality: number | null
  /** Of equal parts of its duration, 0 to 100; only of what sounds. */
  loudness?: readonly number[] | undefined
}

/** Names a younger or less trusted record that contradicts the first match. */
export interface Conflict {
  recordId: string
  /** Who registered it and when; a part of the lookup's own summary too. */
  summary: string
}

export interface Progress {
  /** Null while the lookup waits for its turn. */
  stage: Stage | null
  /** 0 to 1; null where it is not known. */
  progress: number | null
}

/** Only `id` and `status` are there before the lookup has finished. */
export interface Lookup {
  id: string
  status: 'queued' | 'running' | 'done' | 'failed' | 'cancelled'
  stage?: Stage | null
  progress?: number | null
  /** `name` is of the file, or the address. */
  asked?: { name: string | null }
  verdict?: Verdict | null
  summary?: string | null
  reason?: string | null
  candidate?: Candidate | null
  matches?: Match[]
  conflict?: Conflict | null
  limits?: string[]
  error?: Problem | null
}

export interface RecordEntry extends State {
  recordId: string
  kind: Kind | null
  title: string | null
  contentDigest: string
  publisher: Publisher
  registeredAt: string
  revocation: { at: string; reason: string } | null
  way: 'stored' | 'logged' | 'rooted'
  anchor: Anchor
  durationS: number | null
  width: number | null
  height: number | null
  manifest: 'present' | 'missing' | 'mismatch' | 'withdrawn'
}

/** Of what its publisher says of an original. */
export interface Manifest {
  content: { digest: string }
  description: { sourceUrl: string | null }
}

export interface RecordPage {
  records: RecordEntry[]
  next: string | null
}

export interface Registration {
  recordId: string
  contentDigest: string
  status: 'registered' | 'already_registered'
}
