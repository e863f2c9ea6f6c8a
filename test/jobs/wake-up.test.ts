/** A job sent while one of the same key waits is one job, and that one sees what the sender has changed. */
import { afterAll, expect, test } from 'vitest'
import type { Services } from '../../flows/services.ts'
import type { Job, Voices } from '../../jobs/job.ts'
import { openQueue } from '../../jobs/queue.ts'
import { freshDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { readingServices } from '../support/reading.ts'

const { db, url } = await freshDatabase()
const seen: string[] = []
const job: Job<'request-card'> = {
  name: 'request-card',
  policy: 'short',
  retry: { limit: 1, delaySeconds: 1 },
  expireSeconds: 30,
  concurrency: 2,
  async run({ db: { sql } }, { orgId }) {
    const [org] = await sql<{ name: string }[]>`select name from org where id = ${orgId}`
    seen.push(org?.name ?? '')
  },
}
const queue = await openQueue(url, [job], { worker: true, report: () => {} })
afterAll(() => queue.close())

test('whoever commits after the waiting job could have begun is still heard', async () => {
  const services = { ...readingServices(db, []), queue: queue.queue } as Services & Voices
  const [org] = await db.sql<{ id: string }[]>`insert into org (name) values ('old') returning id`
  const orgId = org?.id ?? ''
  const send = (of: typeof db) =>
    queue.queue.send('request-card', { orgId, requestId: 'r' }, { db: of, key: 'r' })
  await db.transaction(send)
  await db.transaction(async (tx) => {
    await tx.sql`update org set name = 'new' where id = ${orgId}`
    await Promise.all([send(tx), db.transaction(send)]) // neither waits for the other
    await queue.work([job], [], services)
    await db.sql`select pg_sleep(1.5)` // three polls
  })
  await eventually(() => expect(seen.at(-1)).toBe('new'))
  const jobs = () => db.sql`select state from pgboss.job where name = 'request-card'`
  await eventually(async () => expect(await jobs()).toEqual([{ state: 'completed' }]))
})
