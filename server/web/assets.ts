/** The page and its files: read once at start and answered from a table, so that no path of a request reaches the disk. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire, stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'

export interface Asset {
  /** The `Content-Type`. */
  type: string
  body: Buffer
  /** A strong entity tag, with its quotes. */
  etag: string
}

export interface Assets {
  /** The HTML of the page, with token and version filled in. */
  page(): string
  /** The file at a URL path such as `/assets/style.css`, or null. */
  asset(path: string): Asset | null
}

export interface AssetOptions {
  /** Where `index.html`, the style sheets and `client/` are. */
  directory?: string
  /** For the development signer; empty when there is none. */
  token: string
  version: string
}

const SCRIPT = 'text/javascript; charset=utf-8'
const STYLE = 'text/css; charset=utf-8'

/** The one package of which the page loads something: SHA-256 in pieces, which browsers have not. Its modules name each other by their files. */
const HASHES = '@noble/hashes/'
const HASHES_MODULES = ['sha2.js', '_md.js', '_u64.js', 'utils.js']
const HASHES_ADDRESS = '/assets/hashes/'

/** Reads and strips everything once.
 * @throws Error if a file is missing or a placeholder of the page is not there. */
export function createAssets({ directory = import.meta.dirname, token, version }: AssetOptions): Assets {
  const clientDirectory = join(directory, 'client')
  const names = readdirSync(clientDirectory).filter((name) => /\.(?:ts|js)$/.test(name) && !name.endsWith('.d.ts'))
  // A checkout holds app.ts, a built package app.js: each module imports the others under the ending that it has itself.
  const entry = names.includes('app.ts') ? 'app.ts' : 'app.js'
  const table = new Map<string, Asset>()

  for (const name of names)
    table.set(`/assets/client/${name}`, asset(SCRIPT, script(name, readFileSync(join(clientDirectory, name), 'utf8'))))
  const hashes = dirname(createRequire(import.meta.url).resolve(`${HASHES}${HASHES_MODULES[0]}`))
  for (const name of HASHES_MODULES)
    table.set(`${HASHES_ADDRESS}${name}`, asset(SCRIPT, readFileSync(join(hashes, name), 'utf8')))
  for (const name of readdirSync(directory).filter((file) => file.endsWith('.css')))
    table.set(`/assets/${name}`, asset(STYLE, readFileSync(join(directory, name), 'utf8')))

  const html = fill(readFileSync(join(directory, 'index.html'), 'utf8'), {
    '/assets/client/app.ts': `/assets/client/${entry}`,
    '{{token}}': escapeAttribute(token),
    '{{version}}': escapeAttribute(version),
  })
  return { page: () => html, asset: (path) => table.get(path) ?? null }
}

function asset(type: string, text: string): Asset {
  const body = Buffer.from(text)
  return { type, body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` }
}

function script(name: string, source: string): string {
  const served = source.replaceAll(`from '${HASHES}`, `from '${HASHES_ADDRESS}`)
  if (!name.endsWith('.ts')) return served
  return withoutExperimentalWarning(() => stripTypeScriptTypes(served, { mode: 'strip' }))
}

/** Node warns once that stripping by hand is experimental, on the line where `npm start` should say "ready". */
function withoutExperimentalWarning<T>(work: () => T): T {
  const { emitWarning } = process
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] !== 'ExperimentalWarning') Reflect.apply(emitWarning, process, [warning, ...rest])
  }
  try {
    return work()
  } finally {
    process.emitWarning = emitWarning
  }
}

function fill(template: string, values: Record<string, string>): string {
  let html = template
  for (const [placeholder, value] of Object.entries(values)) {
    if (!html.includes(placeholder)) throw new Error(`index.html expected the placeholder "${placeholder}"`)
    // A function, because a replacement string would read "$&" in a token as a command.
    html = html.replaceAll(placeholder, () => value)
  }
  return html
}

function escapeAttribute(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
