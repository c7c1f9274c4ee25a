import { BlockList } from 'node:net'
import { expect } from 'chai'
import fc from 'fast-check'
import { isPublicAddress } from '../../server/outgoing/addresses.ts'

/** IANA IPv4 and IPv6 Special-Purpose Address Registries and multicast, written down a second time, for another reader of addresses:
 *  that of Node. Of IPv6 what is not in 2000::/3 is not assigned. */
const SPECIAL_V4 =
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 ' +
  '192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 ' +
  '224.0.0.0/4 240.0.0.0/4'
const SPECIAL_V6 = '2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20'

const special = new BlockList()
const assigned = new BlockList()
assigned.addSubnet('2000::', 3, 'ipv6')
for (const [ranges, family] of [
  [SPECIAL_V4, 'ipv4'],
  [SPECIAL_V6, 'ipv6'],
] as const)
  for (const range of ranges.split(' ')) {
    const [network, bits] = range.split('/')
    special.addSubnet(network!, Number(bits), family)
  }

const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255))
/** Half of them near the ranges that matter, for there are few of those among all. */
const groups = fc.tuple(
  fc.oneof(fc.constantFrom(0x2000, 0x2001, 0x2002, 0x2620, 0x3fff, 0x64, 0xfe80, 0xfc00, 0), fc.nat(0xffff)),
  fc.oneof(fc.constantFrom(0, 0xdb8, 2, 0x4f, 0xff9b), fc.nat(0xffff)),
  ...Array.from({ length: 6 }, () => fc.oneof(fc.constant(0), fc.constant(0xffff), fc.nat(0xffff))),
) as fc.Arbitrary<number[]>

describe('an address', () => {
  it('of IPv4 is public exactly where no registry says otherwise', () => {
    const any = fc.oneof(
      octets,
      fc.constantFrom([192, 0, 0, 1], [198, 19, 0, 1], [100, 127, 255, 255], [172, 31, 9, 9]),
    )
    fc.assert(
      fc.property(any, (parts) => {
        const text = parts.join('.')
        expect(isPublicAddress(text), text).to.equal(!special.check(text, 'ipv4'))
      }),
      { numRuns: 5_000 },
    )
  })

  it('of IPv6 is public exactly where it is assigned and no registry says otherwise, however it is written', () => {
    fc.assert(
      fc.property(groups, (parts) => {
        const long = parts.map((part) => part.toString(16).padStart(4, '0')).join(':')
        const isatap = parts[4]! % 0x200 === 0 && parts[4]! <= 0x200 && parts[5] === 0x5efe
        const expected = assigned.check(long, 'ipv6') && !special.check(long, 'ipv6') && !isatap
        const short = new URL(`http://[${long}]/`).hostname.slice(1, -1)
        const dotted = `${long.slice(0, 29)}:${[parts[6]! >> 8, parts[6]! & 255, parts[7]! >> 8, parts[7]! & 255].join('.')}`
        for (const form of [long, short, long.toUpperCase(), dotted])
          expect(isPublicAddress(form), form).to.equal(expected)
      }),
      { numRuns: 5_000 },
    )
  })

  it('of IPv4 inside one of IPv6 never makes it public', () => {
    fc.assert(
      fc.property(octets, (parts) => {
        const hex = Buffer.from(parts).toString('hex')
        const [a, b] = [hex.slice(0, 4), hex.slice(4)]
        const embedding = {
          mapped: `::ffff:${parts.join('.')}`,
          compatible: `::${parts.join('.')}`,
          translated: `::ffff:0:${a}:${b}`,
          NAT64: `64:ff9b::${a}:${b}`,
          'local NAT64': `64:ff9b:1::${a}:${b}`,
          '6to4': `2002:${a}:${b}::1`,
          Teredo: `2001:0:${a}:${b}::${a}:${b}`,
          ISATAP: `2a00:1450::5efe:${a}:${b}`,
          'ISATAP, unique': `2a00:1450::200:5efe:${a}:${b}`,
        }
        for (const [name, text] of Object.entries(embedding))
          expect(isPublicAddress(text), `${name} ${text}`).to.equal(false)
      }),
    )
  })

  for (const text of ['8.8.8.8', '1.1.1.1', '2a00:1450:4001:80b::200e', '2606:4700:4700::1111'])
    it(`${text} is public`, () => expect(isPublicAddress(text)).to.equal(true))

  for (const text of [
    '8.8.8',
    '134744072',
    '0x8.8.8.8',
    '010.8.8.8',
    '8.8.8.8.',
    ' 8.8.8.8',
    '2a00:1450::1%eth0',
    '[2a00::1]',
    '',
    'x',
  ])
    it(`written as "${text}" is none`, () => expect(isPublicAddress(text)).to.equal(false))
})
