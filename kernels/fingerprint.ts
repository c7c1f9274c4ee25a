/** What hashing of pictures runs in WebAssembly: the doors of the module. Pointers are byte positions in its memory; who calls lays it out. */
export { addRow, luminanceOfRow, meansOfRow } from './fingerprint/area'
export { atEnd, beginReading, beginWriting, codePlane, failed, finishWriting } from './fingerprint/levels'
export { boxColumns, boxRows, dct } from './fingerprint/pdq'
export { peaks, reduce, respond, sixteenths, smooth } from './fingerprint/scale-space'
export { coefficientsOf, countSizes, quantise, samplesOf } from './fingerprint/transform'
export { addLine, planesOfRow, rounded, writeRow } from './fingerprint/view'
