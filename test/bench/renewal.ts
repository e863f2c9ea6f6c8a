/** One expired connection, 200 jobs in 4 processes, a provider whose refresh tokens work once. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { ConnectorError } from '../../connectors/connector.ts'
import { routeOrigins } from '../../connectors/http.ts'
import { freshCredential, placeOf } from '../../flows/renewal.ts'
import * as connections from '../../storage/connections.ts'
import * as credentials from '../../storage/credentials.ts'
import { migrate } from '../../storage/migrate.ts'
import type { Bench } from './main.ts'
import { type Counter, count, type Line, median } from './measure.ts'
import { freshKeys, openProduct, type Product } from './product.ts'

export const name = 'renewal'

const PROCESSES = 4
const JOBS = 50
const PROVIDER_MS = 150
/** What Nango's scheme (in-process map, Redis NX, poll every 50 ms) added in an earlier study; it needs a Redis. */
const ADDED_MS_GOAL = 14

export async function run({ url, rounds }: Bench, say: (line: Line | Counter) => void): Promise<void> {
  const stage = await openStage(await url('bench_renewal'), PROCESSES)
  try {
    const added: number[] = []
    let [calls, failed] = [0, 0]
    for (let round = 0; round <= rounds; round++) {
      const outcome = await expireAndAsk(stage, `person ${round}`, JOBS)
      calls = Math.max(calls, outcome.calls)
      failed += outcome.failed
      if (round > 0) added.push(outcome.addedMs)
    }
    const jobs = PROCESSES * JOBS
    say(count('renewal.f1.calls', 'calls', calls, { is: 1 }, { naive: jobs }))
    say(count('renewal.f1.failed', 'jobs', failed, { is: 0 }, { naive: jobs - 1 }))
    say(count('renewal.f1.refused', 'calls', await refusedCalls(stage), { is: 1 }))
    console.log(
      `renewal.f2.added           ms      ours ${median(added).toFixed(0)} | beside Nango's scheme with Redis: SKIP (set REDIS_URL); its study added 56 ms, a quarter is ${ADDED_MS_GOAL}`,
    )
  } finally {
    await stage.close()
  }
}

/** One expired connection, `jobs` jobs in each of `processes` processes. */
export async function race(databaseUrl: string, { processes, jobs }: { processes: number; jobs: number }) {
  const stage = await openStage(databaseUrl, processes)
  try {
    return await expireAndAsk(stage, 'person', jobs)
  } finally {
    await stage.close()
  }
}

type Stage = {
  product: Product
  provider: FakeProvider
  children: ChildProcess[]
  orgId: string
  close(): Promise<void>
}

async function openStage(databaseUrl: string, processes: number): Promise<Stage> {
  await migrate(databaseUrl)
  const keys = freshKeys()
  const product = await openProduct(databaseUrl, keys)
  const provider = await openProvider()
  const task: Setup = { databaseUrl, keys, tokenOrigin: provider.origin }
  const children = await Promise.all(Array.from({ length: processes }, () => start(task)))
  return {
    ...{ product, provider, children, orgId: await newOrg(product) },
    async close() {
      for (const child of children) child.disconnect()
      await provider.close()
      await product.close()
    },
  }
}

async function expireAndAsk({ product, provider, children, orgId }: Stage, identity: string, jobs: number) {
  const connectionId = await expired(product, orgId, identity, provider.issue())
  provider.calls = 0
  const reports = await Promise.all(children.map((child) => ask(child, { orgId, connectionId, jobs })))
  return {
    calls: provider.calls,
    failed: reports.reduce((sum, report) => sum + report.failed, 0),
    addedMs: Math.max(...reports.map(({ lastMs }) => lastMs)) - PROVIDER_MS,
  }
}

/** A revoked connection costs one call per look, however many jobs need it. */
async function refusedCalls({ product, orgId, children, provider }: Stage): Promise<number> {
  const connectionId = await expired(product, orgId, 'revoked person', 'a token nobody knows')
  provider.calls = 0
  await Promise.all(children.map((child) => ask(child, { orgId, connectionId, jobs: JOBS })))
  return provider.calls
}

async function newOrg({ db }: Product): Promise<string> {
  const [org] = await db.sql<{ id: string }[]>`insert into org (name) values ('Bench') returning id`
  return org?.id ?? ''
}

async function expired({ db, services }: Product, orgId: string, identity: string, refreshToken: string) {
  const { id } = await connections.upsert(db, orgId, {
    ...{ provider: 'google', oauthApp: 'app', identity, identityLabel: identity, clientId: null },
    ...{ scopes: [], grantExpiresAt: null, authorisedBy: 'bench', requestId: null },
  })
  const credential = JSON.stringify({ accessToken: 'old', refreshToken, expiresAt: null })
  const sealed = services.vault.seal(credential, placeOf({ orgId, connectionId: id }))
  await credentials.store(db, orgId, id, sealed, new Date(Date.now() - 60_000))
  await db.sql`update connection set authorised_at = now() - interval '1 day' where id = ${id}`
  return id
}

type FakeProvider = Awaited<ReturnType<typeof openProvider>>

async function openProvider() {
  const live = new Set<string>()
  const issue = () => {
    const token = `refresh-${Math.random()}`
    live.add(token)
    return token
  }
  const server = createServer(async (req, res) => {
    let body = ''
    for await (const chunk of req) body += chunk
    provider.calls++
    await pause(PROVIDER_MS)
    const good = live.delete(new URLSearchParams(body).get('refresh_token') ?? '')
    const answer = good
      ? { access_token: 'new', refresh_token: issue(), expires_in: 3600 }
      : { error: 'invalid_grant' }
    res.writeHead(good ? 200 : 400, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const provider = {
    calls: 0,
    issue,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
  return provider
}

type Setup = { databaseUrl: string; keys: string; tokenOrigin: string }
type Task = { orgId: string; connectionId: string; jobs: number }
type Report = { failed: number; lastMs: number }

async function start(setup: Setup): Promise<ChildProcess> {
  const child = fork(import.meta.filename, ['child'])
  child.send(setup)
  await once(child, 'message')
  return child
}

async function ask(child: ChildProcess, task: Task): Promise<Report> {
  child.send(task)
  return ((await once(child, 'message')) as [Report])[0]
}

async function serve({ databaseUrl, keys, tokenOrigin }: Setup): Promise<void> {
  routeOrigins({ 'https://oauth2.googleapis.com': tokenOrigin })
  const { services, close } = await openProduct(databaseUrl, keys, 10)
  process.on('message', async ({ jobs, ...task }: Task) => {
    const began = performance.now()
    const tries = Array.from({ length: jobs }, () =>
      freshCredential(services, task).catch((error: unknown) => {
        if (error instanceof ConnectorError) return null
        throw error
      }),
    )
    const failed = (await Promise.all(tries)).filter((held) => held === null).length
    process.send?.({ failed, lastMs: performance.now() - began } satisfies Report)
  })
  process.once('disconnect', () => void close())
  process.send?.('up')
}

if (process.argv[2] === 'child') process.once('message', (setup: Setup) => void serve(setup))
