/** What a member may do with us, where it differs from what Slack says. For admins. */
import * as audit from '../storage/audit.ts'
import * as members from '../storage/members.ts'
import { noteProfile, type SlackProfile } from './member.ts'
import type { Services } from './services.ts'

export type RoleChange = {
  orgId: string
  changedBy: string
  /** As Slack describes the member now. */
  profile: SlackProfile
  /** Null: as in Slack again, where workspace owners and admins are admins. */
  role: members.Role | null
  mayReconnect: boolean
}

export type RoleOutcome =
  | { kind: 'changed'; displayName: string; role: members.Role }
  /** Guests, bots and people who left have no role. */
  | { kind: 'no-member' }
  /** Nobody could change anything any more. */
  | { kind: 'last-admin' }

export async function changeRole(services: Services, change: RoleChange): Promise<RoleOutcome> {
  const { orgId, changedBy, profile, role, mayReconnect } = change
  const { slackUserId } = profile
  const becomes = role ?? (profile.workspaceAdmin ? 'admin' : 'member')
  return services.db.transaction(async (tx) => {
    await members.lockRoles(tx, orgId)
    const others = (await members.admins(tx, orgId)).filter((admin) => admin.slackUserId !== slackUserId)
    if (becomes !== 'admin' && others.length === 0) return { kind: 'last-admin' }
    if (!(await noteProfile({ db: tx }, orgId, profile))) return { kind: 'no-member' }
    const setBy = role ? changedBy : null
    await members.setRole(tx, orgId, slackUserId, { role: becomes, setBy, mayReconnect })
    await audit.record(tx, orgId, {
      ...{ kind: 'role.changed', actor: `slack:${changedBy}` },
      data: { member: slackUserId, role: becomes, asInSlack: role === null, mayReconnect },
    })
    return { kind: 'changed', displayName: profile.displayName, role: becomes }
  })
}
