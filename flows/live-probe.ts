/** Proof that a connection gives data again: its account list, and one page of a real report per account. */
import { type Account, type Connector, ConnectorError } from '../connectors/connector.ts'
import * as zones from '../storage/refresh-zones.ts'
import type { Source } from '../storage/sources.ts'
import { newestDay, reportDay } from './calendar.ts'
import { withCredential } from './credential.ts'
import type { Services } from './services.ts'

type Connected = { orgId: string; connectionId: string }

/** Ids of the accounts this connection sees now. Throws ConnectorError. */
export function visibleAccounts(
  services: Services,
  { orgId, connectionId }: Connected,
  connector: Connector,
  signal: AbortSignal,
): Promise<Set<string>> {
  return withCredential(services, { orgId, connectionId, connector }, signal, async (context) => {
    const seen = new Set<string>()
    for await (const { id } of connector.accounts(context)) seen.add(id)
    return seen
  })
}

/** Reads the first page of the newest day that is over and stores nothing. Throws ConnectorError. */
export async function probe(
  services: Services,
  { orgId, connectionId }: Connected,
  connector: Connector,
  source: Pick<Source, 'accountId' | 'accountName' | 'accountParent' | 'accountTimeZone'>,
  signal: AbortSignal,
): Promise<void> {
  const account: Account = {
    id: source.accountId,
    name: source.accountName,
    ...(source.accountTimeZone !== null && { timeZone: source.accountTimeZone }),
    ...(source.accountParent !== null && { parent: source.accountParent }),
  }
  const { zone, lagDays, pages } = connector.report
  const today = reportDay(await zones.clock(services.db), zone, source.accountTimeZone)
  const day = newestDay(today, lagDays)
  await withCredential(services, { orgId, connectionId, connector, account }, signal, async (context) => {
    for await (const _page of pages.call(connector.report, context, account, { from: day, to: day }, null))
      break
  })
}

const PROBES_AT_ONCE = 6

/**
 * How a page of each report is refused, by source id; null: it came. One probe serves every client's source of an
 * account. Throws ConnectorError `revoked`, which ends it: nobody else is asked with a dead credential.
 */
export async function refusals(
  services: Services,
  connected: Connected,
  connector: Connector,
  asked: Source[],
  signal: AbortSignal,
): Promise<Map<string, ConnectorError | null>> {
  const found = new Map<string, ConnectorError | null>()
  const byAccount = Map.groupBy(asked, ({ accountId, accountParent }) =>
    JSON.stringify([accountId, accountParent]),
  )
  const waiting = byAccount.values()
  const lane = async () => {
    for (const same of waiting) {
      const [source] = same
      if (!source) continue
      const said = await probe(services, connected, connector, source, signal).then(
        () => null,
        (error: unknown) => {
          if (!(error instanceof ConnectorError) || error.kind === 'revoked') throw error
          return error
        },
      )
      for (const { id } of same) found.set(id, said)
    }
  }
  await Promise.all(Array.from({ length: Math.min(byAccount.size, PROBES_AT_ONCE) }, lane))
  return found
}
