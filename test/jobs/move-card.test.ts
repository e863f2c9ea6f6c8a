/** Who is asked about another login: every admin in person, else the alert channel, else where it was asked for. */
import { expect, test } from 'vitest'
import { decideMove, proposeMove } from '../../flows/move.ts'
import type { SlackVoice, Voices } from '../../jobs/job.ts'
import { moveCardJob } from '../../jobs/move-card.ts'
import { freshDatabase } from '../support/database.ts'
import { connect, openScene, presser } from '../support/reconnecting.ts'

const { db } = await freshDatabase()
const context = { id: 'j', attempt: 0, last: false, signal: new AbortController().signal }

async function asked(closed: string[], admins = true) {
  const scene = await openScene(db, { a1: ['Acme'] })
  const { orgId, connectionId, services } = scene
  if (!admins) await db.sql`update member set role = 'member' where org_id = ${orgId}`
  await db.sql`update source set status = 'disconnected' where org_id = ${orgId}`
  const [request] = await db.sql<{ id: string }[]>`
    insert into access_request (org_id, client_id, purpose, connection_id, requested_by, channel_id, status)
    values (${orgId}, ${scene.clients[0] ?? ''}, 'reconnect', ${connectionId}, 'UMEMBER', 'CASKED', 'finished')
    returning id`
  const toConnectionId = await connect(services, orgId, 'other', 'other@example.com')
  await db.transaction((tx) =>
    proposeMove(services, tx, {
      ...{ orgId, requestId: request?.id ?? '', fromConnectionId: connectionId, toConnectionId },
      sourceIds: Object.values(scene.sources),
    }),
  )
  const [move] = await db.sql<{ id: string }[]>`select id from move where org_id = ${orgId}`
  const shown = new Map<string, string>()
  const voice: SlackVoice = {
    async post(channel, message) {
      if (closed.includes(channel)) return { kind: 'unreachable', why: 'channel_not_found' }
      expect(shown.has(channel), 'posted twice').toBe(false)
      shown.set(channel, JSON.stringify(message))
      return { kind: 'posted', channel, ts: '1.0' }
    },
    file: () => Promise.reject(new Error('no files here')),
    people: async () => ({ profiles: [], next: null }),
    async update(channel, _ts, message) {
      shown.set(channel, JSON.stringify(message))
      return 'updated'
    },
  }
  const moveId = move?.id ?? ''
  const run = () =>
    moveCardJob.run(
      { ...services, slack: async () => voice, mail: null as unknown as Voices['mail'] },
      { orgId, moveId },
      context,
    )
  await run()
  await run()
  return { ...scene, moveId, shown, run }
}

test('every admin is asked once, and all see who decided what', async () => {
  const { services, orgId, moveId, shown, run } = await asked([])
  expect([...shown.keys()]).toEqual(['UADMIN', 'UQUIET'])
  await decideMove(services, presser(orgId, 'UADMIN', 'admin'), { moveId, as: 'kept' })
  await run()
  for (const card of shown.values()) {
    expect(card).toContain('<@UADMIN> kept the old login')
    expect(card).not.toContain('"actions"')
  }
})

test('without an admin who can be reached it is asked in the alert channel, then where it was asked for', async () => {
  expect([...(await asked(['UADMIN', 'UQUIET'])).shown.keys()]).toEqual(['CALERT'])
  expect([...(await asked([], false)).shown.keys()]).toEqual(['CALERT'])
  expect([...(await asked(['CALERT'], false)).shown.keys()]).toEqual(['CASKED'])
})
