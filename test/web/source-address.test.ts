import { expect } from 'chai'
import { sourceOf } from '../../server/web/client/source-address.ts'

describe('the address that a publisher names', () => {
  it('is offered where it is https, of a public name', () => {
    expect(sourceOf('https://example.org/a/clip.mp4?x=1#t=3')).to.deep.equal({
      address: 'https://example.org/a/clip.mp4?x=1#t=3',
      host: 'example.org',
    })
    expect(sourceOf('HTTPS://Example.ORG:443')?.host).to.equal('example.org')
  })

  it('has its host in letters that cannot be mistaken', () => {
    expect(sourceOf('https://еxample.org/')?.host).to.equal('xn--xample-2of.org')
  })

  for (const [why, addresses] of Object.entries({
    'another scheme': ['http://example.org/', 'javascript:alert(1)', 'data:video/mp4,', 'blob:https://example.org/1'],
    'a user': ['https://me@example.org/', 'https://me:pass@example.org/'],
    'another port': ['https://example.org:8443/'],
    'an address in numbers': [
      'https://127.0.0.1/',
      'https://0x7f.1/',
      'https://2130706433/',
      'https://192.168.1.1./',
      'https://93.184.216.34/',
      'https://[::1]/',
      'https://[2606:4700::1111]/',
    ],
    'a name for local use': [
      'https://localhost/',
      'https://localhost./',
      'https://a.localhost/',
      'https://router/',
      'https://nas.local/',
      'https://wiki.internal/',
      'https://printer.home.arpa/',
    ],
    'no host': ['https://', 'https:///', 'clip.mp4', '', 'https://a..org/'],
    'spaces or control characters': ['https://example.org/ a', 'https://exam\nple.org/', ' https://example.org/'],
    'too many characters': [`https://example.org/${'a'.repeat(2_048)}`],
  }))
    it(`is not where it has ${why}`, () => {
      for (const address of addresses) expect(sourceOf(address), address).to.equal(null)
    })

  it('is none where none is named', () => expect(sourceOf(null)).to.equal(null))
})
