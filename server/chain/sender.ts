/** Sends transactions of one account, in order, and waits until they are mined. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type BaseWallet, getBytes, keccak256 } from 'ethers'
import { fromHex, toHex0x } from '../bytes.ts'
import { RegistryError } from '../errors.ts'
import { requireMaySign } from './accounts.ts'
import { LOCAL_CHAIN_ID } from './deploy.ts'
import type { ChainNode, Receipt } from './node.ts'
import { explained } from './revert.ts'
import { rpcErrorOf } from './rpc.ts'

/** What is needed of an ethers `Wallet`. */
export type TransactionSigner = Pick<BaseWallet, 'address' | 'signTransaction'>

export interface SenderOptions {
  node: ChainNode
  chainId: number
  signer: TransactionSigner
  /** Milliseconds between two looks for a receipt; default 50 for the local network, else 1,000. */
  pollMs?: number
  /** Milliseconds to wait for a receipt; default 180,000. */
  timeoutMs?: number
}

export interface Transaction {
  /** 20 bytes. */
  to: Uint8Array
  data: Uint8Array
  /** What the node estimated; asked for when left out. */
  gas?: bigint
}

/** All methods throw RegistryError: `chain.rejected` (or a code of its own) when the chain refuses, `chain.unreachable` when the node does
 *  not answer, `chain.mismatch` when it is of another chain, `signer.unavailable` for an account that must not sign there. */
export interface Sender {
  /** 20 bytes. */
  address: Uint8Array
  /** Gas that the transaction would use. Throws what the contract would. */
  estimate(transaction: Transaction): Promise<bigint>
  /** Signs and sends; several at a time keep their order. @returns the transaction's hash. */
  send(transaction: Transaction): Promise<Uint8Array>
  /** Waits until the transaction is mined. Throws if it reverted. */
  mined(hash: Uint8Array, transaction: Transaction): Promise<Receipt>
}

type Fees = Awaited<ReturnType<ChainNode['fees']>>

/** EIP-7825. */
const GAS_CAP = 16_777_216n
/** How often the same bytes are sent while no answer comes. */
const DELIVERIES = 3
/** How often a transaction is signed anew while others send for the same account. */
const SIGNATURES = 10

export function createSender({ node, chainId, signer, ...options }: SenderOptions): Sender {
  const { pollMs = chainId === LOCAL_CHAIN_ID ? 50 : 1_000, timeoutMs = 180_000 } = options
  requireMaySign(signer.address, chainId)
  const address = fromHex(signer.address, 20)
  let queue: Promise<unknown> = Promise.resolve()
  /** The nonce after the last one used here: a node may count what it was just sent with a delay. */
  let nextNonce = 0
  let checkedChain = false

  async function checkChain(): Promise<void> {
    if (checkedChain) return
    const actual = await node.chainId()
    if (actual !== chainId) throw new RegistryError('chain.mismatch', `"chainId" expected ${chainId}, got ${actual}`)
    checkedChain = true
  }

  async function estimate({ to, data }: Transaction): Promise<bigint> {
    await checkChain()
    return node.estimateGas({ from: address, to, data }).catch((error) => Promise.reject(explained(error)))
  }

  async function signAndSend(transaction: Transaction, gas: bigint): Promise<Uint8Array> {
    for (let attempt = 1; ; attempt++) {
      try {
        const [pending, fees] = await Promise.all([node.nextNonce(address), node.fees()])
        const nonce = Math.max(nextNonce, pending)
        const hash = await deliver(await sign(transaction, gas, nonce, fees))
        nextNonce = nonce + 1
        return hash
      } catch (error) {
        nextNonce = 0
        // Somebody else sends for this account, or a transaction was dropped: nothing was accepted, so sign again.
        if (attempt >= SIGNATURES || !isNonceError(error)) throw explained(error)
        await sleep(Math.random() * pollMs)
      }
    }
  }

  async function sign(
    { to, data }: Transaction,
    gas: bigint,
    nonce: number,
    { baseFee, tip }: Fees,
  ): Promise<Uint8Array> {
    const gasLimit = gas + gas / 5n
    const signed = await signer.signTransaction({
      type: 2,
      chainId,
      nonce,
      to: toHex0x(to),
      data: toHex0x(data),
      gasLimit: gasLimit < GAS_CAP ? gasLimit : GAS_CAP,
      // Holds for six full blocks in a row, each of which raises the base fee by an eighth.
      maxFeePerGas: 2n * baseFee + tip,
      maxPriorityFeePerGas: tip,
    })
    return getBytes(signed)
  }

  /** Sends, and when no answer comes, the same bytes again: they are one transaction however often they arrive. */
  async function deliver(signed: Uint8Array): Promise<Uint8Array> {
    const hash = fromHex(keccak256(signed))
    for (let attempt = 1; ; attempt++) {
      try {
        await node.sendRaw(signed)
        return hash
      } catch (error) {
        if (isKnown(error)) return hash
        const unanswered = error instanceof RegistryError && error.code === 'chain.unreachable'
        if (attempt > 1 && (await node.receipt(hash).catch(() => null))) return hash
        if (!unanswered || attempt >= DELIVERIES) throw error
        await sleep(pollMs)
      }
    }
  }

  async function send(transaction: Transaction): Promise<Uint8Array> {
    const gas = transaction.gas ?? (await estimate(transaction))
    await checkChain()
    const sent = queue.then(() => signAndSend(transaction, gas))
    queue = sent.catch(() => {})
    return sent
  }

  async function mined(hash: Uint8Array, transaction: Transaction): Promise<Receipt> {
    const until = performance.now() + timeoutMs
    for (;;) {
      const receipt = await node.receipt(hash)
      if (receipt?.succeeded) return receipt
      if (receipt) throw await reverted(receipt, transaction)
      if (performance.now() > until) break
      await sleep(pollMs)
    }
    nextNonce = 0
    const detail = `transaction ${toHex0x(hash)} is not mined after ${timeoutMs} ms; it may be yet`
    throw new RegistryError('chain.unreachable', detail)
  }

  /** A receipt holds no reason, so the call is made once more where it failed. */
  async function reverted({ transactionHash, blockNumber }: Receipt, { to, data }: Transaction): Promise<unknown> {
    const plain = new RegistryError('chain.rejected', `transaction ${toHex0x(transactionHash)} was mined and reverted`)
    return node.call({ from: address, to, data }, blockNumber).then(() => plain, explained)
  }

  return { address, estimate, send, mined }
}

const messageOf = (error: unknown): string => rpcErrorOf(error)?.message.toLowerCase() ?? ''
/** geth and reth; Hardhat; Nethermind and Besu. */
const isNonceError = (error: unknown): boolean =>
  /nonce (is )?too (low|high)|invalid nonce|oldnonce/.test(messageOf(error))
const isKnown = (error: unknown): boolean => /already known|known transaction|alreadyknown/.test(messageOf(error))
