/**
 * The whole product in one test file: real PostgreSQL, the app in every role, the simulated Slack, the fake Google and
 * the mail catcher. What people see is asked of `slack`, `mail` and a browser; what should not happen fails `stop`.
 */
import { afterAll, expect } from 'vitest'
import { type App, createApp } from '../../app.ts'
import { readConfig } from '../../config.ts'
import { openLog } from '../../log.ts'
import { advanceClock, settle, tickNow } from '../../sandbox/clock.ts'
import { type SandboxGoogle, startGoogle } from '../../sandbox/google/start.ts'
import { type MailCatcher, startMailCatcher } from '../../sandbox/mail.ts'
import { freePort } from '../../sandbox/ports.ts'
import { type SandboxProviders, startProviders } from '../../sandbox/providers/start.ts'
import { type Slack, startSlack } from '../../sandbox/slack/index.ts'
import type { Db } from '../../storage/db.ts'
import { freshDatabase } from './database.ts'

type LogLine = { level: number; msg: string; [key: string]: unknown }

export type World = {
  /** The product, for its services; people's ways in are `slack`, `mail` and the browser. */
  app: App
  db: Db
  databaseUrl: string
  slack: Slack
  google: SandboxGoogle
  /** Every other provider. */
  providers: SandboxProviders
  mail: MailCatcher
  /** Where owners reach the product. */
  url: string
  logs: LogLine[]
  /** Everything the product was configured with. */
  env: Record<string, string>
  /** Waits until no job is waiting, running or due; `hurry` first makes those due that wait for a retry. */
  settle(options?: { hurry?: boolean; timeoutMs?: number }): Promise<void>
  /** Moves the clock by an ISO duration (PT3H), ticks and settles. */
  advance(duration: string): Promise<Date>
  /** Ticks without moving the clock. */
  tick(): Promise<void>
  /** Log lines of this kind are part of the story; others at level error fail `stop`. */
  expectErrors(pattern: RegExp): void
  stop(): Promise<void>
}

const ERROR = 50
const GOOGLE_APP = { id: 'sandbox-google-client', secret: 'sandbox-google-secret' }

/** Stopped by itself after the file, with proof that nothing was left open and nobody complained. */
export async function openWorld(
  extra: Record<string, string> = {},
  database: Promise<{ url: string; db: Db }> = freshDatabase(),
): Promise<World> {
  const { url: databaseUrl, db } = await database
  const port = await freePort()
  const slack = await startSlack({ appUrl: `http://127.0.0.1:${port}/slack/events` })
  const mail = await startMailCatcher()
  let ahead = 0 // of the real clock, in ms
  const redirectUris = [`http://localhost:${port}/connect/google/callback`]
  const google = await startGoogle({
    now: () => new Date(Date.now() + ahead),
    app: { ...GOOGLE_APP, redirectUris },
  })
  const providers = await startProviders()
  const env = environment({ databaseUrl, port, slack, mail, google, providers }, extra)
  const logs: LogLine[] = []
  const app = await createApp(
    readConfig(env),
    openLog('info', (line) => void logs.push(JSON.parse(line) as LogLine)),
  )
  await app.start()

  const expected: RegExp[] = []
  let stopped = false
  const world: World = {
    ...{ app, db, databaseUrl, slack, google, providers, mail, url: env.PUBLIC_URL ?? '', logs, env },
    settle: (options) => settle(db, options),
    async advance(duration) {
      const now = await advanceClock(db, duration)
      ahead = now.getTime() - Date.now()
      await world.tick()
      return now
    },
    async tick() {
      await tickNow(app.services)
      await settle(db)
    },
    expectErrors: (pattern) => void expected.push(pattern),
    async stop() {
      if (stopped) return
      stopped = true
      await app.stop()
      await Promise.all([slack.close(), mail.close(), google.stop(), providers.stop()])
      const bad = logs.filter((line) => line.level >= ERROR).map((line) => JSON.stringify(line))
      expect(await sessionsLeft(db), 'database sessions the app left open').toEqual([])
      expect(bad.filter((line) => !expected.some((one) => one.test(line)))).toEqual([])
      expect(slack.shown.problems, 'what Slack or its readers could not take').toEqual([])
    },
  }
  afterAll(() => world.stop())
  return world
}

type Parts = { databaseUrl: string; port: number } & Pick<World, 'slack' | 'mail' | 'google' | 'providers'>

function environment(
  { databaseUrl, port, slack, mail, google, providers }: Parts,
  extra: Record<string, string>,
) {
  return {
    ...{ DATABASE_URL: databaseUrl, PORT: String(port), PUBLIC_URL: `http://localhost:${port}` },
    ...{ SLACK_API_URL: slack.apiUrl, SLACK_BOT_TOKEN: slack.botToken },
    ...{ SLACK_SIGNING_SECRET: slack.signingSecret },
    ...{ SMTP_URL: mail.url, MAIL_FROM: 'Brightside Agency <access@brightside.example>' },
    ...{ GOOGLE_CLIENT_ID: GOOGLE_APP.id, GOOGLE_CLIENT_SECRET: GOOGLE_APP.secret },
    ...providers.env,
    PROVIDER_ORIGINS: JSON.stringify({ ...providers.origins, ...google.origins }),
    SECRET_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
    ...extra,
  } as Record<string, string>
}

/** The test's own session is named otherwise; sessions take a moment to vanish. */
async function sessionsLeft({ sql }: Db): Promise<string[]> {
  for (let attempt = 0; ; attempt++) {
    const rows = await sql<{ name: string }[]>`
      select application_name as name from pg_stat_activity
      where datname = current_database() and application_name like 'latchkey%'
        and application_name <> 'latchkey test'`
    if (rows.length === 0 || attempt > 20) return rows.map(({ name }) => name)
    await new Promise((again) => setTimeout(again, 50))
  }
}
