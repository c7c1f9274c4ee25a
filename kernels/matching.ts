/** What comparing pictures runs in WebAssembly: the doors of the module. Pointers are byte positions in its memory; who calls lays it out. */
export { collectEnergies, collectParts, collectStep, collectTone, toneResiduals } from './matching/equations'
export { boxBlur, cellSums, halve, measure, mixture, sample, squaresOff, withoutTone } from './matching/grid'
export { findMarks, sampleAt, slopesOf } from './matching/marks'
export { nearest } from './matching/nearest'
export { products } from './matching/products'
export { blendLine, toneRow } from './matching/tone'
