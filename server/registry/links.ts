/** What a root links to, and which of the two it is. */
import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'

/** `firsthand: "list1"` as DAG-CBOR writes it: a text of nine bytes, and one of five. */
const LIST_MARK = Buffer.from('\x69firsthand\x65list1')

/** By what it says it is; whoever reads it checks the rest. Not decoded for that: a hostile block takes thirty times its size. */
export const isList = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(LIST_MARK)

/** CIDs of the blocks that a root of a manifest or a list links to, in their order, and as often as it does. */
export function links(cid: string, bytes: Uint8Array): string[] {
  if (CID.parse(cid).code !== dagCbor.code) return []
  const { frames, keys, leaves, local, sound, evidence } = dagCbor.decode<Partial<Record<string, unknown>>>(bytes)
  return cidsIn([frames, keys, leaves, local, blocksIn(sound), evidence, stretchesIn(evidence)])
}

/** Of these, the ones that are fetched only when something is to be compared: evidence of a video by stretches. */
export function linksLater(cid: string, bytes: Uint8Array): string[] {
  if (CID.parse(cid).code !== dagCbor.code) return []
  return cidsIn([stretchesIn(dagCbor.decode<Partial<Record<string, unknown>>>(bytes).evidence)])
}

const stretchesIn = (evidence: unknown): unknown =>
  typeof evidence === 'object' && evidence !== null && 'stretches' in evidence ? evidence.stretches : []

const blocksIn = (sound: unknown): unknown =>
  typeof sound === 'object' && sound !== null && 'blocks' in sound ? sound.blocks : []

const cidsIn = (values: unknown[]): string[] => values.flat().flatMap((link) => CID.asCID(link)?.toString() ?? [])
