/** The one reader of the environment. Every variable is in .env.example; a test compares both. */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import * as z from 'zod'
import { RegistryError } from './errors.ts'

const empty = (value: unknown) => (typeof value === 'string' && value.trim() === '' ? undefined : value)
const integer = (min: number, max: number, fallback: number) =>
  z.preprocess(empty, z.coerce.number().int().min(min).max(max).default(fallback))
const text = z.preprocess(empty, z.string().optional())
const url = (protocols: RegExp) => z.preprocess(empty, z.url({ protocol: protocols }).optional())
const address = z.preprocess(
  empty,
  z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/, 'expected 0x and 40 hex digits')
    .optional(),
)

const WEB_ADDRESSES = /^\s*https?:\/\/[^\s,?#@]+\s*(?:,\s*https?:\/\/[^\s,?#@]+\s*)*$/
const HOSTS_AND_PORTS = /^\s*(?:\[[0-9a-f:.]+\]|[\w.-]+):\d{1,5}\s*(?:,\s*(?:\[[0-9a-f:.]+\]|[\w.-]+):\d{1,5}\s*)*$/i

const NUMBERS = /^\s*\d{1,10}\s*(?:,\s*\d{1,10}\s*)*$/

/** The addresses in a list that is separated by commas or blanks. */
const listed = (text: string): string[] => text.split(/[\s,]+/).filter((one) => one !== '')

function isNodes(text: string): boolean {
  const protocols = listed(text).map((one) => URL.parse(one)?.protocol ?? '')
  return protocols.every((one) => /^(https?|wss?):$/.test(one)) && protocols.some((one) => one.startsWith('http'))
}

/** Addresses of nodes: those to ask, the preferred one first, and those that tell of new blocks by WebSocket. */
export function nodeUrls(rpcUrl: string): { http: string[]; ws: string[] } {
  const urls = listed(rpcUrl)
  return { http: urls.filter((one) => one.startsWith('http')), ws: urls.filter((one) => one.startsWith('ws')) }
}

export const trustedPublishers = ({ TRUSTED_PUBLISHERS }: Pick<Environment, 'TRUSTED_PUBLISHERS'>): Set<number> =>
  new Set(listed(TRUSTED_PUBLISHERS ?? '').map(Number))

/** Processes; each may use a gigabyte. */
const MAX_DECODERS = 64

export const environment = z.object({
  PORT: integer(0, 65_535, 8080).describe('Port of the HTTP server; 0 takes any free one'),
  HOST: z.preprocess(empty, z.string().default('127.0.0.1')).describe('Address to listen on'),
  DATA_DIR: z
    .preprocess(empty, z.string().default('data'))
    .describe('Where catalogue, blocks and the local chain are kept'),
  DATABASE_URL: url(/^postgres(ql)?$/).describe('PostgreSQL instead of the embedded database'),
  RPC_URL: z
    .preprocess(empty, z.string().refine(isNodes, 'expected addresses, one of them http or https').optional())
    .describe(
      'JSON-RPC of nodes, separated by commas: the first that works is used. Without it a local network is run',
    ),
  RPC_PORT: integer(0, 65_535, 8545).describe(
    'Port of the local Hardhat network; another one is taken if it is in use',
  ),
  PUBLISHER_REGISTRY: address.describe('Contract on the chain of RPC_URL'),
  MEDIA_REGISTRY: address.describe('Contract on the chain of RPC_URL'),
  START_BLOCK: integer(0, Number.MAX_SAFE_INTEGER, 0).describe('Block in which the older contract was deployed'),
  DECODERS: integer(1, MAX_DECODERS, Math.min(availableParallelism(), MAX_DECODERS)).describe('Decoder processes'),
  DECODER_JOBS: integer(1, 100_000, 200).describe('Files after which a decoder process is replaced'),
  MAX_UPLOAD_BYTES: integer(1, Number.MAX_SAFE_INTEGER, 2 * 1024 ** 3).describe('Bytes of one upload'),
  MAX_PIXELS: integer(1, 1_000_000_000, 100_000_000).describe('Pixels of a picture or a frame'),
  MAX_DURATION_S: integer(1, 1_000_000, 4 * 3600).describe('Seconds of a video or a sound'),
  DECODE_TIMEOUT_S: integer(1, 86_400, 600).describe('Seconds that decoding one file may take'),
  LOOKUP_TTL_S: integer(60, 10 * 365 * 86_400, 30 * 86_400).describe('Seconds that a finished lookup is kept'),
  FETCH_TIMEOUT_S: integer(1, 86_400, 300).describe('Seconds that fetching a candidate by its address may take'),
  GATEWAYS: z
    .preprocess(empty, z.string().regex(WEB_ADDRESSES, 'expected http(s) addresses, separated by commas').optional())
    .describe('IPFS gateways, separated by commas, that are asked for manifests and lists after the publisher’s own'),
  FETCH_ALLOW: z
    .preprocess(empty, z.string().regex(HOSTS_AND_PORTS, 'expected host:port, separated by commas').optional())
    .describe('host:port, separated by commas: may be fetched from though not public, by anybody who asks'),
  TRUSTED_PUBLISHERS: z
    .preprocess(empty, z.string().regex(NUMBERS, 'expected numbers of publishers, separated by commas').optional())
    .describe('Numbers of publishers, separated by commas, whose records lead before those of all others'),
  RATE_LIMIT: integer(1, 1_000_000, 300).describe(
    'Requests a minute and client; clients on this machine are not limited',
  ),
  CLIENT_REQUESTS: integer(1, 1_000_000, 64).describe('Requests of one client that are open at the same time'),
  CLIENT_JOBS: integer(1, 1_000_000, 8).describe('Lookups of one client that are under way at the same time'),
  CLIENT_BYTES: integer(1, Number.MAX_SAFE_INTEGER, 4 * 1024 ** 3).describe(
    'Bytes of uploads of one client that are received or worked on',
  ),
  UPLOADS_BYTES: integer(1, Number.MAX_SAFE_INTEGER, 16 * 1024 ** 3).describe(
    'Bytes of all uploads that are received or worked on: so much room on the disk of DATA_DIR',
  ),
  MAX_CONNECTIONS: integer(1, 1_000_000, 2_000).describe('Connections to the HTTP server'),
  TRUST_PROXY: integer(0, 10, 0).describe('Proxies in front of the server whose X-Forwarded-For counts'),
  LOG_LEVEL: z
    .preprocess(empty, z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('warn'))
    .describe('What the log holds'),
  FIRSTHAND_SERVER: z
    .preprocess(empty, z.url({ protocol: /^https?$/ }).default('http://localhost:8080'))
    .describe('Server that the command talks to'),
  FIRSTHAND_KEY: text.describe('Private key that signs for a publisher (the command, on a chain that is not local)'),
  FIRSTHAND_PAYER_KEY: text.describe('Private key of the account that sends and pays, for --relay (the command)'),
  FIRSTHAND_PUBLISHER: integer(0, 0xffffffff, 0).describe('Publisher that the key signs for (the command)'),
})

export type Environment = z.infer<typeof environment>

export interface Config extends Environment {
  version: string
  /** Whether the server may only be reached from this machine. */
  loopback: boolean
}

/** @throws RegistryError `request.invalid` that names the variable, its value and what is expected. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const read = environment.safeParse(env)
  if (!read.success) throw new RegistryError('request.invalid', problems(read.error, env))
  const config = read.data
  if (config.RPC_URL && !(config.PUBLISHER_REGISTRY && config.MEDIA_REGISTRY))
    throw new RegistryError(
      'request.invalid',
      'RPC_URL needs PUBLISHER_REGISTRY and MEDIA_REGISTRY: the contracts on that chain',
    )
  return { ...config, version: version(), loopback: isLoopback(config.HOST) }
}

/** Secrets are not repeated in an error. */
function problems(error: z.ZodError, env: Record<string, string | undefined>): string {
  return error.issues
    .map((issue) => {
      const name = String(issue.path[0])
      const value = /KEY|URL|SERVER/.test(name) ? '' : `, got "${env[name]?.slice(0, 80)}"`
      return `${name}: ${issue.message}${value}`
    })
    .join('; ')
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function version(): string {
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version
}
