/** Latchkey is invited to a channel, or a channel goes away. */
import type { App } from '@slack/bolt'
import { channelArchived, channelRenamed } from '../flows/channels.ts'
import type { Services } from '../flows/services.ts'
import { joinedChannel } from '../templates/slack/channels.ts'
import type { KnownContext } from './profile.ts'
import { say } from './slack.ts'

export function register(app: App, services: Services): void {
  app.event('member_joined_channel', async ({ event, context, client }) => {
    if (event.user !== context.botUserId) return
    await say(client, event.channel, joinedChannel(event.inviter ?? null))
  })
  app.event('channel_archive', async ({ event, context }) => {
    const { orgId } = context as unknown as KnownContext
    await channelArchived(services, { orgId, channelId: event.channel, by: event.user ?? null })
  })
  app.event('channel_rename', async ({ event, context }) => {
    const { orgId } = context as unknown as KnownContext
    await channelRenamed(services, { orgId, channelId: event.channel.id, name: event.channel.name })
  })
}
