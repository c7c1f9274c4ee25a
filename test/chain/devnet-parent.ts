/** A server that does nothing but run the local network, to be killed: prints the address, and then waits. */
import { startDevnet } from '../../server/chain/devnet.ts'

const { url } = await startDevnet({ dataDir: process.argv[2]!, port: 0 })
console.log(url)
