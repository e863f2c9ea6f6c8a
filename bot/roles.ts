/** "Set a role" in the settings: for admins, about one member at a time. */
import type { App, BlockAction } from '@slack/bolt'
import { may } from '../flows/permission.ts'
import { changeRole } from '../flows/roles.ts'
import type { Services } from '../flows/services.ts'
import {
  AS_IN_SLACK,
  lastAdmin,
  noMember,
  noRole,
  ROLES,
  roleSaved,
  rolesModal,
} from '../templates/slack/roles.ts'
import { SETTINGS_ROLES } from '../templates/slack/settings.ts'
import { notAllowed } from '../templates/slack/sources.ts'
import { type Actor, actorOf } from './actor.ts'
import { type Args, answer } from './answer.ts'
import { type KnownContext, profileOf } from './profile.ts'

const ROLE_NAMES = ['admin', 'manager', 'member', 'viewer'] as const

export function register(app: App, services: Services): void {
  app.action<BlockAction>(SETTINGS_ROLES, async (args) => {
    await args.ack()
    const actor = await actorOf(services, args)
    if (!actor) return
    if (!may(actor.member, 'settings')) return answer(args, notAllowed('set roles', 'an admin'))
    await args.client.views.push({ trigger_id: args.body.trigger_id, view: rolesModal() })
  })
  app.view(ROLES, async (args) => {
    const actor = await actorOf(services, args)
    if (actor) await save(services, args, actor)
  })
}

type Chosen = {
  selected_user?: string | null
  selected_option?: { value: string } | null
  selected_options?: { value: string }[] | null
}
type Submitted = Args & {
  view: { state: { values: Record<string, Record<string, Chosen>> } }
  ack: (answer?: never) => Promise<void>
}

async function save(services: Services, args: Submitted, actor: Actor): Promise<void> {
  if (!may(actor.member, 'settings')) return answer(args, notAllowed('set roles', 'an admin'))
  const { values } = args.view.state
  const of = (block: string): Chosen => values[block]?.value ?? {}
  const wrong = (block: string, says: string) =>
    args.ack({ response_action: 'errors', errors: { [block]: says } } as never)
  const chosen = of('role').selected_option?.value
  const role = ROLE_NAMES.find((name) => name === chosen) ?? null
  if (!role && chosen !== AS_IN_SLACK) return wrong('role', noRole())
  const { workspace } = args.context as unknown as KnownContext
  const profile = await profileOf(args.client, of('person').selected_user ?? '', workspace)
  const outcome = await changeRole(services, {
    ...{ orgId: actor.orgId, changedBy: actor.userId, profile, role },
    mayReconnect: (of('reconnect').selected_options ?? []).length > 0,
  })
  switch (outcome.kind) {
    case 'changed':
      return args.ack({
        ...{ response_action: 'update', view: roleSaved(outcome.displayName, outcome.role) },
      } as never)
    case 'last-admin':
      return wrong('role', lastAdmin())
    case 'no-member':
      return wrong('person', noMember())
    default:
      return outcome satisfies never
  }
}
