/** An admin's decision about a reconnect that came back under another login. */
import type { App, BlockAction } from '@slack/bolt'
import { type Choice, type Decided, decideMove } from '../flows/move.ts'
import type { Services } from '../flows/services.ts'
import * as says from '../templates/slack/move.ts'
import { actorOf } from './actor.ts'
import { answer } from './answer.ts'

const CHOICES: [actionId: string, as: Choice][] = [
  [says.MOVE_MOVED, 'moved'],
  [says.MOVE_KEPT, 'kept'],
  [says.MOVE_CANCELLED, 'cancelled'],
]

export function register(app: App, services: Services): void {
  for (const [actionId, as] of CHOICES)
    app.action<BlockAction>(actionId, async (args) => {
      await args.ack()
      const actor = await actorOf(services, args)
      const { action } = args
      if (!actor || !('value' in action) || typeof action.value !== 'string') return
      await answer(args, words(await decideMove(services, actor, { moveId: action.value, as })))
    })
}

function words(outcome: Decided): string {
  switch (outcome.kind) {
    case 'decided':
      return says.decided(outcome.as, outcome.sources)
    case 'decided-before':
      return says.decidedBefore(outcome.as, outcome.by, outcome.at)
    case 'login-ended':
      return says.loginEnded()
    case 'gone':
      return says.moveGone()
    case 'forbidden':
      return says.onlyAdmins()
    default:
      return outcome satisfies never
  }
}
