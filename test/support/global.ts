/** One PostgreSQL for the whole run, with a migrated template that every test file copies. */

import pg from 'pg'
import { PgBoss } from 'pg-boss'
import type { TestProject } from 'vitest/node'
import { startPostgres } from '../../sandbox/postgres.ts'
import { migrate } from '../../storage/migrate.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string
  }
}

export const TEMPLATE = 'latchkey_template'

export default async function setup(project: TestProject) {
  const server = await startPostgres({ settings: ['max_connections=400'] })
  await run(server.url(), `create database ${TEMPLATE}`)
  await migrate(server.url(TEMPLATE))
  const boss = new PgBoss({ connectionString: server.url(TEMPLATE), schedule: false, supervise: false })
  await boss.start()
  await boss.stop({ graceful: false })
  project.provide('postgresUrl', server.url())
  return () => server.stop()
}

async function run(url: string, sql: string): Promise<void> {
  const session = new pg.Client(url)
  await session.connect()
  await session.query(sql)
  await session.end()
}
