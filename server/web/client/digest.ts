/** The SHA-256 of a file of any size, computed beside the page: it neither freezes meanwhile nor holds the file in memory. */

export interface Digested {
  file: File
  /** @param share 0 to 1. */
  onProgress?(share: number): void
  signal?: AbortSignal
}

/** What the worker tells: how far it is, and in the end the digest, or why there is none. */
export type Told = { share: number } | { digest: string } | { failed: string }

/** What is used of trusted types, which the page's policy asks for: an address of a program must come out of a policy with a name. */
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string }
}

const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
/** In a built package both end in `.js`. */
const address = import.meta.url.replace(/digest\.(\w+)$/, 'digest-worker.$1')
const trusted = trustedTypes?.createPolicy('firsthand', { createScriptURL: () => address })

/** @returns 64 hex digits. @throws Error where the file cannot be read, or the signal's reason. */
export function digestOf({ file, onProgress, signal }: Digested): Promise<string> {
  signal?.throwIfAborted()
  const worker = new Worker(trusted?.createScriptURL(address) ?? address, { type: 'module' })
  const told = new Promise<string>((resolve, reject) => {
    worker.addEventListener('message', ({ data }: MessageEvent<Told>) => {
      if ('share' in data) onProgress?.(data.share)
      else if ('digest' in data) resolve(data.digest)
      else reject(new Error(data.failed))
    })
    worker.addEventListener('error', () => reject(new Error('the digest could not be computed')))
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
    worker.postMessage(file)
  })
  return told.finally(() => worker.terminate())
}
