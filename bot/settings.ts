/** The org's settings, for admins: from App Home and `/access settings`. */
import type { App } from '@slack/bolt'
import type { WebClient } from '@slack/web-api'
import { may } from '../flows/permission.ts'
import type { Services } from '../flows/services.ts'
import { changeSettings, findZones, PLANS, type SettingsInput, settingsOf } from '../flows/settings.ts'
import {
  channelClosed,
  channelShared,
  SETTINGS,
  settingsModal,
  settingsProblem,
  settingsSaved,
  ZONE_OPTIONS,
} from '../templates/slack/settings.ts'
import { notAllowed } from '../templates/slack/sources.ts'
import { type Actor, actorOf } from './actor.ts'
import { type Args, answer, openModal } from './answer.ts'
import { publishHome } from './publish-home.ts'

const ZONES_SHOWN = 50

export function register(app: App, services: Services): void {
  app.options(ZONE_OPTIONS, async ({ options, ack }) => {
    const zones = findZones(options.value, ZONES_SHOWN)
    await ack({ options: zones.map((value) => ({ text: { type: 'plain_text', text: value }, value })) })
  })
  app.view(SETTINGS, async (args) => {
    const actor = await actorOf(services, args)
    if (actor) await save(services, args, actor)
  })
}

export async function openSettings(services: Services, args: Args, actor: Actor): Promise<void> {
  if (!may(actor.member, 'settings')) return answer(args, notAllowed('change settings', 'an admin'))
  await openModal(args, 'Settings', async () => {
    const org = await settingsOf(services, actor.orgId)
    return settingsModal(org, PLANS, actor.member.alertMail)
  })
}

type Submitted = Args & { view: { state: { values: Values } }; ack: (answer?: never) => Promise<void> }
type Values = Record<string, Record<string, Chosen>>
type Chosen = {
  value?: string | null
  selected_option?: { value: string } | null
  selected_options?: { value: string }[] | null
  selected_conversation?: string | null
}

async function save(services: Services, args: Submitted, actor: Actor): Promise<void> {
  if (!may(actor.member, 'settings')) return answer(args, notAllowed('change settings', 'an admin'))
  const { input, alertMail } = read(args.view.state.values)
  const closed = await whyNotThere(args.client, input.alertChannelId)
  if (closed) return args.ack({ response_action: 'errors', errors: { alertChannelId: closed } } as never)
  const outcome = await changeSettings(services, {
    ...{ orgId: actor.orgId, changedBy: actor.userId, input, alertMail },
  })
  switch (outcome.kind) {
    case 'refused': {
      const said = Object.entries(outcome.problems).map(([field, why]) => [field, settingsProblem(why)])
      return args.ack({ response_action: 'errors', errors: Object.fromEntries(said) } as never)
    }
    case 'changed':
    case 'unchanged': {
      const view = settingsSaved(outcome.kind === 'changed' ? outcome.fields : [])
      await args.ack({ response_action: 'update', view } as never)
      return publishHome(services, args, actor)
    }
    default:
      return outcome satisfies never
  }
}

function read(values: Values): { input: SettingsInput; alertMail: boolean } {
  const of = (block: string): Chosen => Object.values(values[block] ?? {})[0] ?? {}
  const text = (block: string) => of(block).value ?? ''
  return {
    input: {
      name: text('name'),
      plan: of('plan').selected_option?.value ?? '',
      accountLimit: text('accountLimit'),
      timeZone: of('timeZone').selected_option?.value ?? '',
      alertChannelId: of('alertChannelId').selected_conversation ?? null,
      linkLifetimeHours: text('linkLifetimeHours'),
      brandColor: text('brandColor'),
      website: text('website'),
      supportEmail: text('supportEmail'),
    },
    alertMail: (of('alertMail').selected_options ?? []).length > 0,
  }
}

/** Slack tells us about private channels only where we are in; when it is slow the channel is taken as it is. */
async function whyNotThere(slack: WebClient, channel: string | null): Promise<string | null> {
  if (!channel) return null
  const known = await slack.conversations
    .info({ channel })
    .catch((error: { data?: { error?: string } }) => error)
  if ('data' in known && known.data?.error === 'channel_not_found') return channelClosed()
  if (!('channel' in known) || !known.channel) return null
  const { is_archived, is_ext_shared, is_private, is_member } = known.channel
  if (is_ext_shared) return channelShared()
  return is_archived || (is_private && !is_member) ? channelClosed() : null
}
