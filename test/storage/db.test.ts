/** Transactions: whoever loses a deadlock runs again, and nothing of the first try is left. */
import { expect, test } from 'vitest'
import { freshDatabase } from '../support/database.ts'

const { db } = await freshDatabase()

test('two transactions that take the same rows in opposite order both happen', async () => {
  const orgs = await db.sql<{ id: string }[]>`
    insert into org (name) values ('A'), ('B') returning id`
  const [a = '', b = ''] = orgs.map(({ id }) => id)
  const both = Promise.withResolvers<void>()
  let holding = 0
  let tries = 0
  const rename = (first: string, second: string) =>
    db.transaction(async ({ sql }) => {
      tries++
      await sql`update org set name = name || '+' where id = ${first}`
      if (++holding === 2) both.resolve()
      await both.promise
      await sql`update org set name = name || '+' where id = ${second}`
    })
  await Promise.all([rename(a, b), rename(b, a)])
  const names = await db.sql`select name from org order by name`
  expect(names.map(({ name }) => name)).toEqual(['A++', 'B++'])
  expect(tries).toBe(3)
})
