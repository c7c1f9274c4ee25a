/** Computes the SHA-256 of the file that it is sent, piece by piece: what the browser has of its own for that wants all of it in memory. */
import { sha256 } from '@noble/hashes/sha2.js'
import type { Told } from './digest.ts'

/** Milliseconds between two tellings of how far it is. */
const TELL_MS = 200

const tell = (what: Told) => self.postMessage(what)

addEventListener('message', ({ data }: MessageEvent<File>) => {
  digest(data).catch((error: unknown) => tell({ failed: String(error) }))
})

async function digest(file: File): Promise<void> {
  const hash = sha256.create()
  const reader = file.stream().getReader()
  let read = 0
  let toldAtMs = performance.now()
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    hash.update(piece.value)
    read += piece.value.length
    if (performance.now() - toldAtMs < TELL_MS) continue
    toldAtMs = performance.now()
    tell({ share: read / file.size })
  }
  tell({ digest: Array.from(hash.digest(), (byte) => byte.toString(16).padStart(2, '0')).join('') })
}
