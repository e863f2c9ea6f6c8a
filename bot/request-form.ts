/** Reads the submitted request form, and what it types ahead. */
import type { App, ViewOutput } from '@slack/bolt'
import type { WebClient } from '@slack/web-api'
import { memberOf } from '../flows/member.ts'
import { findClients, findConnectors } from '../flows/request-choices.ts'
import type { Services } from '../flows/services.ts'
import { clientOf, clientOption, type FormField, sourceOption } from '../templates/slack/request-modal.ts'
import { actorOf } from './actor.ts'
import type { Args } from './answer.ts'
import { type KnownContext, type SlackUser, toProfile } from './profile.ts'
import type { Origin } from './tell.ts'

const OPTIONS_MAX = 100

export function register(app: App, services: Services): void {
  app.options('request_sources', async (args) => {
    const actor = await actorOf(services, args as unknown as Args)
    if (!actor) return
    const found = findConnectors(services, args.payload.value)
    await args.ack({ options: found.slice(0, OPTIONS_MAX).map(sourceOption) })
  })
  app.options('request_client', async (args) => {
    const actor = await actorOf(services, args as unknown as Args)
    if (!actor) return
    const typed = args.payload.value.trim()
    const found = await findClients(services, actor.orgId, typed)
    const known = found.some(({ name }) => name.toLowerCase() === typed.toLowerCase())
    const create = typed && !known ? [clientOption({ id: null, name: typed })] : []
    await args.ack({ options: [...create, ...found.map(clientOption)].slice(0, OPTIONS_MAX) })
  })
}

export type Form = {
  origin: Origin
  items: { connectorId: string; accountHint: string }[]
  client: { id: string } | { name: string }
  forSelf: boolean
  email: string | null
  slackUserId: string | null
  note: string
}

/** Fields left empty come as null; the flow judges what is missing. */
export function readForm({ state, private_metadata }: ViewOutput): Form {
  const field = (block: FormField) => Object.values(state.values[block] ?? {})[0]
  const hint = field('hint')?.value?.trim() ?? ''
  const chosen = field('sources')?.selected_options ?? []
  return {
    origin: JSON.parse(private_metadata) as Origin,
    items: chosen.map(({ value }) => ({ connectorId: value ?? '', accountHint: hint })),
    client: clientOf(field('client')?.selected_option?.value ?? 'new:'),
    forSelf: field('who')?.selected_option?.value === 'self',
    email: field('owner_email')?.value?.trim() || null,
    slackUserId: field('owner_slack')?.selected_user ?? null,
    note: field('note')?.value?.trim() ?? '',
  }
}

type Profile = { displayName: string; timeZone: string | null }

/** Their name and zone: remembered, else asked of Slack. Guests may own accounts too; bots and leavers may not. */
export async function ownerProfile(
  services: Services,
  { client, context }: { client: WebClient; context: object },
  orgId: string,
  slackUserId: string,
): Promise<Profile | null | 'unreachable'> {
  const remembered = await memberOf(services, orgId, slackUserId)
  if (remembered?.fresh && !remembered.deactivatedAt) return remembered
  const { workspace } = context as KnownContext
  const answer = await client.users.info({ user: slackUserId }).catch(() => null) // Slack is slow: nameless will do
  if (!answer?.user) return remembered
  const profile = toProfile({ ...(answer.user as SlackUser), id: slackUserId }, workspace)
  return profile.refused === 'bot' || profile.refused === 'deactivated' ? 'unreachable' : profile
}
