/** "I'm on it", Snooze and Mute on an alert card. */
import type { App, BlockAction } from '@slack/bolt'
import {
  acknowledge,
  MUTE_REASON_MAX,
  mute,
  type Pressed,
  type SnoozeChoice,
  snooze,
} from '../flows/incident-buttons.ts'
import { may } from '../flows/permission.ts'
import type { Services } from '../flows/services.ts'
import * as says from '../templates/slack/incident-answers.ts'
import { INCIDENT_ACK, INCIDENT_MORE } from '../templates/slack/incident-buttons.ts'
import { mayNotReconnect } from '../templates/slack/reconnect.ts'
import { actorOf } from './actor.ts'
import { answer } from './answer.ts'
import { tellPrivately } from './tell.ts'

const SNOOZES: readonly string[] = ['hour', 'tomorrow', 'week'] satisfies SnoozeChoice[]
const isSnooze = (choice: string): choice is SnoozeChoice => SNOOZES.includes(choice)

export function register(app: App, services: Services): void {
  app.action<BlockAction>(INCIDENT_ACK, async (args) => {
    await args.ack()
    const actor = await actorOf(services, args)
    const { action } = args
    if (actor && 'value' in action && typeof action.value === 'string')
      await answer(args, words(await acknowledge(services, actor, { incidentId: action.value })))
  })
  app.action<BlockAction>(INCIDENT_MORE, async (args) => {
    await args.ack()
    const actor = await actorOf(services, args)
    const { action, body } = args
    const chosen = 'selected_option' in action ? (action.selected_option?.value ?? '') : ''
    const [choice = '', incidentId = ''] = chosen.split(':')
    if (!actor) return
    if (isSnooze(choice)) return answer(args, words(await snooze(services, actor, { incidentId, choice })))
    if (choice !== 'mute') return
    if (!may(actor.member, 'reconnect')) return answer(args, mayNotReconnect())
    const channelId = body.channel?.id ?? actor.userId
    const metadata = JSON.stringify({ incidentId, channelId, responseUrl: body.response_url ?? null })
    await args.client.views.open({
      trigger_id: body.trigger_id,
      view: says.muteModal(metadata, MUTE_REASON_MAX),
    })
  })
  app.view(says.MUTE_VIEW, async (args) => {
    const actor = await actorOf(services, args)
    if (!actor) return
    const reason = args.view.state.values[says.MUTE_BLOCK]?.value?.value?.trim() ?? ''
    if (!reason)
      return args.ack({
        response_action: 'errors',
        errors: { [says.MUTE_BLOCK]: says.reasonMissing() },
      })
    await args.ack()
    const { incidentId, ...origin } = JSON.parse(args.view.private_metadata) as {
      incidentId: string
      channelId: string
      responseUrl: string | null
    }
    const text = words(await mute(services, actor, { incidentId, reason }))
    await tellPrivately(args.client, origin, actor.userId, { text, blocks: [] })
  })
}

function words(outcome: Pressed): string {
  switch (outcome.kind) {
    case 'done':
      return { acked: says.acked, unacked: says.unacked, muted: says.muted }[outcome.what]()
    case 'snoozed':
      return says.snoozedUntil(outcome.until)
    case 'taken':
      return says.takenBy(outcome.by, outcome.at)
    case 'over':
      return says.overAlready(outcome.at, outcome.by)
    case 'muted-already':
      return says.mutedAlready(outcome.by, outcome.reason)
    case 'unchanged':
      return says.unchanged()
    case 'gone':
      return says.alertGone()
    case 'forbidden':
      return mayNotReconnect()
    default:
      return outcome satisfies never
  }
}
