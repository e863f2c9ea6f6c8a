/** The alert cards of one incident: posted once per place, then edited in place whatever happens. */
import * as alerts from '../flows/alert.ts'
import type { Services } from '../flows/services.ts'
import { claimPost, contentHash, forgetPost, notePost, postedKeys } from '../flows/slack-post.ts'
import { incidentCard } from '../templates/slack/incident.ts'
import { incidentEvent } from '../templates/slack/incident-events.ts'
import { viewFor } from './compose/incident-view.ts'
import { type Job, RetryLater, type SlackVoice, type Voices } from './job.ts'

declare module '../flows/services.ts' {
  interface Jobs {
    'incident-card': { orgId: string; incidentId: string }
  }
}

/** Another worker is posting this very card: its crash frees the claim after two minutes. */
const CLAIMED_SECONDS = 15

export const incidentCardJob: Job<'incident-card'> = {
  name: 'incident-card',
  policy: 'short',
  retry: { limit: 150, delaySeconds: 5, delayMaxSeconds: 600 }, // about a day: Slack may be away for hours
  expireSeconds: 120,
  concurrency: 2,
  batch: 4,
  prompt: true,
  async run(services, { orgId, incidentId }) {
    // A state that changed while we spoke is spoken of again, so an older edit never stands last.
    for (let shown = ''; ; ) {
      const alert = await alerts.alertOf(services, orgId, incidentId)
      if (!alert || stamp(alert) === shown) return
      shown = stamp(alert)
      await showEverywhere(services, alert)
    }
  },
}

const stamp = ({ incident, events, sources, outage }: alerts.Alert) =>
  JSON.stringify([incident, events.length, sources.map(({ id, missing }) => [id, missing]), outage])

type Speaking = { services: Services; voice: SlackVoice; alert: alerts.Alert; cards: Map<string, Card> }
type Card = { standing: alerts.Standing | null; clients: Set<string> }

async function showEverywhere(services: Services & Voices, alert: alerts.Alert): Promise<void> {
  const { orgId, id } = alert.incident
  const voice = await services.slack(orgId)
  if (!voice) return alerts.mailAllAdmins(services, { orgId, incidentId: id })
  const posts = await alerts.standing(services, orgId, id)
  const cards = new Map(posts.map((post) => [post.place, { standing: post, clients: new Set<string>() }]))
  const speaking: Speaking = { services, voice, alert, cards }
  if (await placeAll(speaking)) await alerts.mailAllAdmins(services, { orgId, incidentId: id })
  for (const place of cards.keys()) await tellThread(speaking, place)
}

/**
 * Walks every client's route together, a step at a time, until each has a card that stands. True when some client's
 * route ended with nobody reached.
 */
async function placeAll(speaking: Speaking): Promise<boolean> {
  const { alert, cards } = speaking
  if (alert.incident.resolvedAt) return editStanding(speaking)
  const routes = alert.clients.length > 0 ? alert.clients : [{ id: '', route: alert.fallback }]
  let waiting = routes.map(({ id, route }) => ({ id, route, step: firstStep(route, cards) }))
  let unheard = false
  while (waiting.length > 0) {
    for (const { id, route, step } of waiting)
      for (const place of route[step] ?? []) {
        const card = cards.get(place) ?? { standing: null, clients: new Set() }
        card.clients.add(id)
        cards.set(place, card)
      }
    const places = new Set(waiting.flatMap(({ route, step }) => route[step] ?? []))
    const reached = new Set<string>()
    for (const place of places) if (await show(speaking, place)) reached.add(place)
    waiting = waiting
      .filter(({ route, step }) => !(route[step] ?? []).some((place) => reached.has(place)))
      .map((client) => ({ ...client, step: client.step + 1 }))
    unheard ||= waiting.some(({ route, step }) => step >= route.length)
    waiting = waiting.filter(({ route, step }) => step < route.length)
  }
  return unheard
}

/** It is over: cards that stand turn green, and none is posted where nobody has heard of it. */
async function editStanding(speaking: Speaking): Promise<boolean> {
  const { alert, cards } = speaking
  for (const { id, route } of alert.clients)
    for (const place of route[firstStep(route, cards)] ?? []) cards.get(place)?.clients.add(id)
  for (const place of [...cards.keys()]) await show(speaking, place)
  return false
}

/** Where a card stands already, it stays: a channel that comes back later gets no second one. */
function firstStep(route: string[][], cards: Map<string, Card>): number {
  return Math.max(
    0,
    route.findIndex((places) => places.some((place) => cards.get(place)?.standing)),
  )
}

/** False when the place cannot be reached. */
async function show(speaking: Speaking, place: string): Promise<boolean> {
  const { services, voice, alert, cards } = speaking
  const { orgId, id } = alert.incident
  const card = cards.get(place)
  if (!card) return false
  const key = alerts.cardKey(id, place)
  const message = incidentCard(viewFor(alert, card.clients))
  const hash = contentHash(message)
  if (card.standing) {
    const { channelId, ts } = card.standing
    if (card.standing.contentHash?.equals(hash)) return true
    if ((await voice.update(channelId, ts, message)) === 'updated') {
      await notePost(services, orgId, key, { channelId, ts, contentHash: hash })
      card.standing = { ...card.standing, contentHash: hash }
      return true
    }
    await forgetPost(services, orgId, key)
    card.standing = null
  }
  if (!(await claimPost(services, orgId, key, place)))
    throw new RetryLater(CLAIMED_SECONDS, 'another worker is posting this card')
  const posted = await voice.post(place, message).catch(async (error: unknown) => {
    await forgetPost(services, orgId, key)
    throw error
  })
  if (posted.kind === 'unreachable') {
    await forgetPost(services, orgId, key)
    cards.delete(place)
    return false
  }
  card.standing = { place, channelId: posted.channel, ts: posted.ts, contentHash: hash }
  await notePost(services, orgId, key, { channelId: posted.channel, ts: posted.ts, contentHash: hash })
  return true
}

/** What happened, as replies below the card: each once, in order, and whatever became of a worker that died. */
async function tellThread({ services, voice, alert, cards }: Speaking, place: string): Promise<void> {
  const { orgId, id } = alert.incident
  const standing = cards.get(place)?.standing
  if (!standing) return
  const told = await postedKeys(services, orgId, alerts.cardKey(id, place))
  for (const event of alert.events) {
    const message = incidentEvent(event)
    const key = alerts.eventKey(id, place, event.id)
    if (!message || told.has(key)) continue
    if (!(await claimPost(services, orgId, key, place)))
      throw new RetryLater(5, 'another worker is posting in this thread, or died while it was')
    const { channelId, ts } = standing
    const posted = await voice.post(channelId, message, { threadTs: ts }).catch(async (error: unknown) => {
      await forgetPost(services, orgId, key)
      throw error
    })
    const at = posted.kind === 'posted' ? posted.ts : 'unreachable'
    await notePost(services, orgId, key, { channelId, ts: at, contentHash: null })
  }
}
