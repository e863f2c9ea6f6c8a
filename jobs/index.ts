/** Everything that happens later. Adding a job: one new file here and one line below. */
import { backfill } from './backfill.ts'
import { backfillProgress } from './backfill-progress.ts'
import { checkAccountsJob } from './check-accounts.ts'
import { coverageJob } from './coverage.ts'
import { dailyRefresh } from './daily-refresh.ts'
import { deliver } from './deliver.ts'
import { destroyHeldJob } from './destroy-held.ts'
import { endConnectionJob } from './end-connection.ts'
import { exportCsv } from './export-csv.ts'
import { healJob } from './heal.ts'
import { incidentCardJob } from './incident-card.ts'
import { moveCardJob } from './move-card.ts'
import { people } from './people.ts'
import { requestCardJob } from './request-card.ts'
import { secondLookJob } from './second-look.ts'
import { syncSource } from './sync-source.ts'
import { tick } from './tick.ts'
import { verifyConnectionJob } from './verify-connection.ts'

export const jobs = [
  backfill,
  backfillProgress,
  checkAccountsJob,
  coverageJob,
  dailyRefresh,
  deliver,
  destroyHeldJob,
  endConnectionJob,
  exportCsv,
  healJob,
  incidentCardJob,
  moveCardJob,
  people,
  requestCardJob,
  secondLookJob,
  syncSource,
  tick,
  verifyConnectionJob,
]

export const schedules = [{ name: 'tick', cron: '* * * * *' }] as const
