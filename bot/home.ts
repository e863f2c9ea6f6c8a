/** App Home: published when it is opened, and what can be pressed on it beside the rows' menus. */
import type { App, BlockAction } from '@slack/bolt'
import type { Services } from '../flows/services.ts'
import {
  chosenClient,
  HOME_CLIENT,
  HOME_MORE,
  HOME_MOST,
  HOME_REQUEST,
  HOME_SETTINGS,
  HOME_STEP,
  homeRefusal,
} from '../templates/slack/home.ts'
import { refused } from '../templates/slack/trouble.ts'
import { actorOf, identify } from './actor.ts'
import { publishHome, stateIn } from './publish-home.ts'
import { openRequestForm } from './request-access.ts'
import { openSettings } from './settings.ts'

export function register(app: App, services: Services): void {
  app.event('app_home_opened', async (args) => {
    if (args.event.tab !== 'home') return
    const actor = await identify(services, args)
    if ('refused' in actor)
      await args.client.views.publish({ user_id: args.event.user, view: homeRefusal(refused(actor.refused)) })
    else await publishHome(services, args, actor, stateIn(args.event.view))
  })
  app.action(HOME_REQUEST, async (args) => {
    await args.ack()
    await openRequestForm(services, args, { channelId: '', responseUrl: null })
  })
  app.action(HOME_SETTINGS, async (args) => {
    await args.ack()
    const actor = await actorOf(services, args)
    if (actor) await openSettings(services, args, actor)
  })
  app.action<BlockAction>(HOME_CLIENT, async (args) => {
    await args.ack()
    const actor = await actorOf(services, args)
    const { action } = args
    const clientId = chosenClient('selected_option' in action ? action.selected_option?.value : undefined)
    if (actor) await publishHome(services, args, actor, { clientId, limit: HOME_STEP })
  })
  app.action<BlockAction>(HOME_MORE, async (args) => {
    await args.ack()
    const actor = await actorOf(services, args)
    const { clientId, limit } = stateIn(args.body.view)
    const more = Math.min(limit + HOME_STEP, HOME_MOST)
    if (actor) await publishHome(services, args, actor, { clientId, limit: more })
  })
}
