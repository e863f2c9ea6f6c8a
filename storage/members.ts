/** Members: Slack users of an org, remembered from Slack, with the role they have with us. */
import type { Db } from './db.ts'

export type Role = 'admin' | 'manager' | 'member' | 'viewer'

export type Member = {
  orgId: string
  slackUserId: string
  teamId: string
  role: Role
  /** Null: derived from Slack, where workspace owners and admins are admins. */
  roleSetBy: string | null
  mayReconnect: boolean
  displayName: string
  email: string | null
  timeZone: string | null
  locale: string | null
  /** Admins only: e-mail on disconnect. */
  alertMail: boolean
  /** Left, or became a guest: may do nothing. */
  deactivatedAt: Date | null
}

export type RememberedMember = Member & {
  /** False when Slack should be asked again. */
  fresh: boolean
}

const FRESH_MINUTES = 10

export async function find(
  { sql }: Db,
  orgId: string,
  slackUserId: string,
): Promise<RememberedMember | null> {
  const [row] = await sql<RememberedMember[]>`
    select org_id, slack_user_id, team_id, role, role_set_by, may_reconnect, display_name, email, time_zone, locale,
           alert_mail, deactivated_at,
           seen_at > latchkey.clock() - make_interval(mins => ${FRESH_MINUTES}) as fresh
    from member where org_id = ${orgId} and slack_user_id = ${slackUserId}`
  return row ?? null
}

/** Only members who can still act. */
export async function admins({ sql }: Db, orgId: string): Promise<Member[]> {
  return sql<Member[]>`
    select org_id, slack_user_id, team_id, role, role_set_by, may_reconnect, display_name, email, time_zone, locale,
           alert_mail, deactivated_at
    from member where org_id = ${orgId} and role = 'admin' and deactivated_at is null
    order by slack_user_id`
}

/** Which of these Slack users the org has a row of. */
export async function known({ sql }: Db, orgId: string, slackUserIds: string[]): Promise<string[]> {
  const rows = await sql<{ slackUserId: string }[]>`
    select slack_user_id from member where org_id = ${orgId} and slack_user_id = any(${slackUserIds})`
  return rows.map(({ slackUserId }) => slackUserId)
}

export type SeenMember = Pick<
  Member,
  'slackUserId' | 'teamId' | 'displayName' | 'email' | 'timeZone' | 'locale'
> & { role: Role }

/** Takes over what Slack says now; a role somebody set here stays. Brings a deactivated member back. */
export async function saveSeen({ sql }: Db, orgId: string, member: SeenMember): Promise<void> {
  const { slackUserId, teamId, role, displayName, email, timeZone, locale } = member
  await sql`
    insert into member (org_id, slack_user_id, team_id, role, display_name, email, time_zone, locale)
    values (${orgId}, ${slackUserId}, ${teamId}, ${role}, ${displayName}, ${email}, ${timeZone}, ${locale})
    on conflict (org_id, slack_user_id) do update
    set team_id = excluded.team_id, display_name = excluded.display_name, email = excluded.email,
        time_zone = excluded.time_zone, locale = excluded.locale,
        role = case when member.role_set_by is null then excluded.role else member.role end,
        deactivated_at = null, seen_at = latchkey.clock()`
}

/** Returns whether there was such a member. */
export async function deactivate({ sql }: Db, orgId: string, slackUserId: string): Promise<boolean> {
  const rows = await sql`
    update member set deactivated_at = coalesce(deactivated_at, latchkey.clock()), seen_at = latchkey.clock()
    where org_id = ${orgId} and slack_user_id = ${slackUserId}
    returning slack_user_id`
  return rows.length > 0
}

export async function setAlertMail(
  { sql }: Db,
  orgId: string,
  slackUserId: string,
  alertMail: boolean,
): Promise<void> {
  await sql`
    update member set alert_mail = ${alertMail} where org_id = ${orgId} and slack_user_id = ${slackUserId}`
}

/** Changes of roles in one org wait for each other, so that the last admin is the last. */
export async function lockRoles({ sql }: Db, orgId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`roles ${orgId}`}, 0))`
}

/** `setBy` null: Slack decides again from now on. */
export async function setRole(
  { sql }: Db,
  orgId: string,
  slackUserId: string,
  { role, setBy, mayReconnect }: { role: Role; setBy: string | null; mayReconnect: boolean },
): Promise<void> {
  await sql`
    update member set role = ${role}, role_set_by = ${setBy}, may_reconnect = ${mayReconnect}
    where org_id = ${orgId} and slack_user_id = ${slackUserId}`
}
