/** `copy … from stdin` as a query with one parameter, its content: both drivers take it as that. */
import { Client, type ClientConfig, type Connection, type QueryResult, type Submittable } from 'pg'

const COPY = /^copy .* from stdin/s

/** @returns the content, where the query is such a copy. */
export function copiedBy(sql: string, parameters: readonly unknown[] = []): Uint8Array | null {
  const [content] = parameters
  return content instanceof Uint8Array && COPY.test(sql) ? content : null
}

/** What `pg` calls while it runs a query, as far as a copy needs it (pg/lib/client.js). */
interface CopyConnection extends Connection {
  sendCopyFromChunk(content: Buffer): void
  endCopyFrom(): void
}

/** A client of `pg` that copies. */
export class CopyingClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config)
    // The pool listens only while a client is idle. Whoever waits for a query when the connection breaks hears of it by that query;
    // without a listener it would end the process.
    this.on('error', () => {})
  }

  // biome-ignore lint/suspicious/noExplicitAny: six overloads, of which the pool and Kysely use two.
  override query(...args: any[]): any {
    const [sql, parameters] = args
    const content = typeof sql === 'string' && Array.isArray(parameters) ? copiedBy(sql, parameters) : null
    // biome-ignore lint/suspicious/noExplicitAny: see above.
    if (!content) return (super.query as any)(...args)
    return new Promise<QueryResult>((resolve, reject) => super.query(copyQuery(sql, content, resolve, reject)))
  }
}

/** A query object as `pg` wants them: it is told of each message of the server. */
function copyQuery(
  sql: string,
  content: Uint8Array,
  resolve: (result: QueryResult) => void,
  reject: (error: Error) => void,
): Submittable {
  return {
    submit: (connection: Connection) => connection.query(sql),
    handleCopyInResponse(connection: CopyConnection) {
      connection.sendCopyFromChunk(Buffer.from(content.buffer, content.byteOffset, content.length))
      connection.endCopyFrom()
    },
    handleCommandComplete() {},
    // What the server still says of a query that failed, `pg` drops.
    handleError: reject,
    handleReadyForQuery: () => resolve({ command: 'COPY', rowCount: null, oid: 0, fields: [], rows: [] }),
  } as Submittable
}
