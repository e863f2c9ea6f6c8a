/** How long a person waits for Slack to accept a slash command, against Bolt that only acknowledges. */
import { fork } from 'node:child_process'
import { createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { App, ExpressReceiver } from '@slack/bolt'
import express from 'express'
import { createApp } from '../../app.ts'
import { readConfig } from '../../config.ts'
import { openLog } from '../../log.ts'
import type { Bench } from './main.ts'
import { type Counter, compare, count, type Line, median } from './measure.ts'

export const name = 'ack'

const SECRET = 'bench-signing-secret'
const ACK_BUDGET_MS = 50

export async function run({ url, rounds, quick }: Bench, say: (line: Line | Counter) => void): Promise<void> {
  const slack = await slackElsewhere()
  const silent = openLog('silent')
  const ours = await createApp(config(await url('bench_ack'), slack.port), silent)
  const { port } = await ours.start()
  const bare = await bareBolt()
  const raw = await listen(createServer((req, res) => void req.resume().on('end', () => res.end())))
  const requests = quick ? 100 : 300
  const p50 = (to: number, side: number) => async () => median(await commands(to, requests, side))
  try {
    for (const side of [1, 32])
      say(
        await compare(
          `ack.p50.c${side}`,
          'ms',
          {
            ours: { name: 'ours', run: p50(port, side) },
            peers: [{ name: 'bare-bolt', run: p50(bare.port, side) }],
            floor: { name: 'raw-http', run: p50(raw.port, side) },
          },
          [{ of: 'bare-bolt', atMost: side === 1 ? 1.8 : 2.2 }],
          rounds,
        ),
      )
    const times = (await commands(port, requests, 1)).toSorted((a, b) => a - b)
    say(count('ack.p99', 'ms', times[Math.floor(times.length * 0.99)] ?? 0, { atMost: ACK_BUDGET_MS }))
  } finally {
    await ours.stop()
    for (const server of [slack, bare, raw]) await server.close()
  }
}

function config(databaseUrl: string, slackPort: number) {
  return readConfig({
    DATABASE_URL: databaseUrl,
    PUBLIC_URL: 'http://localhost:3000',
    PORT: '0',
    ROLE: 'web',
    SLACK_SIGNING_SECRET: SECRET,
    SLACK_BOT_TOKEN: 'xoxb-bench',
    SLACK_API_URL: `http://127.0.0.1:${slackPort}/api/`,
    SMTP_URL: 'smtp://127.0.0.1:9',
    MAIL_FROM: 'Bench <bench@agency.example>',
    SECRET_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    GOOGLE_CLIENT_ID: 'id',
    GOOGLE_CLIENT_SECRET: 'secret',
  })
}

/**
 * Milliseconds from the first byte sent to the whole answer, one per command. One person alone (`side` 1) leaves 10 ms
 * between commands, so that what follows the acknowledgement of one does not weigh on the next.
 */
async function commands(port: number, times: number, side: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: side })
  const took: number[] = []
  let left = times
  await Promise.all(
    Array.from({ length: side }, async () => {
      while (left-- > 0) {
        took.push(await command(port, agent))
        if (side === 1) await pause(10)
      }
    }),
  )
  agent.destroy()
  return took
}

function command(port: number, agent: Agent): Promise<number> {
  const body = new URLSearchParams({
    ...{ token: 'x', team_id: 'T1', team_domain: 'bench', channel_id: 'C1', channel_name: 'general' },
    ...{ user_id: 'U1', user_name: 'ana', command: '/request-access', text: '', api_app_id: 'A1' },
    ...{
      is_enterprise_install: 'false',
      response_url: 'http://127.0.0.1:9/r',
      trigger_id: randomBytes(8).toString('hex'),
    },
  }).toString()
  const at = String(Math.floor(Date.now() / 1000))
  const signature = `v0=${createHmac('sha256', SECRET).update(`v0:${at}:${body}`).digest('hex')}`
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(body),
    'x-slack-request-timestamp': at,
    'x-slack-signature': signature,
  }
  const began = performance.now()
  return new Promise((done, failed) => {
    const sent = request(
      { port, host: '127.0.0.1', method: 'POST', path: '/slack/events', agent, headers },
      (res) => {
        res.resume().on('end', () => {
          if (res.statusCode === 200) done(performance.now() - began)
          else failed(new Error(`the command was answered ${res.statusCode}`))
        })
      },
    )
    sent.on('error', failed).end(body)
  })
}

async function bareBolt() {
  const web = express()
  const receiver = new ExpressReceiver({ signingSecret: SECRET, app: web, endpoints: '/slack/events' })
  const app = new App({
    receiver,
    authorize: async () => ({ botToken: 'xoxb-bare' }),
    deferInitialization: true,
    convoStore: false,
  })
  app.command('/request-access', async ({ ack }) => ack())
  await app.init()
  return listen(createServer(web))
}

/** In a process of its own, so that answering as Slack costs the measured one nothing. */
async function slackElsewhere(): Promise<{ port: number; close(): Promise<void> }> {
  const child = fork(import.meta.filename, ['slack'])
  const [port] = (await once(child, 'message')) as [number]
  return { port, close: async () => void child.kill() }
}

const ANSWERS: Record<string, object> = {
  'auth.test': {
    team_id: 'T1',
    team: 'Bench',
    user_id: 'UBOT',
    user: 'latchkey',
    bot_id: 'B1',
    url: 'https://b.slack.com/',
  },
  'users.info': {
    user: { id: 'U1', team_id: 'T1', name: 'ana', profile: { real_name: 'Ana' }, is_admin: true },
  },
  'team.info': { team: { id: 'T1', name: 'Bench' } },
  'views.open': { view: { id: 'V1', hash: 'h', type: 'modal' } },
}

function answerAsSlack(
  req: import('node:http').IncomingMessage,
  res: import('node:http').ServerResponse,
): void {
  const method = (req.url ?? '').replace(/^\/api\//, '').replace(/\?.*/, '')
  req.resume().on('end', () => {
    res.setHeader('content-type', 'application/json')
    res.end(JSON.stringify({ ok: true, channel: 'C1', ts: '1.1', ...ANSWERS[method] }))
  })
}

async function listen(server: Server): Promise<{ port: number; close(): Promise<void> }> {
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up))
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections()
        server.close(() => closed())
      }),
  }
}

if (process.argv[2] === 'slack') {
  const { port } = await listen(createServer(answerAsSlack))
  process.send?.(port)
}
