/** Files on this machine: digest and fingerprint. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { RegistryError } from '../errors.ts'
import type { Decode, Fingerprint, MediaFile } from '../registry/index.ts'

/** @throws RegistryError `request.invalid` if there is no file to read, `media.empty` if it has no bytes. */
export async function byteLengthOf(path: string): Promise<number> {
  const handle = await openFile(path)
  try {
    const stat = await handle.stat()
    if (!stat.isFile()) throw new RegistryError('request.invalid', `${path} is not a file`)
    if (stat.size === 0) throw new RegistryError('media.empty', `${path} has no bytes`)
    return stat.size
  } finally {
    await handle.close()
  }
}

export function mediaFile(path: string, decode: Decode): MediaFile {
  let digest: Promise<Uint8Array> | undefined
  const digestOnce = () => (digest ??= byteLengthOf(path).then(() => sha256(path)))
  return {
    name: path,
    digest: digestOnce,
    fingerprint: async (onProgress) => fingerprintFile(path, await digestOnce(), decode, onProgress),
  }
}

async function fingerprintFile(
  path: string,
  contentDigest: Uint8Array,
  decode: Decode,
  onProgress: (done: number) => void,
): Promise<Fingerprint> {
  const byteLength = await byteLengthOf(path)
  const handle = await openFile(path)
  try {
    const signal = new AbortController().signal
    return { ...(await decode(handle.fd, byteLength, { signal, onProgress })), contentDigest, byteLength }
  } finally {
    await handle.close()
  }
}

async function sha256(path: string): Promise<Uint8Array> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return new Uint8Array(hash.digest())
}

async function openFile(path: string) {
  try {
    return await open(path, 'r')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const problem =
      code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'it may not be read' : String(code)
    throw new RegistryError('request.invalid', `${path}: ${problem}`, { cause })
  }
}
