/** The buttons of an access request: copy, resend, cancel, correct the address, send a fresh link. */
import type { AllMiddlewareArgs, App, BlockButtonAction, SlackActionMiddlewareArgs } from '@slack/bolt'
import { freshLink } from '../flows/fresh-link.ts'
import { may } from '../flows/permission.ts'
import { cancelRequest, copyLink, correctAddress, resendLink } from '../flows/request-actions.ts'
import { requestCard } from '../flows/request-card.ts'
import type { Services } from '../flows/services.ts'
import { EDIT_ADDRESS_VIEW, editAddressModal } from '../templates/slack/edit-address.ts'
import { mayNotReconnect } from '../templates/slack/reconnect.ts'
import * as says from '../templates/slack/request-answers.ts'
import { problemView } from '../templates/slack/trouble.ts'
import { type Actor, actorOf } from './actor.ts'
import { type Args, answer, openModal } from './answer.ts'
import { tellPrivately } from './tell.ts'

type Press = SlackActionMiddlewareArgs<BlockButtonAction> & AllMiddlewareArgs
type Pressed = { services: Services; args: Press; actor: Actor; value: string }

export function register(app: App, services: Services): void {
  const on = (actionId: string, act: (pressed: Pressed) => Promise<void>) =>
    app.action<BlockButtonAction>(actionId, async (args) => {
      await args.ack()
      const actor = await actorOf(services, args as unknown as Args)
      if (!actor) return
      if (!may(actor.member, 'request')) return answer(args as unknown as Args, says.notAllowedToRequest())
      await act({ services, args, actor, value: args.action.value ?? '' })
    })
  on('request_copy', copy)
  on('request_resend', resend)
  on('request_cancel', cancel)
  on('request_fresh', fresh)
  app.action<BlockButtonAction>('request_edit_address', async (args) => {
    await args.ack()
    await openEditAddress(services, args)
  })
  app.view(EDIT_ADDRESS_VIEW, async (args) => {
    const actor = await actorOf(services, args as unknown as Args)
    if (!actor) return
    if (!may(actor.member, 'request')) return answer(args as unknown as Args, says.notAllowedToRequest())
    const email = Object.values(args.view.state.values.owner_email ?? {})[0]?.value ?? ''
    const { requestId, origin } = JSON.parse(args.view.private_metadata)
    const { orgId, userId: by } = actor
    const outcome = await correctAddress(services, { orgId, requestId, by, email })
    if (outcome.kind === 'not-one-address' || outcome.kind === 'same-address') {
      const errors = { owner_email: says.addressRefused(outcome.kind) }
      return args.ack({ response_action: 'errors', errors })
    }
    await args.ack()
    const words = outcome.kind === 'stale' ? says.staleRequest(outcome.status) : says.sentToCorrected()
    await tellPrivately(args.client, origin, by, { text: words, blocks: [] })
  })
}

/** Replaces the confirmation, so that the button is gone and the link is shown this once. */
async function copy({ services, args, actor, value: linkId }: Pressed): Promise<void> {
  const outcome = await copyLink(services, { orgId: actor.orgId, linkId, by: actor.userId })
  if (outcome.kind === 'not-again') return reply(args, says.copiedBefore())
  const { text, blocks } = says.copiedLink(outcome.url, outcome.expiresAt)
  await args.respond({
    ...{ replace_original: true, response_type: 'ephemeral', text, blocks },
    ...{ unfurl_links: false, unfurl_media: false },
  })
}

/** The value carries how often it was resent when the button was shown: a second press of the same does nothing. */
async function resend({ services, args, actor, value }: Pressed): Promise<void> {
  const [requestId = '', before = ''] = value.split(':')
  const { orgId, userId: by } = actor
  const outcome = await resendLink(services, { orgId, requestId, by, before: Number(before) })
  await reply(args, outcome.kind === 'resent' ? says.resent(outcome.left) : says.staleRequest(outcome.status))
}

async function cancel({ services, args, actor, value: requestId }: Pressed): Promise<void> {
  const { orgId, userId: by, member } = actor
  const card = await requestCard(services, orgId, requestId)
  if (card && !may(member, 'cancel', { requestedBy: card.requestedBy }))
    return reply(args, says.notYoursToCancel(card.requestedBy))
  const outcome = await cancelRequest(services, { orgId, requestId, by })
  await reply(args, outcome.kind === 'cancelled' ? says.cancelled() : says.staleRequest(outcome.status))
}

async function fresh({ services, args, actor, value: requestId }: Pressed): Promise<void> {
  const { orgId, userId: by } = actor
  const card = await requestCard(services, orgId, requestId)
  if (card?.forSelf && card.requestedBy !== by) return reply(args, says.freshForOther(card.requestedBy))
  if (card?.purpose === 'reconnect' && !may(actor.member, 'reconnect')) return reply(args, mayNotReconnect())
  const outcome = await freshLink(services, { orgId, requestId, by })
  switch (outcome.kind) {
    case 'issued':
      if (!card?.forSelf) return reply(args, says.freshSent(outcome.expiresAt))
      return answer(args as unknown as Args, says.freshOwnLink(card, outcome))
    case 'queued':
      return reply(args, says.freshQueued(outcome.position, outcome.expectedAt))
    case 'quota-reached':
      return reply(args, says.quotaReached(outcome.nextSlot))
    case 'plan':
      return reply(args, says.planRefused(outcome.plan))
    case 'stale':
      return reply(args, says.staleRequest(outcome.status))
    default:
      outcome satisfies never
  }
}

async function openEditAddress(services: Services, args: Press): Promise<void> {
  const { body, action } = args
  await openModal(args as unknown as Args, 'Edit address', async (viewId) => {
    const inModal = { ...body, response_url: undefined, view: { type: 'modal', id: viewId } }
    const actor = await actorOf(services, { ...args, body: inModal } as unknown as Args)
    if (!actor) return null
    if (!may(actor.member, 'request')) return problemView(says.notAllowedToRequest(), 'Edit address')
    const requestId = action.value ?? ''
    const card = await requestCard(services, actor.orgId, requestId)
    if (!card?.mailRefused) return problemView(says.staleRequest(card?.status ?? 'unknown'), 'Edit address')
    const origin = { channelId: body.channel?.id ?? actor.userId, responseUrl: body.response_url ?? null }
    return editAddressModal(card.owner.email, JSON.stringify({ requestId, origin }))
  })
}

const reply = (args: Press, words: string) => answer(args as unknown as Args, words)
