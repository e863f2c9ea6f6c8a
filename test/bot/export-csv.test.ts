/** "Export CSV" and "Coverage" in a row's menu: for whom, what is asked, and what is handed to a job. */
import { beforeAll, beforeEach, expect, test } from 'vitest'
import * as metrics from '../../storage/metrics.ts'
import { checkMessage, checkView } from '../support/block-kit.ts'
import { startBot, type TestBot } from '../support/bot.ts'
import { setClock } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { person } from '../support/fake-slack.ts'
import { makeClient, makeConnection, makeSource, onlyOrg } from '../support/see.ts'

let bot: TestBot
let orgId: string
let full: string
let empty: string

beforeAll(async () => {
  bot = await startBot()
  orgId = await onlyOrg(bot.db)
  await setClock(bot.db, '2026-11-21T12:00:00Z')
  const clientId = await makeClient(bot.db, orgId, 'Acme')
  const connectionId = await makeConnection(bot.db, orgId)
  full = await makeSource(bot.db, orgId, { clientId, connectionId, name: 'Full shop' })
  empty = await makeSource(bot.db, orgId, { clientId, connectionId, name: 'Empty shop' })
  await bot.db
    .sql`insert into member (org_id, slack_user_id, team_id, display_name) values (${orgId}, 'U1', 'T1', 'Ana')`
  await metrics.ensureMonths(bot.db, '2026-10-01', '2026-10-31')
  const blank = { impressions: null, clicks: null, cost: null, conversions: null, revenue: null }
  const row = { date: '2026-10-02', key: '[]', dimensions: {}, ...blank, sessions: null, currency: null }
  await bot.db.transaction((tx) => metrics.write(tx, orgId, full, [{ ...row, metrics: {} }]))
})
beforeEach(async () => {
  bot.slack.users = { U1: person('U1'), U2: person('U2', { is_restricted: true }) }
  bot.slack.calls.length = 0
  bot.slack.responses.length = 0
  bot.sent.length = 0
  await bot.db.sql`update member set role = 'viewer', role_set_by = 'U9', may_reconnect = false`
})

const choose = (value: string, more = {}) =>
  bot.press({ type: 'overflow', action_id: 'source-menu', selected_option: { value } }, more)

type View = { callback_id: string; private_metadata: string; blocks: object[] }
async function modal(): Promise<View> {
  await eventually(() => expect(bot.slack.of('views.update')).toHaveLength(1))
  const view = bot.slack.of('views.update')[0]?.args.view as View
  expect(checkView(view)).toEqual([])
  return view
}

const submit = (sourceId: string, period: string) =>
  bot.submit({
    ...{ callback_id: 'export-csv', private_metadata: JSON.stringify({ sourceId }) },
    state: { values: { period: { period: { type: 'radio_buttons', selected_option: { value: period } } } } },
  })

test.each([
  ['viewer', ['export', 'coverage']],
  ['admin', ['reconnect', 'refresh', 'export', 'coverage', 'remove']],
])('the menu of a %s offers %j, and no more than Slack takes', async (role, offered) => {
  await bot.db.sql`update member set role = ${role}, may_reconnect = ${role === 'admin'} `
  await bot.command('/sources')
  await eventually(() => expect(bot.slack.responses).toHaveLength(1))
  const { text, blocks } = bot.slack.responses[0] as { text: string; blocks: never[] }
  expect(checkMessage({ text, blocks })).toEqual([])
  const [values] = blocks.flatMap((block) => {
    const { accessory } = block as { accessory?: { options: { value: string }[] } }
    return accessory ? [accessory.options.map(({ value }) => value.split(':')[0])] : []
  })
  expect(values).toEqual(offered)
})

test('asks which days, the last 13 months first', async () => {
  await choose(`export:${full}`)
  const view = await modal()
  expect(JSON.stringify(view)).toContain('Full shop')
  expect(view.blocks[1]).toMatchObject({ element: { initial_option: { value: 'last-13-months' } } })
})

test.each([
  ['last-13-months', '2025-10-21', '2026-11-21'],
  ['last-month', '2026-10-01', '2026-10-31'],
  ['everything', '0001-01-01', '2026-11-21'],
  ['no such choice', '2025-10-21', '2026-11-21'],
])('%s becomes a job from %s to %s, and is in the audit', async (period, from, to) => {
  await bot.db.sql`update source set account_time_zone = 'Etc/UTC' where id = ${full}`
  const { text } = await submit(full, period)
  expect(text).toContain('comes as a direct message')
  expect(bot.sent).toEqual([
    {
      name: 'export-csv',
      payload: { orgId, sourceId: full, userId: 'U1', exportId: expect.any(String), from, to },
    },
  ])
  const [event] = await bot.db.sql`
    select actor, source_id, data from audit_event where kind = 'source.exported' order by id desc limit 1`
  expect(event).toMatchObject({ actor: 'slack:U1', sourceId: full, data: { as: 'csv', from, to } })
})

test('days without data are answered at once, and no job is made', async () => {
  const { text } = await submit(full, 'this-month')
  expect(text).toContain('There are no data of')
  expect(bot.sent).toEqual([])
})

test('a source that has no data at all says so instead of asking', async () => {
  await choose(`export:${empty}`)
  await eventually(() => expect(bot.slack.of('views.update')).toHaveLength(1))
  expect(JSON.stringify(bot.slack.of('views.update')[0]?.args)).toContain('There are no data of')
})

test('Coverage answers where it was pressed, and hands the drawing to a job', async () => {
  await choose(`coverage:${full}`)
  await eventually(() => expect(bot.slack.responses).toHaveLength(1))
  expect(bot.slack.responses[0]?.text).toContain('Full shop is being drawn')
  expect(bot.sent).toEqual([
    {
      name: 'coverage',
      payload: { orgId, sourceId: full, userId: 'U1', pictureId: expect.any(String) },
    },
  ])
})

test.each(['export', 'coverage'])(
  '%s of a source of another org, or of none, finds nothing',
  async (what) => {
    const [org] = await bot.db.sql<{ id: string }[]>`insert into org (name) values ('Other') returning id`
    const other = org?.id ?? ''
    const clientId = await makeClient(bot.db, other, 'Theirs')
    const connectionId = await makeConnection(bot.db, other)
    const theirs = await makeSource(bot.db, other, { clientId, connectionId, name: 'Their shop' })
    await choose(`${what}:${theirs}`)
    await eventually(() =>
      expect(JSON.stringify([bot.slack.responses, bot.slack.of('views.update')])).toContain(
        'removed already',
      ),
    )
    if (what === 'export') expect((await submit(theirs, 'everything')).text).toContain('removed already')
    expect(bot.sent).toEqual([])
  },
)

test('a guest gets neither', async () => {
  await choose(`coverage:${full}`, { user: { id: 'U2', team_id: 'T1' } })
  await eventually(() => expect(bot.slack.responses).toHaveLength(1))
  expect(bot.slack.responses[0]?.text).toContain('Guests cannot')
  expect(bot.sent).toEqual([])
})
