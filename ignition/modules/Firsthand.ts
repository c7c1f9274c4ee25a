import { buildModule } from '@nomicfoundation/hardhat-ignition/modules'

/** Both registries, the second bound to the first. */
export default buildModule('Firsthand', (builder) => {
  const publisherRegistry = builder.contract('PublisherRegistry')
  const mediaRegistry = builder.contract('MediaRegistry', [publisherRegistry])
  return { publisherRegistry, mediaRegistry }
})
