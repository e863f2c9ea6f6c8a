/** Shows a person their App Home anew, keeping what they had chosen on it. */
import { homeOf } from '../flows/overview.ts'
import { may } from '../flows/permission.ts'
import type { Services } from '../flows/services.ts'
import { HOME_MOST, HOME_STEP, type HomeState, homeView } from '../templates/slack/home.ts'
import type { Actor } from './actor.ts'
import type { Args } from './answer.ts'

const FIRST: HomeState = { clientId: null, limit: HOME_STEP }

/** Shows the acting person's own Home anew. */
export async function publishHome(
  services: Services,
  { client }: Pick<Args, 'client'>,
  { orgId, userId, member }: Actor,
  state: HomeState = FIRST,
): Promise<void> {
  const home = await homeOf(services, orgId, state)
  const view = homeView(home, state, {
    request: may(member, 'request'),
    reconnect: may(member, 'reconnect'),
    refresh: may(member, 'request'),
    remove: may(member, 'manage'),
    settings: may(member, 'settings'),
  })
  await client.views.publish({ user_id: userId, view })
}

/** What the reader had chosen; anything else than our own state is ignored. */
export function stateIn(view: { private_metadata?: string } | undefined): HomeState {
  try {
    const { clientId, limit } = JSON.parse(view?.private_metadata ?? '') as Partial<HomeState>
    const known = typeof clientId === 'string' && /^[0-9a-f-]{36}$/.test(clientId)
    return { clientId: known ? clientId : null, limit: Math.min(Number(limit) || HOME_STEP, HOME_MOST) }
  } catch {
    return FIRST
  }
}
