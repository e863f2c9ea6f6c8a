/** Who may act: judged by Slack's word about the person at the moment of the press. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { toProfile } from '../../bot/profile.ts'
import { type Action, may } from '../../flows/permission.ts'
import { startBot, type TestBot } from '../support/bot.ts'
import { eventually } from '../support/eventually.ts'
import { person } from '../support/fake-slack.ts'

let bot: TestBot

beforeAll(async () => {
  bot = await startBot()
})
beforeEach(async () => {
  bot.slack.users = { U1: person('U1') }
  bot.slack.calls.length = 0
  bot.slack.responses.length = 0
  await bot.db.sql`delete from member`
})

const answered = async () => {
  await eventually(() => expect(bot.slack.responses.length).toBeGreaterThan(0))
  return String(bot.slack.responses[0]?.text)
}

describe('a person presses something', () => {
  test('becomes a member, with what Slack knows', async () => {
    await bot.command('/access', 'help')
    expect(await answered()).toContain('/request-access')
    const [row] = await bot.db.sql`select role, display_name, email, time_zone, locale from member`
    expect(row).toEqual({
      role: 'member',
      displayName: 'Person U1',
      email: 'u1@agency.example',
      timeZone: 'Europe/Berlin',
      locale: 'en-GB',
    })
  })

  test('Slack is asked once in ten minutes', async () => {
    await bot.command('/access', 'help')
    await answered()
    await bot.command('/access', 'help')
    await eventually(() => expect(bot.slack.responses).toHaveLength(2))
    expect(bot.slack.of('users.info')).toHaveLength(1)
  })

  test('a workspace admin is an admin until somebody sets another role', async () => {
    bot.slack.users.U1 = person('U1', { is_owner: true })
    await bot.command('/access', 'help')
    await answered()
    const [row] = await bot.db.sql`select role from member`
    expect(row?.role).toBe('admin')
  })

  test('a slow Slack does not lock out those who are known', async () => {
    await bot.command('/access', 'help')
    await answered()
    await bot.db.sql`update member set seen_at = seen_at - interval '1 hour'`
    bot.slack.answers['users.info'] = { ok: false, error: 'internal_error' }
    bot.slack.responses.length = 0
    await bot.command('/access', 'help')
    expect(await answered()).toContain('What Latchkey can do')
    bot.slack.answers = {}
  })
})

describe('a person who may not', () => {
  const press = (more = {}) =>
    bot.press(
      { action_id: 'source-menu', selected_option: { value: 'remove:11111111-1111-4111-8111-111111111111' } },
      more,
    )
  test.each([
    ['guest', person('U1', { is_restricted: true }), 'Guests cannot use Latchkey'],
    ['single-channel guest', person('U1', { is_ultra_restricted: true }), 'Guests cannot use Latchkey'],
    ['bot', person('U1', { is_bot: true }), 'Bots cannot use Latchkey'],
    ['person who left', person('U1', { deleted: true }), 'deactivated'],
    ['stranger', person('U1', { is_stranger: true }), 'Only members of the workspace'],
    ['member of another team', person('U1', { team_id: 'T9' }), 'Only members of the workspace'],
  ])('a %s is told so, and nothing else happens', async (_kind, user, words) => {
    bot.slack.users.U1 = user
    await press()
    expect(await answered()).toContain(words)
    expect(bot.slack.of('views.open')).toEqual([])
    expect(bot.sent).toEqual([])
    const [event] = await bot.db.sql`select kind, actor from audit_event order by id desc limit 1`
    expect(event).toEqual({ kind: 'actor.refused', actor: 'slack:U1' })
  })

  test('in a channel shared with another company the presser’s own team decides, without asking Slack', async () => {
    await press({ user: { id: 'U1', team_id: 'T9' }, team: { id: 'T1' } })
    expect(await answered()).toContain('Only members of the workspace')
    expect(bot.slack.of('users.info')).toEqual([])
  })

  test('who becomes a guest is refused once Slack says so, before the ten minutes are over', async () => {
    await bot.command('/access', 'help')
    await answered()
    await bot.event({ type: 'user_change', user: person('U1', { is_restricted: true }) })
    await eventually(async () => {
      const [row] = await bot.db.sql`select deactivated_at from member`
      expect(row?.deactivatedAt).not.toBeNull()
    })
    bot.slack.responses.length = 0
    await bot.command('/access', 'help')
    expect(await answered()).toContain('cannot use Latchkey')
  })
})

test('on a grid, colleagues of the same company are no strangers', () => {
  const workspace = { teamId: 'T1', enterpriseId: 'E1', botUserId: 'UBOT' }
  const colleague = { ...person('U1', { team_id: 'T2' }), enterprise_user: { enterprise_id: 'E1' } }
  const other = { ...person('U2', { team_id: 'T2' }), enterprise_user: { enterprise_id: 'E2' } }
  expect(toProfile(colleague, workspace).refused).toBeNull()
  expect(toProfile(other, workspace).refused).toBe('other-workspace')
})

describe('the table of permissions', () => {
  const who = (role: 'admin' | 'manager' | 'member' | 'viewer', more = {}) => ({
    ...{ slackUserId: 'U1', role, mayReconnect: true, deactivatedAt: null },
    ...more,
  })
  const actions: Action[] = ['see', 'request', 'cancel', 'reconnect', 'manage', 'settings']
  test.each([
    ['admin', who('admin'), 'see request cancel reconnect manage settings'],
    ['admin without reconnect', who('admin', { mayReconnect: false }), 'see request cancel manage settings'],
    ['manager', who('manager'), 'see request reconnect manage'],
    ['member', who('member'), 'see request reconnect'],
    ['member without reconnect', who('member', { mayReconnect: false }), 'see request'],
    ['viewer who may reconnect', who('viewer'), 'see reconnect'],
    ['viewer', who('viewer', { mayReconnect: false }), 'see'],
    ['deactivated admin', who('admin', { deactivatedAt: new Date(0) }), ''],
  ])('%s', (_who, member, allowed) => {
    expect(actions.filter((action) => may(member, action)).join(' ')).toBe(allowed)
  })

  test('whoever asked may cancel, unless a viewer by now', () => {
    expect(may(who('member'), 'cancel', { requestedBy: 'U1' })).toBe(true)
    expect(may(who('member'), 'cancel', { requestedBy: 'U2' })).toBe(false)
    expect(may(who('viewer'), 'cancel', { requestedBy: 'U1' })).toBe(false)
  })
})
