/** The countdown: each step said once, missed ones together, over when the end moves on, overtaken by a disconnect. */
import { expect, test } from 'vitest'
import { alertOf } from '../../flows/alert.ts'
import { countDown } from '../../flows/countdown.ts'
import { noteFailure } from '../../flows/disconnect.ts'
import { acknowledge, mute } from '../../flows/incident-buttons.ts'
import { reconnectSelf } from '../../flows/reconnect.ts'
import type { Services } from '../../flows/services.ts'
import { incidentCardJob } from '../../jobs/incident-card.ts'
import type { JobContext, Voices } from '../../jobs/job.ts'
import type { SlackMessage } from '../../templates/slack/blocks.ts'
import { freshDatabase, setClock } from '../support/database.ts'
import { condemn, failure, jobsNamed, openScene, presser, type Scene } from '../support/reconnecting.ts'

const { db } = await freshDatabase()
const END = Date.parse('2026-12-03T16:00:00Z')
const DAY = 86_400_000

/** An authorisation of so many days that ends on 3 December. */
async function ending(lasts: number): Promise<Scene> {
  await setClock(db, new Date(END - lasts * DAY))
  const scene = await openScene(db, { a1: ['Acme', 'Beta'] })
  await db.sql`
    update connection set grant_expires_at = ${new Date(END)}, authorised_at = ${new Date(END - lasts * DAY)}
    where id = ${scene.connectionId}`
  scene.sent.length = 0
  return scene
}

async function daysBefore(days: number, scene: Scene): Promise<void> {
  await setClock(db, new Date(END - days * DAY))
  await countDown(scene.services)
}

async function incidentOf({ connectionId }: Scene) {
  const [row] = await db.sql`
    select * from incident where connection_id = ${connectionId} and kind = 'expiring' order by opened_at desc limit 1`
  return row
}
const said = async (scene: Scene) => {
  const incident = await incidentOf(scene)
  const alert = incident && (await alertOf(scene.services, scene.orgId, incident.id))
  return (alert?.events ?? []).map(({ kind, data }) =>
    `${kind.replace('incident.', '')} ${data.days ?? ''}`.trim(),
  )
}

test('a year-long authorisation: 30, 14, 7, 3 and 1 days before, each once, in one incident', async () => {
  const scene = await ending(365)
  await daysBefore(30.01, scene)
  expect(await incidentOf(scene)).toBeUndefined()
  for (const days of [30, 29, 14, 13.9, 7, 3, 2, 1, 0.5]) {
    await daysBefore(days, scene)
    await Promise.all([countDown(scene.services), countDown(scene.services)])
  }
  expect(await said(scene)).toEqual([
    'opened 30',
    'countdown 14',
    'countdown 7',
    'countdown 3',
    'countdown 1',
  ])
  expect(jobsNamed(scene.sent, 'incident-card')).toHaveLength(5)
  expect(jobsNamed(scene.sent, 'deliver'), 'no mail, to nobody').toEqual([])
})

test('a shorter one begins 14 days before, and what was missed while nothing ran is one step', async () => {
  const scene = await ending(60)
  await daysBefore(20, scene)
  expect(await incidentOf(scene)).toBeUndefined()
  await daysBefore(13, scene)
  await daysBefore(2.5, scene)
  expect(await said(scene)).toEqual(['opened 13', 'countdown 3'])
  const alert = await alertOf(scene.services, scene.orgId, (await incidentOf(scene))?.id)
  expect(alert).toMatchObject({ endsOn: '2026-12-03', incident: { step: 3 } })
  expect(alert?.clients.map(({ name }) => name)).toEqual(['Acme', 'Beta'])
})

test('it can be reconnected before its end, and one that does not end cannot', async () => {
  const scene = await ending(60)
  const press = () =>
    reconnectSelf(scene.services, presser(scene.orgId, 'UMEMBER'), {
      ...{ connectionId: scene.connectionId, channelId: 'C1' },
    })
  expect((await press()).kind).toBe('works')
  await daysBefore(14, scene)
  expect((await press()).kind).toBe('link')
  expect(await incidentOf(scene)).toMatchObject({ status: 'reconnecting' })
})

test('an end that moves on ends the countdown; a few seconds are no later end', async () => {
  const scene = await ending(60)
  await daysBefore(10, scene)
  await acknowledge(scene.services, presser(scene.orgId, 'UMEMBER'), {
    incidentId: (await incidentOf(scene))?.id,
  })
  const moveTo = (at: number) =>
    db.sql`update connection set grant_expires_at = ${new Date(at)} where id = ${scene.connectionId}`
  await moveTo(END + 90_000)
  await daysBefore(9, scene)
  expect(await incidentOf(scene)).toMatchObject({ status: 'acked' })
  await moveTo(END + 50 * DAY)
  await daysBefore(9, scene)
  expect(await incidentOf(scene)).toMatchObject({ status: 'resolved' })
  await daysBefore(-36, scene)
  expect(await incidentOf(scene)).toMatchObject({ status: 'open', step: 14 })
})

test('muted it counts on in silence', async () => {
  const scene = await ending(60)
  await daysBefore(14, scene)
  const incidentId = (await incidentOf(scene))?.id
  await mute(scene.services, presser(scene.orgId, 'UMEMBER'), { incidentId, reason: 'client has left' })
  await daysBefore(7, scene)
  expect(await said(scene)).toEqual(['opened 14', 'muted', 'counted 7'])
})

test('when the day has come the provider is asked, and a refusal is an alert like any other', async () => {
  const scene = await ending(60)
  await daysBefore(1, scene)
  scene.sent.length = 0
  await daysBefore(0, scene)
  expect(jobsNamed(scene.sent, 'verify-connection').map(({ key }) => key)).toContain(scene.connectionId)
  expect(await said(scene)).toEqual(['opened 1', 'countdown 0'])
  await condemn(scene.services, scene.connectionId)
  const { orgId, connectionId } = scene
  await noteFailure(scene.services, { orgId, connectionId, sourceId: null, error: failure('revoked') })
  await daysBefore(-1, scene)
  expect(await incidentOf(scene)).toMatchObject({ status: 'archived' })
  const [alert] =
    await db.sql`select status from incident where connection_id = ${connectionId} and kind = 'connection'`
  expect(alert).toMatchObject({ status: 'open' })
})

test('the card stands where an alert would, names the day and offers Reconnect; each step is a reply below it', async () => {
  const scene = await ending(365)
  await db.sql`update client set channel_id = 'CACME' where org_id = ${scene.orgId} and name = 'Acme'`
  const posts: { channel: string; said: string; thread: boolean }[] = []
  const voice = {
    post: async (channel: string, message: SlackMessage, options?: { threadTs?: string }) => {
      posts.push({ channel, said: JSON.stringify(message), thread: options?.threadTs !== undefined })
      return { kind: 'posted' as const, channel, ts: `${posts.length}.0` }
    },
    update: async () => 'updated' as const,
  }
  const services = { ...scene.services, slack: async () => voice } as unknown as Services & Voices
  for (const days of [30, 14, 7]) {
    await daysBefore(days, scene)
    const payload = { orgId: scene.orgId, incidentId: (await incidentOf(scene))?.id }
    await incidentCardJob.run(services, payload, {} as JobContext)
  }
  expect(posts.map(({ channel, thread }) => `${channel} ${thread}`).sort()).toEqual(
    ['CACME', 'CALERT'].flatMap((place) => [`${place} false`, `${place} true`, `${place} true`]),
  )
  expect(posts[0]?.said).toContain('Tiny ends this authorisation on 3 December 2026, whatever we do')
  expect(posts[0]?.said).toContain('"Reconnect"')
  expect(posts.filter(({ thread }) => thread)[0]?.said).toContain('14 days left')
})

test('an end long past, of which nobody was told, is no news', async () => {
  const scene = await ending(60)
  await daysBefore(-3, scene)
  expect(await incidentOf(scene)).toBeUndefined()
})
