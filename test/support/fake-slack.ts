/** The smallest Slack a bot test needs: answers Web API calls, remembers them, and signs requests to us. */
import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Call = { method: string; token: string; args: Record<string, unknown> }
type Answer = Record<string, unknown> & { retryAfter?: number; delayMs?: number }

export type FakeSlack = {
  apiUrl: string
  responseUrl: string
  calls: Call[]
  /** What was sent to the response URL. */
  responses: Record<string, unknown>[]
  users: Record<string, Record<string, unknown>>
  /** By file id: what was sent to its upload URL. */
  uploads: Record<string, Buffer>
  /** Overrides the answer of a method; a function is asked each time. */
  answers: Record<string, Answer | ((call: Call) => Answer)>
  of(method: string): Call[]
  close(): Promise<void>
}

export async function startFakeSlack(): Promise<FakeSlack> {
  const slack: Omit<FakeSlack, 'apiUrl' | 'responseUrl' | 'close'> = {
    calls: [],
    responses: [],
    users: {},
    uploads: {},
    answers: {},
    of: (method) => slack.calls.filter((call) => call.method === method),
  }
  const server = createServer(async (req, res) => {
    const bytes = await bodyOf(req)
    const text = bytes.toString()
    const upload = /^\/upload\/(\w+)$/.exec(req.url ?? '')?.[1]
    if (upload) {
      slack.uploads[upload] = bytes
      return void res.end('OK')
    }
    if (req.url === '/response') {
      slack.responses.push(JSON.parse(text))
      return void res.end('ok')
    }
    const method = req.url?.replace('/api/', '') ?? ''
    const token = req.headers.authorization?.replace('Bearer ', '') ?? ''
    const call = { method, token, args: argsOf(req, text) }
    slack.calls.push(call)
    const override = slack.answers[method]
    const answer =
      (typeof override === 'function' ? override(call) : override) ??
      usual(slack, `http://${req.headers.host}`, call)
    if (answer.delayMs) await new Promise((done) => setTimeout(done, answer.delayMs))
    if (answer.retryAfter) res.writeHead(429, { 'retry-after': String(answer.retryAfter) })
    else res.writeHead(200, { 'content-type': 'application/json' })
    res.end(JSON.stringify(answer))
  })
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = () =>
    new Promise<void>((done) => {
      server.close(() => done())
      server.closeAllConnections()
    })
  return Object.assign(slack, { apiUrl: `${origin}/api/`, responseUrl: `${origin}/response`, close })
}

async function bodyOf(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function argsOf(req: IncomingMessage, text: string): Record<string, unknown> {
  if (req.headers['content-type']?.includes('json')) return JSON.parse(text)
  const plain = Object.fromEntries(new URLSearchParams(text))
  return Object.fromEntries(
    Object.entries(plain).map(([key, value]) => [key, /^[[{]/.test(value) ? JSON.parse(value) : value]),
  )
}

let counter = 0

function usual({ users }: Pick<FakeSlack, 'users'>, origin: string, { method, args, token }: Call): Answer {
  counter += 1
  if (method === 'auth.test') {
    const team = token.replace('xoxb-', '') || 'T1'
    return { ok: true, team_id: team, team: `Agency ${team}`, user_id: 'UBOT', bot_id: 'BBOT' }
  }
  if (method === 'users.info') {
    const user = users[String(args.user)]
    return user ? { ok: true, user } : { ok: false, error: 'user_not_found' }
  }
  if (method === 'files.getUploadURLExternal')
    return { ok: true, file_id: `F${counter}`, upload_url: `${origin}/upload/F${counter}` }
  if (method.startsWith('views.')) return { ok: true, view: { id: String(args.view_id ?? `V${counter}`) } }
  if (method === 'conversations.open') return { ok: true, channel: { id: `D-${String(args.users)}` } }
  return { ok: true, channel: args.channel, ts: String(args.ts ?? `17.${counter}`) }
}

/** A member of T1 as Slack describes one. */
export const person = (id: string, more: Record<string, unknown> = {}) => ({
  id,
  team_id: 'T1',
  name: id.toLowerCase(),
  tz: 'Europe/Berlin',
  locale: 'en-GB',
  profile: { display_name: `Person ${id}`, email: `${id.toLowerCase()}@agency.example` },
  ...more,
})

type Signing = { secret: string; at?: number }

/** Sends as Slack does. `form` is a slash command, `payload` an interaction, `json` an event. */
export async function send(
  url: string,
  { secret, at = Math.floor(Date.now() / 1000) }: Signing,
  what: { form?: Record<string, string>; payload?: object; json?: object; raw?: string },
): Promise<{ status: number; text: string; raw: string; ms: number }> {
  const raw =
    what.raw ??
    (what.json
      ? JSON.stringify(what.json)
      : new URLSearchParams(what.form ?? { payload: JSON.stringify(what.payload) }).toString())
  const signature = createHmac('sha256', secret).update(`v0:${at}:${raw}`).digest('hex')
  const began = performance.now()
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': what.json ? 'application/json' : 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': String(at),
      'x-slack-signature': `v0=${signature}`,
    },
    body: raw,
  })
  return { status: answer.status, text: await answer.text(), raw, ms: performance.now() - began }
}
