/** Blocks of evidence, for everybody or for the publisher's server alone (docs/protocol.md §3). */
import { CID } from 'multiformats/cid'
import { encodeBlock, type ManifestBlock, rawBlock } from './block.ts'
import type { Fingerprint } from './fingerprint.ts'
import { keptBlock } from './kept.ts'
import { byStretch, type Still, stretchBlock } from './timed-blocks.ts'

/** Who gets evidence, a small copy of a picture or of a video: everybody, with the manifest; the server that it is handed to, which compares and
 *  does not serve it; or nobody. */
export const EVIDENCE_CHOICES = ['public', 'server', 'none'] as const
export type EvidenceChoice = (typeof EVIDENCE_CHOICES)[number]

/** What stands in the root under `evidence`, and the blocks. */
export interface Written {
  entry: unknown
  blocks: ManifestBlock[]
}

const NONE: Written = { entry: 'none', blocks: [] }

export async function writeEvidence(of: Fingerprint, choice: EvidenceChoice): Promise<Written> {
  if (choice === 'none') return NONE
  const { picture } = of
  if (!picture) return writeStretches(of, choice)
  if (!picture.evidence) return NONE
  const block = choice === 'public' ? await rawBlock(picture.evidence) : await keptBlock(picture.evidence)
  return { entry: choice === 'public' ? linkTo(block) : { kept: digestOf(block) }, blocks: [block] }
}

async function writeStretches({ frames }: Fingerprint, choice: EvidenceChoice): Promise<Written> {
  const stills = frames.flatMap(({ timeMs, evidence }) => (evidence ? [{ timeMs, evidence }] : []))
  if (stills.length === 0) return NONE
  const stretches = byStretch<Still>(stills, 'stretch1')
  const startsMs = stretches.map((stretch) => stretch[0]!.timeMs)
  const open = await Promise.all(stretches.map(stretchBlock).map(encodeBlock))
  if (choice === 'public') return { entry: { startsMs, stretches: open.map(linkTo) }, blocks: open }
  const blocks = await Promise.all(open.map((block) => keptBlock(block.bytes)))
  return { entry: { startsMs, kept: blocks.map(digestOf) }, blocks }
}

const linkTo = ({ cid }: ManifestBlock) => CID.parse(cid)

/** Not as a link where it is kept: whoever follows links would ask for it in vain. */
const digestOf = ({ cid }: ManifestBlock) => CID.parse(cid).multihash.digest
