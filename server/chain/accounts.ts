/** The two accounts that act for the development publisher (docs/protocol.md §8). Anyone knows their keys. */
import { Wallet } from 'ethers'
import { RegistryError } from '../errors.ts'
import { isWellKnownAccount, LOCAL_CHAIN_ID } from './deploy.ts'

/** From Hardhat's documentation: accounts 0 and 1. */
const KEYS = {
  custody: '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  signing: '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d',
}

/** A wallet of the local network. @throws RegistryError `signer.unavailable` for any other chain. */
export function developmentWallet(role: keyof typeof KEYS, chainId: number): Wallet {
  const wallet = new Wallet(KEYS[role])
  requireMaySign(wallet.address, chainId)
  return wallet
}

/** @throws RegistryError `signer.unavailable` if everybody knows the account's key and the chain is not a local one. */
export function requireMaySign(address: string, chainId: number): void {
  if (chainId === LOCAL_CHAIN_ID || !isWellKnownAccount(address)) return
  const detail = `${address} is one of Hardhat's well-known accounts: it signs for chain ${LOCAL_CHAIN_ID} only, not for ${chainId}`
  throw new RegistryError('signer.unavailable', detail)
}
