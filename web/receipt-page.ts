/** /r/<token>: the owner's standing page, and revoking a data source there after a second press. */
import express, { type Request, type Response, Router } from 'express'
import { type Receipt, receipt, withdrawSource } from '../flows/connect/receipt.ts'
import type { Services } from '../flows/services.ts'
import { unknownPage } from '../templates/page/problem.ts'
import {
  confirmRevokePage,
  type ReceiptPage,
  type ReceiptRow,
  receiptPage,
  revokedPage,
} from '../templates/page/receipt.ts'
import { promptly } from './guard.ts'
import { senderOf, zoneOf } from './link-data.ts'
import { type At, fields } from './link-page.ts'
import { sendPage } from './send.ts'

const form = express.urlencoded({ extended: false, limit: '1kb', parameterLimit: 5 })

export function receiptRoutes(at: At): Router {
  const router = Router()
  router.get('/r/:token', (req, res) => show(at, req, res))
  router.get('/r/:token/revoke/:source', (req, res) => confirm(at, req, res))
  router.post('/r/:token/revoke/:source', form, (req, res) => revoke(at, req, res))
  return router
}

async function show(at: At, req: Request<{ token: string }>, res: Response): Promise<void> {
  const found = await promptly(receipt(at.services, req.params.token))
  if (!found) return unknown(at, req, res)
  sendPage(res, 200, receiptPage(pageData(at.services, found, req.params.token)))
}

type Revoking = Request<{ token: string; source: string }>

async function confirm(at: At, req: Revoking, res: Response, unsure = false): Promise<void> {
  const { token, source } = req.params
  const found = await promptly(receipt(at.services, token))
  if (!found) return unknown(at, req, res)
  const data = pageData(at.services, found, token)
  const row = data.rows.find(({ id }) => id === source)
  if (!row || row.status === 'removed') return res.redirect(303, data.path)
  sendPage(res, unsure ? 422 : 200, confirmRevokePage({ ...data, unsure }, row))
}

/** May take as long as the provider takes to revoke, so no hurry once the receipt was found. */
async function revoke(at: At, req: Revoking, res: Response): Promise<void> {
  if (fields(req).sure !== '1') return confirm(at, req, res, true)
  const { services } = at
  const { token, source } = req.params
  if (!(await promptly(receipt(services, token)))) return unknown(at, req, res)
  const outcome = await withdrawSource(services, token, source)
  if (outcome.kind === 'unknown') return unknown(at, req, res)
  const data = pageData(services, outcome.receipt, token)
  const row = data.rows.find(({ id }) => id === source)
  if (!row) return res.redirect(303, data.path)
  const provider = services.connectors.providers().find(({ id }) => id === outcome.source.provider)
  const credential = outcome.kind === 'withdrawn' ? outcome.credential : 'before'
  const providerName = provider?.name ?? outcome.source.provider
  sendPage(res, 200, revokedPage(data, { row, providerName, credential }))
}

function unknown({ guesses }: At, req: Request, res: Response): void {
  guesses.note(req.ip ?? '')
  sendPage(res, 404, unknownPage())
}

function pageData(services: Services, { link, sources }: Receipt, token: string): ReceiptPage {
  const rows: ReceiptRow[] = sources.map((source) => ({
    ...source,
    connectorName: services.connectors.get(source.connectorId)?.name ?? source.connectorId,
  }))
  const used = new Set(sources.map(({ provider }) => provider))
  const providers = services.connectors.providers().filter(({ id }) => used.has(id))
  return {
    sender: senderOf(link),
    path: `/r/${encodeURIComponent(token)}`,
    clientName: link.clientName,
    timeZone: zoneOf(link),
    rows,
    providers: providers.map(({ name, permissionsUrl }) => ({ name, permissionsUrl })),
  }
}
