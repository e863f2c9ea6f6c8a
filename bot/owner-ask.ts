/** "Ask them instead" below an owner's suggestion: the requester decides who is asked. */
import type { App, BlockAction } from '@slack/bolt'
import { decideDelegate } from '../flows/connect/decide-ask.ts'
import { may } from '../flows/permission.ts'
import type { Services } from '../flows/services.ts'
import {
  DELEGATE_AGREE,
  DELEGATE_REFUSE,
  delegateNotAllowed,
  delegateNotPossible,
  delegateQueued,
  delegateRefused,
  delegateSent,
  delegateStale,
} from '../templates/slack/owner-ask.ts'
import { actorOf } from './actor.ts'
import { type Args, answer } from './answer.ts'

export function register(app: App, services: Services): void {
  for (const [actionId, agree] of [
    [DELEGATE_AGREE, true],
    [DELEGATE_REFUSE, false],
  ] as const)
    app.action<BlockAction>(actionId, async (args) => {
      await args.ack()
      const { action } = args
      const askId = 'value' in action && typeof action.value === 'string' ? action.value : ''
      if (/^[0-9a-f-]{36}$/.test(askId)) await decide(services, args, { askId, agree })
    })
}

async function decide(
  services: Services,
  args: Args,
  { askId, agree }: { askId: string; agree: boolean },
): Promise<void> {
  const actor = await actorOf(services, args)
  if (!actor) return
  if (!may(actor.member, 'request')) return answer(args, delegateNotAllowed)
  const { orgId, userId: by } = actor
  const decided = await decideDelegate(services, { orgId, askId, by, agree })
  switch (decided.kind) {
    case 'sent':
      return answer(args, delegateSent(decided.email, decided.expiresAt))
    case 'queued':
      return answer(args, delegateQueued(decided.email, decided.expectedAt))
    case 'refused':
      return answer(args, delegateRefused)
    case 'stale':
      return answer(args, delegateStale)
    case 'not-possible':
      return answer(args, delegateNotPossible)
    default:
      return decided satisfies never
  }
}
