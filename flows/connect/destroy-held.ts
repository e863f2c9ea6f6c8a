/** Credentials of a link that ended unfinished are destroyed, and withdrawn at the provider where nothing shares them. */
import { ConnectorError } from '../../connectors/connector.ts'
import { revokeToken } from '../../connectors/http.ts'
import { record } from '../../storage/audit.ts'
import type { HeldCredential } from '../../storage/held-credentials.ts'
import * as held from '../../storage/held-credentials.ts'
import * as sessions from '../../storage/link-sessions.ts'
import * as links from '../../storage/link-views.ts'
import type { Services } from '../services.ts'
import { heldPlace } from './consent.ts'

export type Withdrawal = 'revoked' | 'unsupported' | 'shared' | 'unreachable'

/** Runs at least once. Leaves a link alone that can still be finished. */
export async function destroyHeld(
  services: Services,
  { orgId, linkId }: { orgId: string; linkId: string },
  signal: AbortSignal,
): Promise<Withdrawal[]> {
  const link = await links.find(services.db, orgId, linkId)
  if (!link || (link.status === 'issued' && !link.graceOver)) return []
  const gone = await services.db.transaction(async (tx) => {
    const all = await held.ofLink(tx, orgId, linkId)
    const destroyed = await held.destroy(
      tx,
      orgId,
      all.map(({ id }) => id),
    )
    await sessions.closeAll(tx, orgId, linkId, link.status === 'expired' ? 'expired' : 'ended')
    for (const { provider } of destroyed)
      await record(tx, orgId, {
        kind: 'consent.destroyed',
        actor: 'system',
        clientId: link.clientId,
        requestId: link.requestId,
        linkId,
        data: { provider },
      })
    return destroyed
  })
  const outcomes: Withdrawal[] = []
  for (const credential of gone) outcomes.push(await withdraw(services, credential, signal))
  return outcomes
}

/** Best effort: our copy is destroyed already, and the token ends by itself if the provider cannot be reached. */
async function withdraw(services: Services, gone: HeldCredential, signal: AbortSignal): Promise<Withdrawal> {
  if (await held.isSharedInAllOrgs(services.db, gone)) return 'shared'
  const secret = services.vault.open(gone.sealed, heldPlace(gone.id, gone.orgId))
  const { accessToken, refreshToken } = JSON.parse(secret) as {
    accessToken: string
    refreshToken: string | null
  }
  const provider = services.connectors.providers().find(({ id }) => id === gone.provider)
  if (!provider) return 'unsupported'
  try {
    return await revokeToken(provider, refreshToken ?? accessToken, signal)
  } catch (error) {
    if (error instanceof ConnectorError) return 'unreachable'
    throw error
  }
}
