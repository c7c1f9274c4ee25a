/**
 * What the system takes from a decoder process, by programs that most Linux systems have: `sh` and, of util-linux,
 * `unshare` and `setpriv`. No code of ours needs to be compiled for it.
 *
 * Systems differ in what they allow, and say so only when asked: so there is a ladder of ways to start a decoder, and
 * the first one by which it comes up is used from then on. The last way takes nothing away.
 */
import { existsSync, realpathSync, statSync } from 'node:fs'
import { release } from 'node:os'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Confinement {
  /** Kinds of namespaces of its own: without "net" it has the server's network. */
  namespaces: string[]
  /** Limits of the system on it, by what they bound. */
  limits: string[]
  /** "program": it sees its program and system libraries alone; "all": every file that its user may read. */
  files: 'program' | 'all'
  /** "none": a user that nothing belongs to; "namespace": the server's, without privileges and apart from its processes;
   * "server": the server's. */
  user: 'none' | 'namespace' | 'server'
  /** Whether nothing that it executes can give it more privileges. */
  noNewPrivileges: boolean
}

/** One way to start a decoder. */
export interface Way {
  gives: Confinement
  /** Whether the process that is started only waits for the one that decodes. */
  forks: boolean
  /** @param command an absolute path and arguments; @param reads files and folders that it needs. */
  wrap(command: string[], reads: string[], bounds: Bounds): string[]
}

/** Figures for limits that depend on the jobs. */
export interface Bounds {
  maxMemoryBytes: number
  /** Seconds that the process may compute in its life. */
  maxCpuS: number
}

const MIB = 1024

/** KiB of data that V8 and the threads of a decoder claim before any media: 512 MiB of them are reserved for code and
 * hardly touched. Measured after each kind of media: 690 MiB at the most. */
const IDLE_DATA_KIB = 832 * MIB
/** KiB of addresses beyond the data: libraries, and what V8 reserves without the right to write there. Measured: 0.8
 * GiB. */
const RESERVED_KIB = 1536 * MIB
/** The watch should be the first to see that a file needs too much: it has the better words for it. */
const MEMORY_SLACK = 1.25
/** Open descriptors; measured: 24. */
const MAX_FILES = 64
/** Threads and processes; measured: 11 threads. */
const MAX_TASKS = 32
/** Users from which systemd takes one for a service that needs one of its own; few systems give them to people. */
const OWN_USERS = { first: 61_184, count: 4_336 }

const SCRIPT = fileURLToPath(new URL('./confine.sh', import.meta.url))
/** Where `confine.sh` builds the root of a decoder. */
const NEW_ROOT = '/sys'
const SHELL = '/bin/sh'
const FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin']
const LIBRARIES = ['/lib', '/lib32', '/lib64', '/usr/lib', '/usr/lib32', '/usr/lib64', '/etc/ld.so.cache']

const NAMESPACES = ['net', 'pid', 'mount', 'ipc', 'uts']
const FEW_LIMITS = ['core', 'file_size', 'open_files']
const MANY_LIMITS = [...FEW_LIMITS, 'cpu', 'address_space', 'data', 'oom_first']

/** The programs that a way uses, and how. */
interface Means {
  unshare?: string | null
  setpriv?: string | null
  /** See `confine.sh`. */
  view?: 'root' | 'hidden' | 'all'
  user?: Confinement['user']
  limits: string[]
}

/** All ways to start a decoder here, the one that takes most away first. */
export function waysToConfine(): Way[] {
  const plain: Way = { gives: givenBy({ limits: [] }), forks: false, wrap: (command) => command }
  if (!existsSync(SHELL)) return [plain]
  // Elsewhere than on Linux addresses and data are not what their limits say.
  if (process.platform !== 'linux') return [wayBy({ limits: FEW_LIMITS }), plain]
  return [...linuxWays(), wayBy({ limits: MANY_LIMITS }), plain]
}

function linuxWays(): Way[] {
  const [unshare, setpriv] = [programOf('unshare'), programOf('setpriv')]
  if (!setpriv) return []
  const root = process.getuid?.() === 0
  // Threads are counted by user, and before Linux 5.14 over all namespaces.
  const limits = root || kernelIsAtLeast(5, 14) ? [...MANY_LIMITS, 'threads'] : MANY_LIMITS
  const apart = { unshare, setpriv, limits, user: root ? 'none' : 'namespace' } as const
  // Where nobody but root may read the program. The kernel does not count root's threads.
  const asRoot = { ...apart, limits: MANY_LIMITS, user: 'server', view: 'root' } as const
  const views = [{ ...apart, view: 'root' }, ...(root ? [asRoot] : []), { ...apart, view: 'hidden' }] as const
  const alone = [...(root ? [{ setpriv, limits, user: 'none' } as const] : []), { setpriv, limits: MANY_LIMITS }]
  return [...(unshare ? views : []), ...alone].map(wayBy)
}

function givenBy({ unshare, setpriv, view, user = 'server', limits }: Means): Confinement {
  const namespaces = unshare ? [...NAMESPACES, ...(user === 'namespace' ? ['user'] : [])] : []
  return { namespaces, limits, files: view === 'root' ? 'program' : 'all', user, noNewPrivileges: Boolean(setpriv) }
}

function wayBy(means: Means): Way {
  const { unshare, setpriv, view = 'all', user = 'server' } = means
  return {
    gives: givenBy(means),
    forks: Boolean(unshare),
    wrap: (command, reads, bounds) => [
      ...(unshare && setpriv ? separated(unshare, setpriv, user) : []),
      ...[SHELL, SCRIPT, view, ...figures(bounds, means.limits)],
      ...(view === 'root' ? sightOf([...LIBRARIES, setpriv!, ...reads]) : ['', '--', '--']),
      ...(setpriv ? [setpriv, ...privileges(user), '--'] : []),
      ...command,
    ],
  }
}

/** Root needs no user namespace for others; anybody else is root in one, which is nothing outside of it. */
function separated(unshare: string, setpriv: string, user: Confinement['user']): string[] {
  return [
    // The process that waits ends as its child did: with a core dump, if that is not forbidden before.
    ...[SHELL, '-c', 'ulimit -c 0; exec "$@"', 'sh', setpriv, '--pdeathsig', 'KILL', '--', unshare],
    ...(user === 'namespace' ? ['--user', '--map-root-user'] : []),
    ...NAMESPACES.map((kind) => `--${kind}`),
    ...['--fork', '--kill-child', '--'],
  ]
}

/** The table of mounts, the folders and the files that `confine.sh` makes of paths; those that do not exist are left out.
 */
function sightOf(paths: string[]): string[] {
  const seen = paths.filter(existsSync).map((path) => ({ path, from: realpathSync(path), to: `${NEW_ROOT}${path}` }))
  const isFolder = ({ from }: { from: string }) => statSync(from).isDirectory()
  const escaped = (path: string) => path.replace(/[\s\\#]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`)
  const table = seen.map(({ from, to }) => `${escaped(from)} ${escaped(to)} none rbind,ro,nosuid,nodev 0 0`)
  const folders = seen.map((one) => (isFolder(one) ? one.to : dirname(one.to)))
  const files = seen.filter((one) => !isFolder(one)).map(({ to }) => to)
  return [table.join('\n'), ...folders, '--', ...files, '--']
}

/** Options of `setpriv`. With its parent a process ends, too. */
function privileges(user: Confinement['user']): string[] {
  const id = `${OWN_USERS.first + Math.floor(Math.random() * OWN_USERS.count)}`
  const capable = user === 'namespace' || process.getuid?.() === 0
  return [
    // Another user for each process, so that none reaches another, and each has its own count of threads.
    ...(user === 'none' ? ['--reuid', id, '--regid', id, '--clear-groups'] : []),
    ...(capable ? ['--bounding-set=-all', '--inh-caps=-all'] : []),
    ...['--no-new-privs', '--pdeathsig', 'KILL'],
  ]
}

/** CPU seconds, KiB of addresses, KiB of data, descriptors, threads; 0 for those that are not limited. */
function figures({ maxCpuS, maxMemoryBytes }: Bounds, limited: string[]): string[] {
  const dataKib = IDLE_DATA_KIB + Math.ceil((MEMORY_SLACK * maxMemoryBytes) / 1024)
  const values = {
    cpu: Math.ceil(maxCpuS),
    address_space: dataKib + RESERVED_KIB,
    data: dataKib,
    open_files: MAX_FILES,
    threads: MAX_TASKS,
  }
  return Object.entries(values).map(([name, value]) => `${limited.includes(name) ? value : 0}`)
}

/** What a program of this package must be able to read, folders before what is in them: the package, the packages that it
 * imports, Node. Not the rest of the folder that the package is in: that may hold data. */
export function readsOf(program: string): string[] {
  const own = fileURLToPath(new URL('../../', import.meta.url))
  // An installed package has its dependencies beside or above it.
  const above = own.split(sep).indexOf('node_modules')
  const parts =
    above < 0
      ? ['package.json', 'bin', 'server', 'node_modules'].map((name) => join(own, name))
      : [
          own
            .split(sep)
            .slice(0, above + 1)
            .join(sep),
        ]
  return [...parts, dirname(program), process.execPath]
}

function programOf(name: string): string | null {
  const found = FOLDERS.map((folder) => join(folder, name)).find(existsSync)
  return found ?? null
}

function kernelIsAtLeast(major: number, minor: number): boolean {
  const [a = 0, b = 0] = release().split('.').map(Number)
  return a > major || (a === major && b >= minor)
}
