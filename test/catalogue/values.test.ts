/** Values go into both databases and come back the same. */
import { expect } from 'chai'
import fc from 'fast-check'
import { sql } from 'kysely'
import { big, bytes as bytesOf, insertRows, integers, small, texts as textsOf } from '../../server/catalogue/columns.ts'
import { byteaArray, storable } from '../../server/catalogue/wire.ts'
import { describeOnDatabases, type TestDatabase } from './databases.ts'

const bytes = fc.uint8Array({ maxLength: 80 })
const integer = fc.maxSafeInteger()
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code)) }),
)

describeOnDatabases('values', (open) => {
  let database: TestDatabase

  before(async function () {
    this.timeout(120_000)
    database = await open()
  })
  after(() => database.dispose())

  async function select(expression: ReturnType<typeof sql>): Promise<unknown> {
    const { rows } = await sql<{ value: unknown }>`select ${expression} as value`.execute(database.db)
    return rows[0]!.value
  }

  async function selectAll(expression: ReturnType<typeof sql>): Promise<unknown[]> {
    const { rows } = await sql<{ value: unknown }>`select unnest(${expression}) as value`.execute(database.db)
    return rows.map(({ value }) => value)
  }

  it('of bytea are Uint8Array, and nothing of a larger buffer comes with them', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, async (value) => {
        const back = await select(sql`${value}::bytea`)
        expect(back).to.deep.equal(value)
        expect(Object.getPrototypeOf(back)).to.equal(Uint8Array.prototype)
        expect((back as Uint8Array).buffer.byteLength).to.equal(value.length)
      }),
      { numRuns: 30 },
    )
    const view = new Uint8Array([0, 1, 2, 3, 4, 5]).subarray(2, 4)
    expect(await select(sql`${view}::bytea`)).to.deep.equal(new Uint8Array([2, 3]))
    expect(await select(sql`${Buffer.from('ab')}::bytea`)).to.deep.equal(new Uint8Array([97, 98]))
  })

  it('of bigint are numbers where they are safe, else bigint', async () => {
    await fc.assert(
      fc.asyncProperty(integer, async (value) => {
        expect(await select(sql`${value}::bigint`)).to.equal(value)
      }),
      { numRuns: 30 },
    )
    expect(await select(sql`${2n ** 53n}::bigint`)).to.equal(2n ** 53n)
    expect(await select(sql`${-(2n ** 63n)}::bigint`)).to.equal(-(2n ** 63n))
  })

  it('of the other types that are used are what JavaScript has for them', async () => {
    expect(await select(sql`${7}::smallint`)).to.equal(7)
    expect(await select(sql`${-7}::integer`)).to.equal(-7)
    expect(await select(sql`${0.5}::double precision`)).to.equal(0.5)
    expect(await select(sql`${true}::boolean`)).to.equal(true)
    expect(await select(sql`${false}::boolean`)).to.equal(false)
    expect(await select(sql`${null}::text`)).to.equal(null)
    expect(await select(sql`12.30::numeric`)).to.equal('12.30')
  })

  it('of text are what was stored; what cannot be stored is replaced', async () => {
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        expect(await select(sql`${storable(value)}::text`)).to.equal(storable(value))
      }),
      { numRuns: 100 },
    )
    expect(storable('a\0b\ud800c')).to.equal('a\ufffdb\ufffdc')
  })

  it('of bytea go as one array', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(bytes), async (blobs) => {
        expect(await selectAll(sql`${byteaArray(blobs)}::bytea[]`)).to.deep.equal(blobs)
      }),
      { numRuns: 30 },
    )
  })

  const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.oneof(arbitrary, fc.constant(null))
  const copied = fc.record({
    a: orNull(fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 })),
    b: orNull(fc.integer()),
    c: orNull(integer),
    d: orNull(fc.uint8Array({ maxLength: 100_000 })),
    e: orNull(text),
  })
  const columns = {
    a: small<{ a: number | null }>((row) => row.a),
    b: integers<{ b: number | null }>((row) => row.b),
    c: big<{ c: number | null }>((row) => row.c),
    d: bytesOf<{ d: Uint8Array | null }>((row) => row.d),
    e: textsOf<{ e: string | null }>((row) => row.e),
  }
  const copy = (rows: object[]) =>
    database.db.transaction().execute((trx) => insertRows(trx, 'copied' as 'meta', rows, columns as never))

  it('of many rows are copied, in their order', async () => {
    await sql`create table copied (a smallint, b integer, c bigint, d bytea, e text, n serial)`.execute(database.db)
    await fc.assert(
      fc.asyncProperty(fc.array(copied), async (rows) => {
        await sql`truncate copied`.execute(database.db)
        await copy(rows)
        const stored = await sql`select a, b, c, d, e from copied order by n`.execute(database.db)
        expect(stored.rows).to.deep.equal(rows.map((row) => ({ ...row, e: row.e === null ? null : storable(row.e) })))
      }),
      { numRuns: 30 },
    )
  })

  it('of many rows that SQL refuses are not there, and the next query is answered', async () => {
    await sql`truncate copied`.execute(database.db)
    await sql`create unique index copied_a on copied (a)`.execute(database.db)
    const row = { a: 1, b: 1, c: 1, d: new Uint8Array(9_000), e: '' }
    const many = Array.from({ length: 300 }, (_, i) => ({ ...row, a: Math.min(i, 3) }))
    const violation = await copy(many).catch((error) => error)
    expect(violation).to.include({ code: '23505', constraint: 'copied_a' })
    expect(await select(sql`(select count(*) from copied)`)).to.equal(0)
    await copy([row])
    expect(await select(sql`(select count(*) from copied)`)).to.equal(1)
    for (const a of [2 ** 15, 0.5, Number.NaN])
      expect(await copy([{ ...row, a }]).catch((error) => error)).to.be.instanceOf(RangeError)
    await sql`drop table copied`.execute(database.db)
  })

  it('that SQL refuses are an error with its code, and the next query is answered', async () => {
    const failure = await sql`select ${'x'}::bigint`.execute(database.db).catch((error) => error)
    expect(failure).to.include({ code: '22P02' })
    expect(failure.message).to.match(/invalid input syntax/)
    const violation = await sql`insert into meta (id) values (1), (${1})`.execute(database.db).catch((error) => error)
    expect(violation).to.include({ code: '23505', constraint: 'meta_pkey' })
    expect(await select(sql`1::int`)).to.equal(1)
  })

  it('written in a transaction that fails are not there', async () => {
    const failure = new Error('stop')
    const thrown = await database.db
      .transaction()
      .execute(async (trx) => {
        await sql`insert into headers values (1, '\\x01', '\\x02', 3)`.execute(trx)
        throw failure
      })
      .catch((error) => error)
    expect(thrown).to.equal(failure)
    expect(await database.db.selectFrom('headers').selectAll().execute()).to.deep.equal([])
  })

  it('in transactions that run at once are each seen whole', async () => {
    const { db } = database
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        db.transaction().execute(async (trx) => {
          await trx.selectFrom('meta').select('id').forUpdate().execute()
          const { count } = await trx
            .selectFrom('lookups')
            .select(({ fn }) => fn.countAll<number>().as('count'))
            .executeTakeFirstOrThrow()
          await trx
            .insertInto('lookups')
            .values({ id: String(count), created_at: i, expires_at: 0, body: '' })
            .execute()
        }),
      ),
    )
    const ids = (await db.selectFrom('lookups').select('id').execute()).map(({ id }) => Number(id))
    expect(ids.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 20 }, (_, i) => i))
  })

  it('that a statement changed are counted', async () => {
    const { db } = database
    await db.deleteFrom('lookups').execute()
    const rows = ['a', 'b', 'c'].map((id) => ({ id, created_at: 1, expires_at: 1, body: '' }))
    const inserted = await db.insertInto('lookups').values(rows).executeTakeFirstOrThrow()
    const updated = await db.updateTable('lookups').set({ body: 'x' }).where('id', '<', 'c').executeTakeFirstOrThrow()
    const deleted = await db.deleteFrom('lookups').executeTakeFirstOrThrow()
    expect(inserted.numInsertedOrUpdatedRows).to.equal(3n)
    expect(updated.numUpdatedRows).to.equal(2n)
    expect(deleted.numDeletedRows).to.equal(3n)
  })
})
