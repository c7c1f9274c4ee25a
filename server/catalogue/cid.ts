/** CIDs as the names of files. */
import { CID } from 'multiformats/cid'
import { RegistryError } from '../errors.ts'

/** Characters. CIDv1 of sha2-256 has 59; an identity CID may be as long as its content, and a file's name may not. */
const MAX_LENGTH = 120

/** The text itself, once it is known to be a CIDv1 in its one base32 form: no separators, no dots, no second spelling.
 * @throws RegistryError `block.invalid` */
export function cidName(text: string): string {
  if (isCid(text)) return text
  throw new RegistryError('block.invalid', `expected a CIDv1 in base32, got "${text.slice(0, MAX_LENGTH)}"`)
}

/** Whether `cidName` accepts it. */
export function isCid(text: string): boolean {
  if (text.length > MAX_LENGTH) return false
  try {
    const cid = CID.parse(text)
    return cid.version === 1 && cid.toString() === text
  } catch {
    return false
  }
}
