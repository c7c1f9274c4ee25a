/** docs/accuracy.md: what stands between its markers. Pure. */

/** Puts text between `<!-- begin NAME -->` and `<!-- end NAME -->`. @throws Error where these are missing. */
export function between(document: string, name: string, text: string): string {
  const [begin, end] = [`<!-- begin ${name} -->\n`, `<!-- end ${name} -->`]
  const [from, to] = [document.indexOf(begin), document.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`docs/accuracy.md lacks its markers of ${name}`)
  return `${document.slice(0, from + begin.length)}${text.trim()}\n${document.slice(to)}`
}

const KINDS = ['image', 'video', 'audio']

/** Puts the tables of the kinds of media that the evaluator printed in the place of older ones, and keeps those of other kinds.
 * @param printed with one heading `## KIND` a kind. @param date when they were made. */
export function withTables(document: string, printed: string, date: string): string {
  const fresh = sectionsOf(printed)
  for (const [kind, table] of fresh) fresh.set(kind, `${countsOf(table)}, ${date}.\n\n${table}`)
  const all = new Map([...sectionsOf(document), ...fresh])
  const sections = KINDS.filter((kind) => all.has(kind)).map((kind) => `## ${kind}\n${all.get(kind)}`)
  return between(document, 'tables', sections.join('\n\n'))
}

/** Text below each heading of a kind, as far as the last line of its table. */
function sectionsOf(text: string): Map<string, string> {
  const parts = text.split(/^## (image|video|audio)\n/m).slice(1)
  const sections = new Map<string, string>()
  for (let i = 0; i + 1 < parts.length; i += 2)
    sections.set(parts[i]!, parts[i + 1]!.slice(0, parts[i + 1]!.lastIndexOf('|') + 1).trim())
  return sections
}

/** Of the rows that say "all". */
function countsOf(table: string): string {
  const counts = [...table.matchAll(/^\| \*\*all \w+\*\* \| (\d+)/gm)].map(([, count]) => Number(count))
  return `${counts.reduce((a, b) => a + b, 0).toLocaleString('en')} lookups`
}
