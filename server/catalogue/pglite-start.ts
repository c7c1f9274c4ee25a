/** How PGlite is started: durable and small. Used by the worker that serves and by the process that creates. */
import { fsyncSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'
import { NodeFS } from '@electric-sql/pglite/nodefs'

/** What PGlite 0.5 itself passes (`PGlite.defaultStartParams`), less `-F`, which turns fsync off. */
const START = PGlite.defaultStartParams.filter((parameter) => parameter !== '-F')

const SETTINGS = {
  // PGlite's file system calls nothing for fdatasync, the default.
  wal_sync_method: 'fsync',
  // Instead of 128 MB, all of which become resident; the operating system caches the files anyway.
  shared_buffers: '16MB',
  wal_buffers: '1MB',
  maintenance_work_mem: '16MB',
  // A new segment of the log is not first filled with zeros: the file is as durable, and 100,000 records cost 100 MB of writing less.
  wal_init_zero: 'off',
  // Segments that are kept for reuse between the checkpoints that the worker asks for.
  min_wal_size: '32MB',
  // Nobody gathers statistics here (there is no autovacuum), so plans must not hang on them. All our joins look up a few chosen
  // rows by their keys; guessing, the planner would rather read a table of a million headers to answer for one record, or all records
  // to look for the 5,000 that a batch of blocks brings: an append then costs more the more there is (PGlite 0.5.16, from 100 ids on).
  random_page_cost: '1.1',
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
}

type Emscripten = Awaited<ReturnType<NodeFS['init']>>['emscriptenOpts']
type NodeFsModule = { NODEFS: { stream_ops: { fsync?: (stream: { nfd: number }) => number } } }

/** Emscripten's NODEFS leaves fsync out, so that a committed row would be lost with the power. */
class DurableFs extends NodeFS {
  override async init(...args: Parameters<NodeFS['init']>): Promise<{ emscriptenOpts: Emscripten }> {
    const { emscriptenOpts } = await super.init(...args)
    const before = emscriptenOpts.preRun
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(Array.isArray(before) ? before : []), addFsync] } }
  }
}

function addFsync(module: unknown): void {
  const { NODEFS } = module as NodeFsModule
  NODEFS.stream_ops.fsync = ({ nfd }) => {
    fsyncSync(nfd)
    return 0
  }
}

/** Opens the cluster in `directory`; creates it when the directory is empty, which takes seconds and 500 MB. */
export async function startPglite(directory: string): Promise<PGlite> {
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const pglite = new PGlite({
    fs: new DurableFs(directory),
    startParams: [...START, ...settings],
    // Segments of 1 MB: a new cluster is 15 MB smaller.
    initDbStartParams: ['--wal-segsize=1'],
    // An answered commit is a durable one.
    relaxedDurability: false,
  })
  await pglite.waitReady
  return pglite
}
