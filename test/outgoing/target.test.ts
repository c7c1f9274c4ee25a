import { expect } from 'chai'
import fc from 'fast-check'
import { RegistryError } from '../../server/errors.ts'
import { parseAllowed, parseTarget, WEB_PORTS } from '../../server/outgoing/target.ts'

const read = (text: string, allow = '') => parseTarget(text, { ports: WEB_PORTS, allow: parseAllowed(allow) })

function refusal(text: string, allow = ''): string {
  try {
    read(text, allow)
  } catch (error) {
    expect(error).to.be.instanceOf(RegistryError).with.property('code', 'fetch.refused')
    return (error as Error).message
  }
  throw new Error(`accepted ${text}`)
}

/** Every way to write one address of IPv4 that a browser reads. */
const spelling = (parts: number[]): fc.Arbitrary<string> => {
  const [a, b, c, d] = parts as [number, number, number, number]
  const sums = [
    [a, b, c, d],
    [a, b, c * 256 + d],
    [a, b * 65_536 + c * 256 + d],
    [a * 2 ** 24 + b * 65_536 + c * 256 + d],
  ]
  const digits = (value: number) =>
    fc.constantFrom(
      String(value),
      `0x${value.toString(16)}`,
      `0X${value.toString(16)}`,
      `0${value.toString(8)}`,
      `0x00${value.toString(16)}`,
    )
  return fc.constantFrom(...sums).chain((values) => fc.tuple(...values.map(digits)).map((all) => all.join('.')))
}

const byte = fc.nat(255)
const PRIVATE = fc.oneof(
  fc.tuple(fc.constantFrom(0, 10, 127, 224, 240, 255), byte, byte, byte),
  fc.tuple(fc.constantFrom(192), fc.constantFrom(168), byte, byte),
  fc.tuple(fc.constantFrom(169), fc.constantFrom(254), byte, byte),
  fc.tuple(fc.constantFrom(172), fc.integer({ min: 16, max: 31 }), byte, byte),
  fc.tuple(fc.constantFrom(100), fc.integer({ min: 64, max: 127 }), byte, byte),
)

describe('an address to be fetched', () => {
  it('that is not public is refused in every spelling, with and without percent signs', () => {
    const any = PRIVATE.chain(spelling)
    const escaped = any.map((text) => text.replace(/\d/, (digit) => `%3${digit}`))
    fc.assert(
      fc.property(fc.oneof(any, escaped), fc.constantFrom('', '.'), (host, end) => {
        expect(refusal(`http://${host}${end}/`)).to.match(/is not a public address$/)
      }),
      { numRuns: 2_000 },
    )
  })

  it('that is public is the plain one that was checked, however it was spelled', () => {
    fc.assert(
      fc.property(spelling([93, 184, 215, 14]), (host) => {
        expect(read(`http://${host}/a`)).to.include({ host: '93.184.215.14', port: 80, allowed: false })
      }),
    )
  })

  for (const [url, why] of [
    ['ftp://example.org/a.jpg', /"ftp:"/],
    ['file:///etc/passwd', /"file:"/],
    ['data:image/png;base64,AA==', /"data:"/],
    ['gopher://example.org:80/_', /"gopher:"/],
    ['javascript:alert(1)', /"javascript:"/],
    ['//example.org/a.jpg', /not a URL/],
    ['example.org/a.jpg', /not a URL/],
    ['http://', /not a URL/],
    ['http://example.org:8080/', /at port 8080/],
    ['https://example.org:22/', /at port 22/],
    ['http://example.org:0/', /at port/],
    ['http://user@example.org/', /user name or a password/],
    ['http://user:password@example.org/', /user name or a password/],
    ['http://:password@example.org/', /user name or a password/],
    ['http://example.org@127.0.0.1/', /user name or a password/],
    ['http://127.0.0.1\\@example.org/', /not a public address/],
    ['http://localhost/', /name for local use/],
    ['http://LOCALHOST/', /name for local use/],
    ['http://localhost./', /name for local use/],
    ['http://a.localhost/', /name for local use/],
    ['http://ｌｏｃａｌｈｏｓｔ/', /name for local use/],
    ['http://①②⑦.⓪.⓪.①/', /not a public address/],
    ['http://127。0。0。1/', /not a public address/],
    ['http://router/', /name for local use/],
    ['http://printer.local/', /name for local use/],
    ['http://metadata.google.internal/', /name for local use/],
    ['http://db.home.arpa/', /name for local use/],
    ['http://x.onion/', /name for local use/],
    ['http://a..example.org/', /no host/],
    ['http://[::1]/', /not a public address/],
    ['http://[::]/', /not a public address/],
    ['http://[::ffff:127.0.0.1]/', /not a public address/],
    ['http://[::ffff:7f00:1]/', /not a public address/],
    ['http://[0:0:0:0:0:ffff:169.254.169.254]/', /not a public address/],
    ['http://[64:ff9b::7f00:1]/', /not a public address/],
    ['http://[2002:7f00:1::]/', /not a public address/],
    ['http://[fe80::1]/', /not a public address/],
    ['http://[fe80::1%25eth0]/', /not a URL/],
    ['http://[fd00:ec2::254]/', /not a public address/],
    ['http://1.2.3.4.5/', /not a URL/],
    ['http://256.1.1.1/', /not a URL/],
    ['http://example.org.0x7f.1/', /not a URL/],
    ['http://exam\nple.org/', /spaces or control/],
    [' http://example.org/', /spaces or control/],
    ['http://example.org/\u0000', /spaces or control/],
    [`http://example.org/${'a'.repeat(2_048)}`, /longer than/],
  ] as const)
    it(`refuses ${JSON.stringify(url.slice(0, 60))}`, () => expect(refusal(url)).to.match(why))

  for (const [url, host, port] of [
    ['https://example.org/a.jpg?b=c#d', 'example.org', 443],
    ['http://example.org:443/', 'example.org', 443],
    ['https://EXAMPLE.org./', 'example.org', 443],
    ['http://bücher.example/', 'xn--bcher-kva.example', 80],
    ['http://[2606:4700:4700::1111]/', '2606:4700:4700::1111', 80],
    ['http://localhost.example.org/', 'localhost.example.org', 80],
  ] as const)
    it(`takes ${url} for ${host} at ${port}`, () => expect(read(url)).to.include({ host, port, allowed: false }))

  it('keeps no fragment', () => expect(read('https://example.org/a?b#c').url.href).to.equal('https://example.org/a?b'))
})

describe('FETCH_ALLOW', () => {
  it('opens one host at one port, and no other', () => {
    const allow = 'localhost:8080, [::1]:9000,127.0.0.1:80'
    for (const url of ['http://localhost:8080/', 'https://LOCALHOST:8080/', 'http://[::1]:9000/', 'http://127.1/'])
      expect(read(url, allow).allowed, url).to.equal(true)
    for (const url of [
      'http://localhost:8081/',
      'http://127.0.0.1:8080/',
      'http://localhost/',
      'http://[::1]/',
      'http://127.0.0.2/',
    ])
      expect(refusal(url, allow), url).to.match(/port|local use|public/)
  })

  it('does not open the way for passwords', () => {
    expect(refusal('http://a:b@localhost:8080/', 'localhost:8080')).to.match(/password/)
  })

  for (const entry of [
    'localhost',
    'localhost:',
    'localhost:0',
    'localhost:70000',
    'http://localhost:80',
    'a:80/b',
    'a@b:80',
    ':80',
    '*:80 x',
  ])
    it(`refuses "${entry}"`, () => expect(() => parseAllowed(entry)).to.throw(RangeError, /host:port/))

  it('is empty where nothing is in it', () => expect(parseAllowed(' , ')).to.deep.equal([]))
})
