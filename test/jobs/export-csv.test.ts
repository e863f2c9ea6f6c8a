/** The file of an export: what is in it, whom it reaches, and what is said where there is none. */
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { expect, test, vi } from 'vitest'
import { readExport } from '../../flows/export-csv.ts'
import { exportCsv } from '../../jobs/export-csv.ts'
import type { JobContext } from '../../jobs/job.ts'
import * as metrics from '../../storage/metrics.ts'
import { freshDatabase } from '../support/database.ts'
import { readingServices, rowPerDay, seedSource, tinyConnector } from '../support/reading.ts'
import { speaking } from '../support/voices.ts'

const connector = tinyConnector(rowPerDay, {
  report: {
    dimensions: ['campaign_id'],
    labels: { campaign_name: 'By its present name' },
    metrics: {
      clicks: { unit: 'count', common: 'clicks', says: 'Clicks' },
      cost: { unit: 'money', common: 'cost', says: 'Spent' },
      order: { unit: 'decimal', says: 'A word of SQL' },
    },
  },
})
const { db } = await freshDatabase()
const services = readingServices(db, [connector])
const { orgId, sourceId, clientId } = await seedSource(services)
const { slack, all } = await speaking(services)
await db.sql`
  insert into member (org_id, slack_user_id, team_id, display_name, role)
  select ${orgId}, 'U' || n, 'T1', 'Ana', 'viewer' from generate_series(1, 30) n`
await db.sql`update client set name = '=Größe & "Söhne"' where id = ${clientId}`
await metrics.ensureMonths(db, '2026-10-01', '2026-12-31')

const row = (date: string, id: string, name: string, values: [number, string, string | null]) => {
  const [clicks, cost, order] = values
  return {
    ...{ date, key: `["${id}"]`, dimensions: { campaign_id: id, campaign_name: name } },
    ...{ impressions: null, clicks, cost, conversions: null, revenue: null, sessions: null, currency: 'EUR' },
    metrics: { clicks, cost, order },
  }
}
await db.transaction((tx) =>
  metrics.write(tx, orgId, sourceId, [
    row('2026-11-02', '2', '=HYPERLINK("https://evil.example";"x")', [1, '-1.250000', '0.1']),
    row('2026-11-01', '1', 'Brand, "new"', [1_234, '10.100000', null]),
    row('2026-11-02', '3', '-12', [0, '0', '-2']),
  ]),
)

let asked = 0
/** By another member each time: what one is told keeps a distance of more than a second. */
const payload = (more = {}) => {
  asked += 1
  const days = { from: '2026-11-01', to: '2026-11-30' }
  return { orgId, sourceId, userId: `U${asked}`, exportId: `export-${asked}`, ...days, ...more }
}
const context = (last = false): JobContext => ({
  ...{ id: 'job', attempt: 0, last, signal: new AbortController().signal },
})
const run = (given = payload(), how = context()) => exportCsv.run(all, given, how)
const files = () => Object.values(slack.uploads)
const said = () => JSON.stringify(slack.of('chat.postMessage').map(({ args }) => args.blocks))
const leftOnDisk = () => readdirSync(tmpdir()).filter((name) => name.startsWith('latchkey-export-'))

test('is what the reporting view says, in CSV that no spreadsheet runs', async () => {
  const before = leftOnDisk()
  await run()
  expect(files()).toHaveLength(1)
  const client = '"\'=Größe & ""Söhne"""'
  expect(files()[0]?.toString()).toBe(
    [
      '\ufeffclient,data_source,account,date,campaign_id,campaign_name,clicks,cost,order,currency',
      `${client},Tiny Ads,Account,2026-11-01,1,"Brand, ""new""",1234,10.1,,EUR`,
      `${client},Tiny Ads,Account,2026-11-02,2,"'=HYPERLINK(""https://evil.example"";""x"")",1,-1.25,0.1,EUR`,
      `${client},Tiny Ads,Account,2026-11-02,3,-12,0,0,-2,EUR`,
      '',
    ].join('\r\n'),
  )
  expect(leftOnDisk()).toEqual(before)
})

test('goes to the DM of who asked, under a name anybody can save, with its length and a sentence', async () => {
  const given = payload()
  await run(given)
  const [announced] = slack.of('files.getUploadURLExternal')
  const name = 'grosse-sohne-tiny-ads-account-2026-11-01-to-2026-11-02.csv'
  expect(announced?.args).toEqual({ filename: name, length: String(files()[0]?.length) })
  const args = slack.of('files.completeUploadExternal')[0]?.args
  expect(args).toMatchObject({ channel_id: `D-${given.userId}`, files: [{ title: name }] })
  expect(JSON.stringify(args?.blocks)).toContain('3 rows, 1 November 2026 to 2 November 2026')
  expect(slack.of('chat.postMessage')).toEqual([])
})

test('a job that runs again finds that the file stands', async () => {
  const given = payload()
  await run(given)
  await run(given)
  expect(slack.of('files.completeUploadExternal')).toHaveLength(1)
})

test('trouble of Slack is tried again, and gives no second file afterwards', async () => {
  const given = payload()
  slack.answers['files.completeUploadExternal'] = { ok: false, error: 'internal_error' }
  await expect(run(given)).rejects.toThrow('internal_error')
  slack.answers = {}
  await run(given)
  expect(slack.of('files.completeUploadExternal')).toHaveLength(2)
})

test('after the last attempt who asked is told', async () => {
  slack.answers['files.getUploadURLExternal'] = { ok: false, error: 'internal_error' }
  await expect(run(payload(), context(true))).rejects.toThrow('internal_error')
  expect(said()).toContain('could not be made')
})

test.each([
  ['file_uploads_disabled', 'switched off in this workspace'],
  ['file_upload_size_restricted', 'larger than this workspace allows'],
  ['missing_scope', 'install it again'],
])('%s is said in words, and not tried again', async (error, words) => {
  slack.answers['files.getUploadURLExternal'] = { ok: false, error }
  await run()
  expect(said()).toContain(words)
})

test('no row in these days is a plain answer and no file', async () => {
  await run(payload({ from: '2026-12-01', to: '2026-12-31' }))
  expect(files()).toEqual([])
  expect(said()).toContain('There are no data of')
})

test('more rows than a spreadsheet takes are counted, never read', async () => {
  const write = vi.fn()
  const outcome = await readExport(services, payload(), write, 2)
  expect(outcome).toMatchObject({ kind: 'too-large', most: 2 })
  expect(write).not.toHaveBeenCalled()
})

test.each([
  ['who left the workspace', { userId: 'U30' }],
  ['of another org', { orgId: '00000000-0000-4000-8000-000000000000' }],
])('nothing goes to a member %s', async (_who, more) => {
  await db.sql`update member set deactivated_at = now() where slack_user_id = 'U30'`
  await run(payload(more))
  expect(slack.calls).toEqual([])
})

test('a hundred thousand rows pass through in pieces', { timeout: 60_000 }, async () => {
  await db.sql`
    insert into daily_metrics (source_id, date, key, org_id, dimensions, currency, metrics)
    select ${sourceId}, '2026-10-01'::date + (n % 31), 'k' || n, ${orgId},
      jsonb_build_object('campaign_id', n, 'campaign_name', 'Campaign ' || n), 'EUR', jsonb_build_object('clicks', n)
    from generate_series(1, 100000) n`
  let [rows, largest] = [0, 0]
  const outcome = await readExport(services, payload({ from: '2026-10-01', to: '2026-10-31' }), (table) =>
    table.each(async (some) => {
      rows += some.length
      largest = Math.max(largest, some.length)
    }),
  )
  expect(outcome).toMatchObject({ kind: 'written', rows: 100_000 })
  expect(rows).toBe(100_000)
  expect(largest).toBeLessThanOrEqual(2_000)
})
