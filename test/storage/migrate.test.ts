/** Nodes that start at once, and databases that do not fit the build. */
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import pg from 'pg'
import { expect, inject, test } from 'vitest'
import { migrate } from '../../storage/migrate.ts'

const server = inject('postgresUrl')
const files = readdirSync('storage/migrations').sort()

async function run(url: string, sql: string): Promise<void> {
  const session = new pg.Client(url)
  await session.connect()
  await session.query(sql)
  await session.end()
}

async function onEmptyDatabase(work: (url: string) => Promise<void>): Promise<void> {
  const name = `migrate_${randomBytes(6).toString('hex')}`
  await run(server, `create database ${name}`)
  await work(server.replace(/\/[^/]+$/, `/${name}`))
  await run(server, `drop database ${name} with (force)`)
}

test('of four nodes that start at once one applies every file, and the others find it done', async () => {
  await onEmptyDatabase(async (url) => {
    const applied = await Promise.all([1, 2, 3, 4].map(() => migrate(url)))
    expect(applied.flat().sort()).toEqual(files)
    expect(await migrate(url)).toEqual([])
  })
})

test('a database ahead of the build is refused by name', async () => {
  await onEmptyDatabase(async (url) => {
    await migrate(url)
    await run(url, `insert into latchkey.migration (name, sha256) values ('999-later.sql', 'x')`)
    await expect(migrate(url)).rejects.toThrow('The database is ahead of this build: 999-later.sql')
  })
})

test('a file edited after it was applied is refused, and nothing runs', async () => {
  await onEmptyDatabase(async (url) => {
    await migrate(url)
    await run(url, `update latchkey.migration set sha256 = 'other' where name = '${files[0]}'`)
    await expect(migrate(url)).rejects.toThrow(`${files[0]} was edited after it was applied`)
  })
})
