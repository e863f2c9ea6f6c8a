/** The requester's answer to "ask somebody else". */
import { beforeAll, beforeEach, expect, test } from 'vitest'
import * as asks from '../../storage/owner-asks.ts'
import { DELEGATE_AGREE, DELEGATE_REFUSE } from '../../templates/slack/owner-ask.ts'
import { startBot, type TestBot } from '../support/bot.ts'
import { eventually } from '../support/eventually.ts'
import { person } from '../support/fake-slack.ts'
import { onlyOrg } from '../support/see.ts'
import { issueLink } from '../web/stage.ts'

let bot: TestBot
let orgId: string
beforeAll(async () => {
  bot = await startBot()
  orgId = await onlyOrg(bot.db)
})
beforeEach(() => {
  bot.slack.users = { U1: person('U1') }
  bot.slack.responses.length = 0
})

async function suggested() {
  const services = { ...bot.services, sent: [] }
  const link = await issueLink({ services }, { connectorIds: ['ga4'], orgId })
  const about = { requestId: link.requestId, linkId: link.linkId, text: '' }
  const askId = await asks.insert(bot.db, orgId, { ...about, kind: 'delegate', email: 'carl@client.example' })
  return { link, askId: askId ?? '' }
}

async function answered(): Promise<string> {
  await eventually(() => expect(bot.slack.responses.length).toBeGreaterThan(0))
  return JSON.stringify(bot.slack.responses.at(-1))
}

const statusOf = async (id: string) =>
  (await bot.db.sql`select status from auth_link where id = ${id}`)[0]?.status

test('agreeing sends a new link to the new owner and ends the old one, once', async () => {
  const { link, askId } = await suggested()
  await bot.press({ action_id: DELEGATE_AGREE, value: askId })
  expect(await answered()).toContain('A new link was sent to carl@client.example')
  expect(await statusOf(link.linkId)).toBe('superseded')
  bot.slack.responses.length = 0
  await bot.press({ action_id: DELEGATE_AGREE, value: askId })
  expect(await answered()).toContain('decided before')
  const requests = await bot.db.sql`select from access_request where client_id = ${link.clientId}`
  expect(requests).toHaveLength(2)
})

test('refusing leaves the link alone', async () => {
  const { link, askId } = await suggested()
  await bot.press({ action_id: DELEGATE_REFUSE, value: askId })
  expect(await answered()).toContain('The link keeps working')
  expect(await statusOf(link.linkId)).toBe('issued')
})

test('another org’s ask is nobody’s here', async () => {
  const [other] = await bot.db.sql`insert into org (name) values ('Other') returning id`
  const services = { ...bot.services, sent: [] }
  const link = await issueLink({ services }, { connectorIds: ['ga4'], orgId: other?.id as string })
  const about = { requestId: link.requestId, linkId: link.linkId, text: '' }
  const askId = await asks.insert(bot.db, other?.id as string, {
    ...{ ...about, kind: 'delegate' as const, email: 'carl@client.example' },
  })
  await bot.press({ action_id: DELEGATE_AGREE, value: askId ?? '' })
  expect(await answered()).toContain('decided before')
  expect(await statusOf(link.linkId)).toBe('issued')
})

test('who may only look sends nobody a link', async () => {
  const { link, askId } = await suggested()
  bot.slack.users.U2 = person('U2')
  const press = () =>
    bot.press({ action_id: DELEGATE_AGREE, value: askId }, { user: { id: 'U2', team_id: 'T1' } })
  await bot.db
    .sql`insert into member (org_id, slack_user_id, team_id, display_name, role, role_set_by, seen_at)
    values (${orgId}, 'U2', 'T1', 'Vic', 'viewer', 'U1', latchkey.clock())`
  await press()
  expect(await answered()).toContain('You may not send links')
  expect(await statusOf(link.linkId)).toBe('issued')
})
