export { createGuard, type FetchedBody, type Guard, type GuardOptions, readBody } from './guard.ts'
export { type Allowed, parseAllowed, parseTarget } from './target.ts'
