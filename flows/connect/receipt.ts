/** The owner's standing page: what is connected, when it was read last, and how to stop it. Needs no login. */
import * as connections from '../../storage/connections.ts'
import type { LinkView } from '../../storage/link-views.ts'
import * as links from '../../storage/link-views.ts'
import type { ReceiptSource } from '../../storage/receipts.ts'
import * as receipts from '../../storage/receipts.ts'
import { endConnection } from '../end-connection.ts'
import { hashToken } from '../link-token.ts'
import { removeSource } from '../remove-source.ts'
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
  const removed = await removeSource(services, { orgId, sourceId, by })
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
