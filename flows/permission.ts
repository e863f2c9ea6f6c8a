/** Who may do what (pure). Judged when a button is pressed, never when it is shown. */
import type { Member, Role } from '../storage/members.ts'

export type Action =
  | 'see' // sources, requests, links
  | 'request' // issue and resend auth links, refresh now
  | 'cancel' // an access request; context: who asked for it
  | 'reconnect' // authorise a connection again, or ask its owner to
  | 'manage' // remove sources, move them to another connection
  | 'settings' // everything of the whole org

export type PermissionContext = { requestedBy?: string }

const ROLES: Record<Exclude<Action, 'reconnect'>, Role[]> = {
  see: ['admin', 'manager', 'member', 'viewer'],
  request: ['admin', 'manager', 'member'],
  cancel: ['admin'],
  manage: ['admin', 'manager'],
  settings: ['admin'],
}

/** "May reconnect" is a permission of its own, beside the role: an on-call viewer can have it. */
export function may(
  member: Pick<Member, 'slackUserId' | 'role' | 'mayReconnect' | 'deactivatedAt'>,
  action: Action,
  context: PermissionContext = {},
): boolean {
  if (member.deactivatedAt) return false
  if (action === 'reconnect') return member.mayReconnect
  if (action === 'cancel' && context.requestedBy === member.slackUserId) return may(member, 'request')
  return ROLES[action].includes(member.role)
}
