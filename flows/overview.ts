/** What a member sees of an org: quota, open requests, and sources with the state they are shown in. */
import * as clients from '../storage/clients.ts'
import * as orgs from '../storage/orgs.ts'
import * as overview from '../storage/overview.ts'
import { type QuotaNow, quotaOf } from './quota.ts'
import type { Services } from './services.ts'

/** What is shown; the stored status and its reason are fewer words than people need. */
type SourceState =
  | 'connecting'
  | 'backfilling'
  | 'synced'
  | 'resolving'
  | 'reconnect'
  | 'lost-access'
  | 'missing-permissions'
  | 'discontinued'
  | 'degraded'
  | 'paused'

type ShownSource = Pick<
  overview.SourceRow,
  | 'id'
  | 'connectionId'
  | 'accountName'
  | 'clientName'
  | 'identityLabel'
  | 'authorisedBy'
  | 'authorisedAt'
  | 'grantExpiresAt'
  | 'lastGoodDay'
  | 'missingMetrics'
  | 'flags'
> & {
  connectorName: string
  state: SourceState
  /** Disconnected, delayed or degraded since. */
  since: Date | null
  /** Months of the first read. */
  progress: { done: number; total: number }
}

type ShownRequest = Omit<overview.OpenRequest, 'connectorIds'> & { connectorNames: string[] }

export type Home = {
  quota: QuotaNow
  counts: overview.SourceCounts
  sources: ShownSource[]
  requests: ShownRequest[]
  /** All open requests, shown or not. */
  openRequests: number
  clients: { id: string; name: string }[]
  /** Whether anything can be asked for: some provider has its OAuth app. */
  offersAnything: boolean
  alertChannelMissing: boolean
}

const REQUESTS_SHOWN = 8
const CLIENTS_SHOWN = 99

/** One snapshot for App Home. `clientId` of another org, or of a client long gone, shows no source. */
export async function homeOf(
  services: Services,
  orgId: string,
  { clientId, limit }: { clientId: string | null; limit: number },
): Promise<Home> {
  const { db, connectors } = services
  const [org, quota, counts, sources, open, withSources] = await Promise.all([
    orgs.get(db, orgId),
    quotaOf(db, orgId),
    overview.countSources(db, orgId, clientId),
    overview.sourcesOf(db, orgId, { clientId, disconnected: false }, limit),
    overview.openRequests(db, orgId, REQUESTS_SHOWN),
    overview.clientsWithSources(db, orgId, CLIENTS_SHOWN),
  ])
  return {
    quota,
    counts,
    sources: sources.map((row) => shown(services, row)),
    requests: open.requests.map(({ connectorIds, ...request }) => ({
      ...request,
      connectorNames: connectorIds.map((id) => nameOf(services, id)),
    })),
    openRequests: open.total,
    clients: withSources,
    offersAnything: connectors.all().length > 0,
    alertChannelMissing: org.alertChannelId === null,
  }
}

export type SourceList =
  | { kind: 'found'; client: string | null; counts: overview.SourceCounts; sources: ShownSource[] }
  | { kind: 'no-such-client'; similar: string[] }

/** `words`: nothing, `disconnected`, or a client's name or its beginning. */
export async function listSources(
  services: Services,
  orgId: string,
  words: string,
  limit: number,
): Promise<SourceList> {
  const { db } = services
  const disconnected = words.toLowerCase() === 'disconnected'
  const found = disconnected || words === '' ? [] : await clients.search(db, orgId, words, 6)
  const exact = found.find(({ name }) => name.toLowerCase() === words.toLowerCase())
  const client = exact ?? (found.length === 1 ? found[0] : undefined)
  if (words !== '' && !disconnected && !client)
    return { kind: 'no-such-client', similar: found.map(({ name }) => name) }
  const filter = { clientId: client?.id ?? null, disconnected }
  const [counts, rows] = await Promise.all([
    overview.countSources(db, orgId, filter.clientId),
    overview.sourcesOf(db, orgId, filter, limit),
  ])
  return {
    kind: 'found',
    client: client?.name ?? null,
    counts,
    sources: rows.map((row) => shown(services, row)),
  }
}

function shown(services: Services, row: overview.SourceRow): ShownSource {
  const { connectorId, slicesDone, slicesOpen, disconnectedAt, delayedSince, degradedSince, ...rest } = row
  return {
    ...rest,
    connectorName: nameOf(services, connectorId),
    state: stateOf(row),
    since: row.status === 'disconnected' ? disconnectedAt : (delayedSince ?? degradedSince),
    progress: { done: slicesDone, total: slicesDone + slicesOpen },
  }
}

const REASONS: Record<string, SourceState> = {
  account_lost: 'lost-access',
  scope_missing: 'missing-permissions',
  version_sunset: 'discontinued',
}

/** Pure. A delay outweighs a backfill: nothing comes in while it lasts. */
export function stateOf(
  row: Pick<
    overview.SourceRow,
    'status' | 'failureClass' | 'delayedSince' | 'degradedSince' | 'slicesDone' | 'slicesOpen'
  >,
): SourceState {
  if (row.status === 'paused') return 'paused'
  if (row.status === 'disconnected') return REASONS[row.failureClass ?? ''] ?? 'reconnect'
  if (row.delayedSince) return 'resolving'
  if (row.slicesOpen > 0) return row.slicesDone > 0 ? 'backfilling' : 'connecting'
  return row.degradedSince ? 'degraded' : 'synced'
}

/** A connector whose provider is no longer configured still has sources. */
const nameOf = ({ connectors }: Services, id: string) => connectors.get(id)?.name ?? id
