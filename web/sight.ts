/** A link that is not open any more, or never was: each way has its own calm page. */
import type { Response } from 'express'
import type { Sight } from '../flows/connect/look.ts'
import { stopsOf } from '../flows/connect/plan.ts'
import type { Services } from '../flows/services.ts'
import { donePage } from '../templates/page/done.ts'
import { expiredPage, unknownPage, usedPage, withdrawnPage } from '../templates/page/problem.ts'
import { exactTime } from '../templates/time.ts'
import { requesterOf, senderOf, zoneOf } from './link-data.ts'
import { sendPage } from './send.ts'

/** An open one is sent back to its page. */
export function sendSight(services: Services, res: Response, sight: Sight, path: string): void {
  if (sight.kind === 'unknown') sendPage(res, 404, unknownPage())
  else sendKnown(services, res, sight, path)
}

type Known = Exclude<Sight, { kind: 'unknown' }>

function sendKnown(services: Services, res: Response, sight: Known, path: string): void {
  const { link } = sight
  const sender = senderOf(link)
  const timeZone = zoneOf(link)
  switch (sight.kind) {
    case 'open':
      res.redirect(303, path)
      break
    case 'cancelled':
    case 'superseded':
      sendPage(res, 410, withdrawnPage(sender, sight.kind))
      break
    case 'expired': {
      const { expiresAt } = link
      sendPage(res, 410, expiredPage(sender, { path, requester: requesterOf(link), expiresAt, timeZone }))
      break
    }
    case 'used': {
      const at = link.endedAt ? exactTime(link.endedAt, timeZone) : null
      sendPage(res, 410, usedPage(sender, { by: sight.by, at }))
      break
    }
    case 'finished':
      sendPage(res, 200, donePage({ sender, ...doneData(services, sight) }))
      break
    default:
      sight satisfies never
  }
}

function doneData(services: Services, { link, connected, receiptUrl }: Extract<Sight, { kind: 'finished' }>) {
  const providers = stopsOf(services, link, []).map(({ provider }) => provider)
  return {
    clientName: link.clientName,
    connected: connected.map(({ connectorId, accountName }) => ({
      connectorName: services.connectors.get(connectorId)?.name ?? connectorId,
      accountName,
    })),
    receiptUrl,
    providers: providers.map(({ name, permissionsUrl }) => ({ name, permissionsUrl })),
  }
}
