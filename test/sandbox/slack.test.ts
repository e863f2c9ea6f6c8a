/** The simulated Slack must be as strict as the real one where the product depends on it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Slack, startSlack } from '../../sandbox/slack/index.ts'

type Request = {
  headers: IncomingMessage['headers']
  body: string
  payload: { view?: { state: { values: object } } }
}

/** A stand-in for the app: remembers what it gets and answers as told. */
let answer: (request: Request) => unknown
const got: Request[] = []
const app = createServer(async (req: IncomingMessage, res: ServerResponse) => {
  const body = await readText(req)
  const form = new URLSearchParams(body)
  const payload = JSON.parse(form.get('payload') ?? '{}')
  const request = { headers: req.headers, body, payload }
  got.push(request)
  res.end(JSON.stringify(answer(request) ?? {}))
})
let slack: Slack

beforeAll(async () => {
  await new Promise<void>((up) => app.listen(0, '127.0.0.1', up))
  slack = await startSlack({ appUrl: `http://127.0.0.1:${(app.address() as AddressInfo).port}/` })
})
beforeEach(() => {
  got.length = 0
  answer = () => ({})
})
afterAll(async () => {
  await slack.close()
  await new Promise((done) => app.close(done))
})

async function call(method: string, fields: object, token = slack.botToken) {
  const reply = await fetch(slack.apiUrl + method, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(fields),
  })
  const body = (await reply.json()) as Record<string, unknown>
  return { status: reply.status, retryAfter: reply.headers.get('retry-after'), body }
}

it('believes only tokens it gave, and only until they are revoked', async () => {
  expect((await call('auth.test', {}, 'xoxb-made-up')).body).toMatchObject({ error: 'invalid_auth' })
  expect((await call('auth.test', {})).body).toMatchObject({ ok: true, user_id: 'U0LATCHKEY1' })
  expect((await call('no.such.method', {})).body).toMatchObject({ error: 'unknown_method' })
})

it('says of people what Slack says: zone, role, guest, stranger', async () => {
  const { body } = await call('users.info', { user: 'U0GUS000001' })
  expect(body.user).toMatchObject({ is_restricted: true, tz: 'Europe/Paris', locale: 'fr-FR' })
  const stranger = await call('users.lookupByEmail', { email: 'sam@elsewhere.example' })
  expect(stranger.body).toMatchObject({ error: 'users_not_found' })
})

it('fails a call as often as told, with Retry-After', async () => {
  slack.fail('chat.postMessage', 'ratelimited', { retryAfter: 7 })
  const limited = await call('chat.postMessage', { channel: '#general', text: 'x' })
  expect([limited.status, limited.retryAfter]).toEqual([429, '7'])
  expect((await call('chat.postMessage', { channel: 'C0GENERAL01', text: 'x' })).body.ok).toBe(true)
})

it('lets a trigger be used once', async () => {
  answer = () => ({})
  await slack.as('Ben').command('/request-access', '', '#general')
  const trigger = new URLSearchParams(got[0]?.body).get('trigger_id')
  const view = { type: 'modal', title: { type: 'plain_text', text: 'Hi' }, blocks: [] }
  expect((await call('views.open', { trigger_id: trigger, view })).body.ok).toBe(true)
  expect((await call('views.open', { trigger_id: trigger, view })).body.error).toBe('exchanged_trigger_id')
  await slack.as('Ben').close()
})

it('keeps what was typed through an update, and shows errors on their field', async () => {
  const input = (block: string, label: string, type = 'plain_text_input') => ({
    ...{ type: 'input', block_id: block, label: { type: 'plain_text', text: label } },
    element: { type, action_id: 'value' },
  })
  const modal = (blocks: object[]) => ({
    ...{ type: 'modal', callback_id: 'm', title: { type: 'plain_text', text: 'Form' } },
    ...{ submit: { type: 'plain_text', text: 'Send' }, blocks },
  })
  await slack.as('Ben').command('/x', '', '#general')
  const trigger = new URLSearchParams(got[0]?.body).get('trigger_id')
  const opened = await call('views.open', { trigger_id: trigger, view: modal([input('a', 'Name')]) })
  await slack.as('Ben').fill('Form', { Name: 'Acme' })
  const { id } = opened.body.view as { id: string }
  await call('views.update', {
    view_id: id,
    view: modal([input('a', 'Name'), input('b', 'Mail', 'email_text_input')]),
  })

  const empty = await slack.as('Ben').submit('Form')
  expect(empty).toMatchObject({ kind: 'errors', errors: { b: expect.stringContaining('required') } })
  answer = () => ({ response_action: 'errors', errors: { a: 'No such client.' } })
  const refused = await slack.as('Ben').submit('Form', { Mail: 'dana@acme.example' })
  expect(refused).toMatchObject({ kind: 'errors', errors: { a: 'No such client.' } })
  expect(got.at(-1)?.payload.view?.state.values).toMatchObject({ a: { value: { value: 'Acme' } } })
  answer = () => ({})
  expect(await slack.as('Ben').submit('Form')).toEqual({ kind: 'closed' })
  expect(slack.view('Ben')).toBeUndefined()
})

it('shows nothing of a view that was replaced, and lists nobody who does not work here', async () => {
  const modal = { type: 'modal', callback_id: 'm', title: { type: 'plain_text', text: 'Form' } }
  const blocks = [{ type: 'divider' }, { type: 'divider' }]
  const view = { ...modal, submit: { type: 'plain_text', text: 'Save' }, blocks }
  await slack.as('Ben').command('/x', '', '#general')
  await call('views.open', { trigger_id: new URLSearchParams(got[0]?.body).get('trigger_id'), view })
  answer = () => ({ response_action: 'update', view: { ...modal, blocks } })
  expect(await slack.as('Ben').submit('Form')).toEqual({ kind: 'updated' })
  expect(slack.view('Ben')).not.toHaveProperty('submit')
  await slack.as('Ben').close()
  const { members } = (await call('users.list', {})).body as { members: { name: string }[] }
  expect(members.map(({ name }) => name)).toContain('ana')
  expect(members.map(({ name }) => name)).not.toContain('admin')
})

it('signs, and takes five answers to one interaction', async () => {
  await slack.as('Ben').command('/x', 'words', '#northwind')
  const [request] = got
  expect(request?.headers['x-slack-signature']).toMatch(/^v0=[0-9a-f]{64}$/)
  const url = String(new URLSearchParams(request?.body).get('response_url'))
  const respond = (body: object) => fetch(url, { method: 'POST', body: JSON.stringify(body) })
  for (let use = 0; use < 5; use++) expect((await respond({ text: `answer ${use}` })).status).toBe(200)
  expect((await respond({ text: 'too much' })).status).toBe(404)
  expect(slack.ephemerals('Ben', '#northwind').map(({ text }) => text)).toContain('answer 4')
})

it('notes what readers could not use', async () => {
  await call('chat.postMessage', { channel: 'C0GENERAL01', text: '', blocks: [{ type: 'divider' }] })
  expect(slack.shown.problems.join()).toMatch(/text: missing/)
})
