/** Why a connection or source is down, in plain words: what happened, and what to do next. */

export type Reason =
  | 'revoked'
  | 'key_invalid'
  | 'account_lost'
  | 'scope_missing'
  | 'app_config'
  | 'version_sunset'
  | 'transient'
  | 'unchecked'
  | 'outage'
  | 'expiring'
  | 'degraded'

export const REASONS: Record<Reason, { says: string; next: string; short: string }> = {
  revoked: {
    says: 'The provider no longer accepts this authorisation: it was withdrawn, or the login behind it changed.',
    next: 'Press Reconnect if this login is yours, or ask the owner. If it was withdrawn on purpose, mute the alert and say why.',
    short: 'the authorisation is no longer accepted',
  },
  key_invalid: {
    says: 'The provider no longer accepts this key: it was deleted, replaced or changed.',
    next: 'Press Reconnect to enter a working one, or ask the owner. The data sources and their history stay. If it was deleted on purpose, mute the alert and say why.',
    short: 'the key is no longer accepted',
  },
  account_lost: {
    says: 'The login still works, but it can no longer see these accounts.',
    next: 'Somebody who manages the accounts at the provider gives the login access again; then press Reconnect, or ask the owner.',
    short: 'this login can no longer see the account',
  },
  scope_missing: {
    says: 'A permission box was left unticked, so this data may not be read.',
    next: 'Reconnect, or ask the owner, and tick every box on the way.',
    short: 'a permission box was left unticked',
  },
  app_config: {
    says: "The provider refuses our own app, not the owner's authorisation.",
    next: 'Check the OAuth app at the provider: its secret, its switched-on APIs and its approval. The owner can do nothing about it.',
    short: 'the provider refuses our app',
  },
  version_sunset: {
    says: 'The provider has switched off the version of its API that we use.',
    next: 'Update Latchkey. The owner can do nothing about it.',
    short: 'the provider switched off the version we use',
  },
  transient: {
    says: 'The provider has been failing to answer for three days. We keep trying.',
    next: "Look at the provider's status page. Reconnecting would not help.",
    short: 'the provider did not answer',
  },
  unchecked: {
    says: 'The provider did not answer when we checked.',
    next: 'Try again later.',
    short: 'the provider did not answer, we keep trying',
  },
  outage: {
    says: 'The provider fails for many connections alike, so it is not about any one of them.',
    next: 'While it lasts nobody is disconnected and no client is alerted. We ask again every two minutes; whoever is still refused once it answers is alerted one by one, at the latest after a day.',
    short: 'the provider refuses many at once',
  },
  expiring: {
    says: 'The provider ends this authorisation on a fixed day, whatever we do.',
    next: 'Reconnecting takes a minute and loses nothing.',
    short: 'the authorisation ends soon',
  },
  degraded: {
    says: 'The last reads brought rows, but no value for a metric that used to be there.',
    next: 'Look at the provider whether the account still has it. Nothing that was read is lost, and this ends by itself when the metric comes back.',
    short: 'a metric is missing',
  },
}

/** What an incident says: some kinds have one reason of their own, and what waits for an outage has that. */
export function incidentReason({
  kind,
  failureClass,
  held,
  takesKey,
}: {
  kind: string
  failureClass: string
  held: boolean
  takesKey: boolean
}): Reason {
  if (held) return 'outage'
  if (takesKey && failureClass === 'revoked') return 'key_invalid'
  return reasonOf(kind in REASONS ? kind : failureClass)
}

/** Any failure class; what has no words of its own is passing trouble. */
export function reasonOf(failureClass: string): Reason {
  return failureClass in REASONS ? (failureClass as Reason) : 'transient'
}
