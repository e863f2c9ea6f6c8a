/** `/who-has-access [client]`. */
import type { App } from '@slack/bolt'
import type { Services } from '../flows/services.ts'
import { whoHasAccess } from '../flows/who-has-access.ts'
import { noSuchClient } from '../templates/slack/sources.ts'
import { whoHasAccessList } from '../templates/slack/who-has-access.ts'
import { actorOf } from './actor.ts'
import { answer, typed } from './answer.ts'
import type { Command } from './listener.ts'

export const commands: Command[] = [
  { command: '/who-has-access', description: 'Who gave access to what', usage_hint: '[client]' },
]

export function register(app: App, services: Services): void {
  app.command('/who-has-access', async (args) => {
    await args.ack()
    const actor = await actorOf(services, args)
    if (!actor) return
    const words = typed(args.command.text)
    const found = await whoHasAccess(services, actor.orgId, words)
    switch (found.kind) {
      case 'no-such-client':
        return answer(args, noSuchClient(words, found.similar))
      case 'found':
        return answer(args, whoHasAccessList(found.rows, found.more))
      default:
        return found satisfies never
    }
  })
}
