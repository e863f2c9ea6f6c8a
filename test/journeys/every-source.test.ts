/**
 * Every data source of the catalogue but Google's, from an owner's Continue to rows in the reporting views, through the
 * product's own pages and jobs. By hand instead of by browser, so that twenty of them stay quick.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Connector, Provider } from '../../connectors/connector.ts'
import { allConnectors } from '../../connectors/index.ts'
import { fixtures } from '../connectors/fixtures/index.ts'
import { openWorld, type World } from '../support/world.ts'
import { heading, picks, Visitor, values } from '../web/browser.ts'
import { issueLink } from '../web/stage.ts'

let world: World
let orgId: string
const providers = new Map(
  allConnectors
    .filter(({ provider }) => provider.id !== 'google')
    .map(({ provider }) => [provider.id, provider]),
)
const connectorsOf = (provider: Provider) =>
  allConnectors.filter((connector) => connector.provider.id === provider.id)
/** Source ids by connector. */
const connected = new Map<string, string>()

beforeAll(async () => {
  world = await openWorld()
  const [org] = await world.db.sql<{ id: string }[]>`select id from org`
  orgId = org?.id ?? ''
})
afterAll(() => world.stop())

it.for([...providers.values()].map((provider) => [provider.id, provider] as const))(
  'connects %s',
  async ([id, provider]) => {
    const ours = connectorsOf(provider)
    const connectorIds = ours.map((connector) => connector.id)
    const link = await issueLink({ services: world.app.services as never }, { connectorIds, orgId })
    const owner = new Visitor()
    const answers = answersFor(provider, ours)
    const shown = await owner.post(`${world.url}${link.path}/continue`, { provider: id, ...answers })
    const picker = provider.auth === 'key' ? shown : await owner.go(allowed(shown.url))
    expect(heading(picker.html)).toBe('Choose the accounts to connect')
    for (const connector of ours) {
      const mine = values(picker.html, 'pick').filter((value) => value.startsWith(`${connector.id} `))
      expect(mine.length, `accounts of ${connector.name}`).toBeGreaterThan(0)
    }
    const done = await owner.post(
      `${world.url}${link.path}/finish`,
      picks(picker.html, oneOfEach(picker.html, ours)),
    )
    expect(heading(done.html)).toBe('Done. Thank you')
    const rows = await world.db.sql<{ id: string; connectorId: string }[]>`
      select id, connector_id from source where request_id = ${link.requestId}`
    for (const row of rows) connected.set(row.connectorId, row.id)
    expect([...new Set(rows.map(({ connectorId }) => connectorId))].sort()).toEqual([...connectorIds].sort())
  },
)

it('reads the history of every one, as far as the provider keeps it', { timeout: 120_000 }, async () => {
  const poor = async () => {
    const rows = await world.db.sql<{ connectorId: string; days: number; failed: number }[]>`
      select s.connector_id, (select count(distinct date)::int from daily_metrics m where m.source_id = s.id) as days,
        (select count(*)::int from sync_run r where r.source_id = s.id and r.status = 'failed') as failed
      from source s where s.org_id = ${orgId}`
    return rows.filter(({ connectorId, days, failed }) => failed > 0 || days < expectedDays(connectorId))
  }
  for (const until = Date.now() + 100_000; (await poor()).length > 0 && Date.now() < until; )
    await new Promise((again) => setTimeout(again, 500))
  expect(await poor()).toEqual([])
})

it('shows them to BI tools in their own words', async () => {
  for (const [connectorId, sourceId] of connected) {
    const view = connectorId.replaceAll('-', '_')
    const [row] = await world.db.sql.unsafe(
      `select count(*)::int as n from reporting.${view} where source_id = '${sourceId}'`,
    )
    expect([connectorId, Number(row?.n) > 0]).toEqual([connectorId, true])
  }
})

/** Some may be asked so seldom that a whole history takes minutes: three months show that it goes on. */
function expectedDays(connectorId: string): number {
  const connector = allConnectors.find(({ id }) => id === connectorId)
  const reach = Math.min(connector?.report.reachDays ?? 390, 390)
  const pace = connector?.limit ?? connector?.provider.limit
  return Math.floor(reach * (pace?.perMinute ? 0.2 : 0.9))
}

function answersFor(provider: Provider, ours: Connector[]): Record<string, string> {
  const keys = world.providers.keys[provider.id] ?? {}
  const fields = [...(provider.ask ?? []), ...ours.flatMap(({ ask = [] }) => ask)]
  const example = (name: string) =>
    ours.map(({ id }) => fixtures[id]?.fields?.[name]?.good[0]?.[0]).find(Boolean) ?? ''
  return Object.fromEntries(fields.map(({ name }) => [`answer.${name}`, keys[name] ?? example(name)]))
}

/** What pressing Allow on the sandbox's sign-in page asks for. */
function allowed(at: string): string {
  const url = new URL(at)
  url.searchParams.set('sandbox-answer', 'allow')
  return url.href
}

/** The first account of each data source that may be chosen. */
function oneOfEach(html: string, ours: Connector[]): string[] {
  const inputs = html.match(/<input[^>]*name="pick"[^>]*>/g) ?? []
  const open = inputs.filter((input) => !input.includes(' disabled')).join('')
  return ours.flatMap(({ id }) => {
    const first = values(open, 'pick').find((value) => value.startsWith(`${id} `))
    return first ? [first.split(' ').slice(1).join(' ')] : []
  })
}
