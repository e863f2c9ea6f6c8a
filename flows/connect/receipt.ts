/** The owner's standing page: what is connected, when it was read last, and how to stop it. Needs no login. */
import { record } from '../../storage/audit.ts'
import * as connections from '../../storage/connections.ts'
import type { Db } from '../../storage/db.ts'
import type { LinkView } from '../../storage/link-views.ts'
import * as links from '../../storage/link-views.ts'
import type { ReceiptSource } from '../../storage/receipts.ts'
import * as receipts from '../../storage/receipts.ts'
import { enqueueDelivery } from '../deliver.ts'
import { endConnection } from '../end-connection.ts'
import { hashToken } from '../link-token.ts'
import { removeSource } from '../remove-source.ts'
import { touchCard } from '../request-card.ts'
import type { Services } from '../services.ts'
import { ownerActor } from './owner.ts'

export type Receipt = { link: LinkView; sources: ReceiptSource[] }

/** Null for an unknown token, and before anything was connected by its link. */
export async function receipt(services: Services, token: string): Promise<Receipt | null> {
  const link = await links.findByReceiptHash(services.db, hashToken(token))
  return link?.status === 'finished' ? ofLink(services, link) : null
}

/** For the mail after Finish. */
export async function receiptOfLink(
  services: Services,
  orgId: string,
  linkId: string,
): Promise<Receipt | null> {
  const link = await links.find(services.db, orgId, linkId)
  return link?.status === 'finished' ? ofLink(services, link) : null
}

async function ofLink({ db }: Services, link: LinkView): Promise<Receipt> {
  return { link, sources: await receipts.ofRequest(db, link.orgId, link.requestId) }
}

export type Withdrawn =
  | {
      kind: 'withdrawn'
      receipt: Receipt
      source: ReceiptSource
      /**
       * What became of the credential: 'kept' for the other data sources under it; destroyed, and at the provider
       * 'revoked', or not because it knows no such call, another connection shares it, or it did not answer.
       */
      credential: 'kept' | 'revoked' | 'unsupported' | 'shared' | 'unreachable' | 'none'
    }
  | { kind: 'withdrawn-before'; receipt: Receipt; source: ReceiptSource }
  | { kind: 'unknown' }

const PROVIDER_MS = 15_000

/** In the request's thread, and the requester in person: its reports miss something from now on. */
async function tellAgency(
  services: Services,
  tx: Db,
  { link, source, by }: { link: LinkView; source: ReceiptSource; by: string },
): Promise<void> {
  const { orgId, clientId, requestId, requestedBy } = link
  const about = {
    clientId,
    requestId,
    linkId: link.id,
    sourceId: source.id,
    connectionId: source.connectionId,
  }
  await record(tx, orgId, {
    kind: 'source.revoked',
    actor: by,
    ...about,
    data: { source: source.accountName, connector: source.connectorId },
  })
  await touchCard(services, tx, orgId, requestId)
  await enqueueDelivery(services, tx, {
    ...{ orgId, kind: 'source-revoked', channel: 'dm', address: requestedBy },
    ...{ linkId: link.id, subjectId: source.id, dedupeKey: `source-revoked:${source.id}` },
  })
}

/** Stops and removes one data source; the credential goes with the last one under its connection. */
export async function withdrawSource(
  services: Services,
  token: string,
  sourceId: string,
): Promise<Withdrawn> {
  const before = await receipt(services, token)
  const source = before?.sources.find(({ id }) => id === sourceId)
  if (!before || !source) return { kind: 'unknown' }
  const { link } = before
  const { orgId } = link
  const by = ownerActor(link, source.identityLabel)
  const removed = await services.db.transaction(async (tx) => {
    const outcome = await removeSource({ ...services, db: tx }, { orgId, sourceId, by })
    if (outcome.kind === 'removed') await tellAgency(services, tx, { link, source, by })
    return outcome
  })
  const after = await ofLink(services, link)
  if (removed.kind !== 'removed') return { kind: 'withdrawn-before', receipt: after, source }
  if (!removed.last) return { kind: 'withdrawn', receipt: after, source, credential: 'kept' }
  const signal = AbortSignal.timeout(PROVIDER_MS)
  const { connectionId } = source
  const shared = await connections.sharesGrantWithAnyOrg(services.db, orgId, connectionId)
  const ended = await endConnection(services, { orgId, connectionId, last: true }, signal)
  const outcome = ended.kind === 'ended' ? ended.withdrawn : shared ? 'shared' : 'none'
  return { kind: 'withdrawn', receipt: await ofLink(services, link), source, credential: outcome }
}
