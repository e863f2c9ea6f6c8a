/** Many workspaces: installed through the page, kept sealed, told apart, and taken off again. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startBot, type TestBot } from '../support/bot.ts'
import { eventually } from '../support/eventually.ts'
import { type Call, person } from '../support/fake-slack.ts'

let bot: TestBot

beforeAll(async () => {
  bot = await startBot({ kind: 'oauth', clientId: 'client-id', clientSecret: 'client-secret' })
})
beforeEach(() => {
  bot.slack.calls.length = 0
  bot.slack.responses.length = 0
  bot.slack.answers = { 'oauth.v2.access': installation }
  bot.slack.users = {
    INSTALLER: person('INSTALLER', { tz: 'America/Havana' }),
    U1: person('U1'),
    U2: person('U2', { team_id: 'T2' }),
  }
})

/** The code names the team, so that one fake serves several. */
function installation({ args }: Call) {
  const team = String(args.code)
  return {
    ...{ ok: true, app_id: 'A1', access_token: `xoxb-secret-${team}`, token_type: 'bot', scope: 'commands' },
    ...{ bot_user_id: `UBOT-${team}`, team: { id: team, name: `Agency ${team}` }, enterprise: null },
    ...{ authed_user: { id: 'INSTALLER' }, is_enterprise_install: false },
  }
}

async function installIn(team: string, { cookie = true } = {}): Promise<string> {
  const begin = await fetch(`${bot.origin}/slack/install`, { redirect: 'manual' })
  const to = new URL(begin.headers.get('location') ?? '')
  expect(to.pathname).toBe('/oauth/v2/authorize')
  expect(to.searchParams.get('redirect_uri')).toBe('https://access.example/slack/oauth_redirect')
  expect(to.searchParams.get('scope')?.split(',')).toContain('chat:write')
  const state = to.searchParams.get('state') ?? ''
  const held = (begin.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  const back = await fetch(
    `${bot.origin}/slack/oauth_redirect?code=${team}&state=${encodeURIComponent(state)}`,
    { redirect: 'manual', headers: cookie ? { cookie: held } : {} },
  )
  expect(back.headers.get('content-security-policy')).toContain("default-src 'none'")
  return `${back.status} ${await back.text()}`
}

describe('installing', () => {
  test('makes an org in the installer’s time zone and keeps the token sealed', async () => {
    expect(await installIn('T1')).toMatch(/^200 .*Latchkey is installed in Agency T1/s)
    const [row] = await bot.db.sql`
      select o.name, o.time_zone, w.team_id, w.installation_sealed, w.installed_by
      from workspace w join org o on o.id = w.org_id`
    expect(row).toMatchObject({
      ...{ name: 'Agency T1', timeZone: 'America/Havana', teamId: 'T1', installedBy: 'INSTALLER' },
    })
    expect(row?.installationSealed).toMatch(/^v1\.k1\./)
    const everything = await bot.db.sql`select to_jsonb(w)::text || to_jsonb(a)::text as words
      from workspace w, audit_event a`
    expect(JSON.stringify(everything)).not.toContain('xoxb-secret')
  })

  test('in a browser that did not begin it is refused', async () => {
    const before = await bot.db.sql`select id from workspace`
    expect(await installIn('T7', { cookie: false })).toMatch(/^400 .*Begin again/s)
    expect(await bot.db.sql`select id from workspace`).toHaveLength(before.length)
  })

  test('twice keeps the org; another workspace is another org', async () => {
    await installIn('T1')
    await installIn('T2')
    const rows = await bot.db.sql`select name from org order by name`
    expect(rows.map(({ name }) => name)).toEqual(['Agency T1', 'Agency T2'])
  })
})

describe('two workspaces', () => {
  const ask = (team: string, user: string) =>
    bot.command('/access', 'settings', { team_id: team, user_id: user })

  test('are each answered with their own token, in turns', async () => {
    for (const [team, user] of [
      ['T1', 'U1'],
      ['T2', 'U2'],
      ['T1', 'U1'],
    ] as const) {
      await bot.db.sql`delete from member`
      bot.slack.responses.length = 0
      await ask(team, user)
      await eventually(() => expect(bot.slack.responses).toHaveLength(1))
    }
    expect(bot.slack.of('users.info').map(({ token }) => token)).toEqual([
      ...['xoxb-secret-T1', 'xoxb-secret-T2', 'xoxb-secret-T1'],
    ])
  })

  test('have voices of their own', async () => {
    const orgs = await bot.db.sql<{ id: string }[]>`select id from org order by name`
    for (const { id } of orgs) await (await bot.bot.voice(id))?.post('C1', { text: 'Hello.', blocks: [] })
    expect(bot.slack.of('chat.postMessage').map(({ token }) => token)).toEqual([
      ...['xoxb-secret-T1', 'xoxb-secret-T2'],
    ])
  })

  test('a member of one is a stranger in the other', async () => {
    await bot.press({ action_id: 'home-more' }, { user: { id: 'U2', team_id: 'T2' }, team: { id: 'T1' } })
    await eventually(() => expect(bot.slack.responses).toHaveLength(1))
    expect(bot.slack.responses[0]?.text).toContain('Only members of the workspace')
  })
})

describe('taking it off', () => {
  test('silences the voice, destroys the token and keeps everything else; coming back finds it again', async () => {
    const [org] = await bot.db.sql<{ id: string }[]>`select id from org where name = 'Agency T2'`
    const orgId = org?.id ?? ''
    const of = { team_id: 'T2', authorizations: [{ team_id: 'T2', enterprise_id: null }] }
    await bot.event({ type: 'tokens_revoked', tokens: { bot: ['UBOT-T2'] } }, of)
    await bot.event({ type: 'app_uninstalled' }, of)
    await eventually(async () => expect(await bot.bot.voice(orgId)).toBeNull())
    const [row] = await bot.db.sql`
      select installation_sealed, revoked_at from workspace where team_id = 'T2'`
    expect(row?.installationSealed).toBeNull()
    expect(row?.revokedAt).not.toBeNull()
    const events = await bot.db.sql`
      select kind from audit_event where org_id = ${orgId} and kind = 'workspace.uninstalled'`
    expect(events).toHaveLength(1)
    await eventually(async () => {
      const { text } = await bot.command('/access', 'help', { team_id: 'T2', user_id: 'U2' })
      expect(text).toContain('not installed in this workspace')
    })

    await installIn('T2')
    await eventually(async () => expect(await bot.bot.voice(orgId)).not.toBeNull())
  })

  test('a user token alone means nothing', async () => {
    const of = { authorizations: [{ team_id: 'T1', enterprise_id: null }] }
    await bot.event({ type: 'tokens_revoked', tokens: { oauth: ['U1'] } }, of)
    const [row] = await bot.db.sql`select revoked_at from workspace where team_id = 'T1'`
    expect(row?.revokedAt).toBeNull()
  })
})
