/** A publisher that registers what it likes: also a manifest that no honest program writes. */
import { createHash } from 'node:crypto'
import { HDNodeWallet } from 'ethers'
import { fromHex, toHex0x } from '../../server/bytes.ts'
import {
  type ChainNode,
  createNode,
  createPublisherClient,
  type Deployment,
  recordId,
  signKeyConsent,
} from '../../server/chain/index.ts'
import { anchoredWords, type Fingerprint, writeManifest } from '../../server/fingerprint/index.ts'
import { CAR_TYPE, type NetworkView, writeCar } from '../../server/registry/index.ts'
import { until } from '../chain/until.ts'

/** Of Hardhat's documentation; a local network gives these accounts money. */
const PHRASE = 'test test test test test test test test test test test junk'
const account = (index: number) => HDNodeWallet.fromPhrase(PHRASE, '', `m/44'/60'/0'/0/${index}`)
const CONSENT_S = 3_600
const IMAGE = 1

export interface Publisher {
  id: number
  /** Registers it, and waits until it is searchable. @returns the id of the record. */
  register(fingerprint: Fingerprint, title: string): Promise<string>
}

export interface Local {
  url: string
  node: ChainNode
  deployment: Deployment
}

/** The chain of a local server. Whoever opens it closes its node. */
export async function chainOf(url: string): Promise<Local> {
  const status = (await (await fetch(`${url}/v1/status`)).json()) as NetworkView
  const deployment = {
    chainId: status.chainId,
    publisherRegistry: fromHex(status.publisherRegistry, 20),
    mediaRegistry: fromHex(status.mediaRegistry, 20),
    startBlock: status.startBlock,
  }
  return { url, node: createNode({ url: status.rpcUrl! }), deployment }
}

/** @param index of the account that has custody; the one after it signs. */
export async function createPublisher(local: Local, name: string, index: number): Promise<Publisher> {
  const { node, deployment } = local
  const [custody, key] = [account(index), account(index + 1)]
  const client = createPublisherClient({ node, deployment, signer: custody })
  const profile = JSON.stringify({ name })
  const digest = new Uint8Array(createHash('sha256').update(profile).digest())
  const uri = `data:application/json,${encodeURIComponent(profile)}`
  const { publisherId } = await client.createPublisher(uri, digest, null)
  const deadlineS = Math.max((await node.header('latest'))!.time, Math.floor(Date.now() / 1000)) + CONSENT_S
  await client.addKey(
    publisherId,
    await signKeyConsent(deployment, { publisherId, custody: client.address }, key, deadlineS),
  )
  const signing = createPublisherClient({ node, deployment, signer: key })

  async function register(of: Fingerprint, title: string): Promise<string> {
    const manifest = await writeManifest(of, { title, text: null, sourceUrl: null, derivedFrom: null })
    const car = (await writeCar(manifest.root, manifest.blocks)) as BodyInit
    const headers = { 'content-type': CAR_TYPE }
    await fetch(`${local.url}/v1/registrations`, { method: 'POST', headers, body: car })
    const { algorithm, words: perceptualHashes } = anchoredWords(of)
    const { contentDigest } = of
    const registration = { contentDigest, manifestDigest: manifest.digest, kind: IMAGE, algorithm, perceptualHashes }
    await signing.registerMany(publisherId, [registration])
    const id = toHex0x(recordId(deployment.chainId, deployment.mediaRegistry, publisherId, contentDigest))
    const at = `${local.url}/v1/records/${id}`
    await until(
      async () => (await fetch(at)).ok,
      () => `${id} is searchable`,
      60_000,
    )
    return id
  }

  return { id: publisherId, register }
}
