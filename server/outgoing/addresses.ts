/** Which addresses may be connected to: unicast and global ones, in whatever form they are written (RFC 6890 and the registries of
 *  special-purpose addresses at IANA). Pure. */
import ipaddr from 'ipaddr.js'

/** What `ipaddr.js` takes for unicast and is not for strangers to point at. */
const NOT_FOR_STRANGERS = [
  // The host of a virtual machine in Azure, which hands out credentials (learn.microsoft.com, "What is IP address 168.63.129.16").
  '168.63.129.16/32',
].map((range) => ipaddr.parseCIDR(range))

/** All that is assigned as global unicast so far (RFC 4291 §2.4, IANA "IPv6 Global Unicast Address Assignments"). What lies elsewhere is
 *  special or embeds another address: IPv4-compatible ::/96 is an example that `ipaddr.js` takes for unicast. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3')

/** Octets 8 to 11 of an interface identifier that embeds an IPv4 address: ISATAP, RFC 5214 §6.1, with either value of its bit "u". */
const ISATAP = ['00005efe', '02005efe']

/** Whether an address may be connected to.
 *  @param text as a resolver writes it, or as it stands in an address without its brackets. Whatever is not the plain text of an address
 *  is not public: other spellings of IPv4 and zones are for the parser of addresses to read (`target.ts`). */
export function isPublicAddress(text: string): boolean {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return isPublic(ipaddr.IPv4.parse(text))
  if (text.includes('%') || !ipaddr.IPv6.isValid(text)) return false
  const address = ipaddr.IPv6.parse(text)
  return isPublic(address) && address.match(GLOBAL_UNICAST as [ipaddr.IPv6, number]) && !isIsatap(address)
}

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== 'unicast') return false
  return !NOT_FOR_STRANGERS.some(([range, bits]) => address.kind() === range.kind() && address.match(range, bits))
}

const isIsatap = (address: ipaddr.IPv6) =>
  ISATAP.includes(Buffer.from(address.toByteArray().slice(8, 12)).toString('hex'))
