/** Continue: questions first where a provider has some, then off to it, or a key is checked here and now. */
import express, { type Request, type Response, Router } from 'express'
import { type Continued, continueLink } from '../flows/connect/continue.ts'
import { type Checked, enterKey } from '../flows/connect/enter-key.ts'
import { departOwnWay, rememberTrip } from '../flows/connect/trip.ts'
import { type AskPage, askPage } from '../templates/page/ask.ts'
import { tripPage } from '../templates/page/problem.ts'
import { promptly } from './guard.ts'
import { askData, senderOf } from './link-data.ts'
import { type At, fields, pathOf } from './link-page.ts'
import { leave } from './oauth.ts'
import { sendPage } from './send.ts'
import { sessionCookies, setSessionCookie } from './session.ts'
import { sendSight } from './sight.ts'

const FORM_LIMIT = '32kb'
const form = express.urlencoded({ extended: false, limit: FORM_LIMIT, parameterLimit: 50 })

type Req = Request<{ token: string }>

export function continueRoutes(at: At): Router {
  const router = Router()
  router.post('/l/:token/continue', form, (req, res) => goOn(at, req, res))
  return router
}

async function goOn(at: At, req: Req, res: Response): Promise<void> {
  const { services } = at
  const { provider, other } = fields(req)
  const wanted = { provider: provider ?? null, someoneElse: other === '1', typed: typedIn(req) }
  const cookies = sessionCookies(req, services.publicUrl)
  const continued = await promptly(continueLink(services, req.params.token, cookies, wanted))
  if (continued.kind === 'ask')
    return ask(req, res, continued, continued.wrong.length > 0 ? { kind: 'wrong' } : null)
  if (continued.kind !== 'go' && continued.kind !== 'check') return refuse(at, req, res, continued)
  if (continued.fresh) setSessionCookie(res, services.publicUrl, continued.link.id, continued.cookie)
  return continued.kind === 'go' ? depart(at, req, res, continued) : check(at, req, res, continued)
}

const PREFIX = 'answer.'

/** Null where the form has not been shown yet. */
function typedIn(req: Request): Record<string, string> | null {
  const own = Object.entries(fields(req)).filter(([name]) => name.startsWith(PREFIX))
  if (own.length === 0) return null
  return Object.fromEntries(own.map(([name, value]) => [name.slice(PREFIX.length), value.slice(0, 2_000)]))
}

async function depart(
  { services }: At,
  req: Req,
  res: Response,
  { trip, stop, cookie, link }: Extract<Continued, { kind: 'go' }>,
): Promise<void> {
  const departure = (await departOwnWay(services, trip)) ?? (await leave(trip, services.publicUrl.origin))
  if ('failed' in departure) {
    const { id: providerId, name: providerName } = stop.provider
    const why = departure.failed
    const words = { path: pathOf(req), kind: 'failed', providerName, providerId, why } as const
    return sendPage(res, 502, tripPage(senderOf(link), words), { formsTo: stop.formsTo })
  }
  const { secret: _secret, ...rest } = trip
  const { location, state, memory } = departure
  await rememberTrip(services, { cookie, state, memory: { trip: rest, oauth: memory } })
  res.redirect(303, location)
}

async function check(
  { services }: At,
  req: Req,
  res: Response,
  { entered, link }: Extract<Continued, { kind: 'check' }>,
): Promise<void> {
  const checked: Checked = await enterKey(services, link, entered)
  if (checked.kind === 'held' || checked.kind === 'again')
    return void res.redirect(303, `${pathOf(req)}/accounts`)
  ask(req, res, { stop: entered.stop, link, typed: entered.answers, wrong: [] }, checked)
}

function ask(
  req: Req,
  res: Response,
  asked: Parameters<typeof askData>[0],
  problem: AskPage['problem'],
): void {
  const data = askData(asked, { path: pathOf(req), problem })
  sendPage(res, problem === null ? 200 : 422, askPage(data), { formsTo: asked.stop.formsTo })
}

function refuse(
  { services, guesses }: At,
  req: Req,
  res: Response,
  refused: Exclude<Continued, { kind: 'go' | 'check' | 'ask' }>,
): void {
  if (refused.kind !== 'not-open') {
    const words = { path: pathOf(req), kind: refused.kind, providerName: '', providerId: '' }
    sendPage(res, 409, tripPage(senderOf(refused.link), words))
    return
  }
  if (refused.sight.kind === 'unknown') guesses.note(req.ip ?? '')
  sendSight(services, res, refused.sight, pathOf(req))
}
