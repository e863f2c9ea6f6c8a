/** /metrics for Prometheus, behind a bearer token. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { Router } from 'express'
import { type Gauge, gauges } from '../flows/gauges.ts'
import type { Services } from '../flows/services.ts'
import { promptly } from './guard.ts'

/** Mount only where METRICS_TOKEN is set. */
export function metricsRoute(services: Services, token: string): Router {
  const router = Router()
  router.get('/metrics', async (req, res) => {
    if (!isToken(req.headers.authorization, token))
      return void res.status(401).set('www-authenticate', 'Bearer').end()
    res.type('text/plain; version=0.0.4').send(asText(await promptly(gauges(services))))
  })
  return router
}

function isToken(given: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given ?? ''), digest(`Bearer ${token}`))
}

/** The text exposition format 0.0.4; every sample of a name in one group. */
function asText(all: Gauge[]): string {
  const groups = Map.groupBy(all, ({ name }) => `latchkey_${name}`)
  return [...groups]
    .map(
      ([name, samples]) =>
        `# TYPE ${name} gauge\n${samples.map((sample) => line(name, sample)).join('\n')}\n`,
    )
    .join('')
}

function line(name: string, { labels, value }: Gauge): string {
  const said = Object.entries(labels).map(([label, text]) => `${label}="${text.replace(/[\\"\n]/g, '_')}"`)
  return `${name}${said.length > 0 ? `{${said.join(',')}}` : ''} ${value}`
}
