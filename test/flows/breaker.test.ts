/** A provider that refuses many at once: one card per org, nobody disconnected, and everybody judged afterwards. */
import { afterAll, expect, test } from 'vitest'
import type { FailureClass } from '../../connectors/connector.ts'
import { alertOf } from '../../flows/alert.ts'
import { watchOutages } from '../../flows/breaker.ts'
import { noteFailure } from '../../flows/disconnect.ts'
import { reconnectSelf } from '../../flows/reconnect.ts'
import { secondLooks } from '../../flows/second-look.ts'
import { freshDatabase } from '../support/database.ts'
import { type Fleet, launch, type Ship, startTinyProvider } from '../support/fleet.ts'
import { condemn, failure, jobsNamed, presser } from '../support/reconnecting.ts'

const { db } = await freshDatabase()
const tiny = await startTinyProvider()
afterAll(() => tiny.close())

const outagesOf = ({ orgs }: Fleet) => db.sql<
  { id: string; orgId: string; status: string; outageId: string }[]
>`
  select id, org_id, status, outage_id from incident where org_id = any(${orgs}) and kind = 'outage' order by org_id`
const note = (fleet: Fleet, { orgId, connectionId }: Ship, kind: FailureClass) =>
  noteFailure(fleet.services, { orgId, connectionId, sourceId: null, error: failure(kind) })
const refuse = (...ships: Ship[]) => {
  for (const { token } of ships) tiny.valid.delete(token)
}
const accept = (...ships: Ship[]) => {
  for (const { token } of ships) tiny.valid.add(token)
}
const statuses = async (fleet: Fleet, ships = fleet.ships) =>
  Promise.all(ships.map((ship) => fleet.status(ship)))
const isOwn = ({ orgs }: Fleet, { orgId }: Record<string, unknown>) => orgs.includes(String(orgId))
/** What the tick sends out, done at once. */
async function tick(fleet: Fleet): Promise<number> {
  fleet.sent.length = 0
  await watchOutages(fleet.services)
  const looks = jobsNamed(fleet.sent, 'second-look').filter(({ payload }) => isOwn(fleet, payload))
  for (const { payload } of looks) await fleet.look(payload as Ship)
  return looks.length
}

test('the fifth first refusal makes one incident of staff’s per org, and final refusals disconnect nobody', async () => {
  const fleet = await launch(db, [6, 2, 2], tiny)
  const failing = [...fleet.ships.slice(0, 4), ...fleet.ships.slice(6, 7)]
  refuse(...failing)
  for (const ship of failing.slice(0, 4)) await fleet.read(ship)
  expect(await outagesOf(fleet)).toEqual([])
  await fleet.read(failing[4] as Ship)
  expect((await outagesOf(fleet)).map(({ orgId }) => orgId)).toEqual([...fleet.orgs.slice(0, 2)].sort())
  expect(jobsNamed(fleet.sent, 'incident-card')).toHaveLength(2)

  await fleet.at(2)
  for (const ship of failing) await fleet.look(ship)
  expect(await statuses(fleet)).toEqual(Array(10).fill('connected'))
  expect((await Promise.all(failing.map(fleet.open))).flat()).toEqual([])
  const late =
    await db.sql`select from source where org_id = any(${fleet.orgs}) and delayed_since is not null`
  expect(late).toHaveLength(5)
  const mails = await db.sql`select from delivery where org_id = any(${fleet.orgs})`
  expect(mails).toHaveLength(0)
})

test('its card goes where staff’s own go, with figures of this org alone', async () => {
  const fleet = await launch(db, [4, 3], tiny)
  refuse(...fleet.ships)
  for (const ship of fleet.ships) await fleet.read(ship)
  const [first] = (await outagesOf(fleet)).filter(({ orgId }) => orgId === fleet.orgs[0])
  const alert = await alertOf(fleet.services, first?.orgId ?? '', first?.id ?? '')
  expect(alert?.outage).toMatchObject({ held: 4, of: 4, failureClass: 'revoked' })
  expect(alert?.clients.map(({ route }) => route)).toEqual(Array(4).fill([['CALERT']]))
})

test.each([
  ['a quarter of them', 20, 5, 0],
  ['only four', 4, 4, 0],
  ['five of them, each three minutes after the other', 5, 5, 3],
])(
  '%s is not the provider’s trouble: each is disconnected and alerts',
  async (_what, size, count, minutes) => {
    const fleet = await launch(db, [size], tiny)
    const failing = fleet.ships.slice(0, count)
    refuse(...failing)
    for (const [i, ship] of failing.entries()) {
      await fleet.at(i * minutes)
      await fleet.read(ship)
      await fleet.at(i * minutes + 2)
      await fleet.look(ship)
    }
    expect(await statuses(fleet, failing)).toEqual(Array(count).fill('disconnected'))
    expect(await outagesOf(fleet)).toEqual([])
  },
)

test('thirty final refusals at once, from nowhere, are one outage, and none of them stays disconnected', async () => {
  const fleet = await launch(db, [15, 15], tiny)
  for (const { connectionId } of fleet.ships) await condemn(fleet.services, connectionId)
  await Promise.all([...fleet.ships, ...fleet.ships].map((ship) => note(fleet, ship, 'revoked')))
  expect(await statuses(fleet)).toEqual(Array(30).fill('connected'))
  const found = await outagesOf(fleet)
  expect(found).toHaveLength(2)
  expect(new Set(found.map(({ outageId }) => outageId)).size).toBe(1)
  const holds = await db.sql`select from outage_hold where outage_id = ${found[0]?.outageId ?? ''}`
  expect(holds).toHaveLength(30)
  const loose = await db.sql`
    select from incident where org_id = any(${fleet.orgs}) and kind = 'connection' and outage_id is null`
  expect(loose, 'those that fell before the fifth wait with the others').toHaveLength(0)
})

test('whoever fell before is connected again, its alert on hold, and green when the provider answers', async () => {
  const fleet = await launch(db, [6], tiny)
  const [early, ...later] = fleet.ships as [Ship, ...Ship[]]
  refuse(...fleet.ships)
  await fleet.read(early)
  await fleet.at(2)
  await fleet.look(early)
  expect(await fleet.open(early)).toEqual(['connection'])
  for (const ship of later) await fleet.read(ship)
  expect(await fleet.status(early)).toBe('connected')
  const [folded] = await db.sql`
    select id, outage_id from incident where connection_id = ${early.connectionId} and kind = 'connection'`
  expect(folded?.outageId).toEqual((await outagesOf(fleet))[0]?.outageId)

  accept(...fleet.ships)
  await fleet.at(5)
  expect(await tick(fleet)).toBe(6)
  const alert = await alertOf(fleet.services, early.orgId, folded?.id)
  expect(alert?.incident).toMatchObject({ status: 'resolved', outcome: { healed: [early.sourceId] } })
  expect(await fleet.open(early)).toEqual([])
  const runs = await db.sql`select from sync_run where source_id = ${early.sourceId} and kind = 'catch-up'`
  expect(runs).toHaveLength(1)
})

test('when most answer it is over: the others are looked at and alert one by one, and the card says how many', async () => {
  const fleet = await launch(db, [14], tiny)
  refuse(...fleet.ships)
  for (const ship of fleet.ships) await fleet.read(ship)
  await fleet.at(3)
  expect(await tick(fleet), 'a few are asked, not all').toBe(10)
  await fleet.at(4)
  expect(await tick(fleet), 'not every minute').toBe(0)

  const stay = fleet.ships.slice(0, 6)
  accept(...fleet.ships.slice(6))
  for (let minute = 5; minute < 15; minute++) {
    await fleet.at(minute)
    await tick(fleet)
  }
  expect(await statuses(fleet, stay)).toEqual(Array(6).fill('disconnected'))
  expect((await Promise.all(stay.map(fleet.open))).flat()).toEqual(Array(6).fill('connection'))
  expect(await statuses(fleet, fleet.ships.slice(6))).toEqual(Array(8).fill('connected'))
  const [card] = await outagesOf(fleet)
  const alert = await alertOf(fleet.services, card?.orgId ?? '', card?.id ?? '')
  expect(alert?.incident).toMatchObject({ status: 'resolved' })
  expect(alert?.outage).toMatchObject({ held: 14, answered: 8, refused: 6, endedWhy: 'answered' })
  expect(alert?.events.at(-1)).toMatchObject({
    kind: 'incident.recovered',
    data: { answered: 8, refused: 6 },
  })
  const next = fleet.ships[8] as Ship
  refuse(next)
  await fleet.read(next)
  await fleet.at(17)
  await fleet.look(next)
  expect(await fleet.status(next), 'what was judged counts towards no new outage').toBe('disconnected')
  expect(await outagesOf(fleet)).toHaveLength(1)
})

test('what is refused for a day is no outage: all alert then; who reconnects before is helped before', async () => {
  const fleet = await launch(db, [5], tiny)
  refuse(...fleet.ships)
  for (const ship of fleet.ships) await fleet.read(ship)
  const [one] = fleet.ships as [Ship]
  const offered = await reconnectSelf(fleet.services, presser(one.orgId, 'U1'), {
    ...{ connectionId: one.connectionId, channelId: 'C1' },
  })
  expect(offered.kind).toBe('link')
  await fleet.at(24 * 60 - 1)
  await tick(fleet)
  expect(await statuses(fleet)).toEqual(Array(5).fill('connected'))
  await fleet.at(24 * 60 + 2)
  await tick(fleet)
  expect(await statuses(fleet)).toEqual(Array(5).fill('disconnected'))
  expect((await outagesOf(fleet))[0]?.status).toBe('open')
  await fleet.at(24 * 60 + 3)
  await tick(fleet)
  expect((await outagesOf(fleet))[0]?.status).toBe('resolved')
})

test('our own app refused everywhere is one incident per org, not one per connection', async () => {
  const fleet = await launch(db, [5, 4], tiny)
  await Promise.all(fleet.ships.map((ship) => note(fleet, ship, 'app_config')))
  const own = await db.sql`
    select from incident where org_id = any(${fleet.orgs}) and kind = 'staff' and outage_id is null`
  expect(own).toHaveLength(0)
  expect(await outagesOf(fleet)).toHaveLength(2)
  await fleet.at(5)
  fleet.sent.length = 0
  await watchOutages(fleet.services)
  const looks = jobsNamed(fleet.sent, 'verify-connection').filter(({ payload }) => isOwn(fleet, payload))
  expect(looks).toHaveLength(9)
  tiny.mode.api = 'no-report' // the lists answer, the reports do not
  for (const { payload } of looks) await fleet.read(payload as Ship)
  await fleet.at(7)
  fleet.sent.length = 0
  await watchOutages(fleet.services)
  expect((await outagesOf(fleet)).map(({ status }) => status)).toEqual(['open', 'open'])
  tiny.mode.api = 'check'
  const again = jobsNamed(fleet.sent, 'verify-connection').filter(({ payload }) => isOwn(fleet, payload))
  for (const { payload } of again) await fleet.read(payload as Ship)
  await fleet.at(8)
  await watchOutages(fleet.services)
  expect((await outagesOf(fleet)).map(({ status }) => status)).toEqual(['resolved', 'resolved'])
})

test('a provider that lets many wait for three days is one incident per org as well', async () => {
  const fleet = await launch(db, [4, 3], tiny)
  await db.sql`update source set delayed_since = latchkey.clock() where org_id = any(${fleet.orgs})`
  await fleet.at(3 * 24 * 60)
  await secondLooks(fleet.services)
  await secondLooks(fleet.services)
  expect((await Promise.all(fleet.ships.map(fleet.open))).flat()).toEqual([])
  expect(await outagesOf(fleet)).toHaveLength(2)
  await fleet.at(3 * 24 * 60 + 3)
  fleet.sent.length = 0
  await watchOutages(fleet.services)
  const looks = jobsNamed(fleet.sent, 'verify-connection').filter(({ payload }) => isOwn(fleet, payload))
  for (const { payload } of looks) await fleet.read(payload as Ship)
  await fleet.at(3 * 24 * 60 + 4)
  await watchOutages(fleet.services)
  expect((await outagesOf(fleet)).map(({ status }) => status)).toEqual(['resolved', 'resolved'])
})

test('permissions missing from many at once are not believed, and an outage of another kind holds nothing', async () => {
  const fleet = await launch(db, [7], tiny)
  const [other, ...many] = fleet.ships as [Ship, ...Ship[]]
  for (const ship of many.slice(0, 4)) await note(fleet, ship, 'scope_missing')
  expect((await Promise.all(many.map(fleet.open))).flat()).toEqual(Array(4).fill('scope'))
  for (const ship of many.slice(4)) await note(fleet, ship, 'scope_missing')
  const down = await db.sql`select from source where org_id = ${other.orgId} and status = 'disconnected'`
  expect(down).toHaveLength(0)
  refuse(other)
  await fleet.read(other)
  await fleet.at(2)
  await fleet.look(other)
  expect(await fleet.status(other)).toBe('disconnected')
})
