/** From what flows know to what page templates show. */
import type { Request } from 'express'
import { type Picker, pickOf } from '../flows/connect/accounts.ts'
import { expectedLogin } from '../flows/connect/continue.ts'
import type { LinkView, OpenSession } from '../flows/connect/look.ts'
import { maskLabel } from '../flows/connect/owner.ts'
import { type Stop, stopsOf } from '../flows/connect/plan.ts'
import { formToken } from '../flows/link-token.ts'
import type { Services } from '../flows/services.ts'
import type { AccountShelf, AccountsPage } from '../templates/page/accounts.ts'
import type { AskPage } from '../templates/page/ask.ts'
import type { Sender } from '../templates/page/layout.ts'
import type { AskedStop, LinkPage } from '../templates/page/link.ts'

export function senderOf(link: LinkView): Sender & object {
  return { orgName: link.orgName, color: link.orgColor, supportEmail: link.orgSupportEmail }
}

export const zoneOf = (link: LinkView) => link.ownerTimeZone ?? link.orgTimeZone
export const requesterOf = (link: LinkView) => link.requesterName ?? link.orgName

/** Browsers inside other apps; Google answers them 403 disallowed_useragent. */
const WEBVIEW = /FBAN|FBAV|Instagram|LinkedInApp|; wv\)|\bLine\/|MicroMessenger|Snapchat|TikTok/

export async function linkData(
  services: Services,
  req: Request,
  { link, session, path }: { link: LinkView; session: OpenSession | null; path: string },
): Promise<{ data: LinkPage; stops: Stop[] }> {
  const stops = stopsOf(services, link, session?.held ?? [])
  const expected = link.connectionId ? await expectedLogin(services, link) : null
  const { requesterEmail: email, orgWebsite: website } = link
  const inside = WEBVIEW.test(req.headers['user-agent'] ?? '')
  const data: LinkPage = {
    sender: senderOf(link),
    path,
    requester: { name: requesterOf(link), email, website },
    clientName: link.clientName,
    purpose: link.purpose,
    forSelf: link.forSelf,
    note: link.note,
    stops: stops.map(askedStop),
    expected: expected === null ? null : maskLabel(expected),
    expiresAt: link.expiresAt,
    timeZone: zoneOf(link),
    declined: link.requestStatus === 'declined',
    webview: inside ? { url: new URL(path, services.publicUrl).href } : null,
  }
  return { data, stops }
}

function askedStop({ provider, items, held, goesTo }: Stop): AskedStop {
  return {
    providerId: provider.id,
    providerName: provider.name,
    goesTo,
    sources: items.map(({ connector, accountHint }) => ({
      connectorName: connector.name,
      accountHint,
      reads: [...new Set(Object.values(connector.scopeWords))],
      writeWarning: connector.writeWarning,
      signInWith: connector.help.signInWith,
      role: connector.help.role,
      friction: connector.help.friction ?? null,
    })),
    signedInAs: held?.identityLabel ?? null,
    permissionsUrl: provider.permissionsUrl,
  }
}

/** `problem`: why what was typed did not do. Secrets are never sent back. */
export function askData(
  {
    stop,
    link,
    typed,
    wrong,
  }: { stop: Stop; link: LinkView; typed: Record<string, string>; wrong: string[] },
  { path, problem }: { path: string; problem: AskPage['problem'] },
): AskPage {
  const { provider, items, fields } = stop
  return {
    sender: senderOf(link),
    path,
    clientName: link.clientName,
    problem,
    stop: askedStop(stop),
    fields: fields.map(({ name, label, hint, secret = false, choices = [], problem: says }) => ({
      ...{ name, label, hint, secret, choices },
      value: secret ? '' : (typed[name] ?? ''),
      wrong: wrong.includes(name) ? says : null,
    })),
    names: items.map(({ connector }) => connector.name),
    isKey: provider.auth === 'key',
  }
}

export function accountsData(
  services: Services,
  {
    picker,
    path,
    late,
    problem,
  }: {
    picker: Picker
    path: string
    late: boolean
    problem: AccountsPage['problem']
  },
): AccountsPage {
  const { link, session, stops, shelves, expected } = picker
  return {
    sender: senderOf(link),
    path,
    clientName: link.clientName,
    orgName: link.orgName,
    form: formToken(session.cookie),
    heldIds: session.held.map(({ id }) => id),
    signIns: stops.flatMap(({ provider, held }) => (held ? [signInOf(provider, held.identityLabel)] : [])),
    shelves: shelves.map((shelf) => accountShelf(services, shelf)),
    expected: expected === null ? null : maskLabel(expected),
    several: link.items.length > 1,
    waiting: stops.flatMap(({ held, items }) => (held ? [] : items.map(({ connector }) => connector.name))),
    room: picker.limit && Math.max(0, picker.limit.limit - picker.limit.used),
    problem,
    late,
  }
}

const signInOf = ({ id, name, auth }: Stop['provider'], label: string) => ({
  ...{ providerId: id, providerName: name, label, isKey: auth === 'key' },
})

function accountShelf(services: Services, shelf: Picker['shelves'][number]): AccountShelf {
  const connector = services.connectors.require(shelf.connectorId)
  const sorted = [...shelf.choices].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
  return {
    connectorName: connector.name,
    providerId: shelf.provider,
    accountWord: connector.accountWord,
    accountHint: shelf.accountHint,
    signInWith: connector.help.signInWith,
    missing: shelf.missing.map((scope) => connector.scopeWords[scope] ?? scope),
    unseen: shelf.unseen,
    trouble: troubleOf(shelf.trouble),
    boxes: sorted.map((choice) => ({
      value: pickOf(choice),
      name: choice.name,
      detail: [choice.id, choice.currency, choice.timeZone]
        .filter((word) => word && word !== choice.name)
        .join(' · '),
      ticked: choice.ticked && !choice.unavailable,
      unavailable: choice.unavailable ?? null,
      connected: choice.connected,
    })),
  }
}

/** A login without any account is not a failure of the provider: it is coached, not retried. */
function troubleOf(kind: string | null): AccountShelf['trouble'] {
  if (kind === null || kind === 'scope_missing') return null
  return kind === 'account_lost' || kind === 'revoked' ? 'none' : 'later'
}
