/**
 * Who is acting. Every listener asks first: guests, bots and people of other companies can press our buttons too, and
 * a person may have left since the button was shown.
 */
import type { WebClient } from '@slack/web-api'
import { type Member, memberOf, noteProfile, noteRefusal } from '../flows/member.ts'
import type { Services } from '../flows/services.ts'
import { type Refusal, refused } from '../templates/slack/trouble.ts'
import { type Args, answer } from './answer.ts'
import { type KnownContext, profileOf } from './profile.ts'

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
