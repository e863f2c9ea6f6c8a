/** `npm run bench [-- name] [-- --rounds N] [-- --quick]`: ratios against a baseline in the same run, one table. */

import { writeFile } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import { startPostgres } from '../../sandbox/postgres.ts'
import * as ack from './ack.ts'
import * as ingest from './ingest.ts'
import { type Counter, type Line, printCounter, printLine } from './measure.ts'
import * as midnight from './midnight.ts'
import * as quota from './quota.ts'
import * as renewal from './renewal.ts'

export type Bench = { url(database: string): Promise<string>; rounds: number; quick: boolean }
export type Anchor = { name: string; run(bench: Bench, say: (line: Line | Counter) => void): Promise<void> }

const anchors: Anchor[] = [quota, midnight, ingest, ack, renewal]

const words = process.argv.slice(2)
const at = words.indexOf('--rounds')
const rounds = at >= 0 ? Number(words.splice(at, 2)[1]) : 5
const quick = words.includes('--quick')
const names = words.filter((word) => !word.startsWith('--'))

const settings = ['shared_buffers=1GB', 'max_wal_size=8GB', 'jit=off', 'max_connections=300']
const server = await startPostgres({ durable: true, settings })
const results: (Line | Counter)[] = []
try {
  await header()
  for (const anchor of anchors) {
    if (names.length > 0 && !names.includes(anchor.name)) continue
    await anchor.run({ url: (name) => database(name), rounds: quick ? 1 : rounds, quick }, (line) => {
      results.push(line)
      console.log('ratios' in line ? printLine(line) : printCounter(line))
    })
  }
} finally {
  await server.stop()
}
await writeFile('results.json', JSON.stringify({ at: new Date().toISOString(), results }, null, 2))
const missed = results.filter((line) =>
  'ratios' in line ? line.ratios.some(({ verdict }) => verdict === 'MISS') : !line.ok,
)
console.log(`${results.length} lines, ${missed.length} missed; written to results.json`)
// Times are reported, counters are promises.
process.exitCode = missed.some((line) => 'ok' in line) ? 1 : 0

async function header() {
  const { default: pg } = await import('pg')
  const session = new pg.Client(server.url())
  await session.connect()
  const { rows } = await session.query<{ version: string }>(`select split_part(version(), ' ', 2) as version`)
  await session.query('create table fsync_probe (n int)')
  const began = performance.now()
  for (let n = 0; n < 200; n++) await session.query('insert into fsync_probe values ($1)', [n])
  const commit = ((performance.now() - began) / 200) * 1000
  await session.end()
  const [load = 0] = loadavg()
  console.log(
    `${cpus().length} cores, load ${load.toFixed(1)}, Node ${process.versions.node}, PostgreSQL ${rows[0]?.version}, one-row commit ${commit.toFixed(0)} µs`,
  )
}

/** A fresh database of that name. */
async function database(name: string): Promise<string> {
  const { default: pg } = await import('pg')
  const session = new pg.Client(server.url())
  await session.connect()
  await session.query(`drop database if exists ${name} with (force)`)
  await session.query(`create database ${name}`)
  await session.end()
  return server.url(name)
}
