/** Where an alert is heard: each client's channel, what comes next where it cannot be, and once per place. */
import { expect, test } from 'vitest'
import { noteFailure } from '../../flows/disconnect.ts'
import { acknowledge, snooze } from '../../flows/incident-buttons.ts'
import { incidentCardJob } from '../../jobs/incident-card.ts'
import type { SlackVoice, Voices } from '../../jobs/job.ts'
import type { SlackMessage } from '../../templates/slack/blocks.ts'
import { freshDatabase } from '../support/database.ts'
import { condemn, failure, openScene, presser, type Scene } from '../support/reconnecting.ts'

const { db } = await freshDatabase()
const context = { id: 'j', attempt: 0, last: false, signal: new AbortController().signal }

type Post = {
  channel: string
  ts: string
  message: SlackMessage
  threadTs: string | undefined
  edits: number
}

/** A Slack that knows which places are closed to us, and whose next call may break off. */
function workspace() {
  const posts: Post[] = []
  const closed = new Set<string>()
  const gone = new Set<string>()
  const slack = { posts, closed, gone, breaks: false, calls: 0 }
  const voice: SlackVoice = {
    async post(channel, message, { threadTs } = {}) {
      slack.calls++
      if (slack.breaks) throw new Error('Slack does not answer')
      if (closed.has(channel)) return { kind: 'unreachable', why: 'channel_not_found' }
      const ts = `${posts.length + 1}.0`
      posts.push({ channel, ts, message, threadTs, edits: 0 })
      return { kind: 'posted', channel, ts }
    },
    file: () => Promise.reject(new Error('no files here')),
    people: async () => ({ profiles: [], next: null }),
    async update(channel, ts, message) {
      slack.calls++
      const post = posts.find((one) => one.channel === channel && one.ts === ts)
      if (!post || gone.has(ts)) return 'gone'
      Object.assign(post, { message, edits: post.edits + 1 })
      return 'updated'
    },
  }
  const cards = () => posts.filter(({ threadTs, ts }) => threadTs === undefined && !gone.has(ts))
  return {
    ...slack,
    slack,
    voice,
    cards,
    at: (channel: string) => cards().filter((one) => one.channel === channel),
  }
}

async function broken(channels: Record<string, string | null>) {
  const scene = await openScene(db, { a1: Object.keys(channels) })
  const { orgId, connectionId, services } = scene
  for (const [name, channel] of Object.entries(channels))
    await db.sql`update client set channel_id = ${channel} where org_id = ${orgId} and name = ${name}`
  await condemn(services, connectionId)
  await noteFailure(services, { orgId, connectionId, sourceId: null, error: failure('revoked') })
  const [row] = await db.sql<{ id: string }[]>`select id from incident where org_id = ${orgId}`
  return { ...scene, incidentId: row?.id ?? '' }
}

const show = ({ services, orgId }: Scene, incidentId: string, voice: SlackVoice | null) =>
  incidentCardJob.run(
    { ...services, slack: async () => voice, mail: null as unknown as Voices['mail'] },
    { orgId, incidentId },
    context,
  )
const said = (posts: Post[]) => JSON.stringify(posts.map(({ message }) => message))
const mailed = async ({ orgId }: Scene) =>
  (
    await db.sql<
      { address: string }[]
    >`select address from delivery where org_id = ${orgId} and kind = 'alert'`
  )
    .map(({ address }) => address)
    .sort()

test('each client reads of itself by name and of the others in numbers; without a channel of its own in the alert channel', async () => {
  const scene = await broken({ Acme: 'CACME', Beta: 'CBETA', Gamma: null, Delta: 'CACME' })
  const { voice, at, cards } = workspace()
  await show(scene, scene.incidentId, voice)
  await show(scene, scene.incidentId, voice)
  expect(
    cards()
      .map(({ channel }) => channel)
      .sort(),
  ).toEqual(['CACME', 'CALERT', 'CBETA'])
  expect(said(at('CACME'))).toMatch(/Acme.*Delta/)
  expect(said(at('CACME'))).not.toMatch(/Beta|Gamma/)
  expect(said(at('CBETA'))).toContain('Also 3 data sources of 3 other clients')
  expect(said(at('CALERT'))).toContain('Gamma')
})

test('a closed channel falls through: alert channel, admins in person, then their mail, subscribed or not', async () => {
  const scene = await broken({ Acme: 'CACME' })
  const { voice, cards, closed } = workspace()
  closed.add('CACME').add('CALERT')
  await show(scene, scene.incidentId, voice)
  expect(cards().map(({ channel }) => channel)).toEqual(['UADMIN', 'UQUIET'])

  const deaf = await broken({ Acme: 'CACME' })
  const silent = workspace()
  for (const place of ['CACME', 'CALERT', 'UADMIN', 'UQUIET']) silent.closed.add(place)
  await show(deaf, deaf.incidentId, silent.voice)
  await show(deaf, deaf.incidentId, silent.voice)
  expect(await mailed(deaf)).toEqual(['ada@agency.example', 'quinn@agency.example'])

  const uninstalled = await broken({ Acme: 'CACME' })
  await show(uninstalled, uninstalled.incidentId, null)
  expect(await mailed(uninstalled)).toEqual(['ada@agency.example', 'quinn@agency.example'])
})

test('a card that stands elsewhere stays there when its channel opens again', async () => {
  const scene = await broken({ Acme: 'CACME' })
  const { voice, cards, closed } = workspace()
  closed.add('CACME')
  await show(scene, scene.incidentId, voice)
  closed.clear()
  await acknowledge(scene.services, presser(scene.orgId, 'UMEMBER'), scene)
  await show(scene, scene.incidentId, voice)
  expect(cards().map(({ channel }) => channel)).toEqual(['CALERT'])
  expect(said(cards())).toContain('<@UMEMBER> is on it')
})

test('nothing is edited for nothing, and each event stands once in the thread', async () => {
  const scene = await broken({ Acme: 'CACME' })
  const { voice, posts, slack } = workspace()
  await show(scene, scene.incidentId, voice)
  await acknowledge(scene.services, presser(scene.orgId, 'UMEMBER'), scene)
  await show(scene, scene.incidentId, voice)
  const calls = slack.calls
  await show(scene, scene.incidentId, voice)
  await show(scene, scene.incidentId, voice)
  expect(slack.calls).toBe(calls)
  expect(posts.map(({ threadTs, edits }) => [threadTs, edits])).toEqual([
    [undefined, 1],
    ['1.0', 0],
  ])
})

test('the thread keeps its order, and what a worker died over is told by another', async () => {
  const scene = await broken({ Acme: 'CACME' })
  const { voice, posts } = workspace()
  await acknowledge(scene.services, presser(scene.orgId, 'UMEMBER'), scene)
  const [first] = await db.sql`
    select id from audit_event where org_id = ${scene.orgId} and kind = 'incident.acked'`
  const key = `incident:${scene.incidentId}:CACME:event:${first?.id}`
  await db.sql`insert into slack_post (org_id, key, channel_id) values (${scene.orgId}, ${key}, 'CACME')`
  await snooze(scene.services, presser(scene.orgId, 'UMEMBER'), { ...scene, choice: 'hour' })
  await expect(show(scene, scene.incidentId, voice)).rejects.toThrow('another worker is posting')
  expect(posts.filter(({ threadTs }) => threadTs)).toEqual([])
  await db.sql`update slack_post set updated_at = now() - interval '3 minutes' where key = ${key}`
  await show(scene, scene.incidentId, voice)
  const thread = posts.filter(({ threadTs }) => threadTs).map(({ message }) => message.text)
  expect(thread).toEqual([expect.stringContaining('is on it'), expect.stringContaining('snoozed')])
})

test('a deleted card is posted anew', async () => {
  const scene = await broken({ Acme: 'CACME' })
  const { voice, gone, at } = workspace()
  await show(scene, scene.incidentId, voice)
  gone.add('1.0')
  await acknowledge(scene.services, presser(scene.orgId, 'UMEMBER'), scene)
  await show(scene, scene.incidentId, voice)
  expect(at('CACME')).toHaveLength(1)
})

test('workers that show one card at once post it once', async () => {
  const scene = await broken({ Acme: 'CACME', Beta: 'CBETA' })
  const { voice, cards } = workspace()
  await Promise.allSettled(Array.from({ length: 6 }, () => show(scene, scene.incidentId, voice)))
  expect(
    cards()
      .map(({ channel }) => channel)
      .sort(),
  ).toEqual(['CACME', 'CBETA'])
})

test('a post that failed is tried again by the next run', async () => {
  const scene = await broken({ Acme: 'CACME' })
  const { voice, slack, at } = workspace()
  slack.breaks = true
  await expect(show(scene, scene.incidentId, voice)).rejects.toThrow('does not answer')
  slack.breaks = false
  await show(scene, scene.incidentId, voice)
  expect(at('CACME')).toHaveLength(1)
})

test('what was over before anybody heard of it is not announced', async () => {
  const scene = await broken({ Acme: 'CACME' })
  await db.sql`update incident set status = 'archived', resolved_at = now() where id = ${scene.incidentId}`
  const { voice, posts } = workspace()
  await show(scene, scene.incidentId, voice)
  expect(posts).toEqual([])
})

test("staff's own trouble never reaches a client's channel", async () => {
  const scene = await openScene(db, { a1: ['Acme'] })
  const { orgId, connectionId, services } = scene
  await db.sql`update client set channel_id = 'CACME' where org_id = ${orgId}`
  await noteFailure(services, { orgId, connectionId, sourceId: null, error: failure('app_config') })
  const [row] = await db.sql<{ id: string }[]>`select id from incident where org_id = ${orgId}`
  const { voice, cards } = workspace()
  await show(scene, row?.id ?? '', voice)
  expect(cards().map(({ channel }) => channel)).toEqual(['CALERT'])
  expect(said(cards())).not.toContain('"Reconnect"')
})
