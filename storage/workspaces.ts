/** Slack workspaces of an org. The bot token is stored sealed, or not at all when it comes from the environment. */
import type { Db } from './db.ts'

export type Workspace = {
  id: string
  orgId: string
  /** Null: installed on a whole Enterprise Grid. */
  teamId: string | null
  enterpriseId: string | null
  teamName: string
  appId: string | null
  botUserId: string
  /** Null once uninstalled, or when the token comes from the environment. */
  installationSealed: string | null
  installedBy: string | null
  revokedAt: Date | null
}

/** What a workspace is found by before any org is known. */
export type Team = { teamId: string | null; enterpriseId: string | null }

/** A workspace's own installation wins over one of its whole grid. Uninstalled ones are found too. */
export async function findTeamOfAllOrgs(
  { sql }: Db,
  { teamId, enterpriseId }: Team,
): Promise<Workspace | null> {
  const [row] = await sql<Workspace[]>`
    select id, org_id, team_id, enterprise_id, team_name, app_id, bot_user_id, installation_sealed, installed_by,
           revoked_at
    from workspace
    where team_id = ${teamId} or (team_id is null and enterprise_id = ${enterpriseId})
    order by revoked_at is not null, team_id is null
    limit 1`
  return row ?? null
}

/** Oldest first; without uninstalled ones. */
export async function live({ sql }: Db, orgId: string): Promise<Workspace[]> {
  return sql<Workspace[]>`
    select id, org_id, team_id, enterprise_id, team_name, app_id, bot_user_id, installation_sealed, installed_by,
           revoked_at
    from workspace where org_id = ${orgId} and revoked_at is null
    order by installed_at, id`
}

/** Held until the transaction ends, so that two installations of one team at once make one row. */
export async function lockTeamOfAllOrgs({ sql }: Db, { teamId, enterpriseId }: Team): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext(${`workspace ${enterpriseId ?? ''} ${teamId ?? ''}`}))`
}

/** Inserts, or brings an uninstalled one back. Never moves a workspace to another org. */
export async function save(
  { sql }: Db,
  orgId: string,
  workspace: Omit<Workspace, 'orgId' | 'revokedAt'>,
): Promise<void> {
  const { id, teamId, enterpriseId, teamName, appId, botUserId, installationSealed, installedBy } = workspace
  await sql`
    insert into workspace (id, org_id, team_id, enterprise_id, team_name, app_id, bot_user_id, installation_sealed,
                           installed_by)
    values (${id}, ${orgId}, ${teamId}, ${enterpriseId}, ${teamName}, ${appId}, ${botUserId},
            ${installationSealed}, ${installedBy})
    on conflict (id) do update
    set team_name = excluded.team_name, app_id = excluded.app_id, bot_user_id = excluded.bot_user_id,
        installation_sealed = excluded.installation_sealed, installed_by = excluded.installed_by,
        installed_at = latchkey.clock(), revoked_at = null
    where workspace.org_id = ${orgId}`
}

/** Returns whether this call did it. The token is destroyed with it. */
export async function revoke({ sql }: Db, orgId: string, workspaceId: string): Promise<boolean> {
  const rows = await sql`
    update workspace set revoked_at = latchkey.clock(), installation_sealed = null
    where org_id = ${orgId} and id = ${workspaceId} and revoked_at is null
    returning id`
  return rows.length > 0
}

/** Every process forgets what it remembers of workspaces once the transaction commits. */
export async function announceChange({ sql }: Db, orgId: string): Promise<void> {
  await sql`select pg_notify('workspace_changed', ${orgId})`
}
