import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { JsonRpcProvider, Network, Wallet } from 'ethers'
import { artifacts, network } from 'hardhat'
import Firsthand from '../../ignition/modules/Firsthand.ts'
import { addresses, deployBoth, hasProxy, PROXY } from '../../scripts/deploy/create2.ts'
import { toHex0x } from '../../server/bytes.ts'
import { checkBytecode } from '../../server/chain/bytecode.ts'
import { deploy, isWellKnownAccount } from '../../server/chain/deploy.ts'
import { mediaRegistryAbi, publisherRegistryAbi } from '../../server/chain/generated.ts'
import { RegistryError } from '../../server/errors.ts'

const SCRIPT = join(import.meta.dirname, '../../scripts/deploy.ts')
/** The private key of Hardhat's account 0, which its documentation prints. */
const WELL_KNOWN_KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'

/** Any other chain; nothing leaves this process. */
const OTHER_CHAIN = { override: { chainId: 99_999 } }

/** The script with these settings alone. */
async function runScript(settings: Record<string, string>, ...args: string[]) {
  const run = promisify(execFile)(process.execPath, [SCRIPT, ...args], { env: settings })
  return run.then(
    ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  )
}

/** What `promise` is rejected with. */
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('deploy', () => {
  it('puts both contracts on the chain and says where and since when', async () => {
    const { ethers } = await network.create()
    const [signer] = await ethers.getSigners()
    await (await signer!.sendTransaction({ to: signer!.address })).wait()
    const deployment = await deploy({ signer: signer! })
    expect([deployment.chainId, deployment.startBlock]).to.deep.equal([31337, 2])

    const publishers = new ethers.Contract(toHex0x(deployment.publisherRegistry), publisherRegistryAbi, signer)
    const media = new ethers.Contract(toHex0x(deployment.mediaRegistry), mediaRegistryAbi, signer)
    await publishers.createPublisher!('data:,', ethers.ZeroHash, ethers.ZeroAddress)
    // Custody may revoke only if the media registry asks this publisher registry.
    await media.revoke!(1, ethers.id('digest'), 1)
    expect((await media.stateOf!(1, ethers.id('digest'))).revokedBy).to.equal(signer!.address)
  })

  it('uses the ABI that the contracts compile to', async () => {
    expect(publisherRegistryAbi).to.deep.equal((await artifacts.readArtifact('PublisherRegistry')).abi)
    expect(mediaRegistryAbi).to.deep.equal((await artifacts.readArtifact('MediaRegistry')).abi)
  })

  it('knows the accounts of Hardhat by their addresses, in any case', () => {
    const { address } = new Wallet(WELL_KNOWN_KEY)
    expect(isWellKnownAccount(address)).to.equal(true)
    expect(isWellKnownAccount(address.toLowerCase())).to.equal(true)
    // Account 19, the last one.
    expect(isWellKnownAccount('0x8626f6940E2eb28930eFb4CeF49B2d1F2C9C1199')).to.equal(true)
    expect(isWellKnownAccount(Wallet.createRandom().address)).to.equal(false)
  })

  it('refuses well-known accounts on another chain, and sends nothing', async () => {
    const { ethers } = await network.create(OTHER_CHAIN)
    const [signer] = await ethers.getSigners()
    const error = await failureOf(deploy({ signer: signer! }))
    expect(error).to.be.instanceOf(RegistryError).with.property('code', 'signer.unavailable')
    expect((error as Error).message).to.include(signer!.address)
    expect(await ethers.provider.getBlockNumber()).to.equal(0)
  })

  it('takes any other account on another chain, and says why the chain refuses', async () => {
    const { ethers, networkHelpers } = await network.create(OTHER_CHAIN)
    const signer = Wallet.createRandom(ethers.provider)
    const error = await failureOf(deploy({ signer }))
    expect(error).to.be.instanceOf(RegistryError).with.property('code', 'chain.rejected')
    expect((error as Error).message)
      .to.include('were not deployed')
      .and.include('funds')

    await networkHelpers.setBalance(signer.address, 10n ** 18n)
    expect((await deploy({ signer })).chainId).to.equal(99_999)
  })

  it('says when the node does not answer', async () => {
    const staticNetwork = Network.from(31337)
    const provider = new JsonRpcProvider('http://127.0.0.1:9', staticNetwork, { staticNetwork })
    const error = await failureOf(deploy({ signer: Wallet.createRandom(provider) }))
    expect(error).to.be.instanceOf(RegistryError).with.property('code', 'chain.unreachable')
    provider.destroy()
  })
})

describe('scripts/deploy.ts', () => {
  it('explains itself', async () => {
    const { code, stdout } = await runScript({}, '--help')
    expect(code).to.equal(0)
    expect(stdout).to.include('RPC_URL').and.include('DEPLOYER_KEY')
  })

  it('names the setting that is missing or wrong, and repeats no key', async () => {
    const cases = [
      { settings: {}, says: 'RPC_URL is missing' },
      { settings: { RPC_URL: 'ws://localhost' }, says: 'RPC_URL expected' },
      { settings: { RPC_URL: 'http://localhost' }, says: 'DEPLOYER_KEY is missing' },
      { settings: { RPC_URL: 'http://localhost', DEPLOYER_KEY: 'beef' }, says: 'DEPLOYER_KEY expected' },
    ]
    for (const { settings, says } of cases) {
      const { code, stderr } = await runScript(settings)
      expect(code).to.equal(2)
      expect(stderr).to.include(says).and.not.include('beef')
    }
  })

  it('gives up on a node that does not answer', async () => {
    const { code, stderr } = await runScript({ RPC_URL: 'http://127.0.0.1:9', DEPLOYER_KEY: WELL_KNOWN_KEY })
    expect(code).to.equal(1)
    expect(stderr).to.include('no answer from the node at 127.0.0.1:9').and.not.include(WELL_KNOWN_KEY)
  })

  it('refuses a well-known key on another chain', async () => {
    const server = await network.createServer(OTHER_CHAIN, '127.0.0.1', 0)
    const { address, port } = await server.listen()
    const provider = new JsonRpcProvider(`http://${address}:${port}`)
    try {
      const { code, stderr } = await runScript({ RPC_URL: `http://${address}:${port}`, DEPLOYER_KEY: WELL_KNOWN_KEY })
      expect(code).to.equal(1)
      expect(stderr).to.include('well-known').and.include('99999')
      expect(await provider.getBlockNumber()).to.equal(0)
    } finally {
      provider.destroy()
      await server.close()
    }
  })
})

describe('deployment by the deterministic proxy', () => {
  /** The proxy's own code, as it stands on chains that have it. */
  const CODE =
    '0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3'

  it('gives the same addresses whoever sends, this source’s code, and is left alone the second time', async () => {
    const seen = []
    for (const sender of [0, 1]) {
      const { ethers, provider } = await network.create()
      expect(await hasProxy(ethers.provider)).to.equal(false)
      await provider.request({ method: 'hardhat_setCode', params: [PROXY, CODE] })
      expect(await hasProxy(ethers.provider)).to.equal(true)
      const signer = (await ethers.getSigners())[sender]!
      await (await signer.sendTransaction({ to: signer.address })).wait()
      const first = await deployBoth(signer, ethers.provider)
      expect(first.transactions).to.have.length(2)
      expect(first.startBlock).to.equal(2)
      const code = async (address: Uint8Array) => ethers.getBytes(await ethers.provider.getCode(toHex0x(address)))
      const call = async ({ to, data }: { to: Uint8Array; data: Uint8Array }) =>
        ethers.getBytes(await ethers.provider.call({ to: toHex0x(to), data: toHex0x(data) }))
      await checkBytecode({ code, call }, first)
      const second = await deployBoth(signer, ethers.provider)
      expect(second).to.deep.equal({ ...first, transactions: [] })
      seen.push([toHex0x(first.publisherRegistry), toHex0x(first.mediaRegistry)])
    }
    const { publisherRegistry, mediaRegistry } = addresses()
    const expected = [publisherRegistry, mediaRegistry].map((address) => address.toLowerCase())
    expect(seen).to.deep.equal([expected, expected])
  })
})

describe('the Ignition module', () => {
  it('deploys both, the second bound to the first', async () => {
    const { ignition } = await network.create()
    const { publisherRegistry, mediaRegistry } = await ignition.deploy(Firsthand)
    expect(await mediaRegistry.publisherRegistry!()).to.equal(await publisherRegistry.getAddress())
  })
})
