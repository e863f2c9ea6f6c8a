/** /request-access and the shortcuts: opens the form, takes its submission to the flow, says what came of it. */
import type { AllMiddlewareArgs, App, SlackViewMiddlewareArgs, ViewSubmitAction } from '@slack/bolt'
import { may } from '../flows/permission.ts'
import { quotaOf } from '../flows/quota.ts'
import { type RequestOutcome, requestAccess, type Wish } from '../flows/request-access.ts'
import { type RequestCardView, requestCard } from '../flows/request-card.ts'
import { readRequestWords } from '../flows/request-choices.ts'
import type { Services } from '../flows/services.ts'
import { type SlackMessage, safe } from '../templates/slack/blocks.ts'
import {
  fieldWords,
  linkOnItsWay,
  notAllowedToRequest,
  ownLink,
  planRefused,
  putInQueue,
  slackOwnerRefused,
} from '../templates/slack/request-answers.ts'
import { sourcesOf } from '../templates/slack/request-card.ts'
import {
  QUEUE_VIEW,
  queueModal,
  REQUEST_VIEW,
  requestModal,
  TITLE,
} from '../templates/slack/request-modal.ts'
import { problemView } from '../templates/slack/trouble.ts'
import { type Actor, actorOf } from './actor.ts'
import { type Args, answer, openModal, typed } from './answer.ts'
import type { Command, Shortcut } from './listener.ts'
import { ownerProfile, readForm } from './request-form.ts'
import { type Origin, tellPrivately } from './tell.ts'

export const commands: Command[] = [
  {
    command: '/request-access',
    description: 'Ask a client to connect a data source',
    usage_hint: '[data sources] [for client] [from e-mail]',
  },
]

export const shortcuts: Shortcut[] = [
  {
    ...{ name: 'Request access…', type: 'global', callback_id: 'request_access' },
    description: 'Ask a client to connect a data source',
  },
  {
    ...{ name: 'Request access…', type: 'message', callback_id: 'request_access_message' },
    description: 'Ask a client to connect a data source',
  },
]

export function register(app: App, services: Services): void {
  app.command('/request-access', async (args) => {
    await args.ack()
    const { channel_id, response_url, text } = args.command
    await openRequestForm(services, args, { channelId: channel_id, responseUrl: response_url }, typed(text))
  })
  app.shortcut('request_access', async (args) => {
    await args.ack()
    await openRequestForm(services, args as unknown as Args, { channelId: '', responseUrl: null })
  })
  app.shortcut('request_access_message', async (args) => {
    await args.ack()
    const { channel, response_url } = args.body as { channel?: { id: string }; response_url?: string }
    const from = { channelId: channel?.id ?? '', responseUrl: response_url ?? null }
    await openRequestForm(services, args as unknown as Args, from)
  })
  app.view<ViewSubmitAction>(REQUEST_VIEW, (args) => submitForm(services, args))
  app.view<ViewSubmitAction>(QUEUE_VIEW, (args) => submitQueued(services, args))
}

/** Also for the button on the Home tab. Acknowledge before. An empty channel id stands for the presser's DM. */
export async function openRequestForm(
  services: Services,
  args: Args,
  from: Origin,
  text = '',
): Promise<void> {
  await openModal(args, TITLE, async (viewId) => {
    const actor = await actorOf(services, inModal(args, viewId))
    if (!actor) return null
    if (!may(actor.member, 'request')) return problemView(notAllowedToRequest(), TITLE)
    const [prefill, { left }, shared] = await Promise.all([
      readRequestWords(services, actor.orgId, text),
      quotaOf(services.db, actor.orgId),
      isShared(args.client, from.channelId),
    ])
    const origin: Origin = { ...from, channelId: shared ? actor.userId : from.channelId || actor.userId }
    return requestModal(prefill, left, JSON.stringify(origin))
  })
}

/** With another company, which would read the request's card and the client's alerts. Unknown counts as not. */
async function isShared(slack: Args['client'], channel: string): Promise<boolean> {
  if (!/^[CG]/.test(channel)) return false
  const { channel: found } = await slack.conversations.info({ channel }).catch(() => ({ channel: undefined }))
  return found?.is_ext_shared === true
}

/** The modal is open already, so refusals are said in it: the trigger that opened it works only once. */
function inModal({ body, context, client }: Args, viewId: string): Args {
  const { response_url: _, ...rest } = body as { response_url?: string }
  return { body: { ...rest, type: 'block_actions', view: { type: 'modal', id: viewId } }, context, client }
}

type Submission = SlackViewMiddlewareArgs<ViewSubmitAction> & AllMiddlewareArgs

/** Acknowledged only when the flow has answered, so that a mistake is shown on its field. */
async function submitForm(services: Services, args: Submission): Promise<void> {
  const actor = await actorOf(services, args as unknown as Args)
  if (!actor) return
  if (!may(actor.member, 'request')) return answer(args as unknown as Args, notAllowedToRequest())
  const form = readForm(args.view)
  const profile = form.slackUserId && (await ownerProfile(services, args, actor.orgId, form.slackUserId))
  if (profile === 'unreachable')
    return args.ack({ response_action: 'errors', errors: { owner_slack: slackOwnerRefused() } })
  const self = { email: null, slackUserId: actor.userId, name: null, timeZone: actor.member.timeZone }
  const { displayName = null, timeZone = null } = profile || {}
  const wish: Wish = {
    ...{ orgId: actor.orgId, requestedBy: actor.userId, purpose: 'connect', connectionId: null },
    ...{ forSelf: form.forSelf, client: form.client, channelId: form.origin.channelId, items: form.items },
    owner: form.forSelf
      ? self
      : { email: form.email, slackUserId: form.slackUserId, name: displayName, timeZone },
    ...{ note: form.note, submissionKey: `view:${args.view.id}`, ifFull: 'refuse' },
  }
  await say(services, args, actor, { wish, origin: form.origin })
}

/** "Queue it": the wish waited in the modal, which only Slack and we can write. */
async function submitQueued(services: Services, args: Submission): Promise<void> {
  const actor = await actorOf(services, args as unknown as Args)
  if (!actor) return
  if (!may(actor.member, 'request')) return answer(args as unknown as Args, notAllowedToRequest())
  const { wish, origin } = JSON.parse(args.view.private_metadata) as Asked
  const { orgId, userId: requestedBy } = actor
  const mine: Wish = { ...wish, orgId, requestedBy, ifFull: 'queue' }
  await say(services, args, actor, { wish: mine, origin })
}

type Asked = { wish: Wish; origin: Origin }

async function say(services: Services, args: Submission, actor: Actor, asked: Asked): Promise<void> {
  const outcome = await requestAccess(services, asked.wish)
  switch (outcome.kind) {
    case 'refused':
      return args.ack({ response_action: 'errors', errors: fieldWords(outcome.field, outcome.why) })
    case 'plan':
      return answer(args as unknown as Args, planRefused(outcome.plan))
    case 'quota-reached': {
      const view = queueModal(outcome.nextSlot, JSON.stringify(asked))
      return args.ack({ response_action: 'update', view })
    }
    case 'repeated':
      return args.ack()
    case 'issued':
    case 'queued': {
      await args.ack()
      const card = await requestCard(services, actor.orgId, outcome.requestId)
      if (card) await tellPrivately(args.client, asked.origin, actor.userId, confirmation(outcome, card))
      return
    }
    default:
      outcome satisfies never
  }
}

function confirmation(
  outcome: Extract<RequestOutcome, { kind: 'issued' | 'queued' }>,
  card: RequestCardView,
): SlackMessage {
  const about = { sources: sourcesOf(card), clientName: safe(card.clientName) }
  if (outcome.kind === 'queued') return putInQueue({ ...about, ...outcome })
  return card.forSelf ? ownLink({ ...about, ...outcome }) : linkOnItsWay({ ...about, ...outcome })
}
