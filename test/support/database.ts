/** A database of its own per test file, copied from the migrated template in about 30 ms. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, inject } from 'vitest'
import { type Db, openDb } from '../../storage/db.ts'
import { TEMPLATE } from './global.ts'

export type TestDatabase = { url: string; db: Db; close(): Promise<void> }

/** Call in beforeAll or at the top of a file; it is dropped after the file. */
export async function freshDatabase(): Promise<TestDatabase> {
  const server = inject('postgresUrl')
  const name = `test_${randomBytes(6).toString('hex')}`
  await admin(server, `create database ${name} with template ${TEMPLATE} strategy file_copy`)
  const url = server.replace(/\/[^/]+$/, `/${name}`)
  const db = openDb(url, { name: 'latchkey test' })
  const close = async () => {
    await db.close()
    await admin(server, `drop database if exists ${name} with (force)`)
  }
  afterAll(close)
  return { url, db, close }
}

/** Sets `latchkey.clock()` to a fixed instant (or back to the real one with null). */
export async function setClock({ sql }: Db, at: Date | string | null): Promise<void> {
  const body = at === null ? 'select now()' : `select '${new Date(at).toISOString()}'::timestamptz`
  await sql.unsafe(
    `create or replace function latchkey.clock() returns timestamptz language sql stable as $$ ${body} $$`,
  )
}

/** Another session copying the template at this moment makes PostgreSQL answer 55006: wait and try again. */
async function admin(url: string, sql: string): Promise<void> {
  const session = new pg.Client(url)
  await session.connect()
  try {
    for (let attempt = 0; ; attempt++) {
      try {
        await session.query(sql)
        return
      } catch (error) {
        if ((error as { code?: string }).code !== '55006' || attempt > 50) throw error
        await new Promise((done) => setTimeout(done, 50 + Math.random() * 100))
      }
    }
  } finally {
    await session.end()
  }
}
