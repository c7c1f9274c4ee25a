export { createBlockStore } from './blocks.ts'
export { createCatalogue } from './catalogue.ts'
export { openDatabase } from './database.ts'
export type * from './types.ts'
