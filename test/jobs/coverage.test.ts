/** The coverage calendar: what is known of every day, in the picture and in words. */
import { expect, test } from 'vitest'
import { coverageOf } from '../../flows/coverage.ts'
import { coverageJob } from '../../jobs/coverage.ts'
import type { JobContext } from '../../jobs/job.ts'
import * as metrics from '../../storage/metrics.ts'
import * as runs from '../../storage/sync-runs.ts'
import { coverageWords } from '../../templates/slack/coverage.ts'
import { freshDatabase, setClock } from '../support/database.ts'
import { eachDay, readingServices, rowPerDay, seedSource, tinyConnector } from '../support/reading.ts'
import { speaking } from '../support/voices.ts'

const { db } = await freshDatabase()
const services = readingServices(db, [tinyConnector(rowPerDay)])
const seeded = await seedSource(services)
const { orgId, sourceId } = seeded
const { slack, all } = await speaking(services)
const subject = { orgId, sourceId, userId: 'U1', pictureId: 'one' }
const context: JobContext = { id: 'j', attempt: 0, last: false, signal: new AbortController().signal }

await setClock(db, '2026-11-21T12:00:00Z')
await db.sql`insert into member (org_id, slack_user_id, team_id, display_name, role)
  values (${orgId}, 'U1', 'T1', 'Ana', 'viewer')`
await metrics.ensureMonths(db, '2025-10-01', '2026-11-30')

async function read(key: string, range: { from: string; to: string }, done = true): Promise<void> {
  const run = { sourceId, kind: 'backfill' as const, key, fromDay: range.from, toDay: range.to }
  const [id] = await runs.plan(db, orgId, [run])
  if (done) await db.sql`update sync_run set status = 'done' where id = ${id ?? 0}`
}

async function rows(days: string[]): Promise<void> {
  const blank = { impressions: null, clicks: null, cost: null, conversions: null, revenue: null }
  await db.transaction((tx) =>
    metrics.write(
      tx,
      orgId,
      sourceId,
      days.map((date) => ({
        ...{ date, key: '[]', dimensions: {}, ...blank, sessions: null, currency: null, metrics: {} },
      })),
    ),
  )
}

await read('old', { from: '2026-01-01', to: '2026-01-31' }, false)
await read('new', { from: '2026-02-01', to: '2026-11-20' })
const gap = ['2026-05-03', '2026-05-04', '2026-05-05', '2026-08-17']
await rows(eachDay({ from: '2026-02-01', to: '2026-11-20' }).filter((day) => !gap.includes(day)))
await rows(['2025-12-24'])

test('every day has one state, from 13 months ago to the newest day that is over', async () => {
  const found = await coverageOf(services, subject)
  const at = (day: string) => found?.days.find((one) => one.day === day)?.state
  expect(found?.days.map(({ day }) => day)).toEqual(eachDay({ from: '2025-10-21', to: '2026-11-20' }))
  expect([at('2025-10-21'), at('2025-12-23'), at('2025-12-24')]).toEqual(['before', 'before', 'data'])
  expect([at('2026-01-01'), at('2026-01-31'), at('2026-02-01')]).toEqual(['unread', 'unread', 'data'])
  expect(gap.map(at)).toEqual(Array(4).fill('missing'))
  expect([at('2026-11-17'), at('2026-11-18'), at('2026-11-20')]).toEqual(['data', 'restating', 'restating'])
})

test('the words say what the picture shows', async () => {
  const found = await coverageOf(services, subject)
  expect(found && coverageWords(found)).toBe(
    '290 of 325 days have data. Missing: 3–5 May 2026, 17 August 2026. Not read yet: 1–31 January 2026. The last 3 days may still change. Days up to 31 December 2025 lie before what this data source can be asked for.',
  )
})

test('a picture with those words as its alternative text comes as a direct message, once', async () => {
  await coverageJob.run(all, subject, context)
  await coverageJob.run(all, subject, context)
  const [announced, ...more] = slack.of('files.getUploadURLExternal')
  expect(more).toEqual([])
  expect(announced?.args.filename).toBe('coverage-acme-tiny-ads-account-2026-11-20.png')
  expect(announced?.args.alt_txt).toContain('Missing: 3–5 May 2026')
  const [picture] = Object.values(slack.uploads)
  expect(picture?.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n')
  const args = slack.of('files.completeUploadExternal')[0]?.args
  expect(args?.channel_id).toBe('D-U1')
  expect(JSON.stringify(args?.blocks)).toContain('290 of 325 days have data')
})

test('a source that was removed, or a member who left, gets no picture', async () => {
  await db.sql`update member set deactivated_at = now()`
  await coverageJob.run(all, { ...subject, pictureId: 'two' }, context)
  await db.sql`update member set deactivated_at = null`
  await db.sql`update source set status = 'removed'`
  await coverageJob.run(all, { ...subject, pictureId: 'three' }, context)
  expect(slack.calls).toEqual([])
})
