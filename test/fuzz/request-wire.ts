/** A request as bytes on a connection, with the tricks that no client library would write. */
import type { FuzzRequest } from './requests.ts'
import { type Dice, damaged } from './values.ts'

const CRLF = '\r\n'

export function wireOf({ method, path, headers, body }: FuzzRequest, dice: Dice): Buffer {
  const fields = headers.map(([name, value]) => `${name}: ${value}`)
  const head = [`${method} ${path} HTTP/1.1`, 'Host: localhost', ...fields]
  const content = body ?? Buffer.alloc(0)
  const chunked = dice.chance(0.3)
  const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${content.length}`
  const sent = chunked ? chunks(content, dice) : content
  const whole = (lines: string[]) => Buffer.concat([Buffer.from(`${lines.join(CRLF)}${CRLF}${CRLF}`, 'latin1'), sent])
  const plain = [...head, framing]
  switch (dice.below(10)) {
    case 0:
      return whole([...plain, `Content-Length: ${content.length + 1}`])
    case 1:
      return whole([
        ...plain,
        dice.pick(['Transfer-Encoding: gzip, chunked', 'Transfer-Encoding : chunked', 'Transfer-Encoding: xchunked']),
      ])
    case 2:
      return whole([`${method.toLowerCase()} ${path} HTTP/1.1`, ...plain.slice(1)])
    case 3:
      return whole([
        `${method} http://evil.example${path} HTTP/${dice.pick(['1.0', '1.1', '2.0', '0.9'])}`,
        ...plain.slice(1),
      ])
    case 4:
      return whole([...plain, 'Host: evil.example'])
    case 5:
      return whole([...plain, ' folded: x', 'no colon', 'a\0b: c'].slice(0, plain.length + 1 + dice.below(3)))
    case 6:
      return whole([...plain, `X: ${'a'.repeat(dice.pick([1_000, 15_000, 20_000]))}`])
    case 7:
      return Buffer.concat([whole(plain), whole(plain), whole(plain)])
    case 8:
      return damaged(whole(plain), dice)
    default:
      return whole([
        ...plain,
        dice.pick(['Expect: 100-continue', 'Upgrade: websocket', 'Connection: close', 'TE: trailers']),
      ])
  }
}

function chunks(content: Buffer, dice: Dice): Buffer {
  const length = dice.chance(0.1) ? dice.pick(['zz', 'ffffffffffffffff', '-1', '0x10']) : content.length.toString(16)
  if (content.length === 0) return Buffer.from('0\r\n\r\n')
  return Buffer.concat([Buffer.from(`${length}${CRLF}`), content, Buffer.from(`${CRLF}0${CRLF}${CRLF}`)])
}
