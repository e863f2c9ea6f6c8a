/** Messages that are posted once and edited in place: who may post now, and where it stands. */
import { createHash } from 'node:crypto'
import * as posts from '../storage/slack-posts.ts'
import type { Services } from './services.ts'

export type SlackPost = posts.SlackPost

/** `key` names the message within the org, e.g. `request:<id>`. */
export function findPost({ db }: Services, orgId: string, key: string): Promise<SlackPost | undefined> {
  return posts.get(db, orgId, key)
}

/** Keys that begin so and stand in Slack already. */
export async function postedKeys({ db }: Services, orgId: string, prefix: string): Promise<Set<string>> {
  return new Set(await posts.postedKeys(db, orgId, prefix))
}

/** True for the one job that may post it now; false when it stands or another is posting it. */
export function claimPost({ db }: Services, orgId: string, key: string, channelId: string): Promise<boolean> {
  return posts.claim(db, orgId, key, channelId)
}

/** Remembers where the message stands and what it shows. */
export function notePost(
  { db }: Services,
  orgId: string,
  key: string,
  at: { channelId: string; ts: string; contentHash: Buffer | null },
): Promise<void> {
  return posts.posted(db, orgId, key, at)
}

/** It was not posted after all, or is gone: the next job posts anew. */
export function forgetPost({ db }: Services, orgId: string, key: string): Promise<void> {
  return posts.forget(db, orgId, key)
}

/** To edit only what differs from what is shown. */
export function contentHash(message: object): Buffer {
  return createHash('sha256').update(JSON.stringify(message)).digest()
}
