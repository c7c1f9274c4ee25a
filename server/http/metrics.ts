/** What a monitor reads: docs/operations of each metric stand in its help text. */
import type { RequestHandler } from 'express'
import { collectDefaultMetrics, Gauge, Histogram, Registry as Metrics } from 'prom-client'

/** Numbers that are read when a monitor asks. */
export type Gauges = Record<string, { help: string; read: () => number }>

export function createMetrics(gauges: Gauges): { observe: RequestHandler; text: () => Promise<string>; type: string } {
  const metrics = new Metrics()
  collectDefaultMetrics({ register: metrics })
  for (const [name, { help, read }] of Object.entries(gauges)) {
    new Gauge({
      name: `firsthand_${name}`,
      help,
      registers: [metrics],
      collect() {
        this.set(read())
      },
    })
  }
  const duration = new Histogram({
    name: 'firsthand_http_request_seconds',
    help: 'Duration of requests by route, method and status',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers: [metrics],
  })
  const observe: RequestHandler = (request, response, next) => {
    const end = duration.startTimer({ method: request.method })
    // The route's pattern and not the path: an id in a label would make a series of its own.
    response.once('finish', () =>
      end({ route: request.route ? request.baseUrl + request.route.path : 'none', status: response.statusCode }),
    )
    next()
  }
  return { observe, text: () => metrics.metrics(), type: metrics.contentType }
}
