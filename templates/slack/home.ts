/** App Home: what is left of the quota, what is open, and every data source, those that need somebody first. */
import type { HomeView, KnownBlock } from '@slack/types'
import { context, cut, header, plain, safe, section, slackDate } from './blocks.ts'
import { type Counts, countLine, type Rights, type SourceView, sourceRow } from './sources.ts'

export type HomeData = {
  quota: { left: number; nextSlot: Date | null }
  counts: Counts
  sources: SourceView[]
  requests: RequestView[]
  openRequests: number
  clients: { id: string; name: string }[]
  offersAnything: boolean
  alertChannelMissing: boolean
}

type RequestView = {
  id: string
  clientName: string
  connectorNames: string[]
  purpose: 'connect' | 'reconnect'
  status: 'queued' | 'sent' | 'started' | 'partial'
  requestedBy: string
  ownerEmail: string | null
  ownerSlackUserId: string | null
  expiresAt: Date | null
}

/** What the reader has chosen; kept in the view itself. */
export type HomeState = { clientId: string | null; limit: number }

export type HomeRights = Rights & { request: boolean; settings: boolean }

export const HOME_STEP = 20
/** Slack shows 100 blocks; the rest of the page takes at most 25. */
export const HOME_MOST = 70

export const HOME_REQUEST = 'home-request-access'
export const HOME_CLIENT = 'home-client'
export const HOME_MORE = 'home-more'
export const HOME_SETTINGS = 'home-settings'
const ALL_CLIENTS = 'all'

export function homeView(data: HomeData, state: HomeState, rights: HomeRights): HomeView {
  const everything =
    data.counts.connected + data.counts.disconnected + data.counts.delayed + data.counts.paused
  const isNew = everything === 0 && data.openRequests === 0 && state.clientId === null
  return {
    type: 'home',
    private_metadata: JSON.stringify(state),
    blocks: [
      ...quotaBlocks(data, rights),
      ...(isNew
        ? firstSteps(data, rights)
        : [...requestBlocks(data), ...sourceBlocks(data, state, rights, everything)]),
    ],
  }
}

export function homeRefusal(text: string): HomeView {
  return { type: 'home', blocks: [header('Latchkey'), section(text)] }
}

/** The client chosen in the filter; null for all. */
export const chosenClient = (value: string | undefined) =>
  value === undefined || value === ALL_CLIENTS ? null : value

function quotaBlocks(
  { quota, offersAnything, alertChannelMissing }: HomeData,
  rights: HomeRights,
): KnownBlock[] {
  const button: KnownBlock = {
    type: 'actions',
    elements: [
      ...(rights.request && offersAnything
        ? [
            {
              type: 'button' as const,
              action_id: HOME_REQUEST,
              style: 'primary' as const,
              text: plain('Request access'),
            },
          ]
        : []),
      ...(rights.settings
        ? [{ type: 'button' as const, action_id: HOME_SETTINGS, text: plain('Settings') }]
        : []),
    ],
  }
  return [
    section(`${quota.left} of 10 auth links left`),
    ...(quota.nextSlot
      ? [
          context(
            `The next one is free ${slackDate(quota.nextSlot)}. A request can wait for it in the queue.`,
          ),
        ]
      : []),
    ...(button.elements.length > 0 ? [button] : []),
    ...(alertChannelMissing && rights.settings
      ? [
          context(
            ':warning: No alert channel is chosen, so alerts go to you directly. Choose one in *Settings*, and check the time zone there.',
          ),
        ]
      : []),
    { type: 'divider' },
  ]
}

function firstSteps({ offersAnything }: HomeData, rights: HomeRights): KnownBlock[] {
  if (!offersAnything)
    return [
      header('No data source can be connected yet'),
      section(
        'Whoever runs Latchkey has to register an OAuth app at a provider first, for example `GOOGLE_CLIENT_ID` and `GOOGLE_CLIENT_SECRET`.',
      ),
    ]
  return [
    header('Nothing is connected yet'),
    section(
      rights.request
        ? 'Press *Request access*, pick the data sources and the client, and say who owns the account. They get a link, sign in at the provider and choose the accounts; nobody sends a password. From then on the data are read every night.'
        : 'A role member, manager or admin can ask a client for access with `/request-access`.',
    ),
  ]
}

const STATUS: Record<RequestView['status'], string> = {
  queued: ':hourglass_flowing_sand: Queued for a free link',
  sent: ':envelope: Sent, not opened yet',
  started: ':key: Started by the owner',
  partial: ':key: Signed in, not finished',
}

function requestBlocks({ requests, openRequests }: HomeData): KnownBlock[] {
  if (requests.length === 0) return []
  const more = openRequests - requests.length
  return [
    header('Open requests'),
    ...requests.map(requestRow),
    ...(more > 0 ? [context(`And ${more} more: type \`/access links\`.`)] : []),
    { type: 'divider' },
  ]
}

function requestRow(request: RequestView): KnownBlock {
  const names = request.connectorNames.map((name) => safe(name, 40)).join(', ')
  const owner = request.ownerEmail
    ? safe(request.ownerEmail, 80)
    : request.ownerSlackUserId
      ? `<@${request.ownerSlackUserId}>`
      : 'nobody yet'
  const expires = request.expiresAt ? ` · expires ${slackDate(request.expiresAt)}` : ''
  const what = request.purpose === 'reconnect' ? 'Reconnect ' : ''
  return section(
    cut(
      `*${what}${names}* for ${safe(request.clientName, 80)}\n${STATUS[request.status]}${expires} · asked of ${owner} by <@${request.requestedBy}>`,
      2_900,
    ),
  )
}

function sourceBlocks(data: HomeData, state: HomeState, rights: Rights, everything: number): KnownBlock[] {
  const hidden = everything - data.sources.length
  return [
    header('Data sources'),
    context(countLine(data.counts)),
    ...filter(data, state),
    ...data.sources.map((source) => sourceRow(source, rights)),
    ...(everything === 0 ? [section(state.clientId ? 'This client has no data source.' : 'None yet.')] : []),
    ...(hidden > 0 ? [showMore(hidden, data.sources.length)] : []),
  ]
}

function filter({ clients }: HomeData, { clientId }: HomeState): KnownBlock[] {
  if (clients.length < 2) return []
  const options = [
    { text: plain('All clients'), value: ALL_CLIENTS },
    ...clients.map(({ id, name }) => ({ text: plain(name), value: id })),
  ]
  const chosen = options.find(({ value }) => value === clientId) ?? options[0]
  return [
    {
      type: 'actions',
      elements: [
        {
          type: 'static_select',
          action_id: HOME_CLIENT,
          placeholder: plain('Show one client'),
          options,
          ...(chosen && { initial_option: chosen }),
        },
      ],
    },
  ]
}

function showMore(hidden: number, shown: number): KnownBlock {
  return shown >= HOME_MOST
    ? context(`And ${hidden} more: choose a client above, or type \`/sources\` with a client’s name.`)
    : {
        type: 'actions',
        elements: [{ type: 'button', action_id: HOME_MORE, text: plain(`Show more (${hidden} hidden)`) }],
      }
}
