/** The log: one line of JSON each, in which nothing that strangers wrote reaches a terminal that obeys it. */
import type { Request } from 'express'
import { type Logger, pino } from 'pino'
import { pinoHttp } from 'pino-http'
import { escapeUnprintable } from '../text.ts'

/** @param write takes a line, with its end. */
export function createLog(level: string, write: (line: string) => void): Logger {
  return pino({ level }, { write: (line: string) => write(escapeUnprintable(line)) })
}

/** One line a request, without its headers: some hold what is nobody's business. */
export function logRequests(log: Logger) {
  return pinoHttp({
    logger: log,
    genReqId: () => crypto.randomUUID(),
    serializers: {
      req: ({ id, method, url }: Request) => ({ id, method, url: url.split('?')[0] }),
      res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
    },
    // Those who are sent away are counted in the metrics: under load a line for each would be load, too.
    customLogLevel: (_request, { statusCode }, error) =>
      statusCode !== 503 && (error || statusCode >= 500) ? 'warn' : 'debug',
  })
}
