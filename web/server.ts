/** One Express app for everything that arrives by HTTP: health, the source owner's pages, and Slack's receiver. */
import express, { type Express } from 'express'
import type { Services } from '../flows/services.ts'
import type { Log } from '../log.ts'

export type Readiness = () => Promise<{ ready: boolean; parts: Record<string, boolean> }>

/** Without the last word: app.ts mounts Slack's receiver on it, then calls `closeWeb`. */
export function createWeb(_services: Services, readiness: Readiness, _log: Log): Express {
  const web = express()
  web.disable('x-powered-by')
  web.get('/healthz', (_req, res) => void res.json({ alive: true }))
  web.get('/readyz', async (_req, res) => {
    const { ready, parts } = await readiness()
    res.status(ready ? 200 : 503).json({ ready, ...parts })
  })
  return web
}

/** What nobody else answered. */
export function closeWeb(web: Express, _log: Log): void {
  web.use((_req, res) => void res.status(404).type('text').send('Not found'))
}
