/** The real bot on a real server and database, before a fake Slack; listeners may be added for one test. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterAll } from 'vitest'
import { createBot } from '../../bot/index.ts'
import type { SlackConfig } from '../../config.ts'
import { allConnectors, catalogue } from '../../connectors/index.ts'
import type { Services } from '../../flows/services.ts'
import type { Log } from '../../log.ts'
import { openDb } from '../../storage/db.ts'
import { createDeriver, createVault } from '../../storage/seal.ts'
import { freshDatabase } from './database.ts'
import { type FakeSlack, send, startFakeSlack } from './fake-slack.ts'
import { proxyFor } from './proxy.ts'

export const SECRET = 'signing-secret'
const KEYS = [{ id: 'k1', secret: Buffer.alloc(32, 7) }]

type Line = { level: string; says: string; fields: Record<string, unknown> }

/** `socket`: in Socket Mode, by the WebSocket server at this address. */
export async function startBot(
  install: SlackConfig['install'] = { kind: 'token', botToken: 'xoxb-T1' },
  socket: { url: string } | null = null,
) {
  const slack = await startFakeSlack()
  if (socket) slack.answers['apps.connections.open'] = { ok: true, url: socket.url }
  const { url, db } = await freshDatabase()
  const proxy = await proxyFor(url)
  const logged: Line[] = []
  const sent: { name: string; payload: unknown }[] = []
  const services: Services = {
    db: openDb(proxy.url, { name: 'latchkey bot' }),
    queue: {
      send: async (name, payload) => void sent.push({ name, payload }),
      sendMany: async (name, jobs) => void sent.push(...jobs.map(({ payload }) => ({ name, payload }))),
    },
    connectors: catalogue(allConnectors),
    oauthApps: {},
    vault: createVault(KEYS, 'credential'),
    tokens: createDeriver(KEYS, 'token'),
    publicUrl: new URL('https://access.example'),
  }
  const web = express()
  const appToken = socket ? 'xapp-1' : null
  const config: SlackConfig = { apiUrl: slack.apiUrl, signingSecret: SECRET, appToken, install }
  const bot = await createBot(config, services, logInto(logged), web)
  const server = createServer(web)
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up))
  await bot.start()
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const events = `${origin}/slack/events`
  afterAll(async () => {
    server.closeAllConnections()
    server.close()
    await bot.stop(1_000)
    await services.db.close()
    await proxy.close()
    await slack.close()
  })
  return { slack, db, proxy, services, bot, logged, sent, origin, events, ...senders(events, slack) }
}

export type TestBot = Awaited<ReturnType<typeof startBot>>

let counter = 0

function senders(events: string, slack: FakeSlack) {
  const next = () => String(++counter)
  return {
    command: (command: string, text = '', more: Record<string, string> = {}) =>
      send(
        events,
        { secret: SECRET },
        {
          form: {
            command,
            text,
            team_id: 'T1',
            user_id: 'U1',
            channel_id: 'C1',
            trigger_id: next(),
            response_url: slack.responseUrl,
            ...more,
          },
        },
      ),
    /** A button in a message, unless `more` names a view. */
    press: (action: Record<string, unknown>, more: Record<string, unknown> = {}) =>
      send(
        events,
        { secret: SECRET },
        {
          payload: {
            type: 'block_actions',
            user: { id: 'U1', team_id: 'T1' },
            team: { id: 'T1' },
            trigger_id: next(),
            response_url: slack.responseUrl,
            container: { type: 'message', message_ts: '1.2', channel_id: 'C1' },
            channel: { id: 'C1' },
            actions: [{ type: 'button', action_ts: next(), ...action }],
            ...more,
          },
        },
      ),
    submit: (view: Record<string, unknown>, more: Record<string, unknown> = {}) =>
      send(
        events,
        { secret: SECRET },
        {
          payload: {
            type: 'view_submission',
            user: { id: 'U1', team_id: 'T1' },
            team: { id: 'T1' },
            trigger_id: next(),
            view: { id: `V${next()}`, type: 'modal', app_installed_team_id: 'T1', ...view },
            ...more,
          },
        },
      ),
    /** What a typeahead asks while somebody types. */
    suggest: (action_id: string, value: string, more: Record<string, unknown> = {}) =>
      send(
        events,
        { secret: SECRET },
        {
          payload: {
            type: 'block_suggestion',
            user: { id: 'U1', team_id: 'T1' },
            team: { id: 'T1' },
            action_id,
            block_id: action_id,
            value,
            container: { type: 'view', view_id: `V${next()}` },
            ...more,
          },
        },
      ),
    event: (event: Record<string, unknown>, more: Record<string, unknown> = {}) =>
      send(
        events,
        { secret: SECRET },
        {
          json: {
            type: 'event_callback',
            team_id: 'T1',
            event_id: `Ev${next()}`,
            authorizations: [{ team_id: 'T1', enterprise_id: null, is_enterprise_install: false }],
            event,
            ...more,
          },
        },
      ),
  }
}

function logInto(lines: Line[]): Log {
  const at = (level: string) => (fields: object, says: string) =>
    void lines.push({ level, says, fields: fields as Record<string, unknown> })
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
