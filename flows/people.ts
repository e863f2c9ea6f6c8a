/** Learning from Slack who the admins are, so that an alert reaches one before any of them has pressed a button. */
import * as members from '../storage/members.ts'
import * as orgs from '../storage/orgs.ts'
import { noteProfile, type SlackProfile } from './member.ts'
import type { Services } from './services.ts'

const ORGS_PER_TICK = 50
/** Slack lists people about twenty pages a minute (Tier 2), all apps' needs together. */
const PAGE_EVERY_S = 4

/** One step of the tick; several nodes may take it at once: a new org at once, then every org once a day. */
export async function askForPeople({ db, queue }: Services): Promise<void> {
  await db.transaction(async (tx) => {
    for (const orgId of await orgs.claimUnaskedOfAllOrgs(tx, ORGS_PER_TICK))
      await queue.send('people', { orgId, cursor: null }, { db: tx, key: orgId })
  })
}

/**
 * One page of the workspace's people; the job for the page after it exists when this one is remembered. Of thousands
 * only admins become rows, and whoever is a row already is brought up to date: demoted, renamed or gone.
 */
export async function notePeople(
  { db, queue }: Services,
  orgId: string,
  { profiles, next }: { profiles: SlackProfile[]; next: string | null },
): Promise<void> {
  await db.transaction(async (tx) => {
    const ids = profiles.map(({ slackUserId }) => slackUserId)
    const known = new Set(await members.known(tx, orgId, ids))
    for (const profile of profiles)
      if (profile.workspaceAdmin || known.has(profile.slackUserId))
        await noteProfile({ db: tx }, orgId, profile)
    if (next === null) return
    const options = { db: tx, key: `${orgId} ${next}`, afterSeconds: PAGE_EVERY_S }
    await queue.send('people', { orgId, cursor: next }, options)
  })
}
