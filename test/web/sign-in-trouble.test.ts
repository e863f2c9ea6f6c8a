/** A sign-in that came to nothing: the owner reads what can be done about it, and so does the thread. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ConnectorError } from '../../connectors/connector.ts'
import { eventMessage } from '../../templates/slack/request-events.ts'
import { freshDatabase } from '../support/database.ts'
import { heading, Visitor } from './browser.ts'
import {
  type FakeServer,
  fakeAuthorisationServer,
  fakeConnector,
  fakeKeyProvider,
  fakeProvider,
  issueLink,
  openStage,
  type Stage,
} from './stage.ts'

const { db } = await freshDatabase()
let server: FakeServer
let stage: Stage
let refusal: ConnectorError

beforeAll(async () => {
  server = await fakeAuthorisationServer()
  const provider = { ...fakeProvider('odd', server), identity: () => Promise.reject(refusal) }
  const lock = fakeKeyProvider('lock', () => Promise.reject(refusal))
  stage = await openStage(db, [fakeConnector('shop', provider, []), fakeConnector('safe', lock, [])])
})
afterAll(async () => {
  await Promise.all([stage.close(), server.close()])
})

const ownerAction = 'Ask your administrator to let <this> app in.'

it.each([
  [
    'passing trouble',
    new ConnectorError('rate_limited', 'odd', 'Slow down'),
    'Odd does not answer just now',
    'try again in a few minutes',
    'Odd did not answer when the owner wanted to connect it',
  ],
  [
    'what the owner can mend',
    new ConnectorError('revoked', 'odd', 'Kept out', { ownerAction }),
    'The sign-in did not work',
    'Ask your administrator to let &#60;this&#62; app in.',
    'Ask your administrator to let &lt;this&gt; app in.',
  ],
  [
    'what nobody knows',
    new ConnectorError('unknown', 'odd', 'No name', { reason: 'E17' }),
    'The sign-in did not work',
    'Please try again.',
    'Connecting Odd failed: E17',
  ],
])('%s', async (_what, error, title, words, inThread) => {
  refusal = error
  const link = await issueLink(stage, { connectorIds: ['shop'] })
  const page = await new Visitor().post(`${stage.origin}${link.path}/continue`)
  expect(heading(page.html)).toBe(title)
  expect(page.html).toContain(words)
  expect(page.html).toContain('Try again')
  const [event] = await db.sql<{ kind: string; actor: string; data: Record<string, unknown> }[]>`
    select kind, actor, data from audit_event where org_id = ${link.orgId} and kind = 'consent.failed'`
  expect(event && eventMessage(event)?.text).toContain(inThread)
})

it('a key that is kept out', async () => {
  refusal = new ConnectorError('account_lost', 'lock', 'Kept out', { ownerAction })
  const link = await issueLink(stage, { connectorIds: ['safe'] })
  const form = { provider: 'lock', 'answer.apiKey': 'vk_12345678' }
  const page = await new Visitor().post(`${stage.origin}${link.path}/continue`, form)
  expect(page.html).toContain('Ask your administrator to let &#60;this&#62; app in.')
  expect(page.html).not.toContain('copy it again')
})
