/** /l/<token> for source owners, in visiting order: look, Continue, choose accounts, Finish. GET changes nothing. */
import express, { type Request, type Response, Router } from 'express'
import { keepTicks, openPicker, type Picks, readPicks } from '../flows/connect/accounts.ts'
import { finish } from '../flows/connect/finish.ts'
import { look, type Sight } from '../flows/connect/look.ts'
import type { Services } from '../flows/services.ts'
import { type AccountsPage, accountsPage } from '../templates/page/accounts.ts'
import { linkPage } from '../templates/page/link.ts'
import { tripPage } from '../templates/page/problem.ts'
import { type Guesses, promptly } from './guard.ts'
import { accountsData, linkData, senderOf } from './link-data.ts'
import { sendPage } from './send.ts'
import { sessionCookies } from './session.ts'
import { sendSight } from './sight.ts'

const FORM_LIMIT = '256kb' // a picker with a thousand ticked accounts
const form = express.urlencoded({ extended: false, limit: FORM_LIMIT, parameterLimit: 5_000 })

export function linkRoutes(at: At): Router {
  const router = Router()
  router.get('/l/:token', (req, res) => showLink(at, req, res))
  // Reloading or typing the address of a form's target leads back to the page.
  for (const step of ['continue', 'finish', 'fresh'])
    router.get(`/l/:token/${step}`, (req: Request<Params>, res) => res.redirect(303, pathOf(req)))
  router.get('/l/:token/accounts', (req, res) => showAccounts(at, req, res))
  router.post('/l/:token/finish', form, (req, res) => pressFinish(at, req, res))
  return router
}

export type At = { services: Services; guesses: Guesses }
type Params = { token: string }

export const pathOf = (req: Request<Params>) => `/l/${encodeURIComponent(req.params.token)}`

/** What the link is for this browser. Unknown ones are counted against guessing. */
export async function sightOf({ services, guesses }: At, req: Request<Params>): Promise<Sight> {
  const cookies = sessionCookies(req, services.publicUrl)
  const sight = await promptly(look(services, req.params.token, cookies))
  if (sight.kind === 'unknown') guesses.note(req.ip ?? '')
  return sight
}

async function showLink(at: At, req: Request<Params>, res: Response): Promise<void> {
  const sight = await sightOf(at, req)
  if (sight.kind !== 'open') return sendSight(at.services, res, sight, pathOf(req))
  if (sight.late) return void res.redirect(303, `${pathOf(req)}/accounts`)
  const { data, stops } = await linkData(at.services, req, { ...sight, path: pathOf(req) })
  if (stops.length === 0) {
    const words = { path: pathOf(req), kind: 'not-offered', providerName: '', providerId: '' } as const
    return sendPage(res, 200, tripPage(data.sender, words))
  }
  sendPage(res, 200, linkPage(data), { formsTo: stops.flatMap(({ formsTo }) => formsTo) })
}

async function showAccounts(at: At, req: Request<Params>, res: Response): Promise<void> {
  const { services } = at
  const sight = await sightOf(at, req)
  const path = pathOf(req)
  if (sight.kind !== 'open') return sendSight(services, res, sight, path)
  const { link, session, late } = sight
  const [failed] = session?.trips.filter(({ outcome }) => outcome === 'denied' || outcome === 'failed') ?? []
  const holds = session !== null && session.held.length > 0
  const choosing = holds && req.query.choose !== undefined
  if (failed && !late && !choosing && !(holds && isOlder(session, failed.provider, failed.calledBackAt))) {
    const { stops } = await linkData(services, req, { link, session, path })
    const stop = stops.find(({ provider }) => provider.id === failed.provider)
    const kind = failed.outcome === 'denied' ? 'denied' : 'failed'
    const words = {
      path,
      kind,
      providerName: stop?.provider.name ?? '',
      providerId: failed.provider,
      why: failed.detail,
    } as const
    const formsTo = stops.flatMap((one) => one.formsTo)
    return sendPage(res, 200, tripPage(senderOf(link), words), { formsTo })
  }
  if (!holds) return void res.redirect(303, path)
  const picker = await openPicker(services, { link, session })
  const problem = req.query.changed === undefined ? null : ({ kind: 'stale' } as const)
  sendPicker(at, res, { picker, path, late, problem })
}

/** True when the provider was signed in to after that trip, or the trip was to another one. */
function isOlder(
  session: { held: { provider: string; receivedAt: Date }[] },
  provider: string,
  at: Date | null,
): boolean {
  const held = session.held.find((credential) => credential.provider === provider)
  return held !== undefined && at !== null && held.receivedAt >= at
}

function sendPicker(
  { services }: At,
  res: Response,
  shown: Parameters<typeof accountsData>[1],
  status = 200,
): void {
  const formsTo = shown.picker.stops.flatMap((stop) => stop.formsTo)
  sendPage(res, status, accountsPage(accountsData(services, shown)), { formsTo })
}

async function pressFinish(at: At, req: Request<Params>, res: Response): Promise<void> {
  const { services } = at
  const { token } = req.params
  const path = pathOf(req)
  const cookies = sessionCookies(req, services.publicUrl)
  const picks = picksOf(req)
  if (fields(req).do === 'another') {
    const picking = await promptly(readPicks(services, token, cookies, picks))
    if (picking.kind === 'ready') await keepTicks(services, picking)
    if (picking.kind === 'not-open' && picking.sight.kind === 'unknown') at.guesses.note(req.ip ?? '')
    return void res.redirect(303, path)
  }
  await sightOf(at, req) // answers soon or not at all; Finish itself may take its time with many accounts
  const outcome = await finish(services, token, cookies, picks)
  const again = (picker: Parameters<typeof accountsData>[1]['picker'], problem: AccountsPage['problem']) =>
    sendPicker(at, res, { picker, path, late: false, problem }, 422)
  switch (outcome.kind) {
    case 'finished':
      return void res.redirect(303, path)
    case 'nothing-picked':
      return again(outcome.picker, { kind: 'nothing-picked' })
    case 'over-limit':
      return again(outcome.picker, outcome)
    case 'stale':
      return void res.redirect(303, `${path}/accounts?changed`)
    case 'not-open':
      return outcome.sight.kind === 'finished' || outcome.sight.kind === 'open'
        ? void res.redirect(303, path)
        : sendSight(services, res, outcome.sight, path)
    default:
      return outcome satisfies never
  }
}

function picksOf(req: Request): Picks {
  const body = (req.body ?? {}) as Record<string, unknown>
  const all = (value: unknown) =>
    (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string')
  return { picked: all(body.pick), heldIds: all(body.held), form: fields(req).form ?? '' }
}

/** Single values only: a repeated field is nothing we sent. */
export function fields(req: Request): Record<string, string> {
  const body = (req.body ?? {}) as Record<string, unknown>
  return Object.fromEntries(
    Object.entries(body).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}
