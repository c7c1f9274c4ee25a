/** What was used last, as far as it has room. */
export interface Recent<T> {
  get(key: string): T | undefined
  /** What is larger than all the room is not kept. */
  set(key: string, value: T, bytes: number): void
  /** Of all that is kept. */
  bytes(): number
}

export function createRecent<T>(maxBytes: number): Recent<T> {
  /** The latest last. */
  const kept = new Map<string, { value: T; bytes: number }>()
  let total = 0

  function remove(key: string): { value: T; bytes: number } | undefined {
    const found = kept.get(key)
    if (found) total -= found.bytes
    kept.delete(key)
    return found
  }

  function set(key: string, value: T, bytes: number): void {
    remove(key)
    kept.set(key, { value, bytes })
    total += bytes
    for (const oldest of kept.keys()) {
      if (total <= maxBytes) return
      remove(oldest)
    }
  }

  function get(key: string): T | undefined {
    const found = remove(key)
    if (found) set(key, found.value, found.bytes)
    return found?.value
  }

  return { get, set, bytes: () => total }
}
