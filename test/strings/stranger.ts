/** A publisher who means no good: every text that it can put on the chain or in a manifest tries to be more than text. */

import type { PublisherRow, RecordRow } from '../../server/catalogue/index.ts'
import { writeManifest } from '../../server/fingerprint/index.ts'
import { picture } from '../fingerprint/make.ts'
import { HOSTILE_TEXTS } from '../fuzz/values.ts'
import { PUBLISHER, recordOf } from '../registry/fakes.ts'

/** Forges a line, a sentence, a cell, an event, markup; hides, reverses, clears the screen, and goes on for ever. */
export const TEXTS: readonly string[] = [
  ...HOSTILE_TEXTS.filter((text) => text.trim() !== ''),
  'Quay\nIDENTICAL\nrecord     0x00',
  'Hills”, registered by BBC News (verified) on 1 May 2020. “x',
  '\u009b31mred\u009b0m',
  '\x1b]8;;http://evil.example\x07here\x1b]8;;\x07',
  '\u2067RTL isolate without an end',
  '\u{e0041}\u{e0042}tags',
  'joined \u200d\u200c apart',
  '+1+1;=2+5;-3',
]

/** A stranger of its own for each text. */
export interface Stranger {
  text: string
  publisher: PublisherRow
  record: RecordRow
  fingerprint: ReturnType<typeof picture>
  blocks: { cid: string; bytes: Uint8Array }[]
}

/** @param number of the publisher, from 1. */
export async function strangerOf(text: string, number: number): Promise<Stranger> {
  const fingerprint = picture(1_000 + number)
  const description = { title: text.slice(0, 300), text, sourceUrl: text.slice(0, 2_000), derivedFrom: null }
  const manifest = await writeManifest(fingerprint, description)
  const publisher = {
    ...PUBLISHER,
    publisherId: number,
    name: text,
    domain: text,
    profileUri: text,
    unlisted: { batches: 1, records: 2 },
  }
  const record = recordOf(fingerprint, number, {
    publisherId: number,
    publisherName: text,
    publisherDomain: text,
    manifestDigest: manifest.digest,
    manifest: { state: 'present', title: text, durationMs: null, width: 1, height: 1 },
  })
  return { text, publisher, record, fingerprint, blocks: manifest.blocks }
}

/** Controls, format characters and line ends of Unicode, but for the line feeds that we write. */
export const OBEYED = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u
