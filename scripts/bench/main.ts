/** `npm run bench [-- pictures video film lookup hamming local sound indexing]`: what the main jobs cost on this machine, each beside what it is compared to. */
import { availableParallelism, cpus } from 'node:os'
import { benchFilm } from './film.ts'
import { benchHamming } from './hamming.ts'
import { benchIndexing } from './indexing.ts'
import { benchLocal } from './local.ts'
import { benchLookup } from './lookup.ts'
import { benchPictures } from './pictures.ts'
import { benchSound } from './sound.ts'
import { printTable, type Row } from './table.ts'
import { benchVideo } from './video.ts'

const BENCHES: Record<string, () => Row[] | Promise<Row[]>> = {
  pictures: benchPictures,
  video: benchVideo,
  film: benchFilm,
  lookup: benchLookup,
  hamming: benchHamming,
  local: benchLocal,
  sound: benchSound,
  indexing: benchIndexing,
}

const wanted = process.argv.slice(2)
const unknown = wanted.find((name) => !Object.hasOwn(BENCHES, name))
if (unknown) {
  console.error(`bench: there is no "${unknown}"; there are ${Object.keys(BENCHES).join(', ')}`)
  process.exit(2)
}

console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}\n`)
const rows: Row[] = []
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  process.stderr.write(`${name} …\n`)
  rows.push(...(await bench()))
}
printTable(rows)
process.exit(0)
