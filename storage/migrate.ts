/** Forward-only SQL files, applied at start. Any number of nodes may start at once: one applies, the others wait. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { pgTarget } from './hosts.ts'

const DIR = new URL('./migrations/', import.meta.url)

/**
 * Applies storage/migrations/NNN-what.sql in order, each in its own transaction, and returns the names applied.
 * Throws when a file was edited after it was applied, or when the database is ahead of this build.
 */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const session = await connect(databaseUrl)
  try {
    await session.query(`select pg_advisory_lock(hashtext('latchkey migrate'))`)
    await session.query('create schema if not exists latchkey')
    await session.query('set search_path to latchkey')
    await session.query(`create table if not exists migration (
      name text primary key, sha256 text not null, applied_at timestamptz not null default now())`)
    return await applyMissing(session)
  } finally {
    await session.end() // also releases the lock
  }
}

/** To the first of its hosts that answers, and writes if that is asked for. */
async function connect(databaseUrl: string): Promise<pg.Client> {
  const { verify, hosts, ...target } = pgTarget(databaseUrl)
  for (let left = hosts - 1; ; left--) {
    const session = new pg.Client({
      ...target,
      application_name: 'latchkey migrate',
      connectionTimeoutMillis: 10_000,
    })
    session.on('error', () => {}) // the server went away: the query in hand says so too
    try {
      await session.connect()
      if (verify) await promisify(verify)(session)
      return session
    } catch (error) {
      await session.end().catch(() => {})
      if (left <= 0) throw error
    }
  }
}

async function applyMissing(session: pg.Client): Promise<string[]> {
  const { rows } = await session.query<{ name: string; sha256: string }>('select name, sha256 from migration')
  const done = new Map(rows.map((row) => [row.name, row.sha256]))
  const files = (await readdir(DIR)).filter((name) => /^\d{3}-[a-z0-9-]+\.sql$/.test(name)).sort()
  const unknown = [...done.keys()].filter((name) => !files.includes(name))
  if (unknown.length > 0) throw new Error(`The database is ahead of this build: ${unknown.join(', ')}`)

  const applied: string[] = []
  for (const name of files) {
    const text = await readFile(new URL(name, DIR), 'utf8')
    const sha256 = createHash('sha256').update(text).digest('hex')
    if (done.has(name) && done.get(name) !== sha256)
      throw new Error(`${name} was edited after it was applied`)
    if (done.has(name)) continue
    await applyOne(session, name, text, sha256)
    applied.push(name)
  }
  return applied
}

async function applyOne(session: pg.Client, name: string, text: string, sha256: string): Promise<void> {
  try {
    await session.query('begin')
    await session.query(`set local lock_timeout = '10s'`) // rather fail than queue behind a long reader
    await session.query(text)
    await session.query('insert into migration (name, sha256) values ($1, $2)', [name, sha256])
    await session.query('commit')
  } catch (cause) {
    await session.query('rollback')
    throw new Error(`${name}: ${(cause as Error).message}`, { cause })
  }
}
