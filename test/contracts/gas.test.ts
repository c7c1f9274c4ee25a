import { expect } from 'chai'
import { artifacts } from 'hardhat'
import {
  mediaRegistryAbi,
  mediaRegistryBytecode,
  publisherRegistryAbi,
  publisherRegistryBytecode,
} from '../../server/chain/generated.ts'
import { as, ethers, networkHelpers, registration, setUp } from './fixture.ts'

/** Gas for one record with one word: alone, and each of a hundred in one transaction. */
const MAX_SINGLE = 85_000
const MAX_IN_HUNDRED = 58_000

async function defaultBuild() {
  return setUp(await artifacts.readArtifact('PublisherRegistry'), await artifacts.readArtifact('MediaRegistry'))
}

async function productionBuild() {
  return setUp(
    { abi: publisherRegistryAbi, bytecode: publisherRegistryBytecode },
    { abi: mediaRegistryAbi, bytecode: mediaRegistryBytecode },
  )
}

/** As random as those of real files: zero bytes would make the call cheaper. */
const one = (name: string) =>
  registration({
    contentDigest: ethers.id(`content ${name}`),
    manifestDigest: ethers.id(`manifest ${name}`),
    perceptualHashes: [ethers.id(`word ${name}`)],
  })

for (const [name, build] of [['default', defaultBuild] as const, ['production', productionBuild] as const]) {
  describe(`Gas of the ${name} build`, () => {
    it(`is under ${MAX_SINGLE} for one record alone`, async () => {
      const { media, key } = await networkHelpers.loadFixture(build)
      // The first record of a registry costs what any other does: no slot is shared.
      const receipt = await (await as(media, key).register!(1, one('alone'))).wait()
      console.log(`        register: ${receipt.gasUsed}`)
      expect(Number(receipt.gasUsed)).to.be.below(MAX_SINGLE)
    })

    it(`is under ${MAX_IN_HUNDRED} for each of a hundred`, async () => {
      const { media, key } = await networkHelpers.loadFixture(build)
      const batch = Array.from({ length: 100 }, (_, index) => one(`${index}`))
      const receipt = await (await as(media, key).registerMany!(1, batch)).wait()
      const each = Math.round(Number(receipt.gasUsed) / batch.length)
      console.log(`        registerMany of 100, each: ${each}`)
      expect(each).to.be.below(MAX_IN_HUNDRED)
    })
  })
}
