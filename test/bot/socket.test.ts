/** Socket Mode carries the same requests to the same listeners, and opens no address for Slack. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBot, type TestBot } from '../support/bot.ts'
import { eventually } from '../support/eventually.ts'
import { person } from '../support/fake-slack.ts'
import { type SocketServer, startSocketServer } from '../support/socket.ts'

let socket: SocketServer
let bot: TestBot

beforeAll(async () => {
  socket = await startSocketServer()
  bot = await startBot({ kind: 'token', botToken: 'xoxb-T1' }, { url: socket.url })
  bot.slack.users = { U1: person('U1', { is_admin: true }) }
  await socket.connected()
})
afterAll(() => socket.close())

const who = { user: { id: 'U1', team_id: 'T1' }, team: { id: 'T1' } }

test('a command is answered', async () => {
  const command = {
    ...{ command: '/access', text: 'help', team_id: 'T1', user_id: 'U1', channel_id: 'C1', trigger_id: '1' },
    response_url: bot.slack.responseUrl,
  }
  await socket.deliver('slash_commands', command)
  await eventually(() => expect(bot.slack.responses[0]?.text).toContain('What Latchkey can do'))
})

test('an unknown command and a wrong field are answered in the acknowledgement', async () => {
  const unknown = { command: '/nonsense', text: '', team_id: 'T1', user_id: 'U1', trigger_id: '2' }
  expect(await socket.deliver('slash_commands', unknown)).toMatchObject({ response_type: 'ephemeral' })
  const view = { id: 'V1', type: 'modal', callback_id: 'settings', state: { values: {} }, blocks: [] }
  expect(await socket.deliver('interactive', { type: 'view_submission', ...who, view })).toMatchObject({
    response_action: 'errors',
  })
})

test('an event delivered twice is heard once', async () => {
  const event = {
    ...{ type: 'event_callback', team_id: 'T1', event_id: 'Ev1' },
    authorizations: [{ team_id: 'T1', enterprise_id: null, is_enterprise_install: false }],
    event: { type: 'app_home_opened', user: 'U1', tab: 'home' },
  }
  await socket.deliver('events_api', event)
  await socket.deliver('events_api', event)
  await eventually(() => expect(bot.slack.of('views.publish')).toHaveLength(1))
})

test('nothing listens at /slack/events', async () => {
  expect((await bot.command('/access', 'help')).status).toBe(404)
})

test('many workspaces can be installed beside a socket too', async () => {
  const second = await startSocketServer()
  const many = await startBot(
    { kind: 'oauth', clientId: 'client-id', clientSecret: 'client-secret' },
    { url: second.url },
  )
  await second.connected()
  const begin = await fetch(`${many.origin}/slack/install`, { redirect: 'manual' })
  expect(begin.headers.get('location')).toContain('/oauth/v2/authorize')
  expect((await many.command('/access', 'help')).status).toBe(404)
  await second.close()
})
