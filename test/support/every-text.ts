/** Every message, modal, page and mail, with one name in every place where a name from outside can stand. */
import { accessRequestMail } from '../../templates/mail/access-request.ts'
import { alertMail } from '../../templates/mail/alert.ts'
import { oneClickLeftMail } from '../../templates/mail/one-click-left.ts'
import { receiptMail } from '../../templates/mail/receipt.ts'
import { accountsPage } from '../../templates/page/accounts.ts'
import { askPage } from '../../templates/page/ask.ts'
import { donePage } from '../../templates/page/done.ts'
import * as installed from '../../templates/page/installed.ts'
import { linkPage } from '../../templates/page/link.ts'
import * as says from '../../templates/page/owner-says.ts'
import * as problem from '../../templates/page/problem.ts'
import * as receipt from '../../templates/page/receipt.ts'
import { accessRequestDm } from '../../templates/slack/access-request.ts'
import { backfillMessage } from '../../templates/slack/backfill.ts'
import { safe } from '../../templates/slack/blocks.ts'
import { joinedChannel } from '../../templates/slack/channels.ts'
import * as help from '../../templates/slack/help.ts'
import { homeRefusal, homeView } from '../../templates/slack/home.ts'
import { linksMessage } from '../../templates/slack/links.ts'
import * as ownerAsk from '../../templates/slack/owner-ask.ts'
import * as reconnect from '../../templates/slack/reconnect.ts'
import * as answers from '../../templates/slack/request-answers.ts'
import { type RequestCard, requestCardMessage, sourcesOf } from '../../templates/slack/request-card.ts'
import * as requestEvents from '../../templates/slack/request-events.ts'
import * as modal from '../../templates/slack/request-modal.ts'
import { roleSaved } from '../../templates/slack/roles.ts'
import { settingsModal } from '../../templates/slack/settings.ts'
import * as sources from '../../templates/slack/sources.ts'
import { problemView, unknownCommand } from '../../templates/slack/trouble.ts'
import { whoHasAccessList } from '../../templates/slack/who-has-access.ts'
import { everyFileText } from './every-file-text.ts'
import { incidents } from './every-incident-text.ts'

const at = new Date('2026-11-20T12:00:00Z')
const ID = '8d6f3e1e-0000-4000-8000-000000000001'
const url = 'https://access.agency.example/l/lk_x'
const timeZone = 'Europe/Berlin'
const rights = { request: true, settings: true, reconnect: true, refresh: true, remove: true }
const providers = [{ name: 'Google', permissionsUrl: 'https://provider.example/permissions' }]

/** By file and function, as in templates/; a third word tells variants apart. */
export function everyText(name: string): Record<string, unknown> {
  return {
    ...requests(name),
    ...lists(name),
    ...everyFileText(name),
    ...incidents(name),
    ...reconnecting(name),
    ...pages(name),
    ...mails(name),
  }
}

function requests(name: string): Record<string, unknown> {
  const card: RequestCard = {
    ...{ requestId: ID, status: 'sent', unfinished: false, purpose: 'connect', forSelf: false },
    ...{ clientName: name, requestedBy: 'U1', note: name, mailRefused: true, queue: null },
    items: [{ connectorName: 'Google Ads', accountHint: name }],
    owner: { email: name, slackUserId: null, name },
    link: { id: ID, expiresAt: at, resendsLeft: 2, live: true },
  }
  const about = { sources: sourcesOf(card), clientName: safe(name) }
  const event = (kind: string, data: Record<string, unknown>) =>
    requestEvents.eventMessage({ kind, actor: 'owner:d…', data })
  const ask = (kind: 'delegate' | 'fresh-link' | 'question' | 'decline') => ({
    ...{ askId: ID, requestId: ID, kind, clientName: name, connectorNames: [name], owner: name },
    ...{ email: name, text: name },
  })
  const letter = {
    ...{ brand: { orgName: name }, purpose: 'connect' as const, clientName: name, note: name, url },
    ...{ requester: { slackUserId: 'U1' }, providers, timeZone, expiresAt: at },
    items: [
      {
        connectorName: 'Google Ads',
        accountHint: name,
        writeWarning: null,
        signInWith: 'your login',
        takesKey: true,
      },
    ],
  }
  const prefill = {
    sources: [{ id: 'ga4', name }],
    client: { id: null, name },
    email: null,
    slackUserId: null,
  }
  return {
    'request-card requestCardMessage': requestCardMessage(card),
    'request-events eventMessage declined': event('request.declined', { reason: name }),
    'request-events eventMessage question': event('request.question', { text: name }),
    'request-events eventMessage granted': event('consent.granted', {
      provider: 'Google',
      label: name,
      missing: [name],
    }),
    'request-events eventMessage refused': event('delivery.refused', { channel: 'mail', why: name }),
    'request-events eventMessage delegated': event('request.delegated', { to: name }),
    'request-events eventMessage failed': event('consent.failed', { provider: 'Google', why: name }),
    'request-events eventMessage revoked': event('source.revoked', { source: name, connectorName: name }),
    'request-events eventMessage backfilled': event('backfill.done', { source: name }),
    'request-events mailRefused': requestEvents.mailRefused(card),
    'request-events linkExpired': requestEvents.linkExpired(card),
    'request-events queueSent': requestEvents.queueSent(card),
    'request-answers planRefused': answers.planRefused('free'),
    'request-answers linkOnItsWay': answers.linkOnItsWay({
      ...about,
      linkId: ID,
      expiresAt: at,
      quotaLeft: 9,
    }),
    'request-answers ownLink': answers.ownLink({ ...about, url, expiresAt: at }),
    'request-answers copiedLink': answers.copiedLink(url, at),
    'request-answers putInQueue': answers.putInQueue({ ...about, position: 1, expectedAt: at }),
    'request-answers freshOwnLink': answers.freshOwnLink(card, { url, expiresAt: at }),
    'request-answers staleRequest': answers.staleRequest(name),
    'request-answers notYoursToCancel': answers.notYoursToCancel('U1'),
    'request-answers freshForOther': answers.freshForOther('U1'),
    'request-modal requestModal': modal.requestModal(prefill, 3, '{}'),
    'request-modal sourceOption': modal.sourceOption({ id: 'ga4', name }),
    'request-modal clientOption': modal.clientOption({ id: null, name }),
    'access-request accessRequestDm': accessRequestDm('access-request', letter),
    'owner-ask ownerAskMessage delegate': ownerAsk.ownerAskMessage(ask('delegate')),
    'owner-ask ownerAskMessage fresh': ownerAsk.ownerAskMessage(ask('fresh-link')),
    'owner-ask ownerAskMessage question': ownerAsk.ownerAskMessage(ask('question')),
    'owner-ask ownerAskMessage decline': ownerAsk.ownerAskMessage(ask('decline')),
    'owner-ask sourceRevoked': ownerAsk.sourceRevoked({
      connectorName: name,
      accountName: name,
      clientName: name,
    }),
    'owner-ask delegateSent': ownerAsk.delegateSent(name, at),
    'owner-ask delegateQueued': ownerAsk.delegateQueued(name, at),
  }
}

function lists(name: string): Record<string, unknown> {
  const source: sources.SourceView = {
    ...{
      id: ID,
      connectionId: ID,
      connectorName: name,
      accountName: name,
      clientName: name,
      state: 'synced',
    },
    ...{ identityLabel: name, authorisedBy: name, authorisedAt: at, grantExpiresAt: at, since: at },
    ...{ lastGoodDay: '2026-11-19', progress: { done: 3, total: 13 }, missingMetrics: [name], flags: [name] },
  }
  const counts = { connected: 1, disconnected: 0, delayed: 0, paused: 0 }
  const request = {
    ...{
      id: ID,
      clientName: name,
      connectorNames: [name],
      purpose: 'connect' as const,
      status: 'sent' as const,
    },
    ...{ requestedBy: 'U1', ownerEmail: name, ownerSlackUserId: null, expiresAt: at },
  }
  const home = {
    ...{
      quota: { left: 9, nextSlot: null },
      counts,
      sources: [source],
      requests: [request],
      openRequests: 1,
    },
    ...{ clients: [ID, 'x'].map((id) => ({ id, name })), offersAnything: true, alertChannelMissing: true },
  }
  const row = {
    ...{
      requestId: ID,
      clientName: name,
      connectorNames: [name],
      status: 'sent',
      forSelf: false,
      purpose: 'connect' as const,
    },
    ...{ requestedBy: 'U1', expiresAt: at, live: true, resends: 1 },
  }
  const access = {
    ...{ clientName: name, providerName: name, identityLabel: name, authorisedBy: name, authorisedAt: at },
    ...{ status: 'connected' as const, connectorNames: [name], accounts: 1 },
  }
  const org = {
    ...{ name, plan: 'custom', accountLimit: null, timeZone, alertChannelId: null, linkLifetimeHours: 24 },
    ...{ brandColor: '#1f6feb', website: null, supportEmail: null },
  }
  const filling = {
    ...{ accountName: name, connectorName: name, slices: 3, done: 1, failed: 1, fromDay: '2026-01-01' },
    ...{ note: name, stopped: true },
  }
  return {
    'home homeView': homeView(home, { clientId: ID, limit: 20 }, rights),
    'home homeRefusal': homeRefusal('Guests cannot use Latchkey.'),
    'links linksMessage': linksMessage([row], { left: 1, nextSlot: null }),
    'who-has-access whoHasAccessList': whoHasAccessList([access], true),
    'sources sourceList': sources.sourceList(
      { client: name, counts, sources: [source], onlyDisconnected: false },
      rights,
    ),
    'sources noSuchClient': sources.noSuchClient(name, [name, name]),
    'sources refreshStarted': sources.refreshStarted(name),
    'sources refreshNotNow': sources.refreshNotNow(name, true),
    'sources notAllowed': sources.notAllowed('do this', 'an admin'),
    'sources removeSourceModal': sources.removeSourceModal({ ...source, last: true }, '{}'),
    'sources sourceRemoved': sources.sourceRemoved(name, true),
    'settings settingsModal': settingsModal(org, ['custom'], true),
    'roles roleSaved': roleSaved(name, 'admin'),
    'backfill backfillMessage': backfillMessage({ sources: [filling, { ...filling, stopped: false }] }),
    'channels joinedChannel': joinedChannel('U1'),
    'help help': help.help(),
    'help notHere': help.notHere(name),
    'help unknownWord': help.unknownWord(name),
    'trouble unknownCommand': unknownCommand(name),
    'trouble problemView': problemView(sources.noSuchClient(name, [name]), name),
  }
}

function reconnecting(name: string): Record<string, unknown> {
  const impact = {
    ...{ connectionId: ID, providerName: 'Google', identityLabel: name, sources: 2, clients: 1 },
    ...{ clientNames: [name], lastGoodDay: '2026-11-18' },
  }
  const down = {
    ...{ connectionId: ID, providerName: 'Google', identityLabel: name, failureClass: 'revoked', since: at },
    ...{ sources: 2, clients: 1 },
  }
  const owner = safe(name) === '' ? 'nobody' : name
  return {
    'reconnect reconnectLink': reconnect.reconnectLink(impact, url, at),
    'reconnect ownerAsked': reconnect.ownerAsked(impact, { owner, expiresAt: at, quotaLeft: 9 }),
    'reconnect ownerQueued': reconnect.ownerQueued({ owner, position: 1, expectedAt: at }),
    'reconnect askQuotaReached': reconnect.askQuotaReached(at, '{}'),
    'reconnect askedBefore': reconnect.askedBefore('U1', at),
    'reconnect worksAlready': reconnect.worksAlready(impact, { at, by: 'slack:U1' }),
    'reconnect askPlanRefused': reconnect.askPlanRefused(name),
    'reconnect ownerModal': reconnect.ownerModal(impact, '{}'),
    'reconnect downList': reconnect.downList([down]),
  }
}

function pages(name: string): Record<string, unknown> {
  const sender = { orgName: name, color: '#1f6feb', supportEmail: 'help@agency.example' }
  const path = '/l/lk_x'
  const asked = {
    ...{ connectorName: 'GA4', accountHint: name, reads: ['See it'], writeWarning: null },
    ...{ signInWith: 'your login', role: 'any role', friction: null },
  }
  const stop = {
    ...{ providerId: 'google', providerName: 'Google', goesTo: 'accounts.google.com', signedInAs: name },
    ...{ permissionsUrl: 'https://provider.example', sources: [asked] },
  }
  const shelf = {
    ...{ connectorName: 'GA4', providerId: 'google', accountWord: 'property', accountHint: name },
    ...{ signInWith: 'your login', missing: [], unseen: [name], trouble: null },
    boxes: [{ value: name, name, detail: name, ticked: true, connected: true, unavailable: name }],
  }
  const row: receipt.ReceiptRow = {
    ...{ id: ID, connectorName: 'GA4', accountName: name, status: 'connected', identityLabel: name },
    ...{ connectedAt: at, readAt: null, removedAt: null },
  }
  const standing = { sender, path: '/r/lk_x', clientName: name, timeZone, rows: [row], providers }
  const say = { sender, path, requester: name, problem: 'empty' as const }
  return {
    'page/link linkPage': linkPage({
      ...{ sender, path, requester: { name, email: name, website: 'https://agency.example' }, note: name },
      ...{ clientName: name, purpose: 'connect', forSelf: false, expected: name, declined: true },
      ...{ expiresAt: at, timeZone, webview: { url }, stops: [stop] },
    }),
    'page/accounts accountsPage': accountsPage({
      ...{ sender, path, clientName: name, orgName: name, form: 'f', heldIds: ['h'], shelves: [shelf] },
      ...{
        signIns: [{ providerId: 'google', providerName: 'Google', label: name, isKey: true }],
        expected: name,
      },
      ...{ several: true, waiting: ['Meta Ads', 'Stripe'], room: 3, problem: { kind: 'stale' }, late: false },
    }),
    'page/ask askPage': askPage({
      ...{ sender, path, clientName: name, stop, names: ['GA4'], isKey: true },
      fields: [
        {
          ...{ name: 'shop', label: 'Shop', hint: 'Its address', secret: false, choices: [] },
          ...{ value: name, wrong: 'That is no address.' },
        },
      ],
      problem: { kind: 'refused', lacks: false, ownerAction: `Ask ${name}` },
    }),
    'page/done donePage': donePage({
      ...{ sender, clientName: name, receiptUrl: url, providers },
      connected: [{ connectorName: 'GA4', accountName: name }],
    }),
    'page/receipt receiptPage': receipt.receiptPage(standing),
    'page/receipt confirmRevokePage': receipt.confirmRevokePage({ ...standing, unsure: true }, row),
    'page/receipt revokedPage': receipt.revokedPage(standing, {
      row,
      providerName: 'Google',
      credential: 'kept',
    }),
    'page/owner-says declinePage': says.declinePage(say),
    'page/owner-says questionPage': says.questionPage(say),
    'page/owner-says someoneElsePage': says.someoneElsePage(say),
    'page/owner-says saidPage': says.saidPage(say, 'decline'),
    'page/problem expiredPage': problem.expiredPage(sender, {
      path,
      requester: name,
      expiresAt: at,
      timeZone,
    }),
    'page/problem freshPage': problem.freshPage(sender, { kind: 'asked' }, name),
    'page/problem usedPage': problem.usedPage(sender, { by: name, at: 'today' }),
    'page/problem withdrawnPage': problem.withdrawnPage(sender, 'cancelled'),
    'page/problem tripPage': problem.tripPage(sender, {
      ...{ path, kind: 'denied', providerName: 'Google', providerId: 'google' },
    }),
    'page/problem tripPage failed': problem.tripPage(sender, {
      ...{ path, kind: 'failed', providerName: 'Google', providerId: 'google', why: `Ask ${name}` },
    }),
    'page/problem errorPage': problem.errorPage('abcd1234'),
    'page/installed installedPage': installed.installedPage(name, url),
    'page/installed notInstalledPage': installed.notInstalledPage(url, 'abcd1234'),
  }
}

function mails(name: string): Record<string, unknown> {
  const look = { logoUrl: null, color: '#1f6feb', website: 'https://agency.example' }
  const brand = { ...look, orgName: name, supportEmail: 'help@agency.example' }
  const item = {
    ...{ connectorName: 'Google Ads', accountHint: name, reads: ['See your results'], writeWarning: null },
    ...{ signInWith: 'your login', role: 'any role', takesKey: false },
  }
  const letter = {
    ...{ brand, purpose: 'connect' as const, clientName: name, requester: { name }, ownerName: name },
    ...{ timeZone, note: name.replace(/[\r\n]+/g, ' '), items: [item], providers, expiresAt: at, url },
  }
  return {
    'mail/access-request accessRequestMail': accessRequestMail('access-request', letter),
    'mail/access-request accessRequestMail nudge': accessRequestMail('nudge-expiry', letter),
    'mail/alert alertMail': alertMail({
      ...{ brand, recipient: { name, timeZone }, providerName: 'Google', identityLabel: name },
      ...{ reason: 'revoked', ownerAction: name, since: at, lastGoodDay: null },
      clients: [{ name, sources: [{ name, connectorName: 'Google Ads' }] }],
    }),
    'mail/one-click-left oneClickLeftMail': oneClickLeftMail({
      ...{ brand, ownerName: name, clientName: name, expiresAt: at, timeZone, url },
    }),
    'mail/receipt receiptMail': receiptMail({
      ...{
        brand,
        purpose: 'connect',
        ownerName: name,
        requesterName: name,
        clientName: name,
        providers,
        url,
      },
      sources: [{ connectorName: 'Google Ads', accountName: name, identityLabel: name }],
    }),
  }
}
