/** Every text about an incident, for the table of every text. */
import { incidentCard } from '../../templates/slack/incident.ts'
import * as incidentAnswers from '../../templates/slack/incident-answers.ts'
import { incidentEvent } from '../../templates/slack/incident-events.ts'
import { decidedBefore, moveCard } from '../../templates/slack/move.ts'

const at = new Date('2026-11-20T12:00:00Z')
const ID = '8d6f3e1e-0000-4000-8000-000000000001'

export function incidents(name: string): Record<string, unknown> {
  const shown = { name, connectorName: 'Google Ads' }
  const card = {
    ...{ incidentId: ID, kind: 'connection' as const, reason: 'revoked' as const, ownerAction: name },
    ...{ providerName: 'Google', identityLabel: name, since: at, lastGoodDay: '2026-11-18', ackedBy: 'U1' },
    ...{ clients: [{ name, sources: [shown] }], hidden: { clients: 1, sources: 2 }, snoozedUntil: at },
    ...{ mutedBy: 'U1', muteReason: name, resolvedAt: null, outcome: null, onCall: 'S123' },
    ...{ held: false, endsOn: null, days: null, outage: null },
  }
  const lacking = [{ name, sources: [{ ...shown, missing: [name, 'video_views'] }] }]
  const outage = { held: 7, of: 12, answered: 0, refused: 0, reason: 'revoked' as const, lasted: false }
  const ending = { ...card, kind: 'expiring' as const, reason: 'expiring' as const, endsOn: '2026-12-03' }
  const failing = { ...card, kind: 'outage' as const, reason: 'outage' as const, identityLabel: '', outage }
  const outcome = {
    ...{ healed: [shown], notHealed: [{ ...shown, why: 'account_lost' as const }] },
    ...{ hiddenHealed: 1, hiddenNotHealed: 1 },
  }
  const named = { client: name, name, connectorName: 'Google Ads' }
  const move = {
    ...{ moveId: ID, decidedBy: 'U1', decidedAt: at, providerName: 'Google', fromLabel: name, toLabel: name },
    ...{ visible: [named], unseen: [named] },
  }
  const event = { kind: 'incident.muted', actor: 'slack:U1', data: { reason: name } }
  return {
    'incident incidentCard open': incidentCard({ ...card, state: 'open' }),
    'incident incidentCard muted': incidentCard({ ...card, state: 'muted' }),
    'incident incidentCard resolved': incidentCard({ ...card, state: 'resolved', resolvedAt: at, outcome }),
    'incident incidentCard on hold': incidentCard({ ...card, state: 'open', held: true, reason: 'outage' }),
    'incident incidentCard expiring': incidentCard({ ...ending, state: 'open', days: 14 }),
    'incident incidentCard at its end': incidentCard({ ...ending, state: 'open', days: 0 }),
    'incident incidentCard outage': incidentCard({ ...failing, state: 'open' }),
    'incident incidentCard outage over': incidentCard({
      ...{ ...failing, state: 'resolved', resolvedAt: at, outage: { ...outage, answered: 6, refused: 1 } },
    }),
    'incident incidentCard outage lasted': incidentCard({
      ...{ ...failing, state: 'resolved', resolvedAt: at, outage: { ...outage, refused: 7, lasted: true } },
    }),
    'incident incidentCard degraded': incidentCard({
      ...{ ...card, kind: 'degraded', reason: 'degraded', state: 'open', clients: lacking },
    }),
    'incident-events incidentEvent': incidentEvent(event),
    'incident-events incidentEvent countdown': incidentEvent({
      ...{ kind: 'incident.countdown', actor: 'system' },
      data: { days: 7, endsOn: '2026-12-03', provider: name },
    }),
    'incident-events incidentEvent recovered': incidentEvent({
      ...{ kind: 'incident.recovered', actor: 'system', data: { answered: 6, refused: 1 } },
    }),
    'incident-events incidentEvent degraded': incidentEvent({
      ...{ kind: 'incident.degraded', actor: 'system', data: { source: name, metrics: [name] } },
    }),
    'incident-answers mutedAlready': incidentAnswers.mutedAlready('U1', name),
    'incident-answers takenBy': incidentAnswers.takenBy('U1', at),
    'incident-answers overAlready': incidentAnswers.overAlready(at, 'slack:U1'),
    'incident-answers muteModal': incidentAnswers.muteModal('{}', 300),
    'move moveCard open': moveCard({ ...move, status: 'open' }),
    'move moveCard kept': moveCard({ ...move, status: 'kept' }),
    'move decidedBefore': decidedBefore('kept', 'U1', at),
  }
}
