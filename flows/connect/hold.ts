/** Keeps what a provider granted, sealed, until Finish: who it is, and which accounts it sees. */
import { randomUUID } from 'node:crypto'
import {
  type Connector,
  ConnectorError,
  type Identity,
  type Json,
  type OAuthApp,
} from '../../connectors/connector.ts'
import { openContext } from '../../connectors/http.ts'
import { record } from '../../storage/audit.ts'
import * as consents from '../../storage/consents.ts'
import type { Db } from '../../storage/db.ts'
import type { HeldAccount, HeldCredential } from '../../storage/held-credentials.ts'
import * as held from '../../storage/held-credentials.ts'
import * as progress from '../../storage/link-progress.ts'
import * as sessions from '../../storage/link-sessions.ts'
import type { LinkView } from '../../storage/link-views.ts'
import { touchCard } from '../request-card.ts'
import type { Services } from '../services.ts'
import { type HeldSecret, heldPlace, withdraw } from './held-secret.ts'
import { ownerActor } from './owner.ts'
import { missingScopes, type Stop, stopsOf } from './plan.ts'

export type Granted = {
  accessToken: string
  refreshToken: string | null
  expiresInSeconds: number | null
  /** Of the whole authorisation, where the provider says that it ends. */
  grantExpiresInSeconds: number | null
  /** As granted; null when the provider did not say. */
  scopes: string[] | null
  /** Address of the account's own API; '' where there is none. */
  site: string
  idToken: Json
  raw: Json
}

/** Whose it is, and since when. `oauthApp` is '' and `app` null for keys. */
export type Holding = {
  link: LinkView
  orgId: string
  linkSessionId: string
  consentId: string
  stop: Stop
  app: OAuthApp | null
  oauthApp: string
  askedScopes: string[]
  answers: Record<string, string>
  at: Date
}

const LISTING_MS = 25_000

/**
 * Asks who signed in and what accounts there are, then keeps the credential in place of one of this link session and
 * provider. A ConnectorError says that the provider would not even tell who it is: nothing is kept.
 */
export async function hold(
  services: Services,
  holding: Holding,
  granted: Granted,
): Promise<'held' | ConnectorError> {
  const signal = AbortSignal.timeout(LISTING_MS)
  const identity = await identify(holding, granted, signal)
  if (identity instanceof ConnectorError) return identity
  const scopes = granted.scopes ?? holding.askedScopes
  const listed = await Promise.all(
    holding.stop.items.map(({ connector }) => listAccounts(holding, connector, { granted, scopes, signal })),
  )
  const unneeded = await keep(services, holding, { granted, identity, scopes, listed })
  if (unneeded) await withdraw(services, unneeded, AbortSignal.timeout(5_000))
  return 'held'
}

type Listed = { connectorId: string; accounts: HeldAccount[]; trouble: string | null }

async function identify(
  { stop: { provider }, app, answers }: Holding,
  { accessToken, site, idToken, raw }: Granted,
  signal: AbortSignal,
): Promise<Identity | ConnectorError> {
  const context = openContext({ provider, connector: null, accessToken, app, site, answers, signal })
  try {
    const { id, label } = await provider.identity(context, { idToken, raw })
    return { id, label: provider.auth === 'key' ? `${label}, key …${accessToken.slice(-4)}` : label }
  } catch (error) {
    if (error instanceof ConnectorError) return error
    if (!signal.aborted) throw error
    return new ConnectorError('transient', provider.id, `${provider.name} did not answer in time`)
  }
}

/** Trouble with one data source must not hide the accounts of the others. */
async function listAccounts(
  { app, answers }: Holding,
  connector: Connector,
  { granted, scopes, signal }: { granted: Granted; scopes: string[]; signal: AbortSignal },
): Promise<Listed> {
  const connectorId = connector.id
  if (missingScopes(connector, scopes).length > 0)
    return { connectorId, accounts: [], trouble: 'scope_missing' }
  const accounts: HeldAccount[] = []
  const { accessToken, site } = granted
  const { provider } = connector
  const context = openContext({ provider, connector, accessToken, app, site, answers, signal })
  try {
    for await (const account of connector.accounts(context)) accounts.push({ connectorId, ...account })
  } catch (error) {
    if (!(error instanceof ConnectorError) && !signal.aborted) throw error
    const trouble = error instanceof ConnectorError ? error.kind : 'transient'
    return { connectorId, accounts, trouble }
  }
  return { connectorId, accounts, trouble: null }
}

type Kept = { granted: Granted; identity: Identity; scopes: string[]; listed: Listed[] }

/**
 * Returns what must not stay behind at the provider: the sign-in of somebody else that this one replaced, or this one
 * where the link was cancelled, finished or over while the provider answered.
 */
async function keep(services: Services, holding: Holding, kept: Kept): Promise<HeldCredential | null> {
  const { link, orgId, linkSessionId: sessionId, consentId, stop } = holding
  const brought = sealed(services, holding, kept)
  return services.db.transaction(async (tx) => {
    if (!(await sessions.lockOpen(tx, orgId, { linkId: link.id, sessionId }))) {
      await consents.conclude(tx, orgId, consentId, 'failed', 'ended')
      return brought
    }
    const before = await held.ofSession(tx, orgId, sessionId)
    await held.keep(tx, orgId, brought)
    await consents.conclude(tx, orgId, consentId, 'granted', null)
    if (stopsOf(services, link, []).length > 1) await progress.markPartial(tx, link.orgId, link.requestId)
    await noteGranted(services, tx, holding, kept)
    const replaced = before.find(({ provider }) => provider === stop.provider.id)
    return replaced && replaced.identity !== brought.identity ? replaced : null
  })
}

function sealed(
  services: Services,
  holding: Holding,
  { granted, identity, scopes, listed }: Kept,
): HeldCredential {
  const { orgId, linkSessionId, at, stop, oauthApp } = holding
  const id = randomUUID()
  const after = (seconds: number | null) =>
    seconds === null ? null : new Date(at.getTime() + seconds * 1000).toISOString()
  const secret: HeldSecret = {
    accessToken: granted.accessToken,
    refreshToken: granted.refreshToken,
    expiresAt: after(granted.expiresInSeconds),
    grantExpiresAt: after(granted.grantExpiresInSeconds),
    site: granted.site,
  }
  const troubled = listed.filter(({ trouble }) => trouble)
  return {
    ...{ id, orgId, linkSessionId, receivedAt: at, scopes },
    ...{ provider: stop.provider.id, oauthApp, identity: identity.id, identityLabel: identity.label },
    sealed: services.vault.seal(JSON.stringify(secret), heldPlace(id, orgId)),
    accounts: listed.flatMap(({ accounts }) => accounts),
    trouble: Object.fromEntries(troubled.map(({ connectorId, trouble }) => [connectorId, trouble ?? ''])),
  }
}

async function noteGranted(
  services: Services,
  tx: Db,
  { link, stop }: Holding,
  { identity, scopes }: Kept,
): Promise<void> {
  const missing = stop.items
    .filter(({ connector }) => missingScopes(connector, scopes).length > 0)
    .map(({ connector }) => connector.name)
  await record(tx, link.orgId, {
    ...{ kind: 'consent.granted', actor: ownerActor(link, identity.label), linkId: link.id },
    ...{ clientId: link.clientId, requestId: link.requestId },
    data: { provider: stop.provider.name, label: identity.label, missing },
  })
  await touchCard(services, tx, link.orgId, link.requestId)
}
