/**
 * Who is acting. Every listener asks first: guests, bots and people of other companies can press our buttons too, and
 * a person may have left since the button was shown.
 */
import type { WebClient } from '@slack/web-api'
import { type Member, memberOf, noteProfile, noteRefusal, type SlackProfile } from '../flows/member.ts'
import type { Services } from '../flows/services.ts'
import { type Refusal, refused } from '../templates/slack/trouble.ts'
import { type Args, answer } from './answer.ts'

export type Actor = { orgId: string; userId: string; teamId: string; member: Member }

/** Null: refused, and told so. A command or button must be acknowledged before, a modal or typeahead must not. */
export async function actorOf(services: Services, args: Args): Promise<Actor | null> {
  const found = await identify(services, args)
  if (!('refused' in found)) return found
  await answer(args, refused(found.refused))
  return null
}

/** For where nothing can be answered, like an opened Home. Refusals are in the audit. */
export async function identify(
  services: Services,
  { context, client, body }: Pick<Args, 'context' | 'client' | 'body'>,
): Promise<Actor | { refused: Refusal }> {
  const { orgId, workspace } = context as unknown as KnownContext
  const userId = userOf(body)
  const judged = userId ? await judge(services, client, { orgId, workspace, userId, body }) : 'unknown'
  if (typeof judged !== 'string') return { orgId, userId, teamId: judged.teamId, member: judged }
  await noteRefusal(services, orgId, userId, judged)
  return { refused: judged }
}

/** As the global middleware in bot/index.ts sets it. */
export type KnownContext = {
  orgId: string
  workspace: { teamId: string | null; enterpriseId: string | null; botUserId: string }
}

type Question = KnownContext & { userId: string; body: unknown }

/** The user's own team decides: in a channel shared with another company `team` is the team of whoever posted. */
async function judge(services: Services, client: WebClient, asked: Question): Promise<Member | Refusal> {
  const { orgId, workspace, userId, body } = asked
  const team = (body as { user?: { team_id?: string } }).user?.team_id ?? null
  if (team && workspace.teamId && team !== workspace.teamId && !workspace.enterpriseId)
    return 'other-workspace'
  const remembered = await memberOf(services, orgId, userId)
  if (remembered?.fresh) return remembered.deactivatedAt ? 'guest' : remembered
  const profile = await profileOf(client, userId, workspace).catch((error: unknown) => {
    if (remembered && !remembered.deactivatedAt) return null // Slack is slow: what we know must do
    throw error
  })
  if (!profile) return remembered ?? 'unknown'
  return (await noteProfile(services, orgId, profile)) ?? profile.refused ?? 'unknown'
}

function userOf(body: unknown): string {
  const { user_id, user, event } = body as {
    user_id?: string
    user?: { id?: string }
    event?: { user?: string }
  }
  return user_id ?? user?.id ?? event?.user ?? ''
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
