/** Reconnect and "Ask the owner", from an alert card, `/reconnect`, `/sources` and App Home. */
import type { App, BlockAction, SlackViewMiddlewareArgs, ViewSubmitAction } from '@slack/bolt'
import { connectionOf } from '../flows/incident-buttons.ts'
import { type AskedOwner, askOwner, disconnectedOf, reconnectSelf } from '../flows/reconnect.ts'
import type { Services } from '../flows/services.ts'
import { alertGone } from '../templates/slack/incident-answers.ts'
import { INCIDENT_ASK, INCIDENT_RECONNECT } from '../templates/slack/incident-buttons.ts'
import {
  askedBefore,
  askPlanRefused,
  askQuotaReached,
  askRefused,
  connectionGone,
  downList,
  mayNotReconnect,
  notOneAddress,
  OWNER_BLOCK,
  OWNER_VIEW,
  ownerAsked,
  ownerModal,
  ownerQueued,
  RECONNECT_ASK,
  RECONNECT_NOW,
  RECONNECT_QUEUE,
  reconnectLink,
  worksAlready,
} from '../templates/slack/reconnect.ts'
import { type Actor, actorOf } from './actor.ts'
import { type Args, answer } from './answer.ts'
import type { Command } from './listener.ts'
import { tellPrivately } from './tell.ts'

export const commands: Command[] = [
  { command: '/reconnect', description: 'What is disconnected, and how to mend it' },
]

type Asking = { connectionId: string; email: string | null; ifFull: 'refuse' | 'queue' }

export function register(app: App, services: Services): void {
  app.command('/reconnect', async (args) => {
    await args.ack()
    const actor = await actorOf(services, args)
    if (actor) await answer(args, downList(await disconnectedOf(services, actor.orgId)))
  })
  onPress(app, services, INCIDENT_RECONNECT, async (args, actor, incidentId) => {
    const connectionId = await connectionOf(services, actor.orgId, incidentId)
    if (connectionId) await reconnectNow(services, args, actor, connectionId)
    else await answer(args, alertGone())
  })
  onPress(app, services, INCIDENT_ASK, async (args, actor, incidentId) => {
    const connectionId = await connectionOf(services, actor.orgId, incidentId)
    if (connectionId) await ask(services, args, actor, { connectionId, email: null, ifFull: 'refuse' })
    else await answer(args, alertGone())
  })
  onPress(app, services, RECONNECT_NOW, (args, actor, id) => reconnectNow(services, args, actor, id))
  onPress(app, services, RECONNECT_ASK, (args, actor, connectionId) =>
    ask(services, args, actor, { connectionId, email: null, ifFull: 'refuse' }),
  )
  onPress(app, services, RECONNECT_QUEUE, (args, actor, value) => {
    const { connectionId, email } = JSON.parse(value) as Asking
    return ask(services, args, actor, { connectionId, email, ifFull: 'queue' })
  })
  app.view<ViewSubmitAction>(OWNER_VIEW, (args) => submitOwner(services, args))
}

function onPress(
  app: App,
  services: Services,
  actionId: string,
  act: (args: Args, actor: Actor, value: string) => Promise<void>,
): void {
  app.action<BlockAction>(actionId, async (args) => {
    await args.ack()
    const actor = await actorOf(services, args)
    const { action } = args
    if (actor && 'value' in action && typeof action.value === 'string') await act(args, actor, action.value)
  })
}

/** Also for the menus of other places. Acknowledge before. */
export async function reconnectNow(
  services: Services,
  args: Args,
  actor: Actor,
  connectionId: string,
): Promise<void> {
  const channelId = channelOf(args, actor)
  const outcome = await reconnectSelf(services, actor, { connectionId, channelId })
  switch (outcome.kind) {
    case 'link':
      return answer(args, reconnectLink(outcome.impact, outcome.url, outcome.expiresAt), 'Reconnect')
    case 'works':
      return answer(args, worksAlready(outcome.impact, outcome.mended), 'Reconnect')
    case 'gone':
      return answer(args, connectionGone(), 'Reconnect')
    case 'forbidden':
      return answer(args, mayNotReconnect(), 'Reconnect')
    case 'refused':
      return answer(args, askRefused(), 'Reconnect')
    default:
      return outcome satisfies never
  }
}

async function ask(services: Services, args: Args, actor: Actor, asking: Asking): Promise<void> {
  const channelId = channelOf(args, actor)
  const outcome = await askOwner(services, actor, { ...asking, channelId })
  if (outcome.kind !== 'address-unknown') return answer(args, words(outcome, asking))
  const { trigger_id, response_url } = args.body as { trigger_id?: string; response_url?: string }
  const metadata = JSON.stringify({
    connectionId: asking.connectionId,
    channelId,
    responseUrl: response_url ?? null,
  })
  await args.client.views.open({ trigger_id: trigger_id ?? '', view: ownerModal(outcome.impact, metadata) })
}

function words(outcome: Exclude<AskedOwner, { kind: 'address-unknown' }>, asking: Asking) {
  switch (outcome.kind) {
    case 'asked':
      return ownerAsked(outcome.impact, outcome)
    case 'queued':
      return ownerQueued(outcome)
    case 'already-asked':
      return askedBefore(outcome.by, outcome.at)
    case 'quota-reached':
      return askQuotaReached(outcome.nextSlot, JSON.stringify(asking))
    case 'plan':
      return askPlanRefused(outcome.plan)
    case 'works':
      return worksAlready(outcome.impact, outcome.mended)
    case 'gone':
      return connectionGone()
    case 'forbidden':
      return mayNotReconnect()
    case 'bad-address':
      return notOneAddress()
    case 'refused':
      return askRefused()
    default:
      return outcome satisfies never
  }
}

type Submission = SlackViewMiddlewareArgs<ViewSubmitAction> & Args

async function submitOwner(services: Services, args: Submission): Promise<void> {
  const actor = await actorOf(services, args)
  if (!actor) return
  const { connectionId, channelId, responseUrl } = JSON.parse(args.view.private_metadata) as {
    connectionId: string
    channelId: string
    responseUrl: string | null
  }
  const email = args.view.state.values[OWNER_BLOCK]?.value?.value?.trim() ?? ''
  const asking: Asking = { connectionId, email, ifFull: 'refuse' }
  const outcome = await askOwner(services, actor, { ...asking, channelId })
  if (outcome.kind === 'bad-address' || outcome.kind === 'address-unknown')
    return args.ack({ response_action: 'errors', errors: { [OWNER_BLOCK]: notOneAddress() } })
  await args.ack()
  const said = words(outcome, asking)
  const message = typeof said === 'string' ? { text: said, blocks: [] } : said
  await tellPrivately(args.client, { channelId, responseUrl }, actor.userId, message)
}

/** A press in App Home or a modal has no channel: the member's own DM stands in. */
function channelOf({ body }: Args, { userId }: Actor): string {
  const { channel, channel_id } = body as { channel?: { id?: string }; channel_id?: string }
  return channel?.id ?? channel_id ?? userId
}
