/** What people see when something behind the bot fails: a plain answer within Slack's three seconds. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startBot, type TestBot } from '../support/bot.ts'
import { eventually } from '../support/eventually.ts'
import { person } from '../support/fake-slack.ts'

let bot: TestBot

beforeAll(async () => {
  bot = await startBot()
})
beforeEach(async () => {
  bot.proxy.set('open')
  bot.slack.users = { U1: person('U1', { is_admin: true }) }
  bot.slack.answers = {}
  bot.slack.responses.length = 0
  bot.slack.calls.length = 0
  bot.logged.length = 0
})

const view = {
  callback_id: 'settings',
  blocks: [{ type: 'input', block_id: 'name' }],
  state: { values: {} },
  private_metadata: '{}',
}
const BUSY = 'Please try again in a minute'

test('an event delivered twice is heard once', async () => {
  const event = { type: 'app_home_opened', user: 'U1', tab: 'home' }
  for (const event_id of ['EvTwice', 'EvTwice', 'EvOther']) {
    await bot.event(event, { event_id })
  }
  await eventually(() => expect(bot.slack.of('views.publish')).toHaveLength(2))
})

describe('a mistake of ours', () => {
  test('gives the person the reference that stands in the log', async () => {
    bot.slack.answers['users.info'] = { ok: false, error: 'internal_error' }
    await bot.db.sql`delete from member`
    await bot.command('/sources')
    await eventually(() => expect(bot.slack.responses).toHaveLength(1))
    const [, reference] = /reference (\w+)/.exec(String(bot.slack.responses[0]?.text)) ?? []
    expect(reference).toMatch(/^[0-9a-f]{8}$/)
    expect(bot.logged.find(({ fields }) => fields.reference === reference)?.level).toBe('error')
    expect(bot.slack.responses[0]?.text).not.toContain(BUSY)
  })

  test('after a press on the Home tab is said in a modal', async () => {
    bot.slack.answers['views.publish'] = { ok: false, error: 'internal_error' }
    await bot.press(
      { action_id: 'home-more' },
      {
        ...{ container: { type: 'view' }, view: { id: 'V1', type: 'home' }, response_url: undefined },
      },
    )
    await eventually(() => expect(bot.slack.of('views.open')).toHaveLength(1))
    expect(JSON.stringify(bot.slack.of('views.open')[0]?.args)).toMatch(/reference [0-9a-f]{8}/)
  })
})

test('an event that could not be checked is not acknowledged, so Slack sends it again', async () => {
  bot.proxy.set('cut')
  const event = { type: 'app_home_opened', user: 'U1', tab: 'home' }
  expect((await bot.event(event, { event_id: 'EvLost' })).status).toBeGreaterThanOrEqual(400)
  bot.proxy.set('open')
  await eventually(async () => expect((await bot.event(event, { event_id: 'EvLost' })).status).toBe(200), 300)
  await eventually(() => expect(bot.slack.of('views.publish')).toHaveLength(1))
})

test.each(['cut', 'silent'] as const)(
  'while the database is %s, everybody is answered in plain words within three seconds',
  async (state) => {
    bot.proxy.set(state)
    const [command, modal, typeahead, button] = await Promise.all([
      bot.command('/sources'),
      bot.submit(view),
      bot.suggest('client', 'ac'),
      bot.press({ action_id: 'home-more' }),
    ])
    for (const { status, ms } of [command, modal, typeahead, button]) {
      expect(status).toBe(200)
      expect(ms).toBeLessThan(3_000)
    }
    expect(command.text.toLowerCase()).toContain('again in a minute')
    // What was typed stays in the modal, with the words on its first field.
    expect(JSON.parse(modal.text)).toMatchObject({
      ...{ response_action: 'errors', errors: { name: expect.stringContaining('again in a minute') } },
    })
    expect(JSON.parse(typeahead.text)).toEqual({ options: [] })
  },
)
