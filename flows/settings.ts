/** Settings of the whole org, for admins. Whatever is wrong is said per field, and then nothing is changed. */
import * as audit from '../storage/audit.ts'
import * as members from '../storage/members.ts'
import * as orgs from '../storage/orgs.ts'
import type { Services } from './services.ts'
import { changeOrgZone } from './time-zone.ts'

export const PLANS: readonly orgs.Plan[] = ['free', 'starter', 'pro', 'custom', 'enterprise-legacy']

/** As typed; checked here. */
export type SettingsInput = {
  name: string
  plan: string
  accountLimit: string
  timeZone: string
  alertChannelId: string | null
  linkLifetimeHours: string
  brandColor: string
  website: string
  supportEmail: string
}

type SettingsField = keyof SettingsInput
type SettingsProblem =
  | 'empty'
  | 'too-long'
  | 'unknown'
  | 'not-a-number'
  | 'out-of-range'
  | 'not-a-color'
  | 'not-a-url'
  | 'not-an-address'

export type SettingsOutcome =
  | { kind: 'changed'; fields: SettingsField[] }
  | { kind: 'unchanged' }
  | { kind: 'refused'; problems: Partial<Record<SettingsField, SettingsProblem>> }

export async function settingsOf({ db }: Services, orgId: string): Promise<orgs.Org> {
  return orgs.get(db, orgId)
}

/** The zone's next midnight moves with it, in the same transaction. `alertMail`: the changer's own choice. */
export async function changeSettings(
  services: Services,
  change: { orgId: string; changedBy: string; input: SettingsInput; alertMail: boolean },
): Promise<SettingsOutcome> {
  const { orgId, changedBy, input, alertMail } = change
  const { settings, problems } = check(input)
  if (Object.keys(problems).length > 0) return { kind: 'refused', problems }
  return services.db.transaction(async (tx) => {
    const before = await orgs.get(tx, orgId)
    await members.setAlertMail(tx, orgId, changedBy, alertMail)
    const fields = (Object.keys(settings) as SettingsField[]).filter((key) => settings[key] !== before[key])
    if (fields.length === 0) return { kind: 'unchanged' }
    if (fields.includes('timeZone')) {
      const zone = await changeOrgZone(services, tx, { orgId, timeZone: settings.timeZone })
      if (zone.kind === 'unknown-zone') return { kind: 'refused', problems: { timeZone: 'unknown' } }
    }
    await orgs.changeSettings(tx, orgId, settings)
    await audit.record(tx, orgId, {
      ...{ kind: 'settings.changed', actor: `slack:${changedBy}` },
      data: { fields },
    })
    return { kind: 'changed', fields }
  })
}

type Checked = Pick<orgs.OrgSettings, SettingsField>

/** Pure, but for the time zone, which whoever knows zones checks. */
function check(input: SettingsInput): {
  settings: Checked
  problems: Partial<Record<SettingsField, SettingsProblem>>
} {
  const problems: Partial<Record<SettingsField, SettingsProblem>> = {}
  const limit = input.accountLimit.trim() === '' ? null : Number(input.accountLimit)
  const hours = Number(input.linkLifetimeHours)
  const color = input.brandColor.trim().toLowerCase()
  const website = input.website.trim() || null
  const supportEmail = input.supportEmail.trim() || null
  const name = input.name.trim()
  if (!name) problems.name = 'empty'
  if (name.length > 80) problems.name = 'too-long'
  if (!PLANS.includes(input.plan as orgs.Plan)) problems.plan = 'unknown'
  if (limit !== null && !(Number.isInteger(limit) && limit >= 0 && limit <= 1_000_000))
    problems.accountLimit = 'not-a-number'
  if (!(Number.isInteger(hours) && hours >= 1 && hours <= 72)) problems.linkLifetimeHours = 'out-of-range'
  if (!/^#[0-9a-f]{6}$/.test(color)) problems.brandColor = 'not-a-color'
  if (website && !isWebsite(website)) problems.website = 'not-a-url'
  if (supportEmail && !/^[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+$/.test(supportEmail))
    problems.supportEmail = 'not-an-address'
  const settings = {
    ...{ name, plan: input.plan as orgs.Plan, accountLimit: limit, timeZone: input.timeZone },
    ...{ alertChannelId: input.alertChannelId, linkLifetimeHours: hours, brandColor: color },
    ...{ website, supportEmail },
  }
  return { settings, problems }
}

/** It becomes a link in mails, so nothing but https. */
const isWebsite = (text: string) => URL.canParse(text) && new URL(text).protocol === 'https:'

const ZONES = ['Etc/UTC', ...Intl.supportedValuesOf('timeZone')]

/** IANA names containing the words, at most `limit`. */
export function findZones(words: string, limit: number): string[] {
  const wanted = words.trim().toLowerCase().replace(/\s+/g, '_')
  return ZONES.filter((zone) => zone.toLowerCase().includes(wanted)).slice(0, limit)
}
