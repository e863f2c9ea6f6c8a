/** The exchange itself, at a provider that takes its time or says odd things. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Trip } from '../../flows/connect/trip.ts'
import { leave, returned } from '../../web/oauth.ts'

const ORIGIN = 'https://access.example'
let answer: { afterMs: number; status: number; body: unknown; location?: string }
const asked: string[] = []
const server = createServer((req, res) => {
  asked.push(req.url ?? '')
  setTimeout(() => {
    res.writeHead(answer.status, {
      'content-type': 'application/json',
      ...(answer.location && { location: answer.location }),
    })
    res.end(JSON.stringify(answer.body))
  }, answer.afterMs)
})
beforeAll(() => new Promise<void>((up) => server.listen(0, '127.0.0.1', up)))
afterAll(() => void server.close())

async function exchange(query: Record<string, string> = {}) {
  const { port } = server.address() as AddressInfo
  const trip: Trip = {
    ...{ orgId: 'o', consentId: 'c', linkSessionId: 's', provider: 'google', tokenAuth: 'form' },
    ...{ authorizeUrl: 'https://as.example/authorize', tokenUrl: `http://127.0.0.1:${port}/token` },
    ...{ scopes: ['read'], scopeSeparator: ' ', params: {}, key: 'key', secret: 'canary-secret' },
    ...{ pkce: true, answers: {}, site: '' },
  }
  const { state, memory, location } = await leave(trip, ORIGIN)
  expect(location).not.toContain('canary')
  return returned(trip, ORIGIN, { memory, query: { code: 'one', state, ...query } })
}

it('waits longer than five seconds for a slow provider', async () => {
  answer = { afterMs: 5_600, status: 200, body: { access_token: 'a', expires_in: '3600' } }
  expect(await exchange()).toMatchObject({ kind: 'granted', accessToken: 'a', expiresInSeconds: 3600 })
})

it.each([
  ['a refusal', { status: 400, body: { error: 'invalid_grant', error_description: 'canary-code' } }],
  ['free text as the code', { status: 400, body: { error: 'the code canary-code is wrong' } }],
  ['no token', { status: 200, body: { token_type: 'Bearer' } }],
  ['a token that is no text', { status: 200, body: { access_token: { canary: 1 } } }],
  ['a redirect', { status: 302, location: '/elsewhere', body: {} }],
])('takes %s as a failure, and repeats nothing of it', async (_, reply) => {
  asked.length = 0
  answer = { afterMs: 0, ...reply }
  const outcome = await exchange()
  expect(outcome).toEqual({ kind: 'failed', why: expect.stringMatching(/^[\w.-]+$/) })
  expect(JSON.stringify(outcome)).not.toContain('canary')
  expect(asked).toEqual(['/token'])
})

it('has a code, no sentence for owners, where the answer is not the one to the question', async () => {
  answer = { afterMs: 0, status: 200, body: { access_token: 'a' } }
  expect(await exchange({ state: 'another' })).toEqual({ kind: 'failed', why: 'OAuth2-state-mismatch' })
})

it('says no more of a provider’s error in the address than its code', async () => {
  expect(await exchange({ error: '<b>x</b>', error_description: 'y' })).toEqual({
    kind: 'failed',
    why: 'error',
  })
  expect(await exchange({ error: 'access_denied' })).toEqual({ kind: 'denied', error: 'access_denied' })
})
