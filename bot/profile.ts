/** What Slack says about a person, in our words. */
import type { WebClient } from '@slack/web-api'
import type { SlackProfile } from '../flows/member.ts'

/** As the global middleware in bot/index.ts sets it. */
export type KnownContext = {
  orgId: string
  workspace: { teamId: string | null; enterpriseId: string | null; botUserId: string }
}

export type SlackUser = {
  id?: string
  team_id?: string
  name?: string
  real_name?: string
  deleted?: boolean
  is_bot?: boolean
  is_restricted?: boolean
  is_ultra_restricted?: boolean
  is_stranger?: boolean
  is_admin?: boolean
  is_owner?: boolean
  is_primary_owner?: boolean
  tz?: string
  locale?: string
  profile?: { display_name?: string; real_name?: string; email?: string }
  enterprise_user?: { enterprise_id?: string }
}

/** Asks Slack. Throws when Slack does not answer or does not know the user. */
export async function profileOf(
  client: WebClient,
  userId: string,
  workspace: KnownContext['workspace'],
): Promise<SlackProfile> {
  const { user } = await client.users.info({ user: userId, include_locale: true })
  return toProfile({ ...(user as SlackUser), id: userId }, workspace)
}

/** Slack's user in our words. */
export function toProfile(user: SlackUser, workspace: KnownContext['workspace']): SlackProfile {
  const { profile } = user
  return {
    slackUserId: user.id ?? '',
    teamId: user.team_id ?? workspace.teamId ?? '',
    displayName: profile?.display_name || profile?.real_name || user.real_name || user.name || 'Somebody',
    email: profile?.email ?? null,
    timeZone: user.tz ?? null,
    locale: user.locale ?? null,
    workspaceAdmin: Boolean(user.is_admin || user.is_owner || user.is_primary_owner),
    refused: whyRefused(user, workspace),
  }
}

function whyRefused(user: SlackUser, { teamId, enterpriseId }: KnownContext['workspace']) {
  const sameGrid = enterpriseId !== null && user.enterprise_user?.enterprise_id === enterpriseId
  if (user.is_stranger || (teamId && user.team_id && user.team_id !== teamId && !sameGrid))
    return 'other-workspace'
  if (user.is_bot || user.id === 'USLACKBOT') return 'bot'
  if (user.deleted) return 'deactivated'
  return user.is_restricted || user.is_ultra_restricted ? 'guest' : null
}
