/** Builds the program from its configuration. The only file that knows every part. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { createBot } from './bot/index.ts'
import { openMailer } from './bot/mailer.ts'
import type { Config } from './config.ts'
import { routeOrigins } from './connectors/http.ts'
import { allConnectors, catalogue } from './connectors/index.ts'
import type { Services } from './flows/services.ts'
import { jobs, schedules } from './jobs/index.ts'
import { type OpenQueue, openQueue, type Report } from './jobs/queue.ts'
import { type Log, openLog } from './log.ts'
import { type Db, openDb } from './storage/db.ts'
import { pgTarget } from './storage/hosts.ts'
import { migrate } from './storage/migrate.ts'
import { publishReporting } from './storage/reporting.ts'
import { createDeriver, createVault } from './storage/seal.ts'
import { metricsRoute } from './web/metrics.ts'
import { closeWeb, createWeb } from './web/server.ts'

export type App = {
  /** Answers every request; `start` also listens with it on the configured port. */
  handle: RequestListener
  services: Services
  start(): Promise<{ port: number }>
  /** Readiness off, no new requests, up to 30 s for what runs. */
  stop(): Promise<void>
}

const DRAIN_MS = 30_000

/** Migrates, connects and wires. Throws when the database or Slack cannot be reached. */
export async function createApp(config: Config, log: Log = openLog(config.logLevel)): Promise<App> {
  announce(config, log)
  await migrate(config.databaseUrl)
  const db = openDb(config.databaseUrl)
  await publish(db, log)
  const worker = config.role !== 'web'
  const queue = await openQueue(pgTarget(config.databaseUrl), jobs, {
    worker,
    report: atMostEvery(10_000, (level, error, says, fields) => log[level]({ ...fields, error }, says)),
  })
  const services: Services = {
    db,
    queue: queue.queue,
    connectors: catalogue(
      allConnectors.filter(({ provider }) => provider.auth === 'key' || provider.id in config.oauthApps),
    ),
    oauthApps: config.oauthApps,
    vault: createVault(config.secretKeys, 'credential'),
    tokens: createDeriver(config.secretKeys, 'token'),
    publicUrl: config.publicUrl,
  }
  let stopping = false
  const web = createWeb(services, async () => readiness(db, queue, stopping), log)
  if (config.metricsToken) web.use(metricsRoute(services, config.metricsToken))
  const bot = await createBot(config.slack, services, log, web)
  closeWeb(web, log)
  const mail = openMailer(config.smtp, config.publicUrl.hostname)
  const server = createServer(web)

  return {
    handle: web,
    services,
    async start() {
      await bot.start()
      if (worker) await queue.work(jobs, schedules, { ...services, slack: bot.voice, mail })
      await listen(server, config.port)
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : config.port
      log.info({ port, role: config.role }, 'ready')
      return { port }
    },
    async stop() {
      stopping = true
      const closed = new Promise((done) => server.close(done))
      server.closeIdleConnections()
      await Promise.all([bot.stop(DRAIN_MS), queue.close()])
      server.closeAllConnections()
      await closed
      mail.close()
      await db.close()
      log.info({}, 'stopped')
    },
  }
}

async function publish(db: Db, log: Log): Promise<void> {
  const described = allConnectors.map(({ id, name, report: { dimensions, labels = {}, metrics } }) => {
    return { id, name, dimensions, labels, metrics }
  })
  const { views, reader } = await publishReporting(db, described)
  if (views === 'in-use')
    log.warn({}, 'reporting views changed, but others are built on the old ones: drop those and restart')
  if (reader === 'missing')
    log.warn({}, 'role latchkey_reader is missing and may not be created here: see docs/operating.md')
}

/** An outage repeats itself many times a second: the same trouble is logged once in `ms`, with how often it came. */
function atMostEvery(ms: number, report: Report): Report {
  const told = new Map<string, { at: number; since: number }>()
  return (level, error, says, fields) => {
    const key = `${says} ${(error as Error | null)?.message}`
    const before = told.get(key) ?? { at: -ms, since: 0 }
    const now = performance.now()
    if (now - before.at < ms) {
      told.set(key, { at: before.at, since: before.since + 1 })
      return
    }
    told.set(key, { at: now, since: 0 })
    report(level, error, says, before.since > 0 ? { ...fields, repeated: before.since } : fields)
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((up, failed) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      failed(error.code === 'EADDRINUSE' ? new Error(`Port ${port} is taken: set PORT to another`) : error)
    })
    server.listen(port, up)
  })
}

function announce(config: Config, log: Log): void {
  routeOrigins(config.providerOrigins)
  for (const why of config.notOffered) log.warn({}, `not offered: ${why}`)
  if (Object.keys(config.providerOrigins).length > 0)
    log.warn({ origins: config.providerOrigins }, 'provider origins are rerouted')
}

async function readiness(db: Db, queue: OpenQueue, stopping: boolean) {
  const answers = (question: Promise<unknown>) =>
    Promise.race([question.then(Boolean), new Promise<boolean>((no) => setTimeout(no, 3_000, false))]).catch(
      () => false,
    )
  const parts = {
    database: await answers(db.sql`select 1`),
    queue: await answers(queue.healthy()),
    accepting: !stopping,
  }
  return { ready: Object.values(parts).every(Boolean), parts }
}
