/** "Send me a fresh link" on an expired page: to the address the old one went to, and nothing else is told. */
import * as requests from '../../storage/access-requests.ts'
import { expireLinks } from '../expire-links.ts'
import { type FreshOutcome, freshLink } from '../fresh-link.ts'
import type { Services } from '../services.ts'
import { type LinkView, look, type Sight } from './look.ts'
import { tellRequester } from './owner-ask.ts'

export type Refreshed =
  | { kind: 'sent'; link: LinkView }
  | { kind: 'queued'; link: LinkView; expectedAt: Date }
  /** It cannot go by itself: the requester has a button. */
  | { kind: 'asked'; link: LinkView }
  | { kind: 'not-expired'; sight: Sight }

/** Pressed often, or by a robot, it makes one link: afterwards the request is on its way again. */
export async function sendFresh(services: Services, token: string, cookies: string[]): Promise<Refreshed> {
  const sight = await look(services, token, cookies)
  if (sight.kind !== 'expired') return { kind: 'not-expired', sight }
  const { link } = sight
  const outcome = await ask(services, link)
  switch (outcome.kind) {
    case 'issued':
      return { kind: 'sent', link }
    case 'queued':
      return { kind: 'queued', link, expectedAt: outcome.expectedAt }
    case 'stale':
      if (['sent', 'started', 'partial', 'queued'].includes(outcome.status)) return { kind: 'sent', link }
      break
    case 'plan':
    case 'quota-reached':
      break
    default:
      outcome satisfies never
  }
  await services.db.transaction((tx) =>
    tellRequester(services, tx, link, { kind: 'fresh-link', email: null, text: '' }),
  )
  return { kind: 'asked', link }
}

/** The minute tick may not have ended the link yet. */
async function ask(services: Services, { orgId, requestId, status }: LinkView): Promise<FreshOutcome> {
  if (status === 'issued') await expireLinks(services)
  // Whoever declined and now asks for a link has thought again.
  await requests.move(services.db, orgId, requestId, ['declined'], 'expired')
  return freshLink(services, { orgId, requestId, by: 'owner', ifFull: 'queue' })
}
