/** A workspace installs Latchkey, is recognised by its team, and takes it off again. Connections outlive that. */
import { randomUUID } from 'node:crypto'
import * as audit from '../storage/audit.ts'
import * as orgs from '../storage/orgs.ts'
import * as workspaces from '../storage/workspaces.ts'
import type { Services } from './services.ts'

export type { Team } from '../storage/workspaces.ts'

export type Installed = {
  teamId: string | null
  enterpriseId: string | null
  teamName: string
  appId: string | null
  botUserId: string
  installedBy: string | null
  /** IANA; null where Slack did not say. */
  timeZone: string | null
  /** Slack's whole answer as JSON, to be sealed; null when the token comes from the environment. */
  installation: string | null
}

export type KnownWorkspace = {
  id: string
  orgId: string
  teamId: string | null
  enterpriseId: string | null
  teamName: string
  botUserId: string
  /** JSON as given to `install`; null when the token comes from the environment. */
  installation: string | null
}

type Needs = Pick<Services, 'db' | 'vault'>

/** Makes an org for a team never seen before; a team seen before comes back to its org, with all its connections. */
export async function install(
  { db, vault }: Needs,
  installed: Installed,
): Promise<{ orgId: string; workspaceId: string }> {
  return db.transaction(async (tx) => {
    const { installation, timeZone, ...workspace } = installed
    await workspaces.lockTeamOfAllOrgs(tx, installed)
    const found = await sameInstallation(tx, installed)
    const orgId =
      found?.orgId ??
      (await orgs.createOrgOfAllOrgs(tx, { name: installed.teamName, timeZone: timeZone ?? 'Etc/UTC' }))
    const id = found?.id ?? randomUUID()
    const installationSealed = installation === null ? null : vault.seal(installation, place(id, orgId))
    await workspaces.save(tx, orgId, { ...workspace, id, installationSealed })
    if (!found || found.revokedAt) {
      const actor = installed.installedBy ? `slack:${installed.installedBy}` : 'system'
      await audit.record(tx, orgId, {
        kind: 'workspace.installed',
        actor,
        data: { team: installed.teamName },
      })
    }
    await workspaces.announceChange(tx, orgId)
    return { orgId, workspaceId: id }
  })
}

/** Null for a team we do not know or that took Latchkey off. */
export async function workspaceOf(
  { db, vault }: Needs,
  team: workspaces.Team,
): Promise<KnownWorkspace | null> {
  const found = await workspaces.findTeamOfAllOrgs(db, team)
  return found && !found.revokedAt ? opened(vault, found) : null
}

/** Where an org can be reached; oldest first. */
export async function workspacesOf({ db, vault }: Needs, orgId: string): Promise<KnownWorkspace[]> {
  return (await workspaces.live(db, orgId)).map((workspace) => opened(vault, workspace))
}

/** Slack says so twice (app_uninstalled and tokens_revoked), in any order. Returns whether this call did it. */
export async function uninstall({ db }: Needs, team: workspaces.Team): Promise<boolean> {
  return db.transaction(async (tx) => {
    const found = await workspaces.findTeamOfAllOrgs(tx, team)
    if (!found || !(await workspaces.revoke(tx, found.orgId, found.id))) return false
    await audit.record(tx, found.orgId, {
      kind: 'workspace.uninstalled',
      actor: 'system',
      data: { team: found.teamName },
    })
    await workspaces.announceChange(tx, found.orgId)
    return true
  })
}

/** A workspace inside a grid is not the grid's own installation, though the grid's serves it. */
async function sameInstallation(db: Services['db'], { teamId, enterpriseId }: Installed) {
  const found = await workspaces.findTeamOfAllOrgs(db, { teamId, enterpriseId })
  return found && found.teamId === teamId ? found : null
}

const place = (id: string, orgId: string) => `workspace:${id}:${orgId}:installation`

function opened(vault: Services['vault'], workspace: workspaces.Workspace): KnownWorkspace {
  const { id, orgId, teamId, enterpriseId, teamName, botUserId, installationSealed } = workspace
  const installation = installationSealed === null ? null : vault.open(installationSealed, place(id, orgId))
  return { id, orgId, teamId, enterpriseId, teamName, botUserId, installation }
}
