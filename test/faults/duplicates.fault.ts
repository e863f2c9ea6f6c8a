/** Slack delivers at least once and people click twice, to whichever of two nodes answers. */
import { expect, onTestFinished, test } from 'vitest'
import { createApp } from '../../app.ts'
import { readConfig } from '../../config.ts'
import { openLog } from '../../log.ts'
import { BOT, dmOf, findPerson } from '../../sandbox/slack/people.ts'
import { sendEvent } from '../../sandbox/slack/requests.ts'
import { openWorld } from '../support/world.ts'
import { report } from './figures.ts'

const CLICKS = 5
const DELIVERIES = 4

test('F12 one submission pressed five times and one event delivered four times act once', async ({
  task,
}) => {
  const world = await openWorld()
  const second = await createApp(readConfig({ ...world.env, PORT: '0', ROLE: 'web' }), openLog('silent'))
  const { port } = await second.start()
  onTestFinished(async () => {
    await second.stop()
    await world.stop()
  })
  const ben = world.slack.as('Ben')
  await ben.command('/request-access', '', '#northwind')
  const values = {
    'Data sources': ['Google Ads'],
    Client: 'Northwind',
    "Source owner's e-mail": 'dana@northwind.example',
  }
  await Promise.allSettled(Array.from({ length: CLICKS }, () => ben.submit('Request access', values)))
  await world.settle()
  const [asked] = await world.db.sql<{ requests: number; links: number; used: number; mails: number }[]>`
    select (select count(*)::int from access_request) as requests, (select count(*)::int from auth_link) as links,
      (select cardinality(recent_links) from org limit 1) as used,
      (select count(*)::int from delivery where status = 'sent' and channel = 'mail') as mails`
  expect(asked).toEqual({ requests: 1, links: 1, used: 1, mails: 1 })

  const before = published(world.slack.calls)
  const user = findPerson('Ben').id
  const event = { type: 'app_home_opened', user, channel: dmOf(user), tab: 'home' }
  const { out } = world.slack.world
  const other = { ...out, appUrl: `http://127.0.0.1:${port}/slack/events` }
  for (let n = 0; n < DELIVERIES; n++) {
    const { status } = await sendEvent(n % 2 ? other : out, BOT.userId, event, {
      eventId: 'EvSame',
      retry: n,
    })
    expect(status).toBe(200)
  }
  await world.settle()
  await expect.poll(() => published(world.slack.calls) - before).toBe(1)
  report(task, {
    clicks: CLICKS,
    links: 1,
    'quota units': 1,
    mails: 1,
    deliveries: DELIVERIES,
    'home published': 1,
  })
})

const published = (calls: { method: string }[]) =>
  calls.filter(({ method }) => method === 'views.publish').length
