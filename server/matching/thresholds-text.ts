/** All thresholds as one text, so that an answer can name those that it was made with. Pure. */
import * as thresholds from './thresholds.ts'

/** JSON of every value that thresholds.ts exports, by name: equal texts judge equally. */
export const THRESHOLDS_TEXT: string = JSON.stringify(
  Object.entries(thresholds)
    .filter(([, value]) => typeof value !== 'function')
    .sort(([a], [b]) => (a < b ? -1 : 1)),
)
