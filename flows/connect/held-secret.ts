/** The secret of a held credential: how it is sealed, and how it is given back when nobody needs it any more. */
import { ConnectorError } from '../../connectors/connector.ts'
import { revokeToken } from '../../connectors/http.ts'
import type { HeldCredential } from '../../storage/held-credentials.ts'
import * as held from '../../storage/held-credentials.ts'
import type { Services } from '../services.ts'

/** What is sealed until Finish; times in ISO, on latchkey's clock. */
export type HeldSecret = {
  accessToken: string
  refreshToken: string | null
  expiresAt: string | null
  grantExpiresAt: string | null
  /** Address of the account's own API; '' or absent where there is none. */
  site?: string
}

export const heldPlace = (id: string, orgId: string) => `held_credential:${id}:${orgId}:sealed`

export type Withdrawal = 'revoked' | 'unsupported' | 'shared' | 'unreachable'

/** Best effort: our copy is destroyed already, and the token ends by itself if the provider cannot be reached. */
export async function withdraw(
  services: Services,
  gone: HeldCredential,
  signal: AbortSignal,
): Promise<Withdrawal> {
  const provider = services.connectors.providers().find(({ id }) => id === gone.provider)
  if (provider?.auth !== 'oauth' || !provider.revoke) return 'unsupported'
  if (await held.isSharedInAllOrgs(services.db, gone)) return 'shared'
  const secret = opened(services, gone)
  if (!secret) return 'unreachable'
  try {
    const { refreshToken, accessToken, site = '' } = secret
    const app = services.oauthApps[provider.id] ?? null
    return await revokeToken(provider, refreshToken ?? accessToken, { app, site, signal })
  } catch (error) {
    if (error instanceof ConnectorError) return 'unreachable'
    throw error
  }
}

/** Null where its key is no longer in SECRET_KEYS: then nobody can use it, not even to give it back. */
function opened({ vault }: Services, { sealed, id, orgId }: HeldCredential): HeldSecret | null {
  try {
    return JSON.parse(vault.open(sealed, heldPlace(id, orgId))) as HeldSecret
  } catch {
    return null
  }
}
