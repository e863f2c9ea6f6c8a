/**
 * Every provider of the catalogue but Google, pretended: one server, a port per real origin, answering through the
 * same fakes as the conformance suite. Sign-in is one page with two buttons; keys are those the sandbox names.
 */
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Json } from '../../connectors/call.ts'
import type { OAuthProvider } from '../../connectors/connector.ts'
import { allConnectors } from '../../connectors/index.ts'
import type { Answer, Call, Fake } from '../fakes/fake.ts'
import { fakes } from '../fakes/index.ts'
import { type KeyRing, keyRing } from './keys.ts'
import { allowPage, deniedUrl, type Leaving, leavingFrom } from './sign-in.ts'
import { splitsOf, steadyFigure } from './world.ts'

type Mode = 'ok' | 'slow' | 'rate-limited' | 'down'

/** What was granted, so that connections survive a restart of the sandbox. */
export type KeptTokens = {
  tokens: [string, string][]
  withdrawn: string[]
  replacedKeys?: Record<string, number>
}

export type SandboxProviders = {
  /** For PROVIDER_ORIGINS. */
  origins: Record<string, string>
  /** The OAuth apps' pairs and tokens, for the environment. */
  env: Record<string, string>
  /** Provider → field → what to type. */
  keys: Record<string, Record<string, string>>
  setMode(mode: Mode): void
  /** As if the person had removed the app's access, until a new sign-in; or deleted the key and made another. */
  withdraw(provider: string): void
  /** Calls that reached a provider's API, by provider. */
  calls: Map<string, number>
  keep(): KeptTokens
  stop(): Promise<void>
}

type State = {
  mode: Mode
  /** Access token → provider. */
  tokens: Map<string, string>
  withdrawn: Set<string>
  ring: KeyRing
  calls: Map<string, number>
  /** Code → the sign-in it came from, for what must be echoed, e.g. a nonce. */
  codes: Map<string, URL>
}

type Part = { connectorId: string; provider: string; oauth: OAuthProvider | null; fake: Fake }

const SLOW_MS = 4_000

export async function startProviders({
  kept,
}: {
  kept?: KeptTokens | undefined
} = {}): Promise<SandboxProviders> {
  const parts = partsOf()
  const ring = keyRing(typedAt(parts), kept?.replacedKeys)
  const state: State = {
    ...{ mode: 'ok', ring, calls: new Map(), codes: new Map() },
    ...{ tokens: new Map(kept?.tokens), withdrawn: new Set(kept?.withdrawn) },
  }
  const reals = [...new Set(parts.flatMap(({ fake }) => fake.origins))]
  const servers: Server[] = []
  const origins: Record<string, string> = {}
  for (const real of reals) {
    const here = parts.filter(({ fake }) => fake.origins.includes(real))
    const server = createServer((req, res) => void answer(state, here, real, req, res))
    await new Promise<void>((up) => server.listen(0, '127.0.0.1', up))
    origins[real] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    servers.push(server)
  }
  return {
    ...{ origins, env: environment(parts), keys: ring.keys, calls: state.calls },
    setMode(mode) {
      state.mode = mode
    },
    withdraw: (provider) => void (ring.replace(provider) || state.withdrawn.add(provider)),
    keep: () => ({
      tokens: [...state.tokens],
      withdrawn: [...state.withdrawn],
      replacedKeys: ring.keep(),
    }),
    async stop() {
      for (const server of servers) {
        server.closeAllConnections()
        await new Promise((closed) => server.close(closed))
      }
    },
  }
}

/** Google has people, consent boxes and controls of its own, in sandbox/google. */
function partsOf(): Part[] {
  return allConnectors.flatMap(({ id, provider }) => {
    const fake = fakes[id]
    if (!fake || provider.id === 'google') return []
    return [
      { connectorId: id, provider: provider.id, oauth: provider.auth === 'oauth' ? provider : null, fake },
    ]
  })
}

function environment(parts: Part[]): Record<string, string> {
  const pairs = parts.flatMap(({ oauth }) => {
    if (!oauth) return []
    const name = oauth.id.toUpperCase()
    const pair = [`${name}_CLIENT_ID`, `${name}_CLIENT_SECRET`]
    return [...pair, ...(oauth.developerToken ? [oauth.developerToken] : [])]
  })
  return Object.fromEntries(pairs.map((name) => [name, `sandbox-${name.toLowerCase().replaceAll('_', '-')}`]))
}

const typedAt = (parts: Part[]) =>
  parts.flatMap(({ connectorId, fake }) => {
    const provider = allConnectors.find(({ id }) => id === connectorId)?.provider
    return provider?.auth === 'key' && fake.keys ? [{ provider, typed: fake.keys }] : []
  })

async function answer(
  state: State,
  parts: Part[],
  real: string,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  try {
    const call = await callOf(real, req)
    const leaving = leavingFrom(parts, call)
    if (leaving) return signIn(state, res, leaving, call)
    const reply = (await trouble(state)) ?? respond(state, parts, call)
    send(res, reply ?? { status: 404, body: { error: 'the sandbox knows no such call' } })
  } catch (error) {
    res.writeHead(500, { 'content-type': 'text/plain' }).end(`The sandbox's provider failed: ${error}`)
  }
}

function signIn(state: State, res: ServerResponse, leaving: Leaving, call: Call): void {
  const pressed = call.url.searchParams.get('sandbox-answer')
  const code = randomBytes(12).toString('hex')
  if (pressed === 'allow') state.codes.set(code, call.url)
  if (pressed === null)
    res.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(allowPage(leaving, call.url))
  else res.writeHead(302, { location: pressed === 'allow' ? leaving.back(code) : deniedUrl(leaving) }).end()
}

/** The first fake of this origin that knows the call. A new sign-in ends a withdrawal, a renewal does not. */
function respond(state: State, parts: Part[], call: Call): Answer | null {
  for (const { provider, fake } of parts) {
    const grant =
      call.form.grant_type ?? String((call.json as { grant_type?: Json } | null)?.grant_type ?? '')
    const renewing = /refresh|fb_exchange/.test(grant + (call.url.searchParams.get('grant_type') ?? ''))
    const mint = () => {
      const token = `sandbox-${provider}-${randomBytes(12).toString('hex')}`
      if (!renewing) state.withdrawn.delete(provider)
      state.tokens.set(token, provider)
      return token
    }
    const token = fake.signIn?.token(call, mint, state.codes.get(call.form.code ?? ''))
    if (token) return renewing && state.withdrawn.has(provider) ? (fake.signIn?.refused ?? REFUSED) : token
    const reply = fake.answer(call, {
      ...{ splits: splitsOf, figure: steadyFigure },
      accepts: (credential) => accepts(state, provider, credential),
    })
    if (!reply) continue
    state.calls.set(provider, (state.calls.get(provider) ?? 0) + 1)
    return reply
  }
  return null
}

const REFUSED: Answer = {
  status: 400,
  body: { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' },
}

function accepts(state: State, provider: string, credential: string): boolean {
  if (state.withdrawn.has(provider)) return false
  if (state.ring.keys[provider]) return state.ring.accepts(provider, credential)
  return [...state.tokens].some(([token, of]) => of === provider && credential.includes(token))
}

async function trouble({ mode }: State): Promise<Answer | null> {
  if (mode === 'slow') await new Promise((done) => setTimeout(done, SLOW_MS))
  if (mode === 'down')
    return { status: 503, headers: {}, body: Buffer.from('<html><title>503</title></html>') }
  if (mode === 'rate-limited')
    return { status: 429, headers: { 'retry-after': '60' }, body: { error: 'slow_down' } }
  return null
}

async function callOf(real: string, req: IncomingMessage): Promise<Call> {
  const body = await text(req)
  return {
    ...{ method: req.method ?? 'GET', url: new URL(req.url ?? '/', real), text: body, json: parsed(body) },
    form: Object.fromEntries(new URLSearchParams(body)),
    headers: req.headers as Record<string, string>,
  }
}

function parsed(body: string): Json {
  try {
    return JSON.parse(body) as Json
  } catch {
    return null
  }
}

function send(res: ServerResponse, { status = 200, headers = {}, body }: Answer): void {
  const whole = Buffer.isBuffer(body) ? body : JSON.stringify(body)
  const type = Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json; charset=utf-8'
  res.writeHead(status, { 'content-type': type, ...headers }).end(whole)
}
