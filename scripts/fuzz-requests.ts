/** `npm run fuzz:requests -- --requests 50000 [--seed N]`: requests made from the OpenAPI document, against a real server. Exits 1 where it fails. */
import { parseArgs } from 'node:util'
import { fuzzRequests } from '../test/fuzz/request-run.ts'

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '50000' }, seed: { type: 'string', default: '1' } },
})
const [requests, seed] = [Number(values.requests), Number(values.seed)]
if (!(requests > 0 && Number.isSafeInteger(requests) && Number.isSafeInteger(seed))) {
  console.error('fuzz: expected --requests and --seed as whole numbers')
  process.exit(2)
}

const startedMs = performance.now()
const found = await fuzzRequests({
  requests,
  seed,
  onProgress: (done) => process.stderr.write(`\r${done} of ${requests}`),
})
const seconds = (performance.now() - startedMs) / 1000
const counts = (of: Map<unknown, number>) =>
  [...of].sort((a, b) => b[1] - a[1]).map(([what, count]) => `${what}: ${count}`)
const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`

console.log(`\n${found.requests} requests of seed ${seed} in ${Math.round(seconds)} s`)
console.log(`statuses (0: cut, as broken HTTP may be)  ${counts(found.statuses).join(', ')}`)
console.log(`codes  ${counts(found.codes).join(', ')}`)
console.log(`server in memory after each tenth  ${found.memory.map(megabytes).join(', ')}`)
console.log(
  `the canary was asked ${found.asked.length} times; the server ${found.healthy ? 'still serves' : 'DOES NOT SERVE'}, and ended with ${found.exitCode}`,
)
for (const fault of found.faults) console.log(fault)
process.exit(found.faults.length === 0 && found.asked.length === 0 && found.healthy && found.exitCode === 0 ? 0 : 1)
