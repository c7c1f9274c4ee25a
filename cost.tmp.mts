import { readFileSync } from 'node:fs'
import { decodePicture } from './server/fingerprint/picture.ts'
import { DEFAULT_LIMITS } from './server/fingerprint/job.ts'
import { hashAndView, hashWhole } from './server/fingerprint/picture-hash.ts'
import { picturesOf } from './scripts/strangers/fingerprints.ts'
import { decodeLocal } from './server/fingerprint/index.ts'
import { fitFeatures, prepareFeatures, createLocalIndex } from './server/matching/index.ts'
const cpu = async (f) => { const b = process.cpuUsage(); const r = await f(); const u = process.cpuUsage(b); return [(u.user + u.system) / 1e3, r] }
const names = picturesOf('/work/strangers/registered').slice(0, 60).map(n => readFileSync('/work/strangers/registered/' + n))
const t = { decode: 0, whole: 0, view: 0, fit: 0 }; const locals = []; const cands = []
for (const b of names) { const [d, p] = await cpu(() => decodePicture(b, DEFAULT_LIMITS)); t.decode += d; const [w, h] = await cpu(() => hashWhole(p.pixels, p)); t.whole += w; const [v, c] = await cpu(() => hashAndView(p.pixels, p)); t.view += v; locals.push(decodeLocal(h.local)); cands.push(decodeLocal(c.picture.local, 'candidate')) }
let n = 0; for (let i = 0; i < 20; i++) { const pre = prepareFeatures(cands[i]); for (let j = 30; j < 40; j++) { const [f] = await cpu(() => fitFeatures(pre, locals[j], 'plain')); t.fit += f; n++ } }
console.log('decode', t.decode / 60, 'original', t.whole / 60, 'candidate', t.view / 60, 'fit', t.fit / n)
