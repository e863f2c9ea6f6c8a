/** Everything that happens later. Adding a job: one new file here and one line below. */
import { backfill } from './backfill.ts'
import { backfillProgress } from './backfill-progress.ts'
import { dailyRefresh } from './daily-refresh.ts'
import { endConnectionJob } from './end-connection.ts'
import { syncSource } from './sync-source.ts'

export const jobs = [backfill, backfillProgress, dailyRefresh, endConnectionJob, syncSource]

export const schedules = [{ name: 'tick', cron: '* * * * *' }] as const
