/** Which workspace a request comes from, and with which token to answer. Remembered until some process says it changed. */
import type { InstallationQuery } from '@slack/bolt'
import { WebClient, type WebClientOptions } from '@slack/web-api'
import type { SlackConfig } from '../config.ts'
import { install, type KnownWorkspace, type Team, workspaceOf, workspacesOf } from '../flows/installation.ts'
import type { Services } from '../flows/services.ts'

/** A workspace we can speak in. */
export type Reachable = {
  workspaceId: string
  orgId: string
  teamId: string | null
  enterpriseId: string | null
  teamName: string
  botToken: string
  botUserId: string
  botId: string | null
}

export type Workspaces = {
  /** Null: not installed there. Throws when the database does not answer and nothing is remembered. */
  ofTeam(team: Team): Promise<Reachable | null>
  /** The org's oldest workspace that still has Latchkey. */
  ofOrg(orgId: string): Promise<Reachable | null>
  close(): Promise<void>
}

type Installation = { bot?: { token: string; id?: string; userId: string } }
type EnvironmentToken = { botToken: string; teamId: string; botId: string | null }

/** With a token from the environment, asks Slack whose it is and makes sure that workspace has an org. */
export async function openWorkspaces(
  { install: how }: SlackConfig,
  services: Services,
  options: WebClientOptions,
): Promise<Workspaces> {
  const own = how.kind === 'token' ? await announceOwn(how.botToken, services, options) : null
  const byTeam = new Map<string, Reachable>()
  const byOrg = new Map<string, Reachable>()
  const forget = () => {
    byTeam.clear()
    byOrg.clear()
  }
  const unlisten = await services.db.listen('workspace_changed', forget, forget)
  return {
    async ofTeam(team) {
      const key = `${team.enterpriseId ?? ''}/${team.teamId ?? ''}`
      const found =
        byTeam.get(key) ??
        reach(await workspaceOf(services, { teamId: team.teamId, enterpriseId: team.enterpriseId }), own)
      if (found) byTeam.set(key, found)
      return found
    },
    async ofOrg(orgId) {
      const remembered = byOrg.get(orgId)
      if (remembered) return remembered
      const reachable = (await workspacesOf(services, orgId)).map((workspace) => reach(workspace, own))
      const found = reachable.find((workspace) => workspace !== null) ?? null
      if (found) byOrg.set(orgId, found)
      return found
    },
    close: unlisten,
  }
}

/** Bolt's way of naming a team. */
export const teamOf = ({ teamId, enterpriseId, isEnterpriseInstall }: InstallationQuery<boolean>): Team => ({
  teamId: isEnterpriseInstall ? null : (teamId ?? null),
  enterpriseId: enterpriseId ?? null,
})

async function announceOwn(
  botToken: string,
  services: Services,
  options: WebClientOptions,
): Promise<EnvironmentToken> {
  const who = await new WebClient(botToken, options).auth.test()
  const teamId = who.team_id ?? ''
  await install(services, {
    teamId,
    enterpriseId: who.enterprise_id ?? null,
    teamName: who.team ?? teamId,
    appId: who.app_id ?? null,
    botUserId: who.user_id ?? '',
    installedBy: null,
    timeZone: null,
    installation: null,
  })
  return { botToken, teamId, botId: who.bot_id ?? null }
}

function reach(workspace: KnownWorkspace | null, own: EnvironmentToken | null): Reachable | null {
  if (!workspace) return null
  const { id, installation, botUserId, ...known } = workspace
  const same = { ...known, workspaceId: id, botUserId }
  if (own)
    return workspace.teamId === own.teamId ? { ...same, botToken: own.botToken, botId: own.botId } : null
  const { bot } = JSON.parse(installation ?? '{}') as Installation
  return bot ? { ...same, botToken: bot.token, botId: bot.id ?? null } : null
}
