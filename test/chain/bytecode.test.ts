import { expect } from 'chai'
import { checkBytecode } from '../../server/chain/bytecode.ts'
import { RegistryError } from '../../server/errors.ts'
import { type LocalNetwork, localNetwork } from './local-network.ts'

describe('the code on a chain', () => {
  let network: LocalNetwork
  before(async () => {
    network = await localNetwork()
  })
  after(() => network?.close())

  async function refusal(change: Partial<LocalNetwork['deployment']>, code = network.node.code): Promise<string> {
    const node = { call: network.node.call, code }
    const error = await checkBytecode(node, { ...network.deployment, ...change }).catch((cause) => cause)
    expect(error).to.be.instanceOf(RegistryError)
    expect(error.code).to.equal('chain.mismatch')
    return error.message
  }

  it('is that of this source where this source was deployed', async () => {
    await checkBytecode(network.node, network.deployment)
  })

  it('is another one at any other address', async () => {
    const { publisherRegistry, mediaRegistry } = network.deployment
    expect(await refusal({ mediaRegistry: new Uint8Array(20).fill(7) })).to.match(
      /no contract for MediaRegistry at 0x0707/,
    )
    expect(await refusal({ publisherRegistry: mediaRegistry })).to.match(
      /the code of PublisherRegistry at .* is not this version's/,
    )
    expect(await refusal({ mediaRegistry: publisherRegistry })).to.match(/the code of MediaRegistry/)
  })

  it('is another one with a byte more, less or changed', async () => {
    const { node } = network
    const changes: ((code: Uint8Array) => Uint8Array)[] = [
      (code) => code.slice(0, -1),
      (code) => Uint8Array.of(...code, 0),
      (code) => code.with(10, code[10]! ^ 1),
    ]
    for (const change of changes)
      expect(await refusal({}, async (address) => change(await node.code(address)))).to.match(/is not this version's/)
  })

  it('relies on the publisher registry that is named', async () => {
    const other = await network.node.code(network.deployment.publisherRegistry)
    const code: typeof network.node.code = async (address) => (address[0] === 7 ? other : network.node.code(address))
    expect(await refusal({ publisherRegistry: new Uint8Array(20).fill(7) }, code)).to.match(
      /relies on the publisher registry 0x/,
    )
  })
})
