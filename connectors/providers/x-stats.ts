/** The two ways X gives figures of its ads: answered at once for a week, or prepared as gzipped JSON for longer. */
import { ConnectorError, type Context, type Json } from '../call.ts'
import { valuesAt } from '../classify.ts'
import type { Account, DayRange } from '../connector.ts'
import { addDays, midnightIn, startOfLocalDay, zoneOf } from '../days.ts'
import { textAt } from '../values.ts'
import { x } from './x.ts'

export const X_ADS = 'https://ads-api.x.com'
const API = `${X_ADS}/12/stats`
/** So many campaigns at a time, either way. */
const AT_A_TIME = 20

/**
 * What is asked for, 20 campaigns each. Times are the account's midnights, in UTC; the end is not included. X wants whole
 * hours, which a midnight at half past has only in its own zone.
 */
function* questions(account: Account, ids: string[], { from, to }: DayRange) {
  const zone = zoneOf(account.timeZone)
  const midnight = (day: string) => {
    const at = startOfLocalDay(day, zone)
    return at.getUTCMinutes() === 0 ? `${at.toISOString().slice(0, 19)}Z` : midnightIn(day, zone)
  }
  for (let at = 0; at < ids.length; at += AT_A_TIME)
    yield {
      ...{ entity: 'CAMPAIGN', entity_ids: ids.slice(at, at + AT_A_TIME).join(',') },
      ...{ granularity: 'DAY', metric_groups: 'ENGAGEMENT,BILLING', placement: 'ALL_ON_TWITTER' },
      ...{ start_time: midnight(from), end_time: midnight(addDays(to, 1)) },
    }
}

/** Of seven days at most. */
export async function* answered(
  context: Context,
  account: Account,
  ids: string[],
  days: DayRange,
): AsyncGenerator<Json> {
  for (const query of questions(account, ids, days))
    yield (await context.call({ url: `${API}/accounts/${account.id}`, query })).body
}

/** The ids of the jobs that prepare these days. */
export async function order(
  context: Context,
  account: Account,
  ids: string[],
  days: DayRange,
): Promise<string[]> {
  const jobs: string[] = []
  for (const query of questions(account, ids, days)) {
    const url = `${API}/jobs/accounts/${account.id}`
    const { body } = await context.call({ method: 'POST', url, query })
    const job = textAt(body, 'data.id_str|data.id') // the same number; the recorded answers of X's own SDK have `id` only
    if (job === null) throw new ConnectorError('unknown', x.id, 'X ordered a report without saying which')
    jobs.push(job)
  }
  return jobs
}

/** Null while one is in the making; [] where one failed, is no longer known, or is done but has no file (X's trouble). */
export async function filesOf(context: Context, id: string, jobs: string[]): Promise<string[] | null> {
  const query = { job_ids: jobs.join(','), count: String(jobs.length) }
  const { body } = await context.call({ url: `${API}/jobs/accounts/${id}`, query })
  const found = valuesAt(body, 'data[]')
  const isIn = (job: Json, ...states: string[]) => states.includes(textAt(job, 'status') ?? '')
  if (found.length < jobs.length || found.some((job) => isIn(job, 'FAILED', 'CANCELLED'))) return []
  if (!found.every((job) => isIn(job, 'SUCCESS'))) return null
  const files = found.map((job) => textAt(job, 'url')).filter((url) => url !== null)
  return files.length < found.length ? [] : files
}

export async function fetched(context: Context, url: string): Promise<Json> {
  const file = await context.download(url)
  try {
    return JSON.parse(file.toString()) as Json
  } catch (cause) {
    throw new ConnectorError('transient', x.id, 'X prepared a report that is not JSON', { cause })
  }
}
