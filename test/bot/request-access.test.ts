/** /request-access as a person meets it: the form, its mistakes, its answers, and the buttons afterwards. */
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { catalogue } from '../../connectors/index.ts'
import { connectors } from '../support/ask.ts'
import { checkMessage, checkView } from '../support/block-kit.ts'
import { SECRET, startBot, type TestBot } from '../support/bot.ts'
import { eventually } from '../support/eventually.ts'
import { person, send } from '../support/fake-slack.ts'

type View = {
  callback_id: string
  private_metadata: string
  title: { text: string }
  submit: { text: string }
  blocks: { block_id?: string; type: string; label?: { text: string }; element?: Record<string, unknown> }[]
}

let bot: TestBot
let orgId: string

beforeAll(async () => {
  bot = await startBot()
  bot.services.connectors = catalogue(connectors)
  bot.slack.users = { U1: person('U1') }
  await openForm()
  const [org] = await bot.db.sql<{ id: string }[]>`select id from org`
  orgId = String(org?.id)
})
beforeEach(async () => {
  bot.slack.users = { U1: person('U1'), U2: person('U2'), U3: person('U3') }
  bot.slack.calls.length = 0
  bot.slack.responses.length = 0
  await bot.db.sql`update org set recent_links = '{}', plan = 'custom'`
})

const lastView = () => bot.slack.of('views.update').at(-1)?.args.view as unknown as View

async function openForm(text = ''): Promise<View> {
  const before = bot.slack.of('views.update').length
  await bot.command('/request-access', text)
  await eventually(() => expect(bot.slack.of('views.update').length).toBeGreaterThan(before))
  return lastView()
}

let views = 0

/** What the form would send, with these fields filled in. */
function filled(
  view: View,
  fields: {
    sources?: string[]
    client?: string
    self?: boolean
    email?: string
    slack?: string
    hint?: string
    note?: string
  },
) {
  views += 1
  const values = {
    sources: {
      request_sources: { selected_options: (fields.sources ?? ['google-ads']).map((value) => ({ value })) },
    },
    client: { request_client: { selected_option: { value: fields.client ?? `new:Client ${views}` } } },
    who: { value: { selected_option: { value: fields.self ? 'self' : 'other' } } },
    owner_email: { value: { value: fields.email ?? null } },
    owner_slack: { value: { selected_user: fields.slack ?? null } },
    hint: { value: { value: fields.hint ?? null } },
    note: { value: { value: fields.note ?? null } },
  }
  const { callback_id, private_metadata } = view
  return { id: `VIEW${views}`, callback_id, private_metadata, state: { values } }
}

type Answer = { response_action?: string; errors?: Record<string, string>; view?: View }
const submit = async (view: Record<string, unknown>): Promise<Answer> => {
  const { text } = await bot.submit(view)
  return text ? JSON.parse(text) : {}
}
const told = () =>
  eventually(() => {
    const last = bot.slack.responses.at(-1)
    expect(last).toBeDefined()
    return last as { text: string; blocks: never[]; replace_original: boolean }
  })

test('the form opens empty at once and is filled right after', async () => {
  const view = await openForm()
  expect(bot.slack.of('views.open')).toHaveLength(1)
  expect(view.title.text).toBe('Request access')
  expect(view.submit.text).toBe('Send link')
  expect(view.blocks.flatMap((block) => block.label?.text ?? [])).toEqual([
    'Data sources',
    'Client',
    'Who owns the account?',
    "Source owner's e-mail",
    'Source owner in Slack',
    'Which accounts?',
    'Note to the source owner',
  ])
  expect(checkView(view)).toEqual([])
})

test('words after the command are filled in', async () => {
  const view = await openForm('google ads and ga4 for Acme &amp; Söhne from dana@acme.com')
  const element = (id: string) => view.blocks.find(({ block_id }) => block_id === id)?.element
  expect(element('sources')?.initial_options).toMatchObject([{ value: 'google-ads' }, { value: 'ga4' }])
  expect(element('client')?.initial_option).toMatchObject({
    value: 'new:Acme & Söhne',
    text: { text: 'Create "Acme & Söhne"' },
  })
  expect(element('owner_email')?.initial_value).toBe('dana@acme.com')
})

test('a client keeps its own quotes and the end of a long name', async () => {
  const clientIn = async (words: string) => JSON.stringify((await openForm(words)).blocks)
  expect(await clientIn('ga4 for <!channel> & "Söhne" from a@b.example')).toContain(
    JSON.stringify('new:<!channel> & "Söhne"').slice(1, -1),
  )
  expect(await clientIn('ga4 for "Acme & Co" from a@b.example')).toContain('"new:Acme & Co"')
  const long = 'Rechtsschutzversicherungsgesellschaften-Verwaltungsgenossenschaft Nürnberg'
  await bot.db.sql`insert into client (org_id, name) values (${orgId}, ${long})`
  const [row] = await bot.db.sql`select id from client where name = ${long}`
  expect(await clientIn(`ga4 for ${long} from a@b.example`)).toContain(row?.id)
})

test('data sources are found by name, kind and id; clients by name, or offered to be created', async () => {
  const ask = async (action_id: string, value: string) => {
    const view = { id: 'V', type: 'modal', blocks: [] }
    const payload = {
      type: 'block_suggestion',
      user: { id: 'U1', team_id: 'T1' },
      team: { id: 'T1' },
      action_id,
      value,
      view,
    }
    const { text } = await send(bot.events, { secret: SECRET }, { payload })
    return (JSON.parse(text) as { options: { value: string }[] }).options.map((option) => option.value)
  }
  expect(await ask('request_sources', '')).toEqual(['google-ads', 'ga4', 'search-console'])
  expect(await ask('request_sources', 'seo')).toEqual(['search-console'])
  expect(await ask('request_sources', 'goo an')).toEqual(['ga4'])
  const [client] = await bot.db
    .sql`insert into client (org_id, name) values (${orgId}, 'Northwind') returning id`
  expect(await ask('request_client', 'NORTH')).toEqual(['new:NORTH', client?.id])
  expect(await ask('request_client', 'northwind')).toEqual([client?.id])
})

test('a submission sends the link and tells the requester alone, with "Copy link" once', async () => {
  const view = await openForm()
  expect(await submit(filled(view, { email: 'dana@acme.com', client: 'new:<!channel> & "Söhne"' }))).toEqual(
    {},
  )
  const confirmation = await told()
  expect(checkMessage(confirmation as never)).toEqual([])
  expect(confirmation.text).toContain('9 of 10 auth links left')
  expect(JSON.stringify(confirmation)).not.toContain('<!channel>')
  expect(JSON.stringify(confirmation)).not.toContain('/l/lk_')
  const value = /"action_id":"request_copy","value":"([^"]+)"/.exec(JSON.stringify(confirmation))?.[1]
  const press = () => bot.press({ action_id: 'request_copy', value })
  await press()
  await eventually(() => expect(bot.slack.responses.at(-1)).toMatchObject({ replace_original: true }))
  expect(JSON.stringify(bot.slack.responses.at(-1))).toContain('https://access.example/l/lk_')
  await press()
  await eventually(() => expect(bot.slack.responses.at(-1)?.text).toContain('shown before'))
})

test('the same submission delivered twice sends one link', async () => {
  const view = filled(await openForm(), { email: 'dana@acme.com' })
  expect(await Promise.all([submit(view), submit(view)])).toEqual([{}, {}])
  const [count] = await bot.db
    .sql`select count(*)::int as n from access_request where submission_key = ${`view:${view.id}`}`
  expect(count?.n).toBe(1)
})

test.each([
  [{ email: 'a@b.example, evil@x.example' }, 'owner_email', 'exactly one'],
  [{}, 'owner_email', 'Give an e-mail address'],
  [{ email: 'a@b.example', sources: ['gone'] }, 'sources', 'no longer offered'],
  [{ email: 'a@b.example', client: 'new:' }, 'client', 'Choose a client'],
  [{ slack: 'BOT' }, 'owner_slack', 'direct messages'],
])('a mistake is shown on its field: %j', async (fields, field, words) => {
  bot.slack.users.BOT = person('BOT', { is_bot: true })
  const answer = await submit(filled(await openForm(), fields))
  expect(answer.response_action).toBe('errors')
  expect(Object.keys(answer.errors ?? {})).toEqual([field])
  expect(answer.errors?.[field]).toContain(words)
})

test('"I do" gives a link in place that does not count', async () => {
  await submit(filled(await openForm(), { self: true }))
  const answer = await told()
  expect(answer.text).toContain('with your own login')
  expect(JSON.stringify(answer.blocks)).toContain('"url":"https://access.example/l/lk_')
  const [org] = await bot.db.sql`select cardinality(recent_links) as used from org where id = ${orgId}`
  expect(org?.used).toBe(0)
})

test('over the quota the form offers to queue, and queueing says the place in line', async () => {
  await bot.db.sql`update org set recent_links = array_fill(latchkey.clock(), array[10])`
  const form = filled(await openForm(), { email: 'dana@acme.com' })
  const answer = await submit(form)
  expect(answer).toMatchObject({ response_action: 'update', view: { submit: { text: 'Queue it' } } })
  expect(checkView(answer.view as object)).toEqual([])
  const { callback_id, private_metadata } = answer.view as View
  expect(await submit({ id: form.id, callback_id, private_metadata, state: { values: {} } })).toEqual({})
  expect((await told()).text).toContain('number 1 in the queue')
  await bot.db.sql`update access_request set status = 'cancelled' where status = 'queued'`
})

test('a plan without auth links says so in words', async () => {
  await bot.db.sql`update org set plan = 'free'`
  const answer = await submit(filled(await openForm(), { email: 'dana@acme.com' }))
  expect(JSON.stringify(answer.view?.blocks)).toContain('your team is on free')
})

test('/access links lists what is on its way, with Resend and Cancel', async () => {
  await submit(filled(await openForm(), { email: 'dana@acme.com', client: 'new:*Bold* <!here>' }))
  await told()
  bot.slack.responses.length = 0
  await bot.command('/access', 'links')
  const list = await told()
  expect(checkMessage(list as never)).toEqual([])
  const text = JSON.stringify(list)
  expect(text).toContain('Resend (3 left)')
  expect(text).toContain('&lt;!here&gt;')
  const id = /"request_cancel","value":"([^"]+)"/.exec(text)?.[1]
  await bot.press({ action_id: 'request_cancel', value: id })
  await eventually(() => expect(bot.slack.responses.at(-1)?.text).toContain('Cancelled'))
  await bot.press({ action_id: 'request_cancel', value: id })
  await eventually(() => expect(bot.slack.responses.at(-1)?.text).toContain('cancelled already'))
})

test('Resend from an old card sends once, and says how often it can still be done', async () => {
  await submit(filled(await openForm(), { email: 'dana@acme.com' }))
  await told()
  const [row] = await bot.db.sql`select id from access_request order by created_at desc limit 1`
  const press = () => bot.press({ action_id: 'request_resend', value: `${row?.id}:0` })
  await press()
  await eventually(() => expect(bot.slack.responses.at(-1)?.text).toContain('2 more times'))
  await press()
  await eventually(() => expect(bot.slack.responses.at(-1)?.text).toContain('The card shows how it stands'))
})

test('a member cannot cancel what somebody else asked for; an admin can', async () => {
  bot.slack.users.U3 = person('U3', { is_admin: true })
  await submit(filled(await openForm(), { email: 'dana@acme.com' }))
  await told()
  const [row] = await bot.db.sql`select id from access_request order by created_at desc limit 1`
  const press = (id: string) =>
    bot.press({ action_id: 'request_cancel', value: row?.id }, { user: { id, team_id: 'T1' } })
  await press('U2')
  await eventually(() => expect(bot.slack.responses.at(-1)?.text).toContain('Only <@U1> or an admin'))
  await press('U3')
  await eventually(() => expect(bot.slack.responses.at(-1)?.text).toContain('Cancelled'))
})

test('who may only look is told so in the form', async () => {
  await bot.command('/request-access', '', { user_id: 'U2' })
  await eventually(() => expect(bot.slack.of('views.update').length).toBeGreaterThan(0))
  await bot.db.sql`update member set role = 'viewer', role_set_by = 'U3' where slack_user_id = 'U2'`
  const before = bot.slack.of('views.update').length
  await bot.command('/request-access', '', { user_id: 'U2' })
  await eventually(() => expect(bot.slack.of('views.update').length).toBeGreaterThan(before))
  expect(JSON.stringify(lastView())).toContain('Your role only allows you to look')
})

test('a guest is told in the form itself, whose trigger is spent', async () => {
  bot.slack.users.GUEST = person('GUEST', { is_restricted: true })
  await bot.command('/request-access', '', { user_id: 'GUEST' })
  await eventually(() => expect(JSON.stringify(lastView() ?? '')).toContain('Guests cannot use Latchkey'))
  expect(bot.slack.of('views.open')).toHaveLength(1)
})

test.each(['shortcut', 'message_action'])('the %s opens the same form', async (type) => {
  const callback_id = type === 'shortcut' ? 'request_access' : 'request_access_message'
  const place = { channel: { id: 'C1' }, message: { ts: '1.1' }, response_url: bot.slack.responseUrl }
  const payload = {
    ...{ type, callback_id, trigger_id: `${type}.1`, user: { id: 'U1', team_id: 'T1' }, team: { id: 'T1' } },
    ...(type === 'message_action' && place),
  }
  await send(bot.events, { secret: SECRET }, { payload })
  await eventually(() => expect(lastView()?.submit.text).toBe('Send link'))
  const origin = JSON.parse(lastView().private_metadata)
  expect(origin.channelId).toBe(type === 'shortcut' ? 'U1' : 'C1')
})

test('rights are judged again when the corrected address is sent: minutes may lie between', async () => {
  await submit(filled(await openForm(), { email: 'nobody@acme.com' }))
  await told()
  const [row] = await bot.db.sql`select r.id, l.id as link_id from access_request r
    join auth_link l on l.request_id = r.id order by r.created_at desc limit 1`
  await bot.db.sql`update delivery set status = 'refused' where link_id = ${row?.linkId}`
  await bot.db.sql`update member set role = 'viewer', role_set_by = 'U3' where slack_user_id = 'U2'`
  const origin = { channelId: 'C1', responseUrl: bot.slack.responseUrl }
  const view = {
    ...{
      callback_id: 'request_edit_address',
      private_metadata: JSON.stringify({ requestId: row?.id, origin }),
    },
    state: { values: { owner_email: { value: { type: 'email_text_input', value: 'evil@evil.example' } } } },
  }
  const { text } = await bot.submit(view, { user: { id: 'U2', team_id: 'T1' } })
  expect(text).toContain('Your role only allows you to look')
  const [after] = await bot.db.sql`select owner_email from access_request where id = ${row?.id}`
  expect(after?.ownerEmail).toBe('nobody@acme.com')
})

test('from a channel shared with another company the card goes to the requester alone', async () => {
  bot.slack.answers['conversations.info'] = { ok: true, channel: { id: 'C1', is_ext_shared: true } }
  await submit(filled(await openForm(), { email: 'dana@acme.com', client: 'new:Shared' }))
  await told()
  delete bot.slack.answers['conversations.info']
  const [row] = await bot.db.sql`select r.channel_id, c.channel_id as client_channel from access_request r
    join client c on c.id = r.client_id where c.name = 'Shared'`
  expect(row).toEqual({ channelId: 'U1', clientChannel: null })
})

test('a reconnect is renewed only by who may reconnect', async () => {
  await submit(filled(await openForm(), { email: 'dana@acme.com' }))
  await told()
  const [row] = await bot.db.sql`update access_request set status = 'expired', purpose = 'reconnect'
    where id = (select id from access_request order by created_at desc limit 1) returning id`
  await bot.db.sql`update member set may_reconnect = false where slack_user_id = 'U1'`
  await bot.press({ action_id: 'request_fresh', value: row?.id })
  await eventually(() =>
    expect(bot.slack.responses.at(-1)?.text).toContain('Your role does not allow reconnecting'),
  )
  await bot.db.sql`update member set may_reconnect = true where slack_user_id = 'U1'`
})

test('no button of a request does anything for who may only look', async () => {
  await submit(filled(await openForm(), { email: 'dana@acme.com' }))
  await told()
  await bot.db.sql`update member set role = 'viewer', role_set_by = 'U3' where slack_user_id = 'U2'`
  const [row] = await bot.db.sql`select r.id, l.id as link_id from access_request r
    join auth_link l on l.request_id = r.id order by r.created_at desc limit 1`
  const rows = async () => {
    const [requests, links] = [
      await bot.db.sql`select * from access_request where id = ${row?.id}`,
      await bot.db.sql`select * from auth_link where request_id = ${row?.id}`,
    ]
    return JSON.stringify([requests, links])
  }
  const before = await rows()
  for (const [action_id, value] of [
    ['request_copy', row?.linkId],
    ['request_resend', `${row?.id}:0`],
    ['request_cancel', row?.id],
    ['request_fresh', row?.id],
    ['request_edit_address', row?.id],
  ]) {
    bot.slack.responses.length = 0
    bot.slack.calls.length = 0
    await bot.press({ action_id, value }, { user: { id: 'U2', team_id: 'T1' } })
    await eventually(() =>
      expect(JSON.stringify([bot.slack.responses, bot.slack.of('views.update')]), action_id).toContain(
        'Your role only allows you to look',
      ),
    )
  }
  expect(await rows()).toBe(before)
})

test('a personal link is renewed only for the person', async () => {
  await submit(filled(await openForm(), { self: true }))
  await told()
  const [row] = await bot.db.sql`update access_request set status = 'expired'
    where id = (select id from access_request order by created_at desc limit 1) returning id`
  await bot.press({ action_id: 'request_fresh', value: row?.id }, { user: { id: 'U3', team_id: 'T1' } })
  await eventually(() => expect(bot.slack.responses.at(-1)?.text).toContain('<@U1> in person'))
  const [links] = await bot.db.sql`select count(*)::int as n from auth_link where request_id = ${row?.id}`
  expect(links?.n).toBe(1)
})
