/** Who somebody in Slack is to an org. Rows are remembered from Slack for ten minutes. */
import * as audit from '../storage/audit.ts'
import * as members from '../storage/members.ts'
import type { Services } from './services.ts'

export type { Member } from '../storage/members.ts'

/** What Slack says about a user, already in our words. */
export type SlackProfile = {
  slackUserId: string
  teamId: string
  displayName: string
  email: string | null
  timeZone: string | null
  locale: string | null
  /** Owner or admin of the workspace. */
  workspaceAdmin: boolean
  /** Why this user can be no member; null when nothing speaks against it. */
  refused: null | 'bot' | 'deactivated' | 'guest' | 'other-workspace'
}

/** As remembered, deactivated ones too; `fresh` says whether Slack should be asked again. */
export function memberOf(
  { db }: Pick<Services, 'db'>,
  orgId: string,
  slackUserId: string,
): Promise<members.RememberedMember | null> {
  return members.find(db, orgId, slackUserId)
}

/** Admins who can still act, subscribed to e-mail or not. */
export function adminsOf({ db }: Pick<Services, 'db'>, orgId: string): Promise<members.Member[]> {
  return members.admins(db, orgId)
}

/** Remembers what Slack said. Null: this user is no member, and a row there may have been is deactivated. */
export async function noteProfile(
  { db }: Pick<Services, 'db'>,
  orgId: string,
  profile: SlackProfile,
): Promise<members.Member | null> {
  if (profile.refused) {
    await members.deactivate(db, orgId, profile.slackUserId)
    return null
  }
  const { workspaceAdmin, refused, ...seen } = profile
  await members.saveSeen(db, orgId, { ...seen, role: workspaceAdmin ? 'admin' : 'member' })
  return members.find(db, orgId, profile.slackUserId)
}

/** Somebody who may not act pressed something all the same. */
export async function noteRefusal(
  { db }: Pick<Services, 'db'>,
  orgId: string,
  slackUserId: string,
  why: string,
): Promise<void> {
  await audit.record(db, orgId, { kind: 'actor.refused', actor: `slack:${slackUserId}`, data: { why } })
}
