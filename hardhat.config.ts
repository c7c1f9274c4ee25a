import { createRequire } from 'node:module'
import toolbox from '@nomicfoundation/hardhat-toolbox-mocha-ethers'
import { configVariable, defineConfig } from 'hardhat/config'

const require = createRequire(import.meta.url)
const solcVersion: string = require('solc/package.json').version
// The compiler inside the npm package: pinned by the lock, and nothing is downloaded.
const solcPath: string = require.resolve('solc/soljson.js')

// Cancun: the oldest rules that OpenZeppelin 5.7 needs (MCOPY), so that the bytes also run where newer ones come late.
const solc = (settings: object) => ({
  version: solcVersion,
  path: solcPath,
  settings: { evmVersion: 'cancun', ...settings },
})

export default defineConfig({
  plugins: [toolbox],
  solidity: {
    profiles: {
      default: solc({ optimizer: { enabled: true, runs: 200 } }),
      production: solc({ optimizer: { enabled: true, runs: 1_000_000 }, viaIR: true }),
    },
  },
  test: { solidity: { fuzz: { runs: 256 }, invariant: { runs: 64, depth: 150 } } },
  // For Ignition and for verification: `--network chain`. Read when it is used.
  networks: { chain: { type: 'http', url: configVariable('RPC_URL'), accounts: [configVariable('DEPLOYER_KEY')] } },
  // Only whoever verifies at Etherscan needs a key.
  verify: { etherscan: { apiKey: configVariable('ETHERSCAN_API_KEY') } },
  // Plain mocha runs the rest of test/; Hardhat must not load it.
  paths: { sources: 'contracts', tests: { mocha: 'test/contracts', solidity: 'test/contracts' } },
  // Types come from server/chain/generated.ts, which is committed: a fresh checkout type-checks without a compilation.
  typechain: { dontOverrideCompile: true },
})
