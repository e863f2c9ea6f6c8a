/** The sandbox's Google: sign-in, tokens and report APIs of twelve Google origins on one port, told apart by path. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createEmulator } from 'emulate'
import { freePort } from '../ports.ts'
import { answerApi } from './apis.ts'
import { authorise, consent, type Reply, revoke, token, userInfo } from './authorise.ts'
import { people } from './cast.ts'
import { type Control, controlOf, obey } from './control.ts'
import { count, newState, type State, type Token } from './state.ts'

/** What was granted, as JSON, so that connections survive a restart of the sandbox. */
export type Kept = { refresh: [string, Token][]; grants: [string, string[]][] }

export type SandboxGoogle = Control & {
  port: number
  url: string
  /** For PROVIDER_ORIGINS. */
  origins: Record<string, string>
  /** For the next start's `kept`. */
  keep(): Kept
  stop(): Promise<void>
}

/**
 * `now` is the sandbox's clock: token expiry, "today" and settling follow it. With `app` only that OAuth app and those
 * redirect addresses are known; without it every client is believed. `pageRows` makes report pages smaller.
 */
export async function startGoogle(options: {
  port?: number
  now: () => Date
  app?: { id: string; secret: string; redirectUris: string[] }
  pageRows?: number
  slowMs?: number
  kept?: Kept | undefined
}): Promise<SandboxGoogle> {
  const { app, now } = options
  const emulator = await createEmulator({
    service: 'google',
    port: await freePort(),
    seed: {
      google: {
        users: people.map(({ email, name }) => ({ email, name })),
        ...(app && {
          oauth_clients: [
            {
              client_id: app.id,
              client_secret: app.secret,
              redirect_uris: app.redirectUris,
              name: 'Latchkey',
            },
          ],
        }),
      },
    },
  })
  const state = newState(now, options.pageRows ?? Number.POSITIVE_INFINITY)
  state.slowMs = options.slowMs ?? state.slowMs
  for (const [token, held] of options.kept?.refresh ?? []) state.refresh.set(token, held)
  for (const [who, scopes] of options.kept?.grants ?? []) state.grants.set(who, new Set(scopes))
  const control = controlOf(state, emulator.url)
  const server = createServer(
    (request, response) => void answer(state, emulator.url, control, request, response),
  )
  await new Promise<void>((up) => server.listen(options.port ?? 0, '127.0.0.1', up))
  const { port } = server.address() as AddressInfo
  return {
    ...control,
    port,
    url: `http://127.0.0.1:${port}`,
    origins: googleOrigins(port),
    keep: () => ({
      refresh: [...state.refresh],
      grants: [...state.grants].map(([who, scopes]) => [who, [...scopes]]),
    }),
    async stop() {
      const closed = new Promise((done) => server.close(done))
      server.closeAllConnections()
      await Promise.all([closed, emulator.close()])
    },
  }
}

/** Every Google origin Latchkey uses → the sandbox's. */
function googleOrigins(port: number): Record<string, string> {
  const hosts = [
    ...['accounts.google.com', 'oauth2.googleapis.com', 'openidconnect.googleapis.com', 'www.googleapis.com'],
    ...['googleads.googleapis.com', 'analyticsadmin.googleapis.com', 'analyticsdata.googleapis.com'],
    ...['youtubeanalytics.googleapis.com', 'sheets.googleapis.com'],
    ...['mybusinessaccountmanagement.googleapis.com', 'mybusinessbusinessinformation.googleapis.com'],
    'businessprofileperformance.googleapis.com',
  ]
  return Object.fromEntries(hosts.map((host) => [`https://${host}`, `http://127.0.0.1:${port}`]))
}

async function answer(
  state: State,
  emulator: string,
  control: Control,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const url = new URL(request.url ?? '/', 'http://sandbox')
    const body = await bodyOf(request)
    const reply = await route(state, emulator, control, { request, url, body })
    response.writeHead(reply.status, { 'content-type': 'application/json; charset=UTF-8', ...reply.headers })
    response.end(reply.body)
  } catch (error) {
    response.writeHead(500, { 'content-type': 'text/plain' }).end(`The sandbox's Google failed: ${error}`)
  }
}

type Call = { request: IncomingMessage; url: URL; body: string }

async function route(state: State, emulator: string, control: Control, call: Call): Promise<Reply> {
  const { request, url, body } = call
  const form = new URLSearchParams(body || url.search)
  const { pathname: path } = url
  if (path.startsWith('/_control')) return controlled(control, request, path.slice('/_control/'.length), body)
  if (path === '/o/oauth2/v2/auth') return counted(state, 'authorize', () => authorise(state, emulator, url))
  if (path === '/o/oauth2/v2/consent' && request.method === 'POST') return consent(state, emulator, url, form)
  const trouble = await moody(state, request)
  if (path === '/token') return counted(state, 'token', async () => trouble ?? token(state, emulator, form))
  if (path === '/revoke')
    return counted(state, 'revoke', async () => trouble ?? revoke(state, emulator, form))
  const { authorization } = request.headers
  if (path === '/v1/userinfo')
    return counted(state, 'userinfo', async () => trouble ?? userInfo(state, emulator, authorization))
  return answerApi(state, { path, url, headers: request.headers, body }, trouble)
}

async function counted(state: State, endpoint: string, work: () => Promise<Reply>): Promise<Reply> {
  count(state, endpoint)
  return work()
}

/** Null in good times. Slow answers stop waiting when the caller goes away; limits do not touch the token endpoint. */
async function moody(state: State, request: IncomingMessage): Promise<Reply | null> {
  if (state.mode === 'slow') {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, state.slowMs)
    request.socket.once('close', resolve)
    await promise
    clearTimeout(timer)
    request.socket.off('close', resolve)
  }
  if (state.mode === 'down')
    return {
      status: 503,
      headers: { 'content-type': 'text/html' },
      body: '<html><title>Error 503</title></html>',
    }
  return null
}

async function controlled(
  control: Control,
  request: IncomingMessage,
  order: string,
  body: string,
): Promise<Reply> {
  const wanted = request.method === 'POST' ? order : ''
  const status = await obey(control, wanted, body ? (JSON.parse(body) as Record<string, unknown>) : {})
  return { status: status ? 200 : 404, body: JSON.stringify(status ?? { error: `no order ${order}` }) }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
