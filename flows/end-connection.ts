/** A connection no source needs any more ends: withdrawn at the provider where nobody else shares it, then destroyed. */
import { revokeToken } from '../connectors/http.ts'
import * as audit from '../storage/audit.ts'
import * as connections from '../storage/connections.ts'
import * as removals from '../storage/removals.ts'
import { type Credential, placeOf } from './renewal.ts'
import type { Services } from './services.ts'

export type Ended =
  | { kind: 'ended'; withdrawn: 'revoked' | 'unsupported' | 'shared' | 'unreachable' | 'none' }
  | { kind: 'still-needed' }

type Ending = {
  orgId: string
  connectionId: string /** Do not wait for a provider any longer. */
  last: boolean
}

/**
 * Runs at least once. Google's withdrawal takes every token of the same person and OAuth app with it, so a grant that
 * another live connection shares, of any org, is left to its owner. Throws to be called again.
 */
export async function endConnection(
  services: Services,
  { orgId, connectionId, last }: Ending,
  signal: AbortSignal,
): Promise<Ended> {
  const unused = await removals.unused(services.db, orgId, connectionId)
  if (!unused) return { kind: 'still-needed' }
  const withdrawn = await withdraw(services, { orgId, connectionId, last }, unused, signal)
  return services.db.transaction(async (tx) => {
    if (!(await removals.endUnused(tx, orgId, connectionId))) return { kind: 'still-needed' }
    await audit.record(tx, orgId, {
      ...{ kind: 'connection.removed', actor: 'system', connectionId },
      data: { provider: unused.provider, identity: unused.identityLabel, withdrawn },
    })
    for (const incidentId of await removals.archiveIncidents(tx, orgId, connectionId))
      await services.queue.send('incident-card', { orgId, incidentId }, { db: tx, key: incidentId })
    return { kind: 'ended', withdrawn }
  })
}

async function withdraw(
  services: Services,
  { orgId, connectionId, last }: Ending,
  { provider: id, sealed }: removals.Unused,
  signal: AbortSignal,
): Promise<(Ended & { kind: 'ended' })['withdrawn']> {
  if (!sealed) return 'none'
  const provider = services.connectors.providers().find((one) => one.id === id)
  if (provider?.auth !== 'oauth' || !provider.revoke) return 'unsupported'
  if (await connections.sharesGrantWithAnyOrg(services.db, orgId, connectionId)) return 'shared'
  try {
    const credential = services.vault.open(sealed, placeOf({ orgId, connectionId }))
    const { accessToken, refreshToken, site = '' } = JSON.parse(credential) as Credential
    const app = services.oauthApps[provider.id] ?? null
    return await revokeToken(provider, refreshToken ?? accessToken, { app, site, signal })
  } catch (error) {
    if (last) return 'unreachable'
    throw error
  }
}
