/** Admins are known before any of them acts: asked for page by page, for every org in Slack, once a day. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import { adminsOf } from '../../flows/member.ts'
import { askForPeople } from '../../flows/people.ts'
import type { JobContext } from '../../jobs/job.ts'
import { people } from '../../jobs/people.ts'
import { startBot } from '../support/bot.ts'
import { setClock } from '../support/database.ts'
import { person } from '../support/fake-slack.ts'

const bot = await startBot()
const { slack, db, services, sent } = bot
const [org] = await db.sql<{ id: string }[]>`select id from org`
const orgId = org?.id ?? ''
const voices = { slack: bot.bot.voice, mail: { send: async () => ({ kind: 'sent' as const }) } }
const run = (cursor: string | null) =>
  people.run({ ...services, ...voices }, { orgId, cursor }, {} as JobContext)
const names = async () => (await adminsOf(services, orgId)).map(({ slackUserId }) => slackUserId)

beforeEach(() => {
  sent.length = 0
  slack.calls.length = 0
})
afterAll(() => setClock(db, null))

test('a new org is asked about at the next tick, then once a day, by one of any number of nodes', async () => {
  const tick = () => Promise.all([askForPeople(services), askForPeople(services)])
  await setClock(db, '2026-11-20T08:00:00Z')
  await tick()
  expect(sent).toEqual([{ name: 'people', payload: { orgId, cursor: null } }])
  await setClock(db, '2026-11-21T07:59:59Z')
  await tick()
  expect(sent).toHaveLength(1)
  await setClock(db, '2026-11-21T08:00:00Z')
  await tick()
  expect(sent).toHaveLength(2)
  await db.sql`update workspace set revoked_at = now()`
  await setClock(db, '2026-11-25T08:00:00Z')
  await tick()
  expect(sent).toHaveLength(2)
  await db.sql`update workspace set revoked_at = null`
})

test('admins become members page by page; others do not; who is known is brought up to date', async () => {
  await db.sql`
    insert into member (org_id, slack_user_id, team_id, role, role_set_by, display_name) values
      (${orgId}, 'UDEMOTED', 'T1', 'admin', null, 'Was'), (${orgId}, 'UKEPT', 'T1', 'admin', 'U9', 'Chosen here'),
      (${orgId}, 'ULEFT', 'T1', 'admin', null, 'Left')`
  slack.answers['users.list'] = ({ args }) =>
    args.cursor === 'page-2'
      ? { ok: true, members: [person('UOWNER', { is_owner: true }), person('ULEFT', { deleted: true })] }
      : {
          ok: true,
          members: [
            person('UADMIN', { is_admin: true }),
            person('UPLAIN'),
            person('UDEMOTED'),
            person('UKEPT'),
            person('UBOTADMIN', { is_admin: true, is_bot: true }),
          ],
          response_metadata: { next_cursor: 'page-2' },
        }
  await run(null)
  expect(slack.of('users.list').map(({ args }) => args)).toEqual([{ limit: '200', include_locale: 'true' }])
  expect(await names()).toEqual(['UADMIN', 'UKEPT', 'ULEFT'])
  expect(sent).toEqual([{ name: 'people', payload: { orgId, cursor: 'page-2' } }])
  await run('page-2')
  expect(await names()).toEqual(['UADMIN', 'UKEPT', 'UOWNER'])
  expect(sent).toHaveLength(1)
  expect(await db.sql`select from member where slack_user_id in ('UPLAIN', 'UBOTADMIN')`).toHaveLength(0)
})

test('a long rate limit is handed to the queue with what Slack asked for', async () => {
  slack.answers['users.list'] = { retryAfter: 30 }
  await expect(run(null)).rejects.toMatchObject({ retryAfterSeconds: 30 })
})
