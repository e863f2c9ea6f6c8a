/** One Express app for everything that arrives by HTTP: health, the source owner's pages, and Slack's receiver. */
import { randomBytes } from 'node:crypto'
import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express'
import type { Services } from '../flows/services.ts'
import type { Log } from '../log.ts'
import { errorPage, foreignFormPage, unavailablePage, unknownPage } from '../templates/page/problem.ts'
import { callbackRoutes } from './callback.ts'
import { continueRoutes } from './continue.ts'
import { countGuesses, isUnavailable, ownForms, stopGuessing } from './guard.ts'
import { linkRoutes } from './link-page.ts'
import { ownerSaysRoutes } from './owner-says.ts'
import { receiptRoutes } from './receipt-page.ts'
import { everywhere, pageHeaders, sendPage } from './send.ts'

export type Readiness = () => Promise<{ ready: boolean; parts: Record<string, boolean> }>

/** Without the last word: app.ts mounts Slack's receiver on it, then calls `closeWeb`. */
export function createWeb(services: Services, readiness: Readiness, _log: Log): Express {
  const web = express()
  web.disable('x-powered-by')
  web.set('query parser', 'simple')
  // A proxy in front has a private address; whoever speaks from a public one is taken by that one.
  web.set('trust proxy', 'loopback, linklocal, uniquelocal')
  web.use(everywhere(services.publicUrl))
  web.get('/healthz', (_req, res) => void res.json({ alive: true }))
  web.get('/readyz', async (_req, res) => {
    const { ready, parts } = await readiness()
    res.status(ready ? 200 : 503).json({ ready, ...parts })
  })
  const guesses = countGuesses()
  web.use(['/l', '/r', '/connect'], pageHeaders(), ownForms(services.publicUrl))
  web.use(['/l', '/r'], stopGuessing(guesses))
  const at = { services, guesses }
  web.use(
    linkRoutes(at),
    continueRoutes(at),
    ownerSaysRoutes(at),
    receiptRoutes(at),
    callbackRoutes(services),
  )
  web.use(['/l', '/r', '/connect'], (_req: Request, res: Response) => sendPage(res, 404, unknownPage()))
  return web
}

/** What nobody else answered. */
export function closeWeb(web: Express, log: Log): void {
  web.use((_req, res) => void res.status(404).type('text').send('Not found'))
  web.use(failed(log))
}

/** A person gets a reference that the log has too. Express knows error handlers by their four parameters. */
function failed(log: Log): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    if (res.headersSent) return next(error)
    if (error instanceof URIError) return sendPage(res, 404, unknownPage()) // an address nobody can read
    const status = (error as { status?: unknown } | null)?.status
    if (typeof status === 'number' && status >= 400 && status < 500)
      return sendPage(res, status, foreignFormPage())
    const reference = randomBytes(4).toString('hex')
    log.error({ error, reference, route: req.route?.path ?? '' }, 'a page failed')
    if (!isUnavailable(error)) return sendPage(res, 500, errorPage(reference))
    res.set('retry-after', '10')
    sendPage(res, 503, unavailablePage())
  }
}
