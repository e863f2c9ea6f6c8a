/** Orgs: one agency each, with its settings. */
import type { Db } from './db.ts'

export type Plan = 'free' | 'starter' | 'pro' | 'custom' | 'enterprise-legacy'

export type OrgSettings = {
  name: string
  plan: Plan
  /** Selected accounts the plan allows; null: no limit. */
  accountLimit: number | null
  /** IANA name; of the daily refresh where a source has none of its own. */
  timeZone: string
  linkLifetimeHours: number
  alertChannelId: string | null
  /** `#rrggbb`, lower case. */
  brandColor: string
  brandLogoUrl: string | null
  website: string | null
  supportEmail: string | null
  /** A Slack user or user-group id. */
  onCallMention: string | null
}

export type Org = OrgSettings & { id: string; createdAt: Date }

/** The one function without an org id: there is none yet. */
export async function createOrgOfAllOrgs(
  { sql }: Db,
  org: { name: string; timeZone: string },
): Promise<string> {
  const [row] = await sql<{ id: string }[]>`
    insert into org (name, time_zone) values (${org.name}, ${org.timeZone}) returning id`
  return (row as { id: string }).id
}

/** Throws when the org is gone: every row that names an org proves that it exists. */
export async function get({ sql }: Db, orgId: string): Promise<Org> {
  const [row] = await sql<Org[]>`
    select id, name, plan, account_limit, time_zone, link_lifetime_hours, alert_channel_id, brand_color,
           brand_logo_url, website, support_email, on_call_mention, created_at
    from org where id = ${orgId}`
  if (!row) throw new Error(`no org ${orgId}`)
  return row
}

const COLUMNS = {
  name: 'name',
  plan: 'plan',
  accountLimit: 'account_limit',
  timeZone: 'time_zone',
  linkLifetimeHours: 'link_lifetime_hours',
  alertChannelId: 'alert_channel_id',
  brandColor: 'brand_color',
  brandLogoUrl: 'brand_logo_url',
  website: 'website',
  supportEmail: 'support_email',
  onCallMention: 'on_call_mention',
} as const satisfies Record<keyof OrgSettings, string>

/** Only what is given changes. Returns false when nothing was given or the org is gone. */
export async function changeSettings(
  { sql }: Db,
  orgId: string,
  settings: Partial<OrgSettings>,
): Promise<boolean> {
  const given = Object.entries(settings).map(([key, value]) => [COLUMNS[key as keyof OrgSettings], value])
  if (given.length === 0) return false
  const rows = await sql`update org set ${sql(Object.fromEntries(given))} where id = ${orgId} returning id`
  return rows.length > 0
}

/** Orgs in Slack whose people nobody has asked Slack about for a day; each is handed out once. For the tick. */
export async function claimUnaskedOfAllOrgs({ sql }: Db, limit: number): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    with due as (
      select id from org where (people_asked_at is null or people_asked_at <= latchkey.clock() - interval '1 day')
        and exists (select from workspace where workspace.org_id = org.id and revoked_at is null)
      order by people_asked_at nulls first limit ${limit} for no key update skip locked)
    update org set people_asked_at = latchkey.clock() from due where org.id = due.id returning org.id`
  return rows.map(({ id }) => id)
}
