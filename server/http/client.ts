/** Who asks, as far as limits tell clients apart: by address, or by the network of an IPv6 address. */
import type { Request } from 'express'
import { ipKeyGenerator } from 'express-rate-limit'
import type { Client } from '../registry/index.ts'

/** Bits. One host has a whole /64 (RFC 6177), so an address alone would be no limit. */
const IPV6_NETWORK_BITS = 64

/** `request.ip` is the address that `TRUST_PROXY` lets count. */
export function clientOf(request: Request): Client {
  const address = request.ip ?? ''
  return { key: ipKeyGenerator(address, IPV6_NETWORK_BITS), limited: !isThisMachine(address) }
}

export const isThisMachine = (address: string): boolean => /^(?:::ffff:)?127\.|^::1$/.test(address)
