/** So many at the same time, first come, first served. */
export interface Places {
  /** Resolves when there is a place, with the way to give it back. @throws the signal's reason. */
  enter(signal: AbortSignal): Promise<() => void>
}

export function createPlaces(count: number): Places {
  let free = count
  /** In the order in which they came. */
  const waiting = new Set<() => void>()

  async function enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    if (free > 0) free--
    else await turn(signal)
    return leave
  }

  function turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const give = () => {
      signal.removeEventListener('abort', stop)
      resolve()
    }
    const stop = () => {
      waiting.delete(give)
      reject(signal.reason as Error)
    }
    waiting.add(give)
    signal.addEventListener('abort', stop, { once: true })
    return promise
  }

  /** The place goes to the next one without ever being free. */
  function leave(): void {
    const [next] = waiting
    if (!next) free++
    else {
      waiting.delete(next)
      next()
    }
  }

  return { enter }
}
