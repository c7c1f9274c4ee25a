/** All that is sent to the server, by the fact that it shows. */
import { createHash } from 'node:crypto'
import type { ErrorCode } from '../../server/errors.ts'
import { hostileBlocks, hostileCids } from './blocks.ts'
import { LOOKUPS, type Sent } from './client.ts'
import { hostileFingerprints } from './fingerprints.ts'
import { foreignFiles } from './foreign.ts'
import { badForms, form } from './forms.ts'
import { badAddresses, badHosts, badMethods, badQueries, encodedBodies, misnamedBodies } from './headers.ts'
import { bombs, burdens, damagedPictures, hugePictures, rubbishPictures, truncatedPictures } from './pictures.ts'
import { type Bait, entangledMedia, playlists } from './references.ts'
import { absurdStreams, damagedStreams, hugeStreams, rubbishStreams, truncatedStreams } from './streams.ts'

export interface Media {
  name: string
  bytes: Buffer
  /** What it is said to be. */
  type?: string
}

export interface Input extends Sent {
  name: string
  /** Codes of which the answer must have one. Null where any answer will do that is no failure of the server. */
  codes: ErrorCode[] | null
}

export interface Group {
  /** What the test shows of them. */
  fact: string
  inputs(bait: Bait): Input[] | Promise<Input[]>
}

/** What can be wrong with media that nothing can be made of. */
const UNREADABLE: ErrorCode[] = ['media.unsupported', 'media.undecodable']

export const GROUPS: Group[] = [
  refused('pictures that are cut off', truncatedPictures, UNREADABLE),
  refused('videos and sounds that are cut off', truncatedStreams, UNREADABLE),
  refused('pictures that announce more pixels than are decoded', hugePictures, [
    'media.too_large',
    'media.undecodable',
  ]),
  refused('videos and sounds that announce more than is decoded', hugeStreams, [
    'media.too_large',
    'media.undecodable',
  ]),
  refused('pixel bombs', bombs, ['media.too_large', 'media.undecodable']),
  refused('pictures of which only the beginning is one', rubbishPictures, UNREADABLE),
  refused('files of other kinds, saying which', foreignFiles, UNREADABLE),
  refused('files that name other files, and follows none', playlists, UNREADABLE),
  answered('media that name other files, and follows none', entangledMedia),
  answered('pictures that are damaged', damagedPictures),
  answered('videos and sounds that are damaged', damagedStreams),
  answered('videos and sounds with absurd tables and clocks', absurdStreams),
  answered('videos and sounds of which only the beginning is one', rubbishStreams),
  answered('pictures that are a burden', burdens),
  { fact: 'refuses bodies that are not what their type says', inputs: misnamedBodies },
  { fact: 'refuses bodies that are compressed', inputs: encodedBodies },
  { fact: 'refuses malformed forms', inputs: badForms },
  { fact: 'refuses malformed fingerprints', inputs: ({ url, file }) => hostileFingerprints([url, file]) },
  { fact: 'refuses queries that it does not have', inputs: badQueries },
  { fact: 'finds nothing at addresses that lead out of it', inputs: badAddresses },
  { fact: 'refuses methods that it does not have', inputs: badMethods },
  { fact: 'refuses the names of other hosts', inputs: badHosts },
  { fact: 'refuses CIDs that name no block', inputs: hostileCids },
  { fact: 'refuses manifests that are none', inputs: hostileBlocks },
]

type Source = (bait: Bait) => Promise<Media[]> | Media[]

function refused(what: string, media: Source, codes: ErrorCode[]): Group {
  return { fact: `refuses ${what}`, inputs: async (bait) => (await media(bait)).flatMap(inForms(codes)) }
}

function answered(what: string, media: Source): Group {
  return { fact: `survives ${what}`, inputs: async (bait) => (await media(bait)).flatMap(inForms(null)) }
}

/** Bytes over which media is not sent as JSON: what is too large for a fingerprint is tried elsewhere. */
const MAX_AS_JSON = 1_000_000

/** By turns as the body or in a form, for each costs a decoder its life; and in place of a fingerprint, which costs nothing. */
const inForms =
  (codes: ErrorCode[] | null) =>
  ({ name, bytes, type = 'application/octet-stream' }: Media, i: number): Input[] => {
    const upload: Input =
      i % 2 === 0
        ? { name, headers: { 'content-type': type }, body: bytes, codes }
        : { name: `${name}, in a form`, ...form(bytes, { type }), codes }
    if (bytes.length > MAX_AS_JSON) return [upload]
    const body = Buffer.from(JSON.stringify({ fingerprint: bytes.toString('base64') }))
    const headers = { 'content-type': 'application/json' }
    return [upload, { name: `${name}, as JSON`, headers, body, codes: ['fingerprint.invalid'] }]
  }

/** A name of what is sent, to tell whether two inputs are the same. */
export function identityOf({ method = 'POST', path = LOOKUPS, headers, body }: Sent): string {
  const hash = createHash('sha256').update(JSON.stringify([method, path, headers]))
  return hash.update(Buffer.isBuffer(body) ? body : '').digest('hex')
}
