/** How far the backfills of a request are, and the one message in its thread that says so. */

import * as posts from '../storage/slack-posts.ts'
import * as runs from '../storage/sync-runs.ts'
import type { Services } from './services.ts'

export type BackfillProgress = {
  sources: {
    accountName: string
    connectorName: string
    /** Of months. */
    slices: number
    done: number
    failed: number
    /** First day that is or will be there, account-local. */
    fromDay: string
    rows: number
    /** Said where the provider keeps less than asked for. */
    note: string | null
    stopped: boolean
  }[]
  /** Where the request's card stands; null: nowhere, so there is no thread to speak in. */
  thread: { channelId: string; ts: string } | null
  /** The progress message, once posted. */
  post: { channelId: string; ts: string; contentHash: Buffer | null } | null
}

/** Null when no source of the request has a backfill. */
export async function backfillProgress(
  { db, connectors }: Services,
  { orgId, requestId }: { orgId: string; requestId: string },
): Promise<BackfillProgress | null> {
  const states = await runs.backfillOf(db, orgId, requestId)
  if (states.length === 0) return null
  const root = await posts.get(db, orgId, `request:${requestId}`)
  const own = await posts.get(db, orgId, keyOf(requestId))
  return {
    sources: states.map(({ connectorId, status, ...state }) => ({
      ...state,
      connectorName: connectors.get(connectorId)?.name ?? connectorId,
      note: connectors.get(connectorId)?.report.backfillNote ?? null,
      stopped: status !== 'connected',
    })),
    thread: root?.ts ? { channelId: root.channelId, ts: root.ts } : null,
    post: own?.ts ? { channelId: own.channelId, ts: own.ts, contentHash: own.contentHash } : null,
  }
}

/** True for the one caller who may post the message now. */
export function claimProgress({ db }: Services, orgId: string, requestId: string, channelId: string) {
  return posts.claim(db, orgId, keyOf(requestId), channelId)
}

export function noteProgress(
  { db }: Services,
  orgId: string,
  requestId: string,
  at: { channelId: string; ts: string; contentHash: Buffer },
) {
  return posts.posted(db, orgId, keyOf(requestId), at)
}

export function forgetProgress({ db }: Services, orgId: string, requestId: string) {
  return posts.forget(db, orgId, keyOf(requestId))
}

const keyOf = (requestId: string) => `backfill:${requestId}`
