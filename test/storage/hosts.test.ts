/** DATABASE_URL with several hosts: every driver finds the one that answers, and writes. */
import pg from 'pg'
import { expect, test } from 'vitest'
import { openQueue } from '../../jobs/queue.ts'
import { pgTarget } from '../../storage/hosts.ts'
import { migrate } from '../../storage/migrate.ts'
import { freshDatabase } from '../support/database.ts'

const { url } = await freshDatabase()
const { host } = new URL(url)
const several = (first: string) => url.replace(host, `${first},${host}`)

test('one host: the URL stays as it is', () => {
  expect(pgTarget(url)).toEqual({ connectionString: url, hosts: 1 })
  expect(pgTarget('postgres://a,b/db?target_session_attrs=read-write')).toMatchObject({
    connectionString: 'postgres://a:5432/db?target_session_attrs=read-write',
    hosts: 2,
  })
})

test('a host that is down is passed over, by the migrations and by the queue', async () => {
  const both = several('127.0.0.1:1')
  expect(await migrate(both)).toEqual([])
  const queue = await openQueue(pgTarget(both), [], { worker: false, report: () => {} })
  expect(await queue.healthy()).toBe(true)
  await queue.close()
})

test('a pool that finds its host reads only goes to the next', async () => {
  const target = pgTarget(`${several(host)}?target_session_attrs=read-write`)
  const { verify, hosts: _, ...options } = target
  const pool = new pg.Pool({
    ...options,
    verify(client: pg.ClientBase, done: (error?: Error) => void) {
      const reads = { query: async () => ({ rows: [{ transaction_read_only: 'on' }] }) }
      verify?.((pool.totalCount > 1 ? client : reads) as pg.ClientBase, done)
    },
  } as pg.PoolConfig)
  await expect(pool.query('select 1')).rejects.toThrow('only reads')
  await pool.end()
  const next = new pg.Pool(target as pg.PoolConfig)
  expect((await next.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  await next.end()
})
