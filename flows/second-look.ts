/** Looks taken before or after a verdict: a first refusal again, a lost account in the account list, long delays. */
import { type Connector, ConnectorError } from '../connectors/connector.ts'
import { record } from '../storage/audit.ts'
import * as connections from '../storage/connections.ts'
import * as failures from '../storage/failures.ts'
import * as incidents from '../storage/incidents.ts'
import type { Source } from '../storage/sources.ts'
import * as sources from '../storage/sources.ts'
import { heldBack, noteAnswered, noteDoubt } from './breaker.ts'
import { lookAgain } from './credential.ts'
import { loseSources, noteFailure } from './disconnect.ts'
import { refusals, visibleAccounts } from './live-probe.ts'
import { detailOf, openIncident } from './open-incident.ts'
import type { Services } from './services.ts'

/** Passing trouble becomes staff's business after this long without data. */
const LONG_DELAY_DAYS = 3

/** For the tick: asks again where a provider has refused once at least 60 s ago; a second refusal is final. */
export async function secondLooks(services: Services): Promise<void> {
  for (const { orgId, connectionId } of await connections.suspectedOfAllOrgs(services.db)) {
    await services.queue.send('second-look', { orgId, connectionId }, { db: services.db, key: connectionId })
  }
  await watchDelays(services)
}

/** The deciding question. A provider that cannot answer now is asked again by the next tick. */
export async function secondLook(
  services: Services,
  { orgId, connectionId }: { orgId: string; connectionId: string },
  signal: AbortSignal,
): Promise<void> {
  const connection = await connections.byId(services.db, orgId, connectionId)
  const undecided = connection?.suspectedAt ?? connection?.failureClass
  try {
    // Somebody may have renewed it meanwhile: no refresh token is spent to hear that again.
    if (undecided) await lookAgain(services, { orgId, connectionId }, signal)
    await noteAnswered(services, { orgId, connectionId }, ['revoked'])
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error
    await noteFailure(services, { orgId, connectionId, sourceId: null, error })
  }
}

/**
 * The second look at late sources: those whose account the connection no longer lists have lost it. A listed one stays
 * connected, however its last report ended, unless its report is refused again and the provider is known to want
 * something of the owner first. A list that cannot be read proves nothing.
 */
export async function checkAccounts(
  services: Services,
  { orgId, connectionId }: { orgId: string; connectionId: string },
  signal: AbortSignal,
): Promise<void> {
  const all = await sources.ofConnection(services.db, orgId, connectionId)
  const late = all.filter(({ status, delayedSince }) => status === 'connected' && delayedSince)
  let allListed = true
  for (const connectorId of new Set(late.map((source) => source.connectorId))) {
    const connector = services.connectors.get(connectorId)
    if (!connector) continue
    let refused: ConnectorError | null = null
    const seen = await visibleAccounts(services, { orgId, connectionId }, connector, signal).catch(
      async (error: unknown) => {
        if (!(error instanceof ConnectorError)) throw error
        if (error.kind === 'account_lost') {
          refused = error
          return new Set<string>()
        }
        const sourceId = late.find((source) => source.connectorId === connectorId)?.id ?? null
        await noteFailure(services, { orgId, connectionId, sourceId, error })
        return null
      },
    )
    const own = late.filter((source) => source.connectorId === connectorId)
    if (own.some(({ accountId }) => !seen?.has(accountId))) allListed = false
    if (!seen) continue
    const losses = refused
      ? own.map((source) => ({ source, ...lossOf(refused) }))
      : await lossesOf(services, { orgId, connectionId }, { connector, own, seen, signal })
    if (losses.length > 0) allListed = false
    await lose(services, { orgId, connectionId }, losses)
  }
  if (allListed) await noteAnswered(services, { orgId, connectionId }, ['account_lost'])
}

type Loss = { source: Source; detail: string; ownerAction: string | null }

/**
 * Asks for a page of each report: its refusal may say what the owner can do, e.g. share a sheet again or set up a second
 * factor. Only where it does, an account that is still listed counts as lost.
 */
async function lossesOf(
  services: Services,
  connected: { orgId: string; connectionId: string },
  asked: { connector: Connector; own: Source[]; seen: Set<string>; signal: AbortSignal },
): Promise<Loss[]> {
  const { connector, own, seen, signal } = asked
  const refused = await refusals(services, connected, connector, own, signal).catch(
    async (error: unknown) => {
      if (!(error instanceof ConnectorError)) throw error
      await noteFailure(services, { ...connected, sourceId: null, error })
      return null
    },
  )
  if (!refused) return []
  return own.flatMap((source) => {
    const said = refused.get(source.id)
    const barred = said?.kind === 'account_lost' && said.ownerAction !== null ? said : null
    return barred || !seen.has(source.accountId) ? [{ source, ...lossOf(barred) }] : []
  })
}

async function lose(
  services: Services,
  connected: { orgId: string; connectionId: string },
  losses: Loss[],
): Promise<void> {
  const alike = Map.groupBy(losses, ({ detail, ownerAction }) => JSON.stringify([detail, ownerAction]))
  for (const group of alike.values()) {
    const [{ detail, ownerAction } = lossOf(null)] = group
    await loseSources(services, {
      ...{ ...connected, kind: 'accounts', failureClass: 'account_lost', detail, ownerAction },
      ids: group.map(({ source }) => source.id),
    })
  }
}

/** A provider that refuses the whole list may say what to do about it. */
function lossOf(refused: ConnectorError | null): { detail: string; ownerAction: string | null } {
  if (refused) return { detail: detailOf(refused), ownerAction: refused.ownerAction }
  return { detail: 'not in the list of accounts this login can see', ownerAction: null }
}

/**
 * Delayed for days: staff hear of it, nobody else, and once where a provider lets many wait. Ends by itself when data
 * come again.
 */
async function watchDelays(services: Services): Promise<void> {
  const { db, queue } = services
  const delayed = await failures.longDelayedOfAllOrgs(db, LONG_DELAY_DAYS)
  for (const late of delayed) await noteDoubt(db, late, 'transient')
  for (const late of delayed)
    await db.transaction(async (tx) => {
      if (await heldBack(services, tx, late, 'transient')) return
      const error = { kind: 'transient', message: `no data for ${LONG_DELAY_DAYS} days` }
      await openIncident(services, tx, { ...late, kind: 'staff', error, ownerAction: null })
    })
  for (const { orgId, id, connectionId } of await incidents.staffMendedOfAllOrgs(db))
    await db.transaction(async (tx) => {
      const outcome = { healed: [], notHealed: [] }
      if (!(await incidents.resolve(tx, orgId, id, { by: 'system', outcome }))) return
      await record(tx, orgId, {
        kind: 'incident.resolved',
        actor: 'system',
        connectionId,
        data: { incidentId: id, healed: 0, notHealed: 0 },
      })
      await queue.send('incident-card', { orgId, incidentId: id }, { db: tx, key: id })
    })
}
