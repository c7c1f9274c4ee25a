/** Films on their way to another process. As a message one of fifty megabytes would lie in memory seven times: as what is sent, what is written and what
 *  is read, each grown to fit. */
import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { noRoom } from '../errors.ts'
import type { Film } from '../fingerprint/index.ts'

/** A film whose samples are in a file. */
export interface FilmFile extends Omit<Film, 'samples'> {
  path: string
}

export interface FilmFiles {
  /** Lends a film as a file, which is gone afterwards. @throws RegistryError `server.busy` if there is no room for it. */
  lend<T>(film: Film, use: (file: FilmFile) => Promise<T>): Promise<T>
}

/** @param directory is emptied: what a killed server left behind is of no use to anybody. */
export function createFilmFiles(directory: string): FilmFiles {
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true, mode: 0o700 })

  async function lend<T>({ samples, ...film }: Film, use: (file: FilmFile) => Promise<T>): Promise<T> {
    const path = join(directory, randomUUID())
    try {
      await writeFile(path, samples, { flag: 'wx', mode: 0o600 }).catch(noRoom('a film that is compared'))
      return await use({ ...film, path })
    } finally {
      await rm(path, { force: true })
    }
  }

  return { lend }
}

/** The film, whole. Its file is taken away at once: a film is kept no longer than it must be. */
export function readFilm({ path, ...film }: FilmFile): Film {
  const samples = readFileSync(path)
  rmSync(path)
  return { ...film, samples }
}
