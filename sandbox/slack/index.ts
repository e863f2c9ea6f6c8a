/** A simulated Slack: `emulate` behind our own front, people to act as, and a memory of everything it shows. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer as readBytes, text as readText } from 'node:stream/consumers'
import { freePort } from '../ports.ts'
import { type ApiState, answerApi, type Failure, type Fields } from './api.ts'
import { receive } from './files.ts'
import { says } from './finding.ts'
import type { World } from './interact.ts'
import { BOT, dmOf, findChannel, findPerson } from './people.ts'
import { personIn, type SlackPerson, type Waiting } from './person.ts'
import { type Reply, sendEvent } from './requests.ts'
import { answerResponse } from './responses.ts'
import { type Ephemeral, type Message, nothingShown, type Shown, type ShownView } from './shown.ts'
import { openWorkspace } from './workspace.ts'

export type Slack = {
  /** For SLACK_API_URL. */
  apiUrl: string
  botToken: string
  signingSecret: string
  shown: Shown
  world: World
  calls: ApiState['calls']
  as(who: string): SlackPerson
  event(
    event: { type: string; [key: string]: unknown },
    options?: { eventId?: string; retry?: number },
  ): Promise<Reply>
  /** The next `times` calls (default 1) of a method fail so: 'ratelimited' answers 429, 'http_500' 500. `*`: any method. */
  fail(method: string, error: string, options?: Partial<Omit<Failure, 'error'>>): void
  clearFailures(): void
  revokeToken(token: string): void
  /** In a channel, without replies in threads. */
  messages(channel: string): Message[]
  /** The bytes of a file that was shared. */
  file(id: string): Buffer
  thread(channel: string, ts: string): Message[]
  ephemerals(who: string, channel?: string): Ephemeral[]
  dms(who: string): Message[]
  view(who: string): ShownView | undefined
  home(who: string): ShownView | undefined
  /** Waits up to 10 s for a message in the channel with these words; the newest. */
  message(channel: string, words: string | RegExp): Promise<Message>
  /** Likewise for a reply in the thread of a message. */
  reply(root: Message, words: string | RegExp): Promise<Message>
  /** Waits up to 10 s (looking whenever something changes) until `look` gives something. */
  wait: Waiting
  close(): Promise<void>
}

export type SlackOptions = {
  /** Where the app's /slack/events will be. */
  appUrl: string
  port?: number
  botToken?: string
  signingSecret?: string
  redirectUris?: string[]
}

const WAIT_MS = 20_000

export async function startSlack(options: SlackOptions): Promise<Slack> {
  const {
    botToken = 'xoxb-sandbox-bot-token',
    signingSecret = 'sandbox-signing-secret',
    redirectUris = [],
  } = options
  const workspace = await openWorkspace(await freePort(), { botToken, signingSecret, redirectUris })
  const port = options.port ?? (await freePort())
  const ownUrl = `http://127.0.0.1:${port}`
  const shown = nothingShown()
  const state: ApiState = {
    ...{ shown, workspace, botUserId: BOT.userId, tokens: new Set([botToken]), revoked: new Set<string>() },
    ...{ failures: new Map<string, Failure>(), calls: [], ownUrl, uploads: new Map() },
  }
  const world: World = {
    state,
    out: { appUrl: options.appUrl, signingSecret, ownUrl, botToken },
    responses: new Map(),
  }
  const server = createServer((req, res) => void serve(world, req, res).catch((error) => fail(res, error)))
  await new Promise<void>((up, failed) => server.once('error', failed).listen(port, '127.0.0.1', () => up()))
  const wait: Waiting = (what, look) => waitFor(shown, what, look)

  return {
    ...{ apiUrl: `${ownUrl}/api/`, botToken, signingSecret, shown, world, calls: state.calls, wait },
    ...readers(shown, wait),
    file: (id) => state.uploads.get(id)?.bytes ?? Buffer.alloc(0),
    as: (who) => personIn(world, who, wait),
    event: (event, how) => sendEvent(world.out, BOT.userId, event, how),
    fail: (method, error, how = {}) => void state.failures.set(method, { times: 1, ...how, error }),
    clearFailures: () => state.failures.clear(),
    revokeToken: (token) => void state.revoked.add(token),
    async close() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
      await workspace.close()
    },
  }
}

function readers(shown: Shown, wait: Waiting) {
  const messages = (channel: string) => {
    const { id } = findChannel(channel)
    return shown.messages.filter((one) => one.channel === id && !one.threadTs)
  }
  return {
    messages,
    thread: (channel: string, ts: string) =>
      shown.messages.filter((one) => one.channel === findChannel(channel).id && one.threadTs === ts),
    ephemerals(who: string, channel?: string) {
      const { id } = findPerson(who)
      return shown.ephemerals.filter(
        (one) => one.to === id && (!channel || one.channel === findChannel(channel).id),
      )
    },
    dms: (who: string) => messages(dmOf(findPerson(who).id)),
    view: (who: string) => shown.modals.get(findPerson(who).id)?.at(-1),
    home: (who: string) => shown.homes.get(findPerson(who).id),
    message(channel: string, words: string | RegExp) {
      const { id } = findChannel(channel)
      const fits = (one: Message) => one.channel === id && !one.threadTs && says(one, words)
      return wait(`"${words}" in ${channel}`, () => shown.messages.findLast(fits))
    },
    reply(root: Message, words: string | RegExp) {
      const fits = (one: Message) =>
        one.channel === root.channel && one.threadTs === root.ts && says(one, words)
      return wait(`"${words}" in the thread`, () => shown.messages.findLast(fits))
    },
  }
}

async function waitFor<T>(shown: Shown, what: string, look: () => T | undefined): Promise<T> {
  const until = Date.now() + WAIT_MS
  for (;;) {
    const found = look()
    if (found !== undefined) return found
    if (Date.now() > until)
      throw new Error(
        `Waited ${WAIT_MS / 1000} s for ${what}${shown.problems.length ? `; Slack complained: ${shown.problems.join('; ')}` : ''}`,
      )
    await new Promise<void>((again) => {
      const timer = setTimeout(done, 250)
      function done() {
        clearTimeout(timer)
        shown.changes.off('change', done)
        again()
      }
      shown.changes.once('change', done)
    })
  }
}

async function serve(world: World, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { pathname, search } = new URL(req.url ?? '/', 'http://slack')
  const type = req.headers['content-type'] ?? ''
  const [, area, name = ''] = pathname.split('/')
  if (area === 'api') {
    const bearer = /^Bearer (.+)$/.exec(req.headers.authorization ?? '')?.[1] ?? ''
    const { status, body, retryAfter } = await answerApi(world.state, name, await readText(req), type, bearer)
    res.writeHead(status, {
      'content-type': 'application/json',
      ...(retryAfter && { 'retry-after': String(retryAfter) }),
    })
    res.end(JSON.stringify(body))
    return
  }
  if (area === 'response') {
    const { status, text } = answerResponse(
      world.state,
      world.responses,
      name,
      JSON.parse((await readText(req)) || '{}') as Fields,
    )
    res.writeHead(status).end(text)
    return
  }
  if (area === 'upload') {
    const taken = receive(world.state.uploads, name, await readBytes(req))
    res.writeHead(taken ? 200 : 404).end(taken ? 'OK' : 'file_not_found')
    return
  }
  await passOn(world, pathname + search, req, res)
}

async function passOn(
  { state }: World,
  path: string,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const body = req.method === 'GET' || req.method === 'HEAD' ? undefined : await readText(req)
  const headers = {
    'content-type': req.headers['content-type'] ?? '',
    authorization: req.headers.authorization ?? '',
  }
  const answer = await state.workspace.pass(path, {
    method: req.method ?? 'GET',
    headers,
    ...(body !== undefined && { body }),
  })
  res.writeHead(answer.status, Object.fromEntries(answer.headers))
  res.end(await answer.text())
}

function fail(res: ServerResponse, error: unknown): void {
  if (!res.headersSent) res.writeHead(500, { 'content-type': 'application/json' })
  res.end(JSON.stringify({ ok: false, error: 'internal_error', detail: String(error) }))
}
