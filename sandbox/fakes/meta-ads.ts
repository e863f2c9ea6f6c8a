/** Meta Ads as its Marketing API answers: four ad accounts of three firms, reports at once or prepared. */
import { daysOf } from '../../connectors/days.ts'
import type { Answer, Call, Fake, World } from './fake.ts'
import { rowsFrom } from './google.ts'
import { metaFake, paged, refusal, startOf } from './meta.ts'

const accounts = [
  account('1018112345', 'Müller Möbel', 'EUR', 'Europe/Berlin', 1, 'Müller Möbel GmbH'),
  account('1018112399', 'Müller Möbel Outlet', 'EUR', 'Europe/Berlin', 2, 'Müller Möbel GmbH'),
  account('2099887766', 'Fjord Outdoor', 'NOK', 'Europe/Oslo', 1, 'Fjord Outdoor AS'),
  account('2099887700', 'Fjord Outdoor (alt)', 'NOK', 'Europe/Oslo', 101, 'Fjord Outdoor AS'),
]

export const fake: Fake = metaFake((path, call, world) => {
  if (path === '/me/adaccounts') return paged(call.url, accounts, accounts.length, accounts.length)
  const [, ordered = '', result] = /^\/(6099\d+)(\/insights)?$/.exec(path) ?? []
  if (ordered) return result ? report(jobOf(ordered), call, world) : { body: statusOf(ordered) }
  const id = /^\/act_(\d+)\/insights$/.exec(path)?.[1]
  if (id === undefined) return null
  const asked = call.method === 'POST' ? call.form : Object.fromEntries(call.url.searchParams)
  const { since = '', until = '' } = JSON.parse(asked.time_range ?? '{}') as Record<string, string>
  if (since > until) return refusal(100, 'Invalid parameter: time_range')
  const job = JOB + [id.padStart(16, '0'), since, until].join('').replaceAll('-', '')
  return call.method === 'POST' ? { body: { report_run_id: job } } : report(jobOf(job), call, world)
})

type Job = { id: string; from: string; to: string }

/** The id of a prepared report says what is in it, so that the sandbox has nothing to remember. */
const JOB = '6099'

function jobOf(job: string): Job {
  const dashed = (at: number) => job.slice(at, at + 8).replace(/(\d{4})(\d\d)(\d\d)/, '$1-$2-$3')
  return { id: job.slice(4, 20).replace(/^0+/, ''), from: dashed(20), to: dashed(28) }
}

const statusOf = (id: string) => ({ id, async_status: 'Job Completed', async_percent_completion: 100 })

function report({ id, from, to }: Job, { url }: Call, { splits, figure }: World): Answer {
  const currency = accounts.find(({ account_id }) => account_id === id)?.currency ?? 'EUR'
  const limit = Number(url.searchParams.get('limit') ?? 25)
  const start = startOf(url)
  const { rows, total } = rowsFrom([daysOf({ from, to }), splits(id)], start, limit, (day, campaign) => {
    const impressions = figure(`meta ${id} ${campaign.id}`, day, 38_000)
    const clicks = Math.round(impressions * 0.017)
    const [links, purchases] = [Math.round(clicks * 0.7), Math.round(clicks / 60)]
    return {
      ...{ campaign_id: campaign.id, campaign_name: campaign.name, account_currency: currency },
      ...{ impressions: String(impressions), clicks: String(clicks), inline_link_clicks: String(links) },
      ...{ spend: (clicks * 0.41).toFixed(2), reach: String(Math.round(impressions * 0.7)) },
      actions: [
        { action_type: 'link_click', value: String(links) },
        { action_type: 'landing_page_view', value: String(Math.round(links * 0.8)) },
        ...(purchases > 0 ? [{ action_type: 'purchase', value: String(purchases) }] : []),
        ...(purchases > 3 ? [{ action_type: 'lead', value: String(Math.round(purchases / 3)) }] : []),
      ],
      ...(purchases > 0 && {
        action_values: [{ action_type: 'purchase', value: (purchases * 84.6).toFixed(2) }],
      }),
      ...{ date_start: day, date_stop: day },
    }
  })
  return paged(url, rows, start + rows.length, total)
}

function account(
  ...[id, name, currency, timezone_name, account_status, business]: [
    ...[id: string, name: string, currency: string, zone: string],
    ...[status: number, business: string],
  ]
) {
  return {
    ...{ id: `act_${id}`, account_id: id, name, currency, timezone_name, account_status },
    business: { id: `77${id.slice(0, 4)}`, name: business },
  }
}
