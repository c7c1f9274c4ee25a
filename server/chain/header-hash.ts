/** The hash of a block's header from its fields: Keccak-256 of their RLP (Ethereum Yellow Paper, §4.4; later fields by EIP-1559, 4895, 4844,
 *  4788 and 7685). A header whose hash comes out cannot be wrong in its parent, time, number or bloom. */
import { encodeRlp } from 'ethers'
import { equalBytes, fromHex } from '../bytes.ts'
import { keccak256 } from './keccak.ts'

type Form = 'bytes' | 'number'

/** In the order of the RLP. */
const FIELDS: readonly [name: string, form: Form][] = [
  ['parentHash', 'bytes'],
  ['sha3Uncles', 'bytes'],
  ['miner', 'bytes'],
  ['stateRoot', 'bytes'],
  ['transactionsRoot', 'bytes'],
  ['receiptsRoot', 'bytes'],
  ['logsBloom', 'bytes'],
  ['difficulty', 'number'],
  ['number', 'number'],
  ['gasLimit', 'number'],
  ['gasUsed', 'number'],
  ['timestamp', 'number'],
  ['extraData', 'bytes'],
  ['mixHash', 'bytes'],
  ['nonce', 'bytes'],
]
/** Each came with a fork; where one is absent, so are those after it. */
const LATER_FIELDS: readonly [name: string, form: Form][] = [
  ['baseFeePerGas', 'number'],
  ['withdrawalsRoot', 'bytes'],
  ['blobGasUsed', 'number'],
  ['excessBlobGas', 'number'],
  ['parentBeaconBlockRoot', 'bytes'],
  ['requestsHash', 'bytes'],
]
/** What nodes add that is not hashed. */
const BESIDE = ['hash', 'size', 'totalDifficulty', 'uncles', 'transactions', 'withdrawals', 'author', 'sealFields']
const KNOWN = new Set([...[...FIELDS, ...LATER_FIELDS].map(([name]) => name), ...BESIDE])

export type HashVerdict = 'right' | 'wrong' | 'unknown'

/** Whether the fields of a header have this hash. Unknown where they do not and the header is not quite one of Ethereum's as this version
 *  knows them: a field is missing, or there is one more. */
export function checkHeaderHash(header: Record<string, unknown>, hash: Uint8Array): HashVerdict {
  const later = LATER_FIELDS.filter(([name]) => header[name] !== undefined && header[name] !== null)
  const values = [...FIELDS, ...later].map(([name, form]) => rlpValueOf(header[name], form))
  if (values.includes(null)) return 'unknown'
  if (equalBytes(keccak256(fromHex(encodeRlp(values as string[]))), hash)) return 'right'
  return Object.keys(header).every((name) => KNOWN.has(name)) ? 'wrong' : 'unknown'
}

/** As hex: numbers without leading zeros, none at all for zero. */
function rlpValueOf(value: unknown, form: Form): string | null {
  if (typeof value !== 'string' || !/^0x[0-9a-f]*$/i.test(value)) return null
  if (form === 'bytes') return value.length % 2 === 0 ? value : null
  const digits = value.slice(2).replace(/^0+/, '')
  return `0x${digits.length % 2 === 0 ? digits : `0${digits}`}`
}
