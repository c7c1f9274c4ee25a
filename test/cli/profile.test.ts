import { expect } from 'chai'
import { readGateways, readProfile } from '../../server/catalogue/profile.ts'
import { profileOf } from '../../server/cli/publisher.ts'
import { firsthand } from './capture.ts'

describe('the profile that the command writes', () => {
  it('is what the catalogue reads', () => {
    const gateway = ['https://ipfs.example', 'https://quay.example/blocks']
    const { uri, digest } = profileOf({ name: 'Quay News', domain: 'quay.example', gateway })
    expect(readProfile(uri, digest)).to.deep.equal({ name: 'Quay News', domain: 'quay.example' })
    expect(readGateways(uri, digest)).to.deep.equal(gateway)
    const plain = profileOf({ name: 'Quay News' })
    expect(readGateways(plain.uri, plain.digest)).to.deep.equal([])
  })

  for (const gateway of [
    'x',
    'ftp://a.example',
    'https://u:p@a.example',
    'https://a.example/?q',
    `https://a.example/${'a'.repeat(200)}`,
  ])
    it(`names no gateway "${gateway.slice(0, 30)}"`, async () => {
      const { code, err } = await firsthand('publisher', 'profile', '--name', 'x', '--gateway', gateway)
      expect(code).to.equal(2)
      expect(err).to.contain('expected an http or https address')
    })

  it('names no ninth gateway', async () => {
    const nine = Array.from({ length: 9 }, (_, i) => `https://${i}.example`)
    const { code, err } = await firsthand('publisher', 'profile', '--name', 'x', '--gateway', ...nine)
    expect(code).to.equal(2)
    expect(err).to.contain('at most 8 are read')
  })
})
