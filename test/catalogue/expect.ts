/** What tests of the catalogue ask again and again. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Catalogue } from '../../server/catalogue/index.ts'
import { RegistryError } from '../../server/errors.ts'
import { type MadeChain, recordIdOf } from './made.ts'

/** An empty catalogue, and the chain that it is to be filled from. */
export interface Current {
  catalogue: Catalogue
  chain: MadeChain
}

/** @returns the RegistryError that a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<RegistryError> {
  const error = await promise.then(
    () => null,
    (cause) => cause,
  )
  expect(error).to.be.instanceOf(RegistryError)
  return error
}

export async function collect<T>(pieces: AsyncIterable<T[]>): Promise<T[][]> {
  const all: T[][] = []
  for await (const piece of pieces) all.push(piece)
  return all
}

/** Names of made-up records, which are single letters. */
export function namesOf(rows: { recordId: Uint8Array }[]): (string | undefined)[] {
  return rows.map(({ recordId }) => [...'abcdefgh'].find((name) => Buffer.compare(recordIdOf(name), recordId) === 0))
}

/** Every file below a directory, as paths relative to it. */
export function filesIn(directory: string): string[] {
  if (!existsSync(directory)) return []
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
}
