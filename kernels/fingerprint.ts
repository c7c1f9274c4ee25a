/** What hashing of pictures runs in WebAssembly: the doors of the module. Pointers are byte positions in its memory; who calls lays it out. */
export { addRow, luminanceOfRow, meansOfRow } from './fingerprint/area'
export { boxColumns, boxRows, dct } from './fingerprint/pdq'
export { peaks, reduce, respond, sixteenths, smooth } from './fingerprint/scale-space'
export { addLine, planesOfRow, rounded, writeRow } from './fingerprint/view'
