/** What this part says of what it does. A pino logger fits as it is. Never given a key, or an address with its path. */
export interface ChainLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** Says nothing. */
export const silentLog: ChainLog = { info: () => {}, warn: () => {} }
