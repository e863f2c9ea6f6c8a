/** What the rest of the program relies on in the queue, on a real pg-boss. */
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import type { Services } from '../../flows/services.ts'
import { type Job, RetryLater, type Voices } from '../../jobs/job.ts'
import { type OpenQueue, openQueue } from '../../jobs/queue.ts'
import { freshDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

declare module '../../flows/services.ts' {
  interface Jobs {
    'test-plain': { n: number }
    'test-keyed': { n: number }
    'test-resuming': { n: number }
  }
}

const { url, db } = await freshDatabase()
const open: OpenQueue[] = []
const ran: number[] = []
let trouble: (n: number) => Promise<void> = async () => {}

const plain: Job<'test-plain'> = {
  name: 'test-plain',
  retry: { limit: 2, delaySeconds: 1 },
  expireSeconds: 60,
  concurrency: 2,
  async run(_services, { n }) {
    ran.push(n)
    await trouble(n)
  },
}
/** Works until it is told to stop, and goes on another time. */
const resuming: Job<'test-resuming'> = {
  ...{ ...plain, name: 'test-resuming', resumes: true },
  async run(_services, { n }, { signal }) {
    ran.push(n)
    await pause(30_000, undefined, { signal }).catch(() => {})
    throw new RetryLater(1, 'stopped')
  },
}
const keyed: Job<'test-keyed'> = { ...plain, name: 'test-keyed', policy: 'exclusive' }

async function start() {
  const reports: string[] = []
  const queue = await openQueue(url, [plain, keyed, resuming], {
    worker: true,
    report: (_level, error, says) => reports.push(`${says}: ${(error as Error).message}`),
  })
  open.push(queue)
  const services = { db, queue: queue.queue } as unknown as Services & Voices
  return { queue, reports, work: () => queue.work([plain, keyed, resuming], [], services) }
}

const ranAll = (count: number) => eventually(() => expect(ran).toHaveLength(count))

afterEach(async () => {
  for (const queue of open.splice(0)) await queue.close()
  await db.sql`truncate pgboss.job`
  ran.length = 0
  trouble = async () => {}
})

test('a job sent in a transaction that rolls back never runs', async () => {
  const { queue, work } = await start()
  await db
    .transaction(async (tx) => {
      await queue.queue.send('test-plain', { n: 1 }, { db: tx })
      throw new Error('changed my mind')
    })
    .catch(() => {})
  await db.transaction((tx) => queue.queue.sendMany('test-plain', [{ payload: { n: 2 } }], { db: tx }))
  await work()
  await ranAll(1)
  expect(ran).toEqual([2])
})

test('an exclusive key holds one waiting or running job', async () => {
  const { queue, work } = await start()
  for (const n of [1, 2, 3]) await queue.queue.send('test-keyed', { n }, { db, key: 'same' })
  await work()
  await ranAll(1)
  await pause(1200)
  expect(ran).toEqual([1])
})

test('a job that asks to run later is put off once, keeps its key, and is no failure', async () => {
  const { queue, work, reports } = await start()
  trouble = async () => {
    if (ran.length === 1) throw new RetryLater(1, 'the provider asks for a pause')
  }
  await queue.queue.send('test-keyed', { n: 7 }, { db, key: 'slow' })
  await work()
  await ranAll(2)
  expect(ran).toEqual([7, 7])
  expect(reports).toEqual([])
  const rows =
    await db.sql`select state, retry_count, singleton_key from pgboss.job where name = 'test-keyed'`
  expect(rows.map(({ singletonKey }) => singletonKey)).toEqual(['slow', 'slow'])
})

test('an error that names a wait is put off like a polite one', async () => {
  const { queue, work, reports } = await start()
  trouble = async () => {
    if (ran.length === 1) throw Object.assign(new Error('ratelimited'), { retryAfterSeconds: 1 })
  }
  await queue.queue.send('test-plain', { n: 1 }, { db })
  await work()
  await ranAll(2)
  expect(reports).toEqual([])
})

test('a failing job runs again, and the last failure is reported as such', async () => {
  const { queue, work, reports } = await start()
  trouble = () => Promise.reject(new Error('no luck'))
  await queue.queue.send('test-plain', { n: 1 }, { db })
  await work()
  await ranAll(3)
  await eventually(() => expect(reports).toHaveLength(3))
  expect(reports.at(-1)).toBe('job failed for good: no luck')
})

test('closing waits for the job that runs', async () => {
  const { queue, work } = await start()
  let finished = false
  trouble = async () => {
    await pause(800)
    finished = true
  }
  await queue.queue.send('test-plain', { n: 1 }, { db })
  await work()
  await ranAll(1)
  await open.pop()?.close()
  expect(finished).toBe(true)
})

test('closing puts off at once what resumes where it was, and no failure is noted', async () => {
  const { queue, reports, work } = await start()
  await queue.queue.send('test-resuming', { n: 1 }, { db })
  await work()
  await ranAll(1)
  const started = performance.now()
  await open.pop()?.close()
  expect(performance.now() - started).toBeLessThan(10_000)
  const jobs = await db.sql`select state from pgboss.job where name = 'test-resuming' order by state`
  expect(jobs.map(({ state }) => state)).toContain('created')
  expect(jobs.map(({ state }) => state)).not.toContain('failed')
  expect(reports).toEqual([])
})

test('a long queue drains without a pause between jobs', async () => {
  const { queue, work } = await start()
  const JOBS = 200
  await queue.queue.sendMany(
    'test-plain',
    Array.from({ length: JOBS }, (_, n) => ({ payload: { n } })),
    { db },
  )
  await work()
  await ranAll(JOBS) // two loops that slept their half second after each job would take 50 s, not 15
})

test('of a failure the queue keeps name and message, not what the error carries', async () => {
  const { queue, work } = await start()
  trouble = () => {
    const carried = {
      request: { headers: { authorization: 'Bearer canary' } },
      response: 'canary',
      config: 'canary',
    }
    return Promise.reject(Object.assign(new Error('refused'), carried, { cause: new Error('canary') }))
  }
  await queue.queue.send('test-plain', { n: 1 }, { db })
  await work()
  const rows = () => db.sql`select output from pgboss.job where output is not null`
  await eventually(async () => expect(await rows()).toHaveLength(1))
  expect(await rows()).toEqual([{ output: { name: 'Error', message: 'refused' } }])
})
