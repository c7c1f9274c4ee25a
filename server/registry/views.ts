/** The shapes that leave the registry as JSON. One definition serves the code, the checks and the OpenAPI document. */
import * as z from 'zod'
import { fingerprintDocument, KINDS } from '../fingerprint/index.ts'
import { RELATIONS, VERDICTS } from '../matching/index.ts'

const digest = z.string().regex(/^[0-9a-f]{64}$/)
const hex32 = z.string().regex(/^0x[0-9a-f]{64}$/)
const address = z.string().regex(/^0x[0-9a-f]{40}$/)
const time = z.iso.datetime().describe('UTC, by the clock of the chain')
const span = z.object({ startS: z.number(), endS: z.number() })

export const anchorView = z
  .object({
    chain: z.string().describe('CAIP-2, such as eip155:1'),
    contract: address,
    transaction: hex32,
    block: z.int(),
    finality: z
      .enum(['latest', 'safe', 'finalized', 'local'])
      .describe('local: a local chain, whose clock proves nothing'),
  })
  .meta({ id: 'Anchor' })

/** Words for how far a publisher is trusted, from least to most. */
export const TRUST = ['unverified', 'listed by this server'] as const

export const publisherBrief = z.object({
  id: z.int(),
  name: z.string().nullable(),
  domain: z.string().nullable(),
  trust: z.enum(TRUST).describe('no way to verify a publisher exists yet, but for the list that an operator makes'),
})

export const disownedView = z
  .object({
    since: time,
    declaredAt: time,
    declaredBy: address.nullable().describe('the custody account of then'),
    contested: z.boolean().describe('whether that account was declared compromised itself, since then or before'),
  })
  .meta({ id: 'Disowned', description: 'the signer was declared compromised: what it signed since is void' })
const disowned = disownedView.nullable()

export const publisherView = publisherBrief
  .extend({
    custody: address,
    recovery: address.nullable().describe('the account that can move custody'),
    custodyOfferedTo: address.nullable(),
    recoveryOfferedTo: address.nullable().describe('whom the recovery account offered custody'),
    recoveryChange: z
      .object({ to: address.nullable(), notBefore: time, notAfter: time })
      .nullable()
      .describe('a change that waits'),
    formerCustody: z.array(z.object({ address, until: time, disowned })),
    profileUri: z.string(),
    gateways: z.array(z.string()).describe('where it says that its blocks are served'),
    createdAt: time,
    keys: z.array(z.object({ address, addedAt: time, endedAt: time.nullable(), disowned })),
    unlisted: z
      .object({ batches: z.int(), records: z.int(), summary: z.string() })
      .nullable()
      .describe('records in batches whose list is not here'),
  })
  .meta({ id: 'Publisher' })

export const STATES = ['active', 'revoked', 'superseded', 'disowned'] as const
const state = z.enum(STATES)
const supersession = z
  .object({ at: time, by: digest, record: hex32.describe('of the same publisher, registered or not'), signer: address })
  .nullable()
const extent = { durationS: z.number().nullable(), width: z.int().nullable(), height: z.int().nullable() }

const way = z.enum(['stored', 'logged', 'rooted'])
const batch = z.object({ root: hex32, index: z.int() }).nullable().describe('null where stored')

/** One place of the chain that holds a record, and one change of its state; void ones have `disowned`. */
const anchorOfRecord = z.object({ way, batch, signer: address, registeredAt: time, anchor: anchorView, disowned })
const changeOfRecord = z.object({
  change: z.enum(['revoked', 'superseded']),
  reason: z.string().nullable(),
  by: digest.nullable(),
  at: time,
  signer: address,
  transaction: hex32,
  disowned,
})

export const recordView = z
  .object({
    recordId: hex32,
    citation: z.string().describe('eip155:<chain>:<registry>/<recordId>'),
    kind: z.enum(KINDS).nullable(),
    title: z.string().nullable(),
    contentDigest: digest,
    manifest: z
      .enum(['present', 'missing', 'mismatch', 'withdrawn'])
      .describe('withdrawn: by the operator of this server'),
    withdrawal: z
      .object({ at: z.iso.datetime().describe('by the clock of this server'), reason: z.string().nullable() })
      .nullable(),
    manifestCid: z.string(),
    algorithm: z.string(),
    perceptualHashes: z.array(digest),
    publisher: publisherBrief,
    signer: address,
    registeredAt: time,
    state,
    disowned,
    revocation: z.object({ at: time, reason: z.string(), signer: address }).nullable(),
    supersession,
    way,
    batch,
    anchor: anchorView,
    ...extent,
  })
  .meta({ id: 'Record' })

export const wholeRecordView = recordView
  .extend({
    anchors: z.array(anchorOfRecord).describe('all of them, the first 100, in the order of the chain'),
    changes: z.array(changeOfRecord).describe('every revocation and supersession, void ones too'),
  })
  .meta({ id: 'RecordWithHistory' })

export const recordsView = z
  .object({ records: z.array(recordView), next: z.string().nullable().describe('give it back as ?cursor=') })
  .meta({ id: 'Records' })

export const FINDING_KINDS = [
  'region',
  'replaced',
  'inserted',
  'missing',
  'reordered',
  'repeated',
  'frozen',
  'muted',
  'shifted',
  'overlay',
  'mixed',
] as const
export type FindingKind = (typeof FINDING_KINDS)[number]

/** A fraction of the candidate's width or height. */
const fraction = z.number().min(0).max(1)

const region = z.object({ x: fraction, y: fraction, w: fraction, h: fraction })
const point = z.object({ x: z.number(), y: z.number() })

const placementView = z
  .object({
    candidate: region.describe('the part of the candidate in which the original is'),
    original: region.describe('the part of the original that the candidate shows'),
    corners: z
      .tuple([point, point, point])
      .describe('of the whole original in the candidate, beyond its edges too: top left, top right, bottom left'),
  })
  .meta({ id: 'Placement', description: 'How a picture lies on its original, in fractions of width and height.' })

const findingView = z
  .object({
    channel: z.enum(['video', 'audio']).describe('video for whatever is seen'),
    kind: z
      .enum(FINDING_KINDS)
      .describe(
        'overlay, mixed: something laid over the picture, over the sound, which leaves the relation as it is; missing: a cut',
      ),
    span: span.nullable().describe('of the candidate, of no length where something is missing; null for a picture'),
    region: region.nullable().describe('of the candidate; null where it is all of it, or heard'),
    offsetS: z
      .number()
      .optional()
      .describe('of what is shifted, and of nothing else: seconds by which the sound comes after the picture'),
    score: fraction.describe('1 minus the rate of false alarms on benign copies at this strength'),
  })
  .meta({ id: 'Finding' })

const segmentView = z
  .object({
    candidate: span,
    original: span,
    speed: z.number().describe('seconds of the original that pass in one second of the candidate'),
    placement: placementView.nullable().describe('null where the picture was not laid over its original'),
  })
  .meta({ id: 'Segment', description: 'A stretch of a video or a sound, and the stretch of the original it is.' })

const loudness = z.array(z.int().min(0).max(100)).max(240)

export const matchView = z
  .object({
    recordId: hex32,
    relation: z.enum(RELATIONS),
    similarity: z.int().min(0).max(100),
    distanceBits: z.int().nullable(),
    original: z.object({
      contentDigest: digest,
      kind: z.enum(KINDS).nullable(),
      title: z.string().nullable(),
      ...extent,
      loudness: z
        .object({ span, values: loudness })
        .optional()
        .describe(
          'of equal parts of a span of the original, about what the candidate follows, where its sound was read',
        ),
    }),
    publisher: publisherBrief,
    registeredAt: time,
    state,
    disowned,
    supersession,
    anchor: anchorView,
    segments: z.array(segmentView).describe('in the order of the candidate'),
    transforms: z.array(z.string()),
    placement: placementView.nullable().describe('of a picture that was compared; of a video its segments have it'),
    findings: z.array(findingView).describe('differences from the original, the strongest first'),
    limits: z.array(z.string()).describe('what was not done for this match'),
  })
  .meta({ id: 'Match' })

export const problemView = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().optional(),
    code: z.string(),
    retryAfterS: z.int().min(1).optional().describe('seconds after which to try again, as in the header Retry-After'),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' })

export const STATUSES = ['queued', 'running', 'done', 'failed', 'cancelled'] as const
export const STAGES = ['receiving', 'fetching', 'decoding', 'searching', 'comparing'] as const

const askedView = z
  .object({
    name: z
      .string()
      .nullable()
      .describe('of the file, as the client gave it, or the address; nothing is looked up by it'),
    publisher: z.int().nullable(),
    kind: z.enum(KINDS).nullable(),
    maxDistance: z.int().nullable(),
    limit: z.int(),
  })
  .meta({ id: 'Asked', description: 'What was asked: null where nothing was left out of the search.' })

const madeByView = z
  .object({ software: z.string(), thresholds: z.string().describe('names their values: docs/protocol.md §5') })
  .meta({ id: 'MadeBy', description: 'By which program, with which thresholds.' })

export const lookupView = z
  .object({
    id: z.string(),
    status: z.enum(STATUSES),
    stage: z.enum(STAGES).nullable().describe('while queued or running'),
    progress: z.number().min(0).max(1).nullable(),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    kind: z.enum(KINDS).nullable(),
    basis: z.enum(['media', 'client fingerprint']),
    asked: askedView,
    verdict: z.enum(VERDICTS).nullable().describe('null unless done'),
    reason: z.string().nullable().describe('why the verdict is inconclusive'),
    summary: z.string().nullable(),
    candidate: z
      .object({
        contentDigest: digest,
        sizeBytes: z.int(),
        mediaType: z.string(),
        quality: z.int().nullable(),
        ...extent,
        loudness: loudness
          .optional()
          .describe('of equal parts of its duration, where it has a sound that can be told from others'),
      })
      .nullable(),
    matches: z.array(matchView),
    conflict: z.object({ recordId: hex32, summary: z.string() }).nullable(),
    limits: z.array(z.string()).describe('those of all matches'),
    madeBy: madeByView.nullable().describe('null unless done'),
    error: problemView.nullable().describe('what failed, when status is failed'),
  })
  .meta({ id: 'Lookup' })

export const lookupOptions = z.object({
  maxDistance: z.coerce.number().int().min(0).max(31).optional().describe('bits; only nearer matches'),
  publisher: z.coerce.number().int().min(1).max(0xffffffff).optional().describe('only records of this publisher'),
  kind: z.enum(KINDS).optional().describe('only records of this kind'),
  limit: z.coerce.number().int().min(1).max(100).optional().describe('matches at most; 20 unless told'),
})

export const heldView = z
  .object({
    root: z.string(),
    type: z.enum(['manifest', 'list']),
    contentDigest: digest.nullable().describe('of a manifest'),
    count: z.int().nullable().describe('claims of a list'),
    blocks: z.int(),
    status: z.enum(['held', 'kept']),
    expiresAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Held' })

export const registrationView = z
  .object({
    recordId: hex32,
    contentDigest: digest,
    status: z.enum(['registered', 'already_registered']),
    transaction: hex32.nullable(),
    way: way.nullable().describe('null where it was registered before'),
  })
  .meta({ id: 'Registration' })

/** As in the chain's `roster.ts`. */
export const NODE_CONDITIONS = [
  'not asked',
  'good',
  'behind',
  'pruned',
  'failing',
  'contradicting',
  'other chain',
] as const

const confinementView = z
  .object({
    namespaces: z.array(z.string()).describe('of its own: without "net" it has the network of the server'),
    limits: z.array(z.string()).describe('of the system, by what they bound'),
    files: z.enum(['program', 'all']).describe('which it sees: program and libraries, or all that its user may read'),
    user: z.enum(['none', 'namespace', 'server']),
    noNewPrivileges: z.boolean(),
  })
  .meta({ id: 'Confinement', description: 'What the system takes from a decoder process (docs/operations.md).' })

export const networkView = z
  .object({
    version: z.string(),
    chainId: z.int(),
    publisherRegistry: address,
    mediaRegistry: address,
    startBlock: z.int(),
    local: z.boolean(),
    rpcUrl: z.string().nullable().describe('only of a local network'),
    index: z.object({
      head: z.int().nullable(),
      chainHead: z.int().nullable(),
      safe: z.int().nullable(),
      finalized: z.int().nullable().describe('null on a local chain too, where it means nothing'),
      lagBlocks: z.int().nullable(),
      lagSeconds: z.int().nullable().describe('by the clock of the chain'),
      lastError: z.string().nullable(),
      lastErrorAt: z.iso.datetime().nullable(),
      nodes: z.array(
        z.object({
          name: z.string().describe('host and port'),
          used: z.boolean().describe('the one that is read from'),
          condition: z.enum(NODE_CONDITIONS),
          head: z.int().nullable(),
          finalized: z.int().nullable(),
          error: z.string().nullable(),
        }),
      ),
    }),
    decoders: z.object({ confinement: confinementView.nullable().describe('null before the first has started') }),
    records: z.int(),
    publishers: z.int(),
  })
  .meta({ id: 'Status' })

export type LookupView = z.infer<typeof lookupView>
export type MatchView = z.infer<typeof matchView>
export type SegmentView = z.infer<typeof segmentView>
export type FindingView = z.infer<typeof findingView>
export type RecordView = z.infer<typeof recordView>
export type WholeRecordView = z.infer<typeof wholeRecordView>
export type DisownedView = z.infer<typeof disownedView>
export type RecordState = (typeof STATES)[number]
export type PublisherView = z.infer<typeof publisherView>
export type LookupOptions = z.infer<typeof lookupOptions>
export type Stage = (typeof STAGES)[number]
export type Problem = z.infer<typeof problemView>
export type NetworkView = z.infer<typeof networkView>
export { fingerprintDocument }
