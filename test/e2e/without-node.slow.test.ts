/** A server whose node is down when it starts answers from what it has, and follows again when the node is back. */
import { expect } from 'chai'
import { toHex0x } from '../../server/bytes.ts'
import { createNode, startDevnet } from '../../server/chain/index.ts'
import { localDeployment, localPublisher } from '../../server/local.ts'
import { until } from '../chain/until.ts'
import { startServerProcess, temporaryFolder } from './server.ts'

const registration = (name: number) => ({
  contentDigest: new Uint8Array(32).fill(name),
  manifestDigest: new Uint8Array(32).fill(7),
  kind: 1,
  algorithm: 1,
  perceptualHashes: [new Uint8Array(32).fill(name)],
})

describe('a server without its node', () => {
  const chainFolder = temporaryFolder()
  const folder = temporaryFolder()
  after(() => {
    chainFolder.remove()
    folder.remove()
  })

  it('answers from what it has indexed, says that it is not ready, and goes on when the node is back', async () => {
    let devnet = await startDevnet({ dataDir: chainFolder.path, port: 0 })
    let node = createNode({ url: devnet.url })
    const deployment = await localDeployment(devnet.url, node)
    const publisher = await localPublisher(node, deployment)
    await publisher.client.registerMany(publisher.publisherId, [registration(1)])
    const settings = {
      RPC_URL: devnet.url,
      PUBLISHER_REGISTRY: toHex0x(deployment.publisherRegistry),
      MEDIA_REGISTRY: toHex0x(deployment.mediaRegistry),
    }
    const count = async (url: string) =>
      ((await (await fetch(`${url}/v1/records`)).json()) as { records: unknown[] }).records.length
    const readiness = async (url: string) => (await fetch(`${url}/readyz`)).status

    const first = await startServerProcess(folder.path, [], settings)
    await until(
      async () => (await count(first.url)) === 1,
      () => 'the record is indexed',
    )
    await first.stop()
    node.close()
    await devnet.close()

    const second = await startServerProcess(folder.path, [], settings)
    try {
      expect(await count(second.url)).to.equal(1)
      expect(await readiness(second.url)).to.equal(503)
      devnet = await startDevnet({ dataDir: chainFolder.path, port: Number(new URL(settings.RPC_URL).port) })
      expect(devnet.url).to.equal(settings.RPC_URL)
      node = createNode({ url: devnet.url })
      const again = await localPublisher(node, deployment)
      await again.client.registerMany(again.publisherId, [registration(2)])
      await until(
        async () => (await count(second.url)) === 2 && (await readiness(second.url)) === 200,
        () => 'the server follows again',
        60_000,
      )
    } finally {
      await second.stop()
      node.close()
      await devnet.close()
    }
  })
})
