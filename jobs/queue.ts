/** pg-boss behind the verbs the program uses: send and work. */
import { type Db as BossDb, type JobWithMetadata, PgBoss } from 'pg-boss'
import type { Db, JobName, Queue, Services } from '../flows/services.ts'
import { type Job, RetryLater, type Voices } from './job.ts'

type AnyJob = Job<never>
type Schedule = { name: JobName; cron: string }
/** 'warn': it will be tried again. */
export type Report = (level: 'warn' | 'error', error: unknown, says: string, fields?: object) => void

export type OpenQueue = {
  queue: Queue
  /** Starts the loops that run jobs here. */
  work(jobs: readonly unknown[], schedules: readonly Schedule[], services: Services & Voices): Promise<void>
  /** True while the queue's own database connection answers and, on a worker, its loops run. */
  healthy(): Promise<boolean>
  /** Waits up to 30 s for running jobs; what is not done by then runs again elsewhere. */
  close(): Promise<void>
}

const DRAIN_MS = 30_000
/** Only where a NOTIFY got lost: the loops are woken by it, and by the end of their own job. */
const BACKSTOP_SECONDS = 5
const BACKSTOP_PROMPT_SECONDS = 1
/** Where there is no NOTIFY at all, as behind a transaction pooler. */
const POLL_SECONDS = 0.5
const HEARTBEAT_SECONDS = 30

/** Creates the queues of `jobs` and connects. `worker` false: this process only sends. */
export async function openQueue(
  database: string | { connectionString: string },
  jobs: readonly unknown[],
  { worker, report }: { worker: boolean; report: Report },
): Promise<OpenQueue> {
  const boss = new PgBoss({
    ...(typeof database === 'string' ? { connectionString: database } : database),
    application_name: 'latchkey queue',
    max: worker ? 10 : 4,
    connectionTimeoutMillis: 5_000,
    schedule: worker,
    supervise: worker,
    useListenNotify: worker,
    superviseIntervalSeconds: 15, // a dead worker's jobs are picked up within heartbeat + this
    monitorIntervalSeconds: 15,
  })
  boss.on('error', (error) => report('error', error, 'queue trouble'))
  await boss.start()
  for (const job of jobs as readonly AnyJob[]) await ensureQueue(boss, job)
  let working = !worker
  const stopping = new AbortController()

  return {
    queue: sender(boss, jobs as readonly AnyJob[]),
    async work(list, schedules, services) {
      for (const job of list as readonly AnyJob[])
        await startLoops({ boss, job, services, report, stopping: stopping.signal })
      for (const { name, cron } of schedules) await boss.schedule(name, cron, null, { missed: 'once' })
      working = true
    },
    async healthy() {
      await boss.getDb().executeSql('select 1')
      return working
    },
    async close() {
      working = false
      stopping.abort(new Error('the worker is stopping'))
      await boss.stop({ graceful: true, timeout: DRAIN_MS })
    },
  }
}

async function ensureQueue(boss: PgBoss, job: AnyJob): Promise<void> {
  const options = {
    retryLimit: job.retry.limit,
    retryDelay: job.retry.delaySeconds,
    retryBackoff: true,
    retryDelayMax: job.retry.delayMaxSeconds ?? 3600,
    expireInSeconds: job.expireSeconds,
    heartbeatSeconds: HEARTBEAT_SECONDS,
    retentionSeconds: 14 * 86_400,
    deleteAfterSeconds: 3 * 86_400,
    notify: true,
  }
  await boss.createQueue(job.name, { policy: job.policy ?? 'standard', ...options })
  await boss.updateQueue(job.name, options)
}

function sender(boss: PgBoss, jobs: readonly AnyJob[]): Queue {
  const short = new Set<string>(jobs.filter(({ policy }) => policy === 'short').map(({ name }) => name))
  return {
    async send(name, payload, { db, key, afterSeconds }) {
      const options = {
        ...(key !== undefined && { singletonKey: key }),
        ...(afterSeconds !== undefined && { startAfter: afterSeconds }),
        db: within(db),
      }
      for (;;) {
        if ((await boss.send(name, payload as object, options)) !== null) return
        if (!short.has(name) || (await holdWaiting(db, name, key ?? ''))) return
      }
    },
    async sendMany(name, jobs, { db }) {
      if (jobs.length === 0) return
      const rows = jobs.map(({ payload, key }) => ({
        data: payload as object,
        ...(key !== undefined && { singletonKey: key }),
      }))
      await boss.insert(name, rows, { db: within(db) })
    },
  }
}

/**
 * A waiting job stands for ours as well, so it must not begin before our transaction has committed, or it would read
 * what was before: pg-boss passes over rows that somebody has locked. False: it has begun, and ours is one of its own.
 */
async function holdWaiting({ sql }: Db, name: string, key: string): Promise<boolean> {
  const { count } = await sql`
    select from pgboss.job where name = ${name} and coalesce(singleton_key, '') = ${key}
      and state = 'created' and policy = 'short' for share`
  return count > 0
}

/** pg-boss in the caller's transaction: it sends several statements at once only when it sends no values. */
function within({ sql }: Db): BossDb {
  return {
    async executeSql(text: string, values?: unknown[]) {
      const rows: unknown[] = values?.length
        ? await sql.unsafe(text, values as never[], { prepare: true })
        : await sql.unsafe(text)
      return { rows: rows.flat() }
    },
  } as BossDb
}

type Loops = {
  boss: PgBoss
  job: AnyJob
  services: Services & Voices
  report: Report
  stopping: AbortSignal
}

/** One worker per loop, so that each can be woken by itself: a loop looks again at once after every batch. */
async function startLoops(loops: Loops) {
  const { boss, job } = loops
  const options = {
    batchSize: job.batch ?? 1,
    pollingIntervalSeconds: POLL_SECONDS,
    notifyPollingIntervalSeconds: job.prompt ? BACKSTOP_PROMPT_SECONDS : BACKSTOP_SECONDS,
    perJobResults: true,
    includeMetadata: true,
  } as const
  for (let loop = 0; loop < job.concurrency; loop++) {
    let id = ''
    id = await boss.work(job.name, options, async (batch: JobWithMetadata<object>[]) => {
      const settled = await Promise.all(batch.map((item) => runOne(loops, item)))
      boss.notifyWorker(id)
      return settled
    })
  }
}

type Settled = { id: string; status: 'completed' | 'failed'; output?: object }

/** Never throws: one job's failure must not fail the batch it was fetched with. */
async function runOne(loops: Loops, item: JobWithMetadata<object>): Promise<Settled> {
  const { boss, job, services, report, stopping } = loops
  const { id, retryCount, retryLimit } = item
  const signal = job.resumes ? AbortSignal.any([item.signal, stopping]) : item.signal
  const last = retryCount >= retryLimit
  try {
    await job.run(services, item.data as never, { id, attempt: retryCount, last, signal })
    return { id, status: 'completed' }
  } catch (error) {
    const wait = askedWait(error)
    if (wait !== null) return putOff(boss, job, item, wait, services)
    report(last ? 'error' : 'warn', error, last ? 'job failed for good' : 'job failed, will run again', {
      job: job.name,
      id,
      retryCount,
    })
    const { name, message } = error as Error
    return { id, status: 'failed', output: { name, message: String(message).slice(0, 500) } }
  }
}

/** Seconds to wait where the error says so: ours, a provider's rate limit, or Slack's Retry-After. */
function askedWait(error: unknown): number | null {
  if (error instanceof RetryLater) return error.seconds
  const { retryAfterSeconds } = (error ?? {}) as { retryAfterSeconds?: unknown }
  return typeof retryAfterSeconds === 'number' ? Math.max(1, Math.ceil(retryAfterSeconds)) : null
}

/** The waiting copy and the completion commit together, so a crash leaves exactly one of them. */
async function putOff(
  boss: PgBoss,
  job: AnyJob,
  item: JobWithMetadata<object>,
  seconds: number,
  { db }: Services,
): Promise<Settled> {
  await db.transaction(async (tx) => {
    await boss.complete(
      job.name,
      { id: item.id, retryCount: item.retryCount },
      { putOffSeconds: seconds },
      {
        db: within(tx),
      },
    )
    await boss.send(job.name, item.data, {
      startAfter: seconds,
      ...(item.singletonKey && { singletonKey: item.singletonKey }),
      db: within(tx),
    })
  })
  return { id: item.id, status: 'completed' }
}
