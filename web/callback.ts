/** /connect/<provider>/callback, the redirect URI. There is no route that starts a trip: only Continue does. */
import { type Request, type Response, Router } from 'express'
import { arrive, concludeTrip, exchangeOwnWay } from '../flows/connect/consent.ts'
import type { Services } from '../flows/services.ts'
import { startAgainPage } from '../templates/page/problem.ts'
import { promptly } from './guard.ts'
import { returned } from './oauth.ts'
import { sendPage } from './send.ts'
import { sessionCookies } from './session.ts'

export function callbackRoutes(services: Services): Router {
  const router = Router()
  // Express answers HEAD with GET's handler, and a HEAD must not spend the trip.
  router.head('/connect/:provider/callback', (_req, res) => void res.status(405).set('allow', 'GET').end())
  router.get('/connect/:provider/callback', (req, res) => callBack(services, req, res))
  return router
}

async function callBack(
  services: Services,
  req: Request<{ provider: string }>,
  res: Response,
): Promise<void> {
  const query = single(req)
  const arrival = await promptly(
    arrive(services, {
      provider: req.params.provider,
      state: query.state ?? query.oauth_token ?? query.denied ?? null, // OAuth 1.0a has no other
      issuer: query.iss ?? null,
      cookies: sessionCookies(req, services.publicUrl),
    }),
  )
  if (arrival.kind === 'stale') return sendPage(res, 400, startAgainPage())
  if (arrival.kind === 'taken') {
    const { taken } = arrival
    const answer =
      (await exchangeOwnWay(services, taken, query)) ??
      (await returned(taken.trip, services.publicUrl.origin, { memory: taken.oauth, query }))
    await concludeTrip(services, taken, answer)
    return void res.redirect(303, `/l/${taken.token}/accounts`)
  }
  res.redirect(303, arrival.kind === 'ended' ? `/l/${arrival.token}` : `/l/${arrival.token}/accounts`)
}

/** Repeated parameters are nobody's honest answer. */
function single(req: Request): Record<string, string> {
  const entries = Object.entries(req.query as Record<string, unknown>)
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}
