/** The address of the page while it shows a lookup: `#/lookup/ID`, so that a reload, and whoever is given it, finds the lookup again. */

const SHAPE = /^#\/lookup\/([\w-]{1,64})$/

/** The lookup that the address names; null without one. */
export function lookupInAddress(): string | null {
  return SHAPE.exec(location.hash)?.[1] ?? null
}

/** In the place of what the address was: going back leaves the page, and not the answer. */
export function nameInAddress(id: string | null): void {
  if (lookupInAddress() === id) return
  history.replaceState(null, '', id === null ? location.pathname + location.search : `#/lookup/${id}`)
}

/** Somebody wrote another lookup into the address, or followed a link to it. */
export function onAddressed(open: (id: string) => void): void {
  addEventListener('hashchange', () => {
    const id = lookupInAddress()
    if (id) open(id)
  })
}
