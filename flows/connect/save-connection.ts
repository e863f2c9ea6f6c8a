/** A held credential becomes that of its connection: one per org, provider, OAuth app and identity. */
import * as connections from '../../storage/connections.ts'
import * as credentials from '../../storage/credentials.ts'
import type { Db } from '../../storage/db.ts'
import type { HeldCredential } from '../../storage/held-credentials.ts'
import { placeOf } from '../renewal.ts'
import type { Services } from '../services.ts'
import { type HeldSecret, heldPlace } from './held-secret.ts'
import type { LinkView } from './look.ts'

/** `existed`: the login had authorised this org before. */
export async function saveConnection(
  services: Services,
  tx: Db,
  link: LinkView,
  credential: HeldCredential,
): Promise<{ id: string; existed: boolean }> {
  const { orgId } = link
  const { provider, oauthApp, identity, identityLabel, scopes } = credential
  const opened = services.vault.open(credential.sealed, heldPlace(credential.id, orgId))
  const { grantExpiresAt, ...secret } = JSON.parse(opened) as HeldSecret
  const saved = await connections.upsert(tx, orgId, {
    provider,
    oauthApp,
    identity,
    identityLabel,
    // A key belongs to the client it was entered for: another client enters its own.
    clientId: isKey(services, provider) ? link.clientId : null,
    scopes,
    grantExpiresAt: instant(grantExpiresAt),
    authorisedBy: link.ownerEmail ?? link.ownerSlackUserId ?? link.requestedBy,
    requestId: link.requestId,
  })
  const place = placeOf({ orgId, connectionId: saved.id })
  const before = await credentials.sealedOf(tx, orgId, saved.id)
  const whole = withRefreshToken(services, secret, before, place)
  const sealed = services.vault.seal(JSON.stringify(whole), place)
  await credentials.store(tx, orgId, saved.id, sealed, instant(secret.expiresAt))
  return saved
}

const isKey = ({ connectors }: Services, provider: string) =>
  connectors.providers().find(({ id }) => id === provider)?.auth === 'key'

type Secret = Omit<HeldSecret, 'grantExpiresAt'>

/** Some providers give a refresh token only at a person's first consent: then the one we have is still theirs. */
function withRefreshToken({ vault }: Services, secret: Secret, before: string | null, place: string): Secret {
  if (secret.refreshToken !== null || before === null) return secret
  try {
    return { ...secret, refreshToken: (JSON.parse(vault.open(before, place)) as Secret).refreshToken }
  } catch {
    return secret // sealed under a key that is gone
  }
}

const instant = (iso: string | null) => (iso === null ? null : new Date(iso))
