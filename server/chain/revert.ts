/** Why the chain refused, in the words of the contracts' own errors. */
import { Interface } from 'ethers'
import { type ErrorCode, RegistryError } from '../errors.ts'
import { mediaRegistryAbi, publisherRegistryAbi } from './generated.ts'
import { rpcErrorOf } from './rpc.ts'

/** A contract refused. It is the `cause` of the RegistryError. */
export class ContractRevert extends Error {
  override readonly name = 'ContractRevert'
  /** As in the interface, for instance `MediaRegistryRecordExists`. */
  readonly errorName: string
  /** The error's values by name; numbers as bigint, bytes and addresses as hex. */
  readonly values: Readonly<Record<string, unknown>>

  constructor(errorName: string, values: Record<string, unknown>) {
    const list = Object.entries(values).map(([name, value]) => `${name} ${value}`)
    super(list.length > 0 ? `${errorName}: ${list.join(', ')}` : errorName)
    this.errorName = errorName
    this.values = values
  }
}

/** Errors of the contracts with a code of their own; all others are `chain.rejected`. */
const CODES: Readonly<Record<string, ErrorCode>> = { MediaRegistryRecordExists: 'registration.conflict' }

// Each also knows Error(string) and Panic(uint256).
const INTERFACES = [new Interface(mediaRegistryAbi), new Interface(publisherRegistryAbi)]

/** The same error with the contract's reason in it, if it carries one. */
export function explained(error: unknown): unknown {
  const data = revertData(rpcErrorOf(error)?.data)
  return data === null ? error : revertError(data)
}

/** @param data what the contract returned, as hex. */
export function revertError(data: string): RegistryError {
  const revert = decodeRevert(data)
  const code = (revert && CODES[revert.errorName]) ?? 'chain.rejected'
  const detail =
    revert?.message ?? (data === '0x' ? 'reverted without a reason' : `reverted with ${data.slice(0, 138)}`)
  return new RegistryError(code, detail, revert ? { cause: revert } : {})
}

function decodeRevert(data: string): ContractRevert | null {
  for (const contract of INTERFACES) {
    const parsed = contract.parseError(data)
    if (!parsed) continue
    // Panic and Error have no names for their values.
    const entries = parsed.fragment.inputs.map(
      ({ name }, i) => [name || `value${i}`, parsed.args[i] as unknown] as const,
    )
    return new ContractRevert(parsed.name, Object.fromEntries(entries))
  }
  return null
}

/** Nodes put the returned bytes into `data`, some deeper inside of it, some after a word. */
function revertData(data: unknown, depth = 0): string | null {
  if (typeof data === 'string') return /0x(?:[0-9a-f]{2})*$/i.exec(data)?.[0] ?? null
  if (typeof data !== 'object' || data === null || depth > 3) return null
  const { data: inner, originalError } = data as { data?: unknown; originalError?: unknown }
  return revertData(inner, depth + 1) ?? revertData(originalError, depth + 1)
}
