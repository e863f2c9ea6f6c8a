/** The daily verify: a connection nobody has read for a day is asked for something small, so that it neither idles out
 * nor is found dead by a client. */
import { ConnectorError } from '../connectors/connector.ts'
import * as connections from '../storage/connections.ts'
import * as outages from '../storage/outages.ts'
import * as sources from '../storage/sources.ts'
import { claimQuietOfAllOrgs } from '../storage/verify.ts'
import { noteAnswered } from './breaker.ts'
import { withCredential } from './credential.ts'
import { noteFailure } from './disconnect.ts'
import { probe } from './live-probe.ts'
import type { Services } from './services.ts'

/** In one minute, so that a provider never sees a day's connections at once. */
const PER_TICK = 50

/** For the tick. */
export async function verifyQuiet(services: Services): Promise<void> {
  await services.db.transaction(async (tx) => {
    for (const quiet of await claimQuietOfAllOrgs(tx, PER_TICK))
      await services.queue.send('verify-connection', quiet, { db: tx, key: quiet.connectionId })
  })
}

/**
 * Asks for the first account in the list of one connector, and while an outage holds it for a page of a real report as
 * well: lists may answer when reports do not. The token is renewed only if it must be anyway. A refusal is noted as any
 * other; trouble that passes is asked about again in an hour.
 */
export async function verifyConnection(
  services: Services,
  { orgId, connectionId }: { orgId: string; connectionId: string },
  signal: AbortSignal,
): Promise<void> {
  const { db, connectors } = services
  const connection = await connections.byId(db, orgId, connectionId)
  const all = await sources.ofConnection(db, orgId, connectionId)
  const offered = all.filter(
    ({ status, connectorId }) => status === 'connected' && connectors.get(connectorId),
  )
  const source = offered.find(({ delayedSince }) => delayedSince) ?? offered[0]
  const connector = source && connectors.get(source.connectorId)
  if (connection?.status !== 'connected' || !connector) return
  try {
    await withCredential(services, { orgId, connectionId, connector }, signal, async (context) => {
      for await (const _account of connector.accounts(context)) break
    })
    if (await outages.isHeld(db, orgId, connectionId))
      await probe(services, { orgId, connectionId }, connector, source, signal)
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error
    // Only a permission is a connector's own: whatever else was refused concerns all of the connection.
    const sourceId = error.kind === 'scope_missing' ? source.id : null
    return noteFailure(services, { orgId, connectionId, sourceId, error })
  }
  await connections.markVerified(db, orgId, connectionId)
  const answered = ['revoked', 'scope_missing', 'app_config', 'version_sunset', 'transient'] as const
  await noteAnswered(services, { orgId, connectionId }, [...answered])
}
