export { createHammingIndex, distanceBits } from './hamming.ts'
export * from './matcher.ts'
export { MIN_QUALITY } from './thresholds.ts'
export * from './verdict.ts'
