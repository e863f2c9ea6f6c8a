/** Messages to owners and requesters: sent once, refused for good, or tried again; and the card that tells of it. */
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { requestAccess } from '../../flows/request-access.ts'
import { cancelRequest, copyLink, correctAddress } from '../../flows/request-actions.ts'
import { deliver } from '../../jobs/deliver.ts'
import type { JobContext, MailOutcome, Posted, Voices } from '../../jobs/job.ts'
import { requestCardJob } from '../../jobs/request-card.ts'
import type { SlackMessage } from '../../templates/slack/blocks.ts'
import { askServices, makeOrg, wish } from '../support/ask.ts'
import { checkMessage } from '../support/block-kit.ts'
import { freshDatabase } from '../support/database.ts'

const { db } = await freshDatabase()
const { services, sent } = askServices(db)

type Post = { channel: string; message: SlackMessage; threadTs?: string | undefined; ts: string }
let posts: Post[] = []
let updates: { ts: string; message: SlackMessage }[] = []
let mails: { to: string; id: string; subject: string; html: string; text: string; replyTo: string | null }[] =
  []
let mailAnswer: () => MailOutcome = () => ({ kind: 'sent' })
let closed: string[] = []
let onUpdate = async () => {}

const voices: Voices = {
  slack: async () => ({
    async post(channel, message, { threadTs } = {}): Promise<Posted> {
      if (closed.includes(channel) || (threadTs && closed.includes(`${channel} threads`)))
        return { kind: 'unreachable', why: 'not_in_channel' }
      const ts = `${posts.length + 1}.0`
      posts.push({ channel, message, threadTs, ts })
      return { kind: 'posted', channel: channel.startsWith('U') ? `D${channel}` : channel, ts }
    },
    file: () => Promise.reject(new Error('no files here')),
    people: async () => ({ profiles: [], next: null }),
    async update(_channel, ts, message) {
      await onUpdate()
      updates.push({ ts, message })
      return 'updated'
    },
  }),
  mail: {
    async send(to, { subject, html, text }, { id, replyTo }) {
      mails.push({ to: to.address, id, subject, html, text, replyTo })
      return mailAnswer()
    },
  },
}
const context = (last = false): JobContext => ({
  id: '1',
  attempt: 0,
  last,
  signal: AbortSignal.timeout(5_000),
})
let orgId: string

beforeAll(async () => {
  orgId = await makeOrg(db)
  await db.sql`insert into member (org_id, slack_user_id, team_id, display_name, email)
    values (${orgId}, 'U1', 'T1', 'Anna', 'anna@agency.example')`
})
beforeEach(async () => {
  posts = []
  updates = []
  onUpdate = async () => {}
  mails = []
  closed = []
  mailAnswer = () => ({ kind: 'sent' })
  sent.length = 0
  await db.sql`update org set recent_links = '{}'`
})

async function issue(other: Parameters<typeof wish>[1] = {}) {
  const outcome = await requestAccess(services, wish(orgId, other))
  if (outcome.kind !== 'issued') throw new Error(outcome.kind)
  return outcome
}

/** Runs what was sent, until nothing more comes of it. */
async function work(last = false): Promise<void> {
  for (let job = sent.shift(); job; job = sent.shift()) {
    if (job.name === 'deliver')
      await deliver.run({ ...services, ...voices }, job.payload as never, context(last))
    if (job.name === 'request-card')
      await requestCardJob.run({ ...services, ...voices }, job.payload as never, context(last))
  }
}

const thread = () => posts.filter(({ threadTs }) => threadTs).map(({ message }) => message.text)

test('the mail carries the delivery’s id, the link and Reply-To the requester; the card tells of it', async () => {
  const { url } = await issue()
  await work()
  const [row] =
    await db.sql`select id, status from delivery where kind = 'access-request' and org_id = ${orgId}`
  expect(row?.status).toBe('sent')
  expect(mails).toMatchObject([{ to: 'dana@acme.com', id: row?.id, replyTo: 'anna@agency.example' }])
  expect(mails[0]?.html).toContain(`href="${url}"`)
  expect(mails[0]?.text).toContain(url)
  expect(posts[0]).toMatchObject({ channel: 'C1', threadTs: undefined })
  expect(thread()).toEqual(['✉️ Sent by e-mail, delivered to the owner’s mail server'])
  expect(posts.flatMap(({ message }) => checkMessage(message))).toEqual([])
})

test('running the same jobs again says nothing twice', async () => {
  const { requestId } = await issue()
  const jobs = [...sent]
  await work()
  const before = [posts.length, mails.length, updates.length]
  sent.push(...jobs, ...jobs)
  await work()
  expect([posts.length, mails.length, updates.length]).toEqual(before)
  await Promise.all(
    [1, 2, 3].map(() => requestCardJob.run({ ...services, ...voices }, { orgId, requestId }, context())),
  )
  expect([posts.length, mails.length]).toEqual(before.slice(0, 2))
})

test('many workers showing a new card post it once', async () => {
  const { requestId } = await issue()
  sent.length = 0
  const runs = Array.from({ length: 6 }, () =>
    requestCardJob.run({ ...services, ...voices }, { orgId, requestId }, context()).catch(() => {}),
  )
  await Promise.all(runs)
  expect(posts.filter(({ threadTs }) => !threadTs)).toHaveLength(1)
})

test('what a worker that died was about to post is posted later by another', async () => {
  const { requestId } = await issue()
  await work()
  const before = posts.length
  await cancelRequest(services, { orgId, requestId, by: 'U1' })
  const [event] = await db.sql`
    select 'request:' || request_id || ':event:' || id as key from audit_event
    where request_id = ${requestId} and kind = 'request.cancelled'`
  await db.sql`insert into slack_post (org_id, key, channel_id) values (${orgId}, ${event?.key}, 'C1')`
  const run = () => requestCardJob.run({ ...services, ...voices }, { orgId, requestId }, context())
  await expect(run()).rejects.toThrow('another worker')
  await db.sql`update slack_post set updated_at = now() - interval '3 minutes' where key = ${event?.key}`
  await run()
  expect(posts.slice(before).map(({ message }) => message.text)).toEqual(['🚫 <@U1> cancelled the request'])
})

test('a card that changed while it was being edited is edited again', async () => {
  const { requestId } = await issue()
  await work()
  const card = () => requestCardJob.run({ ...services, ...voices }, { orgId, requestId }, context())
  onUpdate = async () => {
    onUpdate = async () => {}
    await cancelRequest(services, { orgId, requestId, by: 'U1' })
    await card() // another worker, faster than this one
  }
  await db.sql`update access_request set note = 'Please' where id = ${requestId}`
  await card()
  expect(updates.at(-1)?.message.text).toContain('cancelled')
})

test('where the bot may not speak the card goes to the requester', async () => {
  closed = ['C1']
  await issue()
  await work()
  expect(posts[0]?.channel).toBe('U1')
  expect(posts.filter(({ threadTs }) => threadTs).every(({ channel }) => channel === 'DU1')).toBe(true)
})

test('a channel that takes cards but no replies gets one card, and the requester the thread', async () => {
  closed = ['C1 threads']
  const { requestId } = await issue()
  await work()
  const run = () => requestCardJob.run({ ...services, ...voices }, { orgId, requestId }, context())
  await run()
  await run()
  const roots = posts.filter(({ threadTs }) => !threadTs).map(({ channel }) => channel)
  expect(roots).toEqual(['C1', 'U1'])
  expect(posts.filter(({ threadTs }) => threadTs).map(({ channel }) => channel)).toEqual(['DU1'])
})

test('when the channel is archived later the card moves to the requester', async () => {
  const { requestId } = await issue()
  await work()
  closed = ['C1']
  const sentBefore = posts.length
  await cancelRequest(services, { orgId, requestId, by: 'U1' })
  const run = () => requestCardJob.run({ ...services, ...voices }, { orgId, requestId }, context())
  sent.length = 0
  await run()
  const moved = posts.slice(sentBefore)
  expect(moved.map(({ channel }) => channel)).toEqual(['U1', 'DU1'])
  expect(moved.at(-1)?.message.text).toContain('cancelled the request')
})

test('a refused address is told in the thread and in person, and corrected with the same link', async () => {
  mailAnswer = () => ({ kind: 'refused', code: 550, why: '5.1.1 <dana@acme.com> user unknown' })
  const { requestId, url } = await issue()
  await work()
  expect(thread()).toEqual(['⚠️ The e-mail was refused and not delivered: 5.1.1 … user unknown'])
  const told = posts.find(({ channel }) => channel === 'U1')
  expect(JSON.stringify(told?.message)).toContain('request_edit_address')
  const card = updates.at(-1)?.message ?? posts[0]?.message
  expect(JSON.stringify(card)).toContain('Edit address')

  mailAnswer = () => ({ kind: 'sent' })
  const correct = (email: string) => correctAddress(services, { orgId, requestId, by: 'U1', email })
  expect(await correct('DANA@acme.com')).toEqual({ kind: 'same-address' })
  expect(await correct('dana@acme.example, x@y.example')).toEqual({ kind: 'not-one-address' })
  expect(await correct('dana@acme.example')).toEqual({ kind: 'sent-again' })
  await work()
  expect(mails.at(-1)).toMatchObject({ to: 'dana@acme.example' })
  expect(mails.at(-1)?.text).toContain(url)
  expect(await correct('other@acme.example')).toEqual({ kind: 'stale', status: 'sent' })
  expect(thread().at(-2)).toBe('✏️ <@U1> corrected the address to d…@acme.example')
})

test('greylisting is tried again, and counts as refused after the last try', async () => {
  mailAnswer = () => {
    throw new Error('451 come back later')
  }
  await issue()
  const job = sent.find(({ name }) => name === 'deliver')
  await expect(deliver.run({ ...services, ...voices }, job?.payload as never, context())).rejects.toThrow(
    '451',
  )
  await deliver.run({ ...services, ...voices }, job?.payload as never, context(true))
  const [row] =
    await db.sql`select status, attempts from delivery where id = ${String(job?.payload.deliveryId)}`
  expect({ ...row }).toEqual({ status: 'refused', attempts: 2 })
})

test('an owner in Slack gets a DM whose only link is in its button', async () => {
  const { url } = await issue({ owner: { email: null, slackUserId: 'U9', name: null, timeZone: null } })
  await work()
  const dm = posts.find(({ channel }) => channel === 'U9')
  expect(checkMessage(dm?.message as SlackMessage)).toEqual([])
  const text = JSON.stringify(dm?.message)
  expect(text.split(url)).toHaveLength(2)
  expect(text).toContain(`"url":"${url}"`)
})

test('a link that ended meanwhile is not delivered any more', async () => {
  const { linkId } = await issue()
  await db.sql`update auth_link set status = 'cancelled' where id = ${linkId}`
  await work()
  expect(mails).toEqual([])
  const [row] = await db.sql`select status from delivery where link_id = ${linkId}`
  expect(row?.status).toBe('dropped')
})

test('no secret is in the database or the jobs', async () => {
  const { url, linkId } = await issue()
  const jobs = JSON.stringify(sent)
  await work()
  await copyLink(services, { orgId, linkId, by: 'U1' })
  const token = url.split('/').at(-1) as string
  expect(jobs).not.toContain(token)
  for (const table of ['access_request', 'auth_link', 'delivery', 'audit_event', 'slack_post']) {
    const rows = await db.sql`select t::text as row from ${db.sql(table)} t`
    expect(rows.filter(({ row }) => row.includes(token))).toEqual([])
  }
})
