/** Sends one of everything to fresh contracts, and tells what the receipts say. Digests are seeded, so that figures are the same in every
 *  run; a zero byte costs less than another. */
import { type Contract, ContractFactory, getBytes, id, Wallet, ZeroAddress, ZeroHash } from 'ethers'
import { network } from 'hardhat'
import { fromHex, toHex0x } from '../../server/bytes.ts'
import type { Deployment, Registration } from '../../server/chain/events.ts'
import {
  mediaRegistryAbi,
  mediaRegistryBytecode,
  publisherRegistryAbi,
  publisherRegistryBytecode,
} from '../../server/chain/generated.ts'
import { claimOf, leafOf } from '../../server/chain/ids.ts'
import {
  authorize,
  claimsValue,
  type RequestName,
  registrationValue,
  signKeyConsent,
} from '../../server/chain/typed-data.ts'

/** One row. */
export interface Cost {
  name: string
  /** Claims, or whatever is done many times. */
  items: number
  gas: number
  /** The least that any contract could use for the same effect; null where nobody needs it. */
  floor: number | null
}

/** Seconds since 1970: when the network begins, and when the key is added. */
const BEGIN_S = 1_800_000_000
const ADDED_S = BEGIN_S + 1_000

const KEY = new Wallet(id('gas: key'))
const words = (seed: string, count: number) => Array.from({ length: count }, (_, i) => fromHex(id(`${seed} word ${i}`)))
const registration = (seed: string, count = 2): Registration => ({
  contentDigest: fromHex(id(`${seed} content`)),
  manifestDigest: fromHex(id(`${seed} manifest`)),
  kind: 1,
  algorithm: count === 0 ? 0 : 1,
  perceptualHashes: words(seed, count),
})
const many = (seed: string, count: number, wordCount = 2) =>
  Array.from({ length: count }, (_, i) => registration(`${seed} ${i}`, wordCount))

/** Gas of the Yellow Paper and of EIP-2028, EIP-2929, EIP-7623. */
const GAS = {
  base: 21_000,
  zero: 4,
  nonZero: 16,
  floorToken: 10,
  newSlot: 22_100,
  log: 375,
  topic: 375,
  logByte: 8,
  call: 2_600,
  slot: 2_100,
}

/** What anybody pays for a transaction with this calldata, these logs and so many new slots, who asks one other contract for one slot. */
function floorOf(data: string, logs: readonly { topics: readonly string[]; data: string }[], slots: number): number {
  const bytes = getBytes(data)
  const zeros = bytes.filter((byte) => byte === 0).length
  const calldata = GAS.zero * zeros + GAS.nonZero * (bytes.length - zeros)
  const said = logs.reduce(
    (sum, log) => sum + GAS.log + GAS.topic * log.topics.length + GAS.logByte * getBytes(log.data).length,
    0,
  )
  const work = GAS.base + calldata + GAS.newSlot * slots + said + GAS.call + GAS.slot
  return Math.max(work, GAS.base + GAS.floorToken * (zeros + 4 * (bytes.length - zeros)))
}

export async function measure(): Promise<Cost[]> {
  const { ethers, networkHelpers } = await network.create({
    override: { hardfork: 'osaka', initialDate: new Date(BEGIN_S * 1000) },
  })
  const [custody, payer, recovery, next] = await ethers.getSigners()
  const key = KEY.connect(ethers.provider)
  await custody!.sendTransaction({ to: key.address, value: ethers.parseEther('10') })
  const costs: Cost[] = []

  async function cost(name: string, sent: Promise<unknown>, options: { items?: number; slots?: number } = {}) {
    const response = (await sent) as {
      data: string
      wait(): Promise<{ gasUsed: bigint; logs: { topics: string[]; data: string }[] }>
    }
    const receipt = await response.wait()
    const { items = 1, slots } = options
    const floor = slots === undefined ? null : floorOf(response.data, receipt.logs, slots)
    costs.push({ name, items, gas: Number(receipt.gasUsed), floor })
  }

  const publishers = (await new ContractFactory(
    publisherRegistryAbi,
    publisherRegistryBytecode,
    custody,
  ).deploy()) as Contract
  await cost('deploy PublisherRegistry', Promise.resolve(publishers.deploymentTransaction()))
  const address = await publishers.getAddress()
  const media = (await new ContractFactory(mediaRegistryAbi, mediaRegistryBytecode, custody).deploy(
    address,
  )) as Contract
  await cost('deploy MediaRegistry', Promise.resolve(media.deploymentTransaction()))
  const deployment: Deployment = {
    chainId: 31337,
    publisherRegistry: fromHex(address, 20),
    mediaRegistry: fromHex(await media.getAddress(), 20),
    startBlock: 0,
  }
  // The same in every run: the bytes of a time are calldata, too.
  const deadlineS = BEGIN_S + 86_400
  const as = (contract: Contract, signer: unknown) => contract.connect(signer as never) as Contract
  const P = publishers as Contract & Record<string, (...args: unknown[]) => Promise<unknown>>
  const M = as(media, key) as Contract & Record<string, (...args: unknown[]) => Promise<unknown>>
  const R = as(media, payer) as typeof M

  await cost(
    'createPublisher, with a recovery account',
    P.createPublisher!('data:application/json,%7B%7D', ZeroHash, recovery!.address),
  )
  const consent = await signKeyConsent(
    deployment,
    { publisherId: 1, custody: fromHex(custody!.address, 20) },
    KEY,
    deadlineS,
  )
  await networkHelpers.time.setNextBlockTimestamp(ADDED_S)
  await cost('addKey', P.addKey!(1, KEY.address, consent.deadlineS, toHex0x(consent.signature)))

  for (const count of [0, 1, 2, 64])
    await cost(`register, ${count} words`, M.register!(1, registrationValue(registration(`single ${count}`, count))), {
      slots: 2,
    })
  for (const items of [10, 100])
    await cost(`registerMany, 2 words`, M.registerMany!(1, many(`stored ${items}`, items).map(registrationValue)), {
      items,
      slots: 2 * items,
    })
  for (const items of [1, 10, 100, 400])
    await cost('registerLogged, 2 words', M.registerLogged!(1, claimsValue(many(`logged ${items}`, items))), {
      items,
      slots: 1,
    })
  await cost('registerLogged, 1 word', M.registerLogged!(1, claimsValue(many('logged 1', 100, 1))), {
    items: 100,
    slots: 1,
  })
  const batch = (seed: string) => ({ root: id(`${seed} root`), listDigest: id(`${seed} list`), count: 8_192 })
  await cost('registerRoots, a batch of 8,192', M.registerRoots!(1, [batch('one')]), { slots: 1 })
  await cost(
    'registerRoots, batches of 8,192',
    M.registerRoots!(
      1,
      Array.from({ length: 10 }, (_, i) => batch(`ten ${i}`)),
    ),
    { items: 10, slots: 10 },
  )
  await cost('register, the same again', M.register!(1, registrationValue(registration('single 2'))))
  await cost('revoke', M.revoke!(1, id('single 2 content'), 1), { slots: 1 })
  await cost('supersede', M.supersede!(1, id('single 2 content'), id('single 1 content')), { slots: 2 })

  async function relayed(name: RequestName, nonce: bigint, values: unknown[], signed: Record<string, unknown>) {
    const by = await authorize(deployment, KEY, name, {
      publisherId: 1,
      values: signed,
      nonce,
      deadlineS,
    })
    return R[`${name[0]!.toLowerCase()}${name.slice(1)}For`]!(1, ...values, by)
  }
  const one = registrationValue(registration('relayed'))
  await cost('registerFor, 2 words, a new slot of nonces', relayed('Register', 1n, [one], { registration: one }))
  const two = registrationValue(registration('relayed again'))
  await cost('registerFor, 2 words, a used slot of nonces', relayed('Register', 2n, [two], { registration: two }))
  const hundred = many('relayed many', 100).map(registrationValue)
  await cost('registerManyFor, 2 words', relayed('RegisterMany', 3n, [hundred], { registrations: hundred }), {
    items: 100,
  })
  const logged = many('relayed logged', 100)
  const leaves = logged.map((item) => toHex0x(leafOf(claimOf(deployment, 1, item))))
  await cost('registerLoggedFor, 2 words', relayed('RegisterLogged', 4n, [claimsValue(logged)], { leaves }), {
    items: 100,
  })
  await cost(
    'registerRootsFor, a batch of 8,192',
    relayed('RegisterRoots', 5n, [[batch('relayed')]], { batches: [batch('relayed')] }),
  )
  await cost('revokeFor', relayed('Revoke', 6n, [id('relayed'), 1], { contentDigest: id('relayed'), reason: 1 }))
  await cost('cancelNonces', M.cancelNonces!(1, KEY.address, 9, 1))

  await cost('offerCustody', P.offerCustody!(1, next!.address))
  await cost('acceptCustody', as(publishers, next).acceptCustody!(1))
  await cost('declareCompromised, a live key', as(publishers, next).declareCompromised!(1, KEY.address, ADDED_S))
  await cost('recoverCustody', as(publishers, recovery).recoverCustody!(1, payer!.address))
  await cost('changeRecovery', as(publishers, next).changeRecovery!(1, ZeroAddress))
  await networkHelpers.time.increase(7 * 86_400)
  await cost('finishRecoveryChange', as(publishers, next).finishRecoveryChange!(1))
  return costs
}
