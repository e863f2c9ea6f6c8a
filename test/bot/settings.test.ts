/** Settings and roles: for admins, wrong fields said on the field, everything or nothing. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { checkView } from '../support/block-kit.ts'
import { startBot, type TestBot } from '../support/bot.ts'
import { eventually } from '../support/eventually.ts'
import { person } from '../support/fake-slack.ts'

let bot: TestBot

beforeAll(async () => {
  bot = await startBot()
})
beforeEach(async () => {
  bot.slack.users = {
    U1: person('U1', { is_admin: true }),
    U2: person('U2'),
    BOT: person('BOT', { is_bot: true }),
  }
  bot.slack.answers = {}
  bot.slack.calls.length = 0
  bot.slack.responses.length = 0
  await bot.db.sql`delete from member`
})

const chosen = (value: string) => ({ selected_option: { value } })
const good = {
  name: { value: { value: 'Agency' } },
  timeZone: { 'settings-time-zone': chosen('Africa/Cairo') },
  alertChannelId: { value: { selected_conversation: 'C1' } },
  alertMail: { value: { selected_options: [] } },
  linkLifetimeHours: { value: { value: '48' } },
  brandColor: { value: { value: '#ABCDEF' } },
  website: { value: { value: 'https://agency.example' } },
  supportEmail: { value: { value: 'help@agency.example' } },
  plan: { value: chosen('pro') },
  accountLimit: { value: { value: '25' } },
}
const save = (values: object, user = 'U1') =>
  bot.submit({ callback_id: 'settings', state: { values } }, { user: { id: user, team_id: 'T1' } })
const setRole = (who: string, role: string, reconnect = true, by = 'U1') =>
  bot.submit(
    {
      callback_id: 'roles',
      state: {
        values: {
          person: { value: { selected_user: who } },
          role: { value: chosen(role) },
          reconnect: { value: { selected_options: reconnect ? [{ value: 'on' }] : [] } },
        },
      },
    },
    { user: { id: by, team_id: 'T1' } },
  )
const members = () =>
  bot.db.sql`select slack_user_id, role, role_set_by, may_reconnect from member order by slack_user_id`

describe('settings', () => {
  test('open for an admin, filled with what is set', async () => {
    await bot.command('/access', 'settings')
    await eventually(() => expect(bot.slack.of('views.update')).toHaveLength(1))
    const view = bot.slack.of('views.update')[0]?.args.view as object
    expect(checkView(view)).toEqual([])
    expect(JSON.stringify(view)).toContain('Etc/UTC')
  })

  test('are closed to a member', async () => {
    await bot.command('/access', 'settings', { user_id: 'U2' })
    await eventually(() => expect(bot.slack.responses).toHaveLength(1))
    expect(bot.slack.responses[0]?.text).toContain('You may not change settings')
    expect((await save(good, 'U2')).text).toContain('You may not change settings')
    expect(await bot.db.sql`select plan from org`).toEqual([{ plan: 'custom' }])
  })

  test('are saved together, and the next midnight moves along', async () => {
    expect((await save(good)).text).toContain('Saved')
    const [org] = await bot.db.sql`
      select name, time_zone, alert_channel_id, link_lifetime_hours, brand_color, website, support_email, plan,
        account_limit from org`
    expect(org).toEqual({
      ...{ name: 'Agency', timeZone: 'Africa/Cairo', alertChannelId: 'C1', linkLifetimeHours: 48 },
      ...{ brandColor: '#abcdef', website: 'https://agency.example', supportEmail: 'help@agency.example' },
      ...{ plan: 'pro', accountLimit: 25 },
    })
    expect(await bot.db.sql`select time_zone from refresh_zone`).toEqual([{ timeZone: 'Africa/Cairo' }])
    expect(await bot.db.sql`select alert_mail from member`).toEqual([{ alertMail: false }])
    expect((await save(good)).text).toContain('Nothing was changed')
  })

  test('say on the field what is wrong, and change nothing', async () => {
    const before = await bot.db.sql`select * from org`
    const { text } = await save({
      ...good,
      ...{ name: { value: { value: ' ' } }, linkLifetimeHours: { value: { value: '73' } } },
      ...{ brandColor: { value: { value: 'red' } }, website: { value: { value: 'javascript:alert(1)' } } },
      ...{ supportEmail: { value: { value: 'a@b.c, d@e.f' } }, accountLimit: { value: { value: '-1' } } },
    })
    expect(Object.keys(JSON.parse(text).errors).sort()).toEqual([
      ...['accountLimit', 'brandColor', 'linkLifetimeHours', 'name', 'supportEmail', 'website'],
    ])
    expect(JSON.parse((await save({ ...good, timeZone: { x: chosen('Mars/Base') } })).text).errors).toEqual({
      timeZone: 'Please choose one from the list.',
    })
    expect(await bot.db.sql`select * from org`).toEqual(before)
  })

  test.each([
    ['shared with another company', { is_ext_shared: true }, 'shared with another company'],
    ['archived', { is_archived: true }, 'cannot post there'],
    ['private without us', { is_private: true, is_member: false }, 'cannot post there'],
  ])('refuse an alert channel that is %s', async (_what, channel, says) => {
    bot.slack.answers['conversations.info'] = { ok: true, channel }
    expect(JSON.parse((await save(good)).text).errors.alertChannelId).toContain(says)
  })

  test('find time zones by city', async () => {
    const { text } = await bot.suggest('settings-time-zone', 'new york')
    expect(JSON.parse(text).options).toEqual([
      { text: { type: 'plain_text', text: 'America/New_York' }, value: 'America/New_York' },
    ])
  })
})

describe('roles', () => {
  test('are set by an admin, and stay when Slack says something else', async () => {
    expect((await setRole('U2', 'viewer', false)).text).toContain('Person U2 is viewer now')
    await bot.event({ type: 'user_change', user: person('U2', { is_admin: true }) })
    await bot.command('/access', 'help', { user_id: 'U2' })
    await eventually(() => expect(bot.slack.responses).toHaveLength(1))
    expect((await members())[1]).toEqual({
      ...{ slackUserId: 'U2', role: 'viewer', roleSetBy: 'U1', mayReconnect: false },
    })
    await setRole('U2', 'as-in-slack')
    expect((await members())[1]).toEqual({
      ...{ slackUserId: 'U2', role: 'member', roleSetBy: null, mayReconnect: true },
    })
  })

  test('cannot be taken from the last admin, or given to a bot', async () => {
    expect(JSON.parse((await setRole('U1', 'member')).text).errors.role).toContain('last admin')
    expect(JSON.parse((await setRole('BOT', 'admin')).text).errors.person).toContain('cannot have a role')
  })

  test('cannot be set by a member', async () => {
    expect((await setRole('U2', 'admin', true, 'U2')).text).toContain('You may not set roles')
    expect((await members()).map(({ role }) => role)).toEqual(['member'])
  })
})

describe('channels', () => {
  test('Latchkey says what it will post when it is invited, not when somebody else is', async () => {
    await bot.event({ type: 'member_joined_channel', user: 'U2', channel: 'C5' })
    await bot.event({ type: 'member_joined_channel', user: 'UBOT', channel: 'C5', inviter: 'U1' })
    await eventually(() => expect(bot.slack.of('chat.postMessage')).toHaveLength(1))
    expect(bot.slack.of('chat.postMessage')[0]?.args.text).toContain('<@U1> invited Latchkey here')
  })

  test('an archived alert channel is forgotten, so that alerts go to people', async () => {
    await save(good)
    await bot.event({ type: 'channel_archive', channel: 'C1', user: 'U1' })
    await eventually(async () =>
      expect(await bot.db.sql`select alert_channel_id from org`).toEqual([{ alertChannelId: null }]),
    )
  })
})
