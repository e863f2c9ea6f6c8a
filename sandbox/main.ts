/**
 * `npm run sandbox`: the product with everything it needs, and nobody else's account. The product runs as in
 * production (web here, worker beside); only what it talks to is ours. Data stay in .data/ until `--fresh`.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { createApp } from '../app.ts'
import { readConfig } from '../config.ts'
import { openLog } from '../log.ts'
import { claim, note } from './claim.ts'
import { readClock } from './clock.ts'
import type { Sandbox } from './control.ts'
import { startGoogle } from './google/start.ts'
import { startMailCatcher } from './mail.ts'
import { keep, recall, showAgain } from './memory.ts'
import { serve } from './page/routes.ts'
import { clusterFolder, startPostgres } from './postgres.ts'
import { startProviders } from './providers/start.ts'
import { startSlack } from './slack/index.ts'
import { startWorker } from './worker.ts'

/** Also now and then, in case somebody kills it. */
const SAVE_MS = 5_000
const GOOGLE_APP = { id: 'sandbox-google-client', secret: 'sandbox-google-secret' }

try {
  await run()
} catch (error) {
  const { message } = error as Error
  const old = /edited after it was applied|ahead of this build/.test(message)
  console.error(old ? `${message}\nBegin anew: npm run sandbox -- --fresh` : message)
  process.exit(1)
}

/** npm gives its signal to the shell between, which may die of it and leave us the port and the data folder. */
function orphaned(): Promise<void> {
  const { ppid: parent, env } = process
  return new Promise((alone) => {
    if (env.npm_lifecycle_event) setInterval(() => process.ppid !== parent && alone(), 500).unref()
  })
}

async function run(): Promise<void> {
  const { port, fresh, data } = options()
  const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), orphaned()])
  const server = createServer(starting)
  await listen(server, port) // first: a busy port is found out before anything is started
  mkdirSync(data, { recursive: true })
  await claim(data)
  if (fresh) empty(data)
  const closing: (() => Promise<unknown>)[] = []
  const closeAll = async () => {
    for (const close of closing.toReversed()) await close()
  }
  try {
    const sandbox = await start(port, data, closing)
    server.off('request', starting)
    server.on('request', (req, res) => {
      serve(sandbox, req, res).then(
        (taken) => taken || sandbox.app.handle(req, res),
        (error) => res.headersSent || res.writeHead(500, { 'content-type': 'text/plain' }).end(String(error)),
      )
    })
    announce(port)
    await stopped
    console.log('stopping')
  } finally {
    server.closeAllConnections()
    server.close()
    await closeAll()
  }
}

function starting(_req: IncomingMessage, res: ServerResponse): void {
  res.writeHead(503, { 'content-type': 'text/plain', refresh: '1' }).end('The sandbox is starting.')
}

function options(): { port: number; fresh: boolean; data: string } {
  if (process.env.NODE_ENV === 'production')
    throw new Error('The sandbox lets anybody act as anybody: it never starts with NODE_ENV=production.')
  const { values } = parseArgs({
    options: { port: { type: 'string' }, fresh: { type: 'boolean' }, data: { type: 'string' } },
  })
  const port = Number(values.port ?? 3000)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error('--port must be a number from 1 to 65535')
  const beside = fileURLToPath(new URL('../.data', import.meta.url))
  return { port, fresh: values.fresh ?? false, data: resolve(values.data ?? beside) }
}

async function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new Error(`Port ${port} is in use. Choose another: npm run sandbox -- --port ${port + 1}`)
  }
}

async function start(port: number, data: string, closing: (() => Promise<unknown>)[]) {
  const publicUrl = `http://localhost:${port}`
  const postgres = await startPostgres({ dir: join(data, 'postgres') })
  closing.push(() => postgres.stop())
  await ensureDatabase(postgres.url())
  const slack = await startSlack({ appUrl: `http://127.0.0.1:${port}/slack/events` })
  closing.push(() => slack.close())
  const memory = recall(data)
  const state = { ahead: 0 }
  const now = () => new Date(Date.now() + state.ahead)
  const google = await startGoogle({
    now,
    app: { ...GOOGLE_APP, redirectUris: [`${publicUrl}/connect/google/callback`] },
    kept: memory?.google,
  })
  closing.push(() => google.stop())
  const providers = await startProviders({ kept: memory?.providers })
  closing.push(() => providers.stop())
  const mail = await startMailCatcher({ now })
  closing.push(() => mail.close())
  slack.shown.now = now

  const env = {
    ...{ DATABASE_URL: postgres.url('latchkey'), PUBLIC_URL: publicUrl, PORT: '0', ROLE: 'web' },
    ...{
      SLACK_API_URL: slack.apiUrl,
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_SIGNING_SECRET: slack.signingSecret,
    },
    ...{ SMTP_URL: mail.url, MAIL_FROM: 'Brightside Agency <access@brightside.example>' },
    ...{ GOOGLE_CLIENT_ID: GOOGLE_APP.id, GOOGLE_CLIENT_SECRET: GOOGLE_APP.secret },
    ...providers.env,
    PROVIDER_ORIGINS: JSON.stringify({ ...providers.origins, ...google.origins }),
    ...{ SECRET_KEYS: secretKeys(data), LOG_LEVEL: 'info' },
  }
  const app = await createApp(readConfig(env), openLog('info', tell))
  closing.push(() => app.stop())
  await app.start() // also on a port of its own, which nobody is told
  state.ahead = (await readClock(app.services.db)).getTime() - Date.now()
  if (memory) showAgain(slack, mail, memory)
  const saving = setInterval(() => keep(data, { slack, mail, google, providers }), SAVE_MS)
  closing.push(async () => {
    clearInterval(saving)
    keep(data, { slack, mail, google, providers })
  })
  const worker = await startWorker(env, { heard: tell, started: (pid) => note(data, pid) })
  closing.push(() => worker.stop())
  const sandbox: Sandbox = Object.assign(state, {
    ...{ slack, google, providers, mail, worker, services: app.services },
  })
  return Object.assign(sandbox, { app })
}

/** The cluster may lie elsewhere than it seems, see postgres.ts. */
function empty(data: string): void {
  rmSync(clusterFolder(join(data, 'postgres')), { recursive: true, force: true })
  rmSync(data, { recursive: true, force: true })
  mkdirSync(data, { recursive: true })
}

async function ensureDatabase(url: string): Promise<void> {
  const session = new pg.Client(url)
  await session.connect()
  const { rowCount } = await session.query(`select from pg_database where datname = 'latchkey'`)
  if (rowCount === 0) await session.query('create database latchkey')
  await session.end()
}

/** Made once, so that links made before a restart still open. */
function secretKeys(data: string): string {
  const file = join(data, 'secret-keys')
  if (!existsSync(file)) writeFileSync(file, `k1:${randomBytes(32).toString('base64')}`, { mode: 0o600 })
  return readFileSync(file, 'utf8')
}

/** The product's log, as far as somebody trying it wants to know: warnings and worse. */
function tell(line: string): void {
  const { level, msg } = readLine(line)
  if (level >= 40 && msg !== 'provider origins are rerouted') process.stderr.write(`${line.trimEnd()}\n`)
}

function readLine(line: string): { level: number; msg: string } {
  try {
    return JSON.parse(line) as { level: number; msg: string }
  } catch {
    return { level: 50, msg: line }
  }
}

function announce(port: number): void {
  console.log(
    [
      'Latchkey sandbox: nothing leaves this machine.',
      `  Slack      http://localhost:${port}/`,
      `  Inbox      http://localhost:${port}/sandbox/inbox`,
      `  State      http://localhost:${port}/sandbox/state`,
      'ready',
    ].join('\n'),
  )
}
