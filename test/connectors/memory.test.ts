/** Every connector reads a hundred thousand rows, or years of days, and holds no more than a page of them. */
import nock from 'nock'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Connector } from '../../connectors/connector.ts'
import { addDays, daysOf } from '../../connectors/days.ts'
import { openContext } from '../../connectors/http.ts'
import { allConnectors } from '../../connectors/index.ts'
import { app, shownBy } from './fixture.ts'
import { fixtures } from './fixtures/index.ts'
import { heapMegabytes, manySplits, standIn } from './stand-in.ts'

const MEASURED = 12
const GROWTH_MB = 15
/** What counts here is memory: nobody's limits are at stake. */
const limit = { concurrency: 10, minTimeMs: 0 }

beforeAll(() => nock.disableNetConnect())
afterAll(() => nock.enableNetConnect())

it.for(allConnectors.map((connector) => [connector.id, connector] as const))(
  '%s',
  { timeout: 120_000 },
  async ([id, given]) => {
    const fixture = fixtures[id]
    if (!fixture) throw new Error(`test/connectors/fixtures/index.ts has no '${id}': see docs/connectors.md`)
    const { account, range, split, longDays = 4_000 } = fixture
    const connector: Connector = { ...given, limit, provider: { ...given.provider, limit } }
    const days = split ? 20 : longDays
    const long = { from: addDays(range.to, 1 - days), to: range.to }
    const all = split ? 100_000 : daysOf(long).length
    await using _server = await standIn(fixture, connector, manySplits(fixture, split ? 5_000 : 1))
    const context = openContext({
      ...{ provider: connector.provider, connector, accessToken: shownBy(fixture).accessToken },
      ...{ app: given.provider.auth === 'key' ? null : app, account, accountKey: `${id}:${account.id}` },
      ...{ signal: new AbortController().signal, ...fixture.opening },
    })
    let rows = 0
    const sizes: number[] = []
    for await (const page of connector.report.pages(context, account, long, null)) {
      rows += page.rows.length
      if (rows >= (sizes.length * all) / MEASURED) sizes.push(heapMegabytes())
    }
    expect(
      rows,
      split ? 'its fake gives a row a day for each of the splits' : 'its fake gives a row a day',
    ).toBe(all)
    expect(sizes.length).toBeGreaterThanOrEqual(1)
    expect(Math.max(...sizes) - (sizes[0] ?? 0)).toBeLessThan(GROWTH_MB)
  },
)
