/** The owner's other answers: decline, name somebody else, ask a question. None of them spends the link. */
import { record } from '../../storage/audit.ts'
import type { Db } from '../../storage/db.ts'
import * as progress from '../../storage/link-progress.ts'
import * as asks from '../../storage/owner-asks.ts'
import { enqueueDelivery } from '../deliver.ts'
import { maskEmail } from '../mask.ts'
import { touchCard } from '../request-card.ts'
import type { Services } from '../services.ts'
import { isOneAddress } from '../wish.ts'
import { type LinkView, look, type Sight } from './look.ts'
import { ownerActor } from './owner.ts'

export type Answer =
  /** The reason may be empty. The link can still be used: the press may have been a robot's, or a mistake. */
  { kind: 'decline'; text: string } | { kind: 'delegate'; email: string } | { kind: 'question'; text: string }

export type Answered =
  | { kind: 'told'; link: LinkView }
  | { kind: 'empty'; link: LinkView }
  | { kind: 'not-one-address'; link: LinkView }
  /** Asked often enough from this link; a person would reply to the mail now. */
  | { kind: 'too-many'; link: LinkView }
  | { kind: 'not-open'; sight: Sight }

const TEXT_MAX = 1000

export async function answerRequester(
  services: Services,
  token: string,
  cookies: string[],
  answer: Answer,
): Promise<Answered> {
  const sight = await look(services, token, cookies)
  if (sight.kind !== 'open' || sight.late) return { kind: 'not-open', sight }
  const { link } = sight
  const text = 'text' in answer ? answer.text.trim().slice(0, TEXT_MAX) : ''
  const email = answer.kind === 'delegate' ? answer.email.trim() : null
  if (answer.kind === 'question' && text === '') return { kind: 'empty', link }
  if (email !== null && !isOneAddress(email)) return { kind: 'not-one-address', link }
  return services.db.transaction(async (tx) => {
    const { kind } = answer
    const told = await tellRequester(services, tx, link, { kind, email, text })
    if (!told && kind === 'question') return { kind: 'too-many', link }
    if (kind === 'decline') await progress.markDeclined(tx, link.orgId, link.requestId)
    if (told) await note(services, tx, link, { kind, email, text })
    return { kind: 'told', link }
  })
}

type Said = { kind: asks.OwnerAskKind; email: string | null; text: string }

/** A DM to the requester, with buttons where there is something to decide. False: said already, or too often. */
export async function tellRequester(
  services: Services,
  tx: Db,
  { orgId, requestId, id: linkId, requestedBy }: LinkView,
  said: Said,
): Promise<boolean> {
  const askId = await asks.insert(tx, orgId, { requestId, linkId, ...said })
  if (!askId) return false
  await enqueueDelivery(services, tx, {
    ...{ orgId, kind: 'owner-ask', channel: 'dm', address: requestedBy },
    ...{ linkId, subjectId: askId, dedupeKey: `owner-ask:${askId}` },
  })
  return true
}

const EVENTS = {
  decline: 'request.declined',
  delegate: 'request.delegated',
  question: 'request.question',
} as const

async function note(
  services: Services,
  tx: Db,
  link: LinkView,
  { kind, email, text }: Said & { kind: keyof typeof EVENTS },
): Promise<void> {
  const data = {
    decline: { reason: text },
    delegate: { to: email === null ? '' : maskEmail(email) },
    question: { text },
  }[kind]
  await record(tx, link.orgId, {
    kind: EVENTS[kind],
    actor: ownerActor(link),
    clientId: link.clientId,
    requestId: link.requestId,
    linkId: link.id,
    data,
  })
  await touchCard(services, tx, link.orgId, link.requestId)
}
