/** Workspaces that come and go: Bolt's installation store over our flow, and the events that say somebody left. */
import type { App, Installation, InstallationStore } from '@slack/bolt'
import { WebClient, type WebClientOptions } from '@slack/web-api'
import { install, uninstall } from '../flows/installation.ts'
import { memberOf, noteProfile } from '../flows/member.ts'
import type { Services } from '../flows/services.ts'
import { type KnownContext, type SlackUser, toProfile } from './profile.ts'
import { teamOf } from './workspaces.ts'

/** Reading is left to bot/workspaces.ts: Bolt only stores through this. */
export function installationStore(services: Services, options: () => WebClientOptions): InstallationStore {
  return {
    async storeInstallation(installation) {
      const { bot, team, enterprise, user, appId } = installation as Installation<'v2', boolean>
      if (!bot) throw new Error('installed without a bot')
      const timeZone = await zoneOf(new WebClient(bot.token, options()), user.id)
      await install(services, {
        teamId: installation.isEnterpriseInstall ? null : (team?.id ?? null),
        enterpriseId: enterprise?.id ?? null,
        teamName: team?.name ?? enterprise?.name ?? team?.id ?? 'Your workspace',
        appId: appId ?? null,
        botUserId: bot.userId,
        installedBy: user.id,
        timeZone,
        installation: JSON.stringify({ bot, appId, enterprise, team }),
      })
    },
    fetchInstallation: () => Promise.reject(new Error('installations are looked up by their team')),
    deleteInstallation: async (query) => void (await uninstall(services, teamOf(query))),
  }
}

async function zoneOf(slack: WebClient, userId: string): Promise<string | null> {
  const answer = await slack.users.info({ user: userId }).catch(() => null) // the default zone must do
  return answer?.user?.tz ?? null
}

/** Connections stay when Latchkey is taken off a workspace: only its voice falls silent. */
export function register(app: App, services: Services): void {
  const leave = async ({ context }: { context: { teamId?: string; enterpriseId?: string } }) => {
    const { teamId = null, enterpriseId = null } = context
    await uninstall(services, { teamId, enterpriseId })
  }
  app.event('app_uninstalled', leave)
  app.event('tokens_revoked', async ({ event, context }) => {
    if (event.tokens.bot?.length) await leave({ context })
  })
  app.event('user_change', async ({ event, context }) => {
    const { orgId, workspace } = context as unknown as KnownContext
    const user = event.user as unknown as SlackUser
    if (user.id && (await memberOf(services, orgId, user.id)))
      await noteProfile(services, orgId, toProfile(user, workspace))
  })
}
