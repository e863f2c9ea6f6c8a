/** A thousand requests at once from four processes against a quota of ten. */
import { expect, test } from 'vitest'
import { storm } from '../bench/quota.ts'
import { freshDatabase } from '../support/database.ts'
import { report } from './figures.ts'

test('F35 1000 requests from 4 processes issue exactly 10 links', async ({ task }) => {
  const { url, db } = await freshDatabase()
  const { issued, p99Ms } = await storm(url, db, { processes: 4, requests: 1000 })
  expect(issued).toBe(10)
  const [rows] = await db.sql<{ links: number; jobs: number }[]>`
    select (select count(*)::int from auth_link) as links,
      (select count(*)::int from pgboss.job where name = 'deliver') as jobs`
  expect(rows).toEqual({ links: 10, jobs: 10 })
  expect(p99Ms).toBeLessThan(10_000)
  report(task, { issued, refused: 1000 - issued, 'p99 ms': Math.round(p99Ms) })
})
