/** What gets into the log: whole JSON lines, without anything that opens a door. */
import { expect, test } from 'vitest'
import { openLog } from '../log.ts'

const TOKEN = 'lk_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE'

function logged(fields: object, says = 'something happened'): string {
  const lines: string[] = []
  openLog('debug', (line) => lines.push(line)).error(fields, says)
  expect(lines).toHaveLength(1)
  return lines.join()
}

test.each([
  ['a link', `https://access.example/l/${TOKEN}/finish`, TOKEN.slice(8)],
  ['a link token by itself', `no link ${TOKEN} there`, TOKEN.slice(8)],
  ['a receipt', `/r/${TOKEN}?x=1`, TOKEN.slice(8)],
  ['a cookie', 'cookie: __Host-ls_0a1b2c3d=Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6', 'YmFyYmF6'],
  ['Slack’s tokens', 'xoxb-1-2-canary xapp-1-canary xoxe.xoxp-1-canary', 'canary'],
  ['Slack’s response address', 'POST https://hooks.slack.com/actions/T1/2/canary failed', 'canary'],
  ['Google’s tokens', 'ya29.canary-canary 1//0canarycanary GOCSPX-canary', 'canary'],
  ['keys', `rk_live_canary12345678 pk_canary${'0'.repeat(30)} ck_canary${'0'.repeat(30)}`, 'canary'],
  ['keys without a name', `at ${'c0ffee'.repeat(12)} and ctrk_canary0000`, /c0ffee|canary/],
  ['shops’ and Amazon’s tokens', 'shpat_canary0000 Atza|canary0000 Atzr|canary0000', 'canary'],
  ['keys in headers', 'Token token="canary", Klaviyo-API-Key canary', 'canary'],
  [
    'signed requests',
    'oauth_token_secret=canary&fb_exchange_token=canary&api-token=canary&oauth_signature=canary',
    'canary',
  ],
  ['headers', 'authorization: Bearer canary.canary; Basic Y2FuYXJ5OmNhbmFyeWNhbmFyeQ==', /canary|Y2Fu/],
  ['a database address', 'postgres://latchkey:canary@db/latchkey', 'canary'],
  ['an answer', '{"access_token":"canary","expires_in":3599,"refreshToken": "canary"}', 'canary'],
  ['a form', 'grant_type=x&client_secret=canary&code_verifier=canary&refresh_token=canary', 'canary'],
  ['a callback', '/connect/google/callback?code=canary&state=x', 'canary'],
])('cuts out %s', (_, text, secret) => {
  for (const line of [logged({ text }), logged({}, text), logged({ error: new Error(text) })])
    expect(line).not.toMatch(secret)
  expect(JSON.parse(logged({ text: JSON.stringify({ text }) }))).toMatchObject({ level: 50 })
  expect(logged({ text: JSON.stringify({ text }) })).not.toMatch(secret)
})

test('keeps what helps: the beginning of a token, codes, numbers, and valid JSON', () => {
  expect(logged({}, `no page at /l/${TOKEN}`)).toContain('/l/lk_Zm9v…')
  const line = logged({ error: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }), password: 12 })
  expect(JSON.parse(line)).toMatchObject({
    error: { code: 'ECONNREFUSED', message: 'refused' },
    password: 12,
  })
})

test('of an error only its name, message, code and stack; a line break stays inside its line', () => {
  const error = Object.assign(new Error('line one\nline two'), {
    ...{ config: { headers: 'canary' }, request: 'canary', response: { body: 'canary' }, detail: 'canary' },
    cause: new Error('canary'),
  })
  const line = logged({ error })
  expect(line).not.toContain('canary')
  expect(line.trimEnd()).not.toContain('\n')
})
