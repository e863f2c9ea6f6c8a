/** A key the owner typed on the link's page: checked at the provider before it is kept. */
import type { ConnectorError } from '../../connectors/connector.ts'
import * as consents from '../../storage/consents.ts'
import type { Services } from '../services.ts'
import { conclude } from './consent.ts'
import type { Entered } from './continue.ts'
import { hold } from './hold.ts'
import type { LinkView } from './look.ts'
import { whyOf } from './trip.ts'

export type Checked =
  | { kind: 'held' }
  /** The provider knows no such key, or it lacks a permission. `ownerAction`: what the owner can do, where that is known. */
  | { kind: 'refused'; lacks: boolean; ownerAction: string | null }
  /** Could not be asked now: the key may be right. */
  | { kind: 'unreachable' }
  /** Pressed twice: the other press decides. */
  | { kind: 'again' }

/** The key is sealed at once, and never in an answer, a log or the audit; its last four characters are the label. */
export async function enterKey(services: Services, link: LinkView, entered: Entered): Promise<Checked> {
  const { stop, answers, consentId, linkSessionId } = entered
  const { provider } = stop
  if (provider.auth !== 'key') throw new Error(`${provider.id} takes no key`)
  const { orgId } = link
  const consent = await consents.take(services.db, orgId, { id: consentId, linkSessionId })
  if (!consent) return { kind: 'again' }
  const at = consent.calledBackAt ?? new Date(0)
  const holding = {
    ...{ link, orgId, linkSessionId, consentId, stop, answers, at },
    ...{ app: null, oauthApp: '', askedScopes: stop.scopes },
  }
  const outcome = await hold(services, holding, {
    accessToken: provider.accessToken(answers),
    ...{ refreshToken: null, expiresInSeconds: null, grantExpiresInSeconds: null, scopes: null },
    ...{ site: provider.site?.(answers) ?? '', idToken: null, raw: null },
  })
  if (outcome === 'held') return { kind: 'held' }
  await conclude(
    services,
    { trip: { provider: provider.id, orgId, consentId }, link },
    'failed',
    whyOf(outcome),
  )
  return verdict(outcome)
}

function verdict({ kind, ownerAction }: ConnectorError): Checked {
  if (kind === 'scope_missing') return { kind: 'refused', lacks: true, ownerAction }
  if (kind === 'revoked' || kind === 'account_lost') return { kind: 'refused', lacks: false, ownerAction }
  return { kind: 'unreachable' }
}
