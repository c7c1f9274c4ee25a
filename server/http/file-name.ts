/** The name that a client gives to a body: `Content-Disposition` (RFC 6266). Pure. */

/** @returns null where there is none, or none that can be read. */
export function fileNameOf(disposition: string | undefined): string | null {
  const [, extended] = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]*)/i.exec(disposition ?? '') ?? []
  if (extended !== undefined) return decoded(extended)
  const [, quoted, token] = /;\s*filename\s*=\s*(?:"([^"\\]*)"|([^;\s"]+))/i.exec(disposition ?? '') ?? []
  return quoted ?? token ?? null
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
