/** What comes in from Slack: signed, once, answered in time, by people who may. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { SECRET, startBot, type TestBot } from '../support/bot.ts'
import { eventually } from '../support/eventually.ts'
import { person, send } from '../support/fake-slack.ts'

let bot: TestBot

beforeAll(async () => {
  bot = await startBot()
})
beforeEach(() => {
  bot.slack.users = { U1: person('U1'), ADMIN: person('ADMIN', { is_admin: true }) }
  bot.slack.calls.length = 0
  bot.slack.responses.length = 0
  bot.logged.length = 0
})

const form = (more = {}) => ({
  command: '/nonsense',
  text: '',
  team_id: 'T1',
  user_id: 'U1',
  trigger_id: '1',
  ...more,
})

describe('signatures', () => {
  test('refuses a request signed with another secret', async () => {
    const { status } = await send(bot.events, { secret: 'other' }, { form: form() })
    expect(status).toBe(401)
  })

  test.each([301, -301, 31_536_000])('refuses a request signed %i seconds away', async (seconds) => {
    const at = Math.floor(Date.now() / 1000) + seconds
    const { status } = await send(bot.events, { secret: SECRET, at }, { form: form() })
    expect(status).toBe(401)
  })

  test('takes a request once and refuses the same bytes again', async () => {
    const at = Math.floor(Date.now() / 1000)
    const first = await send(bot.events, { secret: SECRET, at }, { form: form({ trigger_id: 'once' }) })
    const again = await send(bot.events, { secret: SECRET, at }, { raw: first.raw })
    expect([first.status, again.status]).toEqual([200, 401])
  })
})

describe('what nobody listens to', () => {
  test('explains an unknown command', async () => {
    const { status, text } = await bot.command('/nonsense')
    expect(status).toBe(200)
    expect(text).toContain('/access help')
  })

  test('explains a button of an older version below its message', async () => {
    const { status } = await bot.press({ action_id: 'long-gone' })
    expect(status).toBe(200)
    await eventually(() => expect(bot.slack.responses[0]?.text).toContain('older version'))
    expect(bot.slack.responses[0]).toMatchObject({ response_type: 'ephemeral', replace_original: false })
  })

  test('acknowledges a link button without a word', async () => {
    const { status } = await bot.press({ action_id: 'long-gone', url: 'https://example.com' })
    expect(status).toBe(200)
    expect(bot.slack.responses).toEqual([])
  })

  test('tells a workspace without Latchkey that it is not installed there', async () => {
    const { text } = await bot.command('/nonsense', '', { team_id: 'T-OTHER' })
    expect(text).toContain('not installed in this workspace')
  })
})

describe('the workspace of a token from the environment', () => {
  test('gets an org of its own, once', async () => {
    const rows = await bot.db.sql`select o.name, o.plan, o.time_zone, w.team_id, w.installation_sealed
      from org o join workspace w on w.org_id = o.id`
    expect(rows).toEqual([
      { name: 'Agency T1', plan: 'custom', timeZone: 'Etc/UTC', teamId: 'T1', installationSealed: null },
    ])
  })
})
