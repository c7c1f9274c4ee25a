/** What a report does not say, and how to check what it says without trusting the server that made it. Pure. */
import type { Lookup, Match } from '../client/wire.ts'
import { code, el, type Markup } from './markup.ts'

const NOT_SAID = [
  'Whether the file is genuine, who made it, or what it means. A difference may be harmless; it is for people to judge.',
  'That a publisher made, or owns, what it registered. Anybody may register anything, and the same file more than once.',
  'When a picture was taken. The time of a block says that the record was there by then, by the clock of that chain.',
  'That there is no other original. Only what is registered, and what this server had of it, was searched.',
]

export function notSaid({ matches = [] }: Pick<Lookup, 'matches'>): Markup {
  const scored = matches.some(({ findings }) => findings.length > 0)
  const score =
    'A score of 0.99 says that one unchanged copy in a hundred shows a difference as strong by accident: it is no probability that this file was changed.'
  const items = [...NOT_SAID, ...(scored ? [score] : [])]
  return el('ul', {}, ...items.map((sentence) => el('li', {}, sentence)))
}

export function checks(lookup: Pick<Lookup, 'matches' | 'candidate'>, basis: string): Markup {
  const [first] = lookup.matches ?? []
  return el('ol', {}, ...[fileCheck(lookup, basis), ...(first ? recordChecks(first) : []), againCheck()])
}

function fileCheck({ candidate }: Pick<Lookup, 'candidate'>, basis: string): Markup {
  const digest = candidate?.contentDigest ?? ''
  if (basis !== 'media')
    return el(
      'li',
      {},
      'The server had a fingerprint and not the file: digest, size and extent are as whoever asked has stated them. ',
      code('npx firsthand fingerprint FILE'),
      ' computes them from the file.',
    )
  return el(
    'li',
    {},
    'That this report is of the file that you have: ',
    code('sha256sum FILE'),
    ' prints ',
    code(digest),
    '.',
  )
}

function recordChecks({ recordId, anchor, original }: Match): Markup[] {
  const local =
    anchor.finality === 'local' ? ' This one is a local network, which only the machine that ran it could show.' : ''
  return [
    el(
      'li',
      {},
      'That the record stands: ',
      code(`npx firsthand record ${recordId} --server ADDRESS`),
      ', at any server that follows the contract ',
      code(anchor.contract),
      ' on ',
      code(anchor.chain),
      ', best at one of your own. It tells the same publisher and the same time, and what has become of the record since.',
    ),
    el(
      'li',
      {},
      'That the chain holds it: the transaction ',
      code(anchor.transaction),
      ` in block ${anchor.block}, as any node or explorer of that chain shows it, has an event of the contract that names the digest `,
      code(original.contentDigest),
      `, or the root of the batch that holds it.${local}`,
    ),
    el(
      'li',
      {},
      'That a server tells what the chain tells: whoever runs it runs ',
      code('npx firsthand audit'),
      ', which compares all that it holds with the chain and ends with 0 where nothing differs.',
    ),
  ]
}

function againCheck(): Markup {
  return el(
    'li',
    {},
    'That the answer is as it is said here: ',
    code('npx firsthand lookup FILE --server ADDRESS'),
    ' gives it again where software, thresholds and records are the same; records that came later may change it.',
  )
}
