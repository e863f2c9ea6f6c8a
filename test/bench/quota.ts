/** Ten auth links an hour: exact from four processes at once, and what the check costs. */
import { fork } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import pg from 'pg'
import { RateLimiterPostgres } from 'rate-limiter-flexible'
import { requestAccess, type Wish } from '../../flows/request-access.ts'
import * as authLinks from '../../storage/auth-links.ts'
import type { Db } from '../../storage/db.ts'
import { migrate } from '../../storage/migrate.ts'
import * as quota from '../../storage/quota.ts'
import type { Bench } from './main.ts'
import { type Counter, compare, count, type Line, rate } from './measure.ts'
import { freshKeys, openProduct } from './product.ts'

export const name = 'quota'

const SIDE = 16

export async function run({ url, rounds, quick }: Bench, say: (line: Line | Counter) => void): Promise<void> {
  const databaseUrl = await url('bench_quota')
  await migrate(databaseUrl)
  const { db, close } = await openProduct(databaseUrl)
  const pool = new pg.Pool({ connectionString: databaseUrl, max: SIDE })
  try {
    const { issued: accepted } = await storm(databaseUrl, db, { processes: 4, requests: 400 })
    const peer = await peerWindow(pool)
    say(count('quota.a1', 'links', accepted, { is: 10 }, { 'rate-limiter-flexible': peer }))
    const times = quick ? 200 : 3000
    say(await accepting(db, pool, times, rounds))
    say(await refusing(db, pool, times, rounds))
  } finally {
    await pool.end()
    await close()
  }
}

export const wish = (orgId: string, n: number | string): Wish => ({
  ...{ orgId, requestedBy: 'U1', purpose: 'connect', connectionId: null, forSelf: false },
  client: { name: 'Northwind' },
  channelId: 'C1',
  items: [{ connectorId: 'ga4', accountHint: '' }],
  owner: { email: `owner${n}@client.example`, slackUserId: null, name: null, timeZone: null },
  ...{ note: '', submissionKey: `bench-${n}`, ifFull: 'refuse' },
})

type Storm = { processes: number; requests: number }

/** Requests at once from several processes on one org, through the flow that Slack's modal calls. */
export async function storm(databaseUrl: string, { sql }: Db, { processes, requests }: Storm) {
  const [org] = await sql<{ id: string }[]>`insert into org (name) values ('Storm') returning id`
  const keys = freshKeys()
  const children = Array.from({ length: processes }, () => fork(import.meta.filename, ['child']))
  await Promise.all(children.map((child) => once(child, 'message')))
  const times = requests / processes
  const reports = await Promise.all(
    children.map(async (child, n) => {
      child.send({ databaseUrl, keys, orgId: org?.id ?? '', first: n * times, times } satisfies Task)
      return ((await once(child, 'message')) as [Report])[0]
    }),
  )
  const took = reports.flatMap(({ ms }) => ms).toSorted((a, b) => a - b)
  return {
    issued: reports.reduce((sum, { issued }) => sum + issued, 0),
    p99Ms: took[Math.floor(took.length * 0.99)] ?? 0,
  }
}

/** Most links a fixed window lets through in 60 minutes: a burst at its end and one just after. */
async function peerWindow(pool: pg.Pool): Promise<number> {
  const limiter = await openLimiter(pool, 1)
  const burst = async () => {
    const tries = Array.from({ length: 30 }, () =>
      limiter.consume('window').then(
        () => 1,
        () => 0,
      ),
    )
    return (await Promise.all<number>(tries)).reduce((sum, n) => sum + n)
  }
  await limiter.consume('window')
  await new Promise((done) => setTimeout(done, 900))
  const before = await burst()
  await new Promise((done) => setTimeout(done, 150))
  return before + (await burst())
}

/** Duration is scaled: one second stands for the hour. */
function openLimiter(pool: pg.Pool, seconds: number): Promise<RateLimiterPostgres> {
  return new Promise((ready, failed) => {
    const options = { storeClient: pool, points: 10, duration: seconds, tableName: `rlf_${seconds}` }
    const limiter = new RateLimiterPostgres(options, (error?: Error) =>
      error ? failed(error) : ready(limiter),
    )
  })
}

const newLink = (requestId: string): authLinks.NewLink => ({
  ...{ id: randomUUID(), requestId, tokenHash: randomBytes(32), receiptHash: randomBytes(32), keyId: 'k1' },
  issuedBy: 'U1',
})

async function accepting(db: Db, pool: pg.Pool, times: number, rounds: number): Promise<Line> {
  const orgs = await manyOrgs(db, times)
  const limiter = await openLimiter(pool, 3600)
  let batch = 0
  const fresh = () => db.sql`update org set recent_links = '{}' where name = 'Many'`
  return compare(
    'quota.a2.accept',
    'ops/s',
    {
      ours: {
        name: 'ours',
        async run() {
          await fresh()
          return rate(times, SIDE, (n) => issue(db, orgs[n] as Org))
        },
      },
      peers: [
        {
          name: 'rate-limiter-flexible',
          run: () => {
            const prefix = batch++
            return rate(times, SIDE, async (n) => {
              const org = orgs[n] as Org
              await limiter.consume(`${prefix}:${org.id}`)
              await authLinks.insert(db, org.id, newLink(org.requestId))
            })
          },
        },
      ],
      floor: {
        name: 'two-writes',
        run: () => rate(times, SIDE, (n) => twoWrites(db, orgs[n] as Org)),
      },
    },
    [
      { of: 'rate-limiter-flexible', atLeast: 1.5 },
      { of: 'two-writes', atLeast: 0.85 },
    ],
    rounds,
  )
}

type Org = { id: string; requestId: string }

async function issue(db: Db, { id, requestId }: Org): Promise<void> {
  await authLinks.insertCounted(db, id, newLink(requestId), 0)
}

/** The same two writes in one statement, without any check. */
async function twoWrites({ sql }: Db, { id, requestId }: Org): Promise<void> {
  const link = newLink(requestId)
  await sql`
    with touched as (update org set recent_links = recent_links where id = ${id} returning id)
    insert into auth_link (id, org_id, request_id, token_hash, key_id, receipt_hash, counts, issued_by, issued_at,
      expires_at)
    select ${link.id}, id, ${requestId}, ${link.tokenHash}, 'k1', ${link.receiptHash}, true, 'U1', now(),
      now() + interval '1 day' from touched`
}

async function refusing(db: Db, pool: pg.Pool, times: number, rounds: number): Promise<Line> {
  const [org] = await db.sql<{ id: string }[]>`
    insert into org (name, recent_links) select 'Full', array_agg(now()) from generate_series(1, 10) returning id`
  const limiter = await openLimiter(pool, 3601)
  const used = Array.from({ length: 11 }, () => limiter.consume('full').catch(() => {}))
  await Promise.all(used)
  const id = org?.id ?? ''
  return compare(
    'quota.a3.refuse',
    'ops/s',
    {
      ours: { name: 'ours', run: () => rate(times, SIDE, () => quota.hasSlot(db, id, 0)) },
      peers: [
        {
          name: 'rate-limiter-flexible',
          run: () => rate(times, SIDE, () => limiter.consume('full').catch(() => {})),
        },
      ],
      floor: {
        name: 'select',
        run: () => rate(times, SIDE, () => db.sql`select 1 from org where id = ${id}`),
      },
    },
    [
      { of: 'rate-limiter-flexible', atLeast: 6 },
      { of: 'select', atLeast: 0.6 },
    ],
    rounds,
  )
}

/** Orgs with a request each, so that links have something to belong to. */
async function manyOrgs({ sql }: Db, orgs: number): Promise<Org[]> {
  await sql`insert into org (name) select 'Many' from generate_series(1, ${orgs}::int)`
  await sql`insert into client (org_id, name) select id, 'Client' from org where name = 'Many'`
  return sql<Org[]>`
    insert into access_request (org_id, client_id, purpose, requested_by, channel_id, status)
    select org_id, client.id, 'connect', 'U1', 'C1', 'sent' from client join org on org.id = org_id
    where org.name = 'Many' returning org_id as id, id as request_id`
}

type Task = { databaseUrl: string; keys: string; orgId: string; first: number; times: number }
type Report = { issued: number; ms: number[] }

if (process.argv[2] === 'child') {
  process.on('message', async ({ databaseUrl, keys, orgId, first, times }: Task) => {
    const { services, close } = await openProduct(databaseUrl, keys, 10)
    const began = performance.now()
    const ms: number[] = []
    const tries = Array.from({ length: times }, async (_, n) => {
      const outcome = await requestAccess(services, wish(orgId, first + n))
      ms.push(performance.now() - began)
      return outcome.kind
    })
    const issued = (await Promise.all(tries)).filter((kind) => kind === 'issued').length
    process.send?.({ issued, ms } satisfies Report, () => process.disconnect())
    await close()
  })
  process.send?.('up')
}
