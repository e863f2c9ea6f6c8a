/** What a member sees: App Home, `/sources`, `/access` and `/who-has-access`, and what the rows' menus do. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { checkMessage, checkView } from '../support/block-kit.ts'
import { startBot, type TestBot } from '../support/bot.ts'
import { eventually } from '../support/eventually.ts'
import { person } from '../support/fake-slack.ts'
import { makeClient, makeConnection, makeSource, onlyOrg } from '../support/see.ts'

let bot: TestBot
let orgId: string

beforeAll(async () => {
  bot = await startBot()
  orgId = await onlyOrg(bot.db)
})
beforeEach(async () => {
  bot.slack.users = { U1: person('U1', { is_admin: true }), U2: person('U2') }
  bot.slack.calls.length = 0
  bot.slack.responses.length = 0
  bot.sent.length = 0
  await bot.db.sql`delete from member`
  await bot.db.sql`delete from source`
  await bot.db.sql`delete from connection`
  await bot.db.sql`delete from client`
})

type Home = { blocks: Record<string, unknown>[]; private_metadata: string }

async function lastHome(): Promise<Home> {
  await eventually(() => expect(bot.slack.of('views.publish').length).toBeGreaterThan(0))
  const view = bot.slack.of('views.publish').at(-1)?.args.view as Home
  expect(checkView(view)).toEqual([])
  return view
}

async function openHome(user = 'U1'): Promise<string> {
  bot.slack.calls.length = 0
  await bot.event({ type: 'app_home_opened', user, tab: 'home' })
  return JSON.stringify((await lastHome()).blocks)
}

async function lastAnswer(): Promise<{ text: string; blocks: object[] }> {
  await eventually(() => expect(bot.slack.responses.length).toBeGreaterThan(0))
  return bot.slack.responses.at(-1) as { text: string; blocks: object[] }
}

/** Two clients: one source fine, one late, one disconnected. */
async function someSources() {
  const [acme, zoo] = [await makeClient(bot.db, orgId, 'Acme'), await makeClient(bot.db, orgId, 'Zoo')]
  const connectionId = await makeConnection(bot.db, orgId)
  const fine = await makeSource(bot.db, orgId, { clientId: acme, connectionId, name: 'Fine shop' })
  await makeSource(
    bot.db,
    orgId,
    { clientId: acme, connectionId, name: 'Late shop' },
    {
      delayed_since: new Date('2026-11-19T08:00:00Z'),
    },
  )
  const down = await makeSource(
    bot.db,
    orgId,
    { clientId: zoo, connectionId, name: 'Dead shop' },
    {
      ...{
        status: 'disconnected',
        failure_class: 'revoked',
        disconnected_at: new Date('2026-11-18T08:00:00Z'),
      },
    },
  )
  return { acme, zoo, connectionId, fine, down }
}

describe('App Home', () => {
  test('of a new org says what to do first, and how many links are left', async () => {
    const home = await openHome()
    expect(home).toContain('"10 of 10 auth links left"')
    expect(home).toContain('Nothing is connected yet')
    expect(home).toContain('"Request access"')
    expect(home).toContain('No alert channel is chosen')
  })

  test('shows disconnected sources first, then late ones, each with its state in words', async () => {
    await someSources()
    const home = await openHome()
    expect(home).toContain('1 disconnected · 1 delayed · 1 connected')
    const order = ['Dead shop', 'Late shop', 'Fine shop'].map((name) => home.indexOf(name))
    expect(order).toEqual(order.toSorted((a, b) => a - b))
    expect(home).toContain('Disconnected: reconnect')
    expect(home).toContain('Delayed, we keep trying')
  })

  test('shows a member no settings and no removal', async () => {
    await someSources()
    const home = await openHome('U2')
    expect(home).toContain('"Request access"')
    expect(home).not.toContain('"Settings"')
    expect(home).not.toContain('"Remove"')
  })

  test('can be narrowed to one client, and stays so', async () => {
    const { zoo } = await someSources()
    await bot.press(
      { type: 'static_select', action_id: 'home-client', selected_option: { value: zoo } },
      { view: { id: 'VH', type: 'home', private_metadata: '' }, response_url: undefined },
    )
    const view = await lastHome()
    expect(JSON.stringify(view.blocks)).not.toContain('Fine shop')
    expect(JSON.parse(view.private_metadata)).toEqual({ clientId: zoo, limit: 20 })
  })

  test('of 200 sources stays within Slack’s limits, with more on a button', async () => {
    const [clientId, connectionId] = [
      await makeClient(bot.db, orgId, 'Big'),
      await makeConnection(bot.db, orgId),
    ]
    for (let i = 0; i < 200; i++)
      await makeSource(bot.db, orgId, { clientId, connectionId, name: `Shop ${i}` })
    expect(await openHome()).toContain('Show more (180 hidden)')
    for (const limit of [20, 40, 60]) {
      bot.slack.calls.length = 0
      await bot.press(
        { action_id: 'home-more' },
        {
          view: { id: 'VH', type: 'home', private_metadata: JSON.stringify({ clientId: null, limit }) },
          response_url: undefined,
        },
      )
      await lastHome()
    }
    expect(JSON.stringify((await lastHome()).blocks)).toContain('And 130 more')
  })

  test('of a guest says why it is empty', async () => {
    bot.slack.users.U2 = person('U2', { is_restricted: true })
    expect(await openHome('U2')).toContain('Guests cannot use Latchkey')
  })
})

describe('a row’s menu', () => {
  const choose = (value: string, more = {}) =>
    bot.press({ type: 'overflow', action_id: 'source-menu', selected_option: { value } }, more)

  test('Refresh now plans one run, also when pressed twice', async () => {
    const { fine } = await someSources()
    await choose(`refresh:${fine}`)
    expect((await lastAnswer()).text).toContain('Reading Fine shop now')
    bot.slack.responses.length = 0
    await choose(`refresh:${fine}`)
    await lastAnswer()
    expect(await bot.db.sql`select kind from sync_run where source_id = ${fine}`).toHaveLength(1)
    await bot.db.sql`delete from sync_run`
  })

  test('Remove asks first, then stops the source; the connection ends with its last one', async () => {
    const { fine, down, connectionId } = await someSources()
    await choose(`remove:${fine}`)
    await eventually(() => expect(bot.slack.of('views.update')).toHaveLength(1))
    const view = bot.slack.of('views.update')[0]?.args.view as {
      private_metadata: string
      callback_id: string
    }
    expect(checkView(view)).toEqual([])
    expect(JSON.stringify(view)).toContain('This cannot be undone')
    const { text } = await bot.submit(view)
    expect(text).toContain('Fine shop is removed')
    expect(bot.sent).toEqual([])
    const rest = await bot.db.sql<
      { id: string }[]
    >`select id from source where status <> 'removed' and id <> ${down}`
    for (const sourceId of [...rest.map(({ id }) => id), down])
      await bot.submit({
        callback_id: 'remove-source',
        private_metadata: JSON.stringify({ sourceId, home: null }),
      })
    expect(bot.sent).toEqual([{ name: 'end-connection', payload: { orgId, connectionId } }])
  })

  test('a member cannot remove, whatever the button says', async () => {
    const { fine } = await someSources()
    await choose(`remove:${fine}`, { user: { id: 'U2', team_id: 'T1' } })
    expect((await lastAnswer()).text).toContain('You may not remove data sources')
    const private_metadata = JSON.stringify({ sourceId: fine, home: null })
    const forged = await bot.submit(
      { callback_id: 'remove-source', private_metadata },
      { user: { id: 'U2', team_id: 'T1' } },
    )
    expect(forged.text).toContain('You may not remove data sources')
    const [row] = await bot.db.sql`select status from source where id = ${fine}`
    expect(row?.status).toBe('connected')
  })

  test('a viewer cannot have anything read, whatever the menu says', async () => {
    const { fine } = await someSources()
    await choose(`refresh:${fine}`, { user: { id: 'U2', team_id: 'T1' } })
    await lastAnswer()
    await bot.db.sql`delete from sync_run`
    await bot.db.sql`update member set role = 'viewer', role_set_by = 'U1' where slack_user_id = 'U2'`
    bot.slack.responses.length = 0
    await choose(`refresh:${fine}`, { user: { id: 'U2', team_id: 'T1' } })
    expect((await lastAnswer()).text).toContain('You may not refresh')
    expect(await bot.db.sql`select kind from sync_run where source_id = ${fine}`).toEqual([])
    await bot.db.sql`update member set role = 'member', role_set_by = null where slack_user_id = 'U2'`
  })

  test('an id of another org is nothing', async () => {
    const [other] = await bot.db.sql<{ id: string }[]>`insert into org (name) values ('Other') returning id`
    const otherOrg = other?.id ?? ''
    const clientId = await makeClient(bot.db, otherOrg, 'Theirs')
    const connectionId = await makeConnection(bot.db, otherOrg)
    const theirs = await makeSource(bot.db, otherOrg, { clientId, connectionId, name: 'Their shop' })
    await choose(`refresh:${theirs}`)
    expect((await lastAnswer()).text).toContain('removed already')
    await bot.submit({
      ...{ callback_id: 'remove-source', private_metadata: JSON.stringify({ sourceId: theirs, home: null }) },
    })
    const [row] = await bot.db.sql`select status from source where id = ${theirs}`
    expect(row?.status).toBe('connected')
  })
})

describe('/sources', () => {
  test.each([
    ['', 'Data sources: 1 disconnected · 1 delayed · 1 connected', 3],
    ['disconnected', 'Data sources: 1 disconnected', 1],
    ['acme', 'Data sources of Acme: 1 delayed · 1 connected', 2],
  ])('"%s"', async (words, text, rows) => {
    await someSources()
    await bot.command('/sources', words)
    const answer = await lastAnswer()
    expect(checkMessage(answer as never)).toEqual([])
    expect(answer.text).toContain(text)
    expect(answer.blocks.filter((block) => 'accessory' in block)).toHaveLength(rows)
  })

  test('of an unknown client says which were meant', async () => {
    for (const name of ['Bolt shop', 'Boltworks']) await makeClient(bot.db, orgId, name)
    await bot.command('/sources', 'bolt')
    expect((await lastAnswer()).text).toContain(
      'There is no client called bolt. Did you mean Bolt shop, Boltworks?',
    )
  })

  test('takes a name as it was typed, though Slack escapes it on the way', async () => {
    await makeClient(bot.db, orgId, 'Salt & Pepper <Ltd>')
    await bot.command('/sources', 'Salt &amp; Pepper &lt;Ltd&gt;')
    expect((await lastAnswer()).text).toContain('No data sources of Salt &amp; Pepper &lt;Ltd&gt; yet')
  })
})

test('/who-has-access names who authorised what, by client', async () => {
  await someSources()
  await bot.command('/who-has-access', 'zoo')
  const answer = await lastAnswer()
  expect(checkMessage(answer as never)).toEqual([])
  expect(JSON.stringify(answer.blocks)).toContain('dana@acme.example')
  expect(JSON.stringify(answer.blocks)).not.toContain('Acme*')
})

describe('/access', () => {
  test.each([
    ['', 'What Latchkey can do'],
    ['help', 'What Latchkey can do'],
    ['digest', 'is not part of this version'],
    ['constructor', 'does not know'],
    ['*<!channel>*', 'does not know'],
  ])('"%s" answers', async (words, says) => {
    await bot.command('/access', words)
    const answer = await lastAnswer()
    expect(answer.text).toContain(says)
    expect(JSON.stringify(answer)).not.toContain('<!channel>')
    expect(checkMessage(answer as never)).toEqual([])
  })
})
