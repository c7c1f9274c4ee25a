import { createHash } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { readGateways, readProfile } from '../../server/catalogue/profile.ts'

const digestOf = (text: string | Uint8Array) => new Uint8Array(createHash('sha256').update(text).digest())
const NOTHING = { name: null, domain: null }

/** The profile of a value, given as JSON in base64. */
function read(value: unknown) {
  const json = JSON.stringify(value)
  return readProfile(`data:application/json;base64,${Buffer.from(json).toString('base64')}`, digestOf(json))
}

const nameOf = (name: unknown) => read({ name }).name
const domainOf = (domain: unknown) => read({ domain }).domain

describe('a profile', () => {
  const json = '{"name":"Agence œil","domain":"oeil.example"}'
  const profile = { name: 'Agence œil', domain: 'oeil.example' }

  it('is read from data that is plain, percent-encoded or base64', () => {
    const base64 = Buffer.from(json).toString('base64')
    for (const data of [
      `data:application/json,${json}`,
      `data:application/json,${encodeURIComponent(json)}`,
      `data:application/json;charset=utf-8,${encodeURIComponent(json)}`,
      `data:application/json;base64,${base64}`,
      `data:application/json;charset=utf-8;base64,${base64}`,
      `DATA:Application/JSON;BASE64,${base64}`,
    ])
      expect(readProfile(data, digestOf(json)), data).to.deep.equal(profile)
  })

  it('is not read when the bytes have another digest', () => {
    expect(readProfile(`data:application/json,${json}`, digestOf(`${json} `))).to.deep.equal(NOTHING)
  })

  it('is not read from elsewhere, or from another type', () => {
    for (const uri of [
      '',
      'https://oeil.example/profile.json',
      `data:text/plain,${json}`,
      `data:,${json}`,
      'data:application/json',
    ])
      expect(readProfile(uri, digestOf(json)), uri).to.deep.equal(NOTHING)
  })

  it('of more than 4 KiB is not read, one of 4 KiB is', () => {
    const padded = (length: number) => json.padEnd(length - 1, ' ')
    const whole = padded(4096)
    expect(Buffer.byteLength(whole)).to.equal(4096)
    for (const data of [
      `data:application/json,${whole}`,
      `data:application/json;base64,${Buffer.from(whole).toString('base64')}`,
    ])
      expect(readProfile(data, digestOf(whole))).to.deep.equal(profile)
    const long = padded(4097)
    expect(readProfile(`data:application/json,${long}`, digestOf(long))).to.deep.equal(NOTHING)
  })

  it('that is no JSON object with texts says nothing', () => {
    for (const value of [null, 1, 'name', [], {}, { name: 1, domain: {} }, { name: null, domain: ['a.example'] }])
      expect(read(value), JSON.stringify(value)).to.deep.equal(NOTHING)
    for (const bytes of [Buffer.from('{"name":'), Buffer.from([0x22, 0xff, 0x22]), Buffer.from('')])
      expect(readProfile(`data:application/json;base64,${bytes.toString('base64')}`, digestOf(bytes))).to.deep.equal(
        NOTHING,
      )
  })

  it('has what it says well though the other part is unusable', () => {
    expect(read({ name: 'Agency', domain: 'no host' })).to.deep.equal({ name: 'Agency', domain: null })
    expect(read({ name: '\u202e', domain: 'a.example' })).to.deep.equal({ name: null, domain: 'a.example' })
  })
})

describe('the name of a profile', () => {
  it('loses controls, marks of direction and invisible characters', () => {
    expect(nameOf('BBC\u0000\u0007 News\u202e gpj\u2066\u200f\u200b\ufeff\u00ad\u{e0041}')).to.equal('BBC News gpj')
    expect(nameOf('one\u2028two\u2029three')).to.equal('onetwothree')
  })

  it('has single spaces and none around it', () => {
    expect(nameOf('  Agency   of\u00a0\u3000News ')).to.equal('Agency of News')
  })

  it('is null when nothing is left', () => {
    for (const name of ['', '   ', '\u202e\u200b', '\n']) expect(nameOf(name), JSON.stringify(name)).to.equal(null)
  })

  it('has 100 characters at most, none of them cut in half', () => {
    expect(nameOf('x'.repeat(101))).to.equal('x'.repeat(100))
    expect(nameOf('🦊'.repeat(101))).to.equal('🦊'.repeat(100))
  })

  it('keeps letters of all scripts, and the joiners that some of them need', () => {
    for (const name of ['Агентство', '通訊社', 'وكالة', 'क्‍ष', '👩‍🚀']) expect(nameOf(name)).to.equal(name)
  })

  it('is always something that can be stored and shown', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.string().map((s) => `${s}\ud800`),
        ),
        (name) => {
          const shown = nameOf(name)
          if (shown === null) return
          expect(shown.isWellFormed()).to.equal(true)
          expect([...shown].length).to.be.within(1, 100)
          expect(shown).to.equal(shown.trim())
          expect(shown).not.to.match(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
        },
      ),
    )
  })
})

describe('the domain of a profile', () => {
  it('is a host name, in lower case', () => {
    for (const domain of ['example.org', 'a.b.c.example', 'xn--bcher-kva.example', '3com.example', 'x-y.xn--p1ai'])
      expect(domainOf(domain)).to.equal(domain)
    expect(domainOf('News.Example.ORG')).to.equal('news.example.org')
  })

  it('is null when it is none', () => {
    for (const domain of [
      '',
      'example',
      'example.',
      '.example',
      'a..example',
      '-a.example',
      'a-.example',
      'a_b.example',
      'a b.example',
      'bücher.example',
      'example.org/path',
      'example.org:80',
      'user@example.org',
      'https://example.org',
      '127.0.0.1',
      '[::1]',
      'example.123',
      `${'x'.repeat(64)}.example`,
      `${'x.'.repeat(125)}example`,
      'example.org\n',
      '\u202eexample.org',
    ])
      expect(domainOf(domain), domain).to.equal(null)
  })
})

describe('the gateways of a profile', () => {
  const gatewaysOf = (gateways: unknown) => {
    const json = JSON.stringify({ name: 'x', gateways })
    return readGateways(`data:application/json,${encodeURIComponent(json)}`, digestOf(json))
  }

  it('are addresses of http and https, without what follows them', () => {
    expect(
      gatewaysOf(['https://ipfs.example', 'https://b.example/', 'http://c.example/x/', 'https://d.example/ipfs/']),
    ).to.deep.equal(['https://ipfs.example', 'https://b.example', 'http://c.example/x', 'https://d.example'])
  })

  it('are at most eight, each once and of 200 characters', () => {
    expect(gatewaysOf(Array.from({ length: 9 }, (_, i) => `https://${i}.example`))).to.have.length(8)
    expect(gatewaysOf(['https://a.example', 'https://A.example/', 'https://a.example:443'])).to.deep.equal([
      'https://a.example',
    ])
    expect(gatewaysOf([`https://a.example/${'a'.repeat(182)}`])).to.have.length(1)
    expect(gatewaysOf([`https://a.example/${'a'.repeat(183)}`])).to.deep.equal([])
  })

  it('that cannot be asked are left out', () => {
    expect(
      gatewaysOf([
        null,
        1,
        '',
        'x',
        'ftp://a.example',
        'https://u:p@a.example',
        'https://a.example/?x',
        'https://a.example/#x',
      ]),
    ).to.deep.equal([])
    for (const value of [null, 'https://a.example', {}, 7]) expect(gatewaysOf(value)).to.deep.equal([])
    expect(readGateways('https://a.example/profile.json', digestOf(''))).to.deep.equal([])
  })
})
