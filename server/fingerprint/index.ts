export * from './fingerprint.ts'
export * from './manifest.ts'
export { MIN_QUALITY } from './pdq.ts'
export { createDecoderPool, type DecoderPool } from './pool.ts'
