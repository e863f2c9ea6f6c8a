/** The strings the sandbox and tests can pull at the provider, as functions and as JSON under /_control. */
import { withdraw } from './authorise.ts'
import { adsAccounts, people, properties, sites } from './cast.ts'
import type { Mode, State } from './state.ts'

export type Control = {
  /** As if the person had removed the app's access in their Google Account. */
  revoke(email: string): Promise<void>
  setMode(mode: Mode): void
  /** As if access to one account had been taken away. Customer id, property id or site URL. */
  removeAccount(id: string): void
  restoreAccount(id: string): void
  /** Whether the box of a scope starts ticked on the consent page (it does unless told). */
  tickScope(scope: string, ticked: boolean): void
  /** Calls of one endpoint since the start or the last reset, e.g. `token`, `ads.report`, `ga4.accounts`. */
  calls(endpoint: string): number
  resetCalls(): void
  status(): Status
}

export type Status = {
  mode: Mode
  now: string
  people: { email: string; name: string; connected: boolean }[]
  accounts: { id: string; name: string; removed: boolean }[]
  unticked: string[]
  calls: Record<string, number>
}

export function controlOf(state: State, emulator: string): Control {
  return {
    revoke: (email) => withdraw(state, emulator, (one) => one.email === email),
    setMode(mode) {
      state.mode = mode
    },
    removeAccount: (id) => void state.removed.add(id),
    restoreAccount: (id) => void state.removed.delete(id),
    tickScope: (scope, ticked) => void (ticked ? state.unticked.delete(scope) : state.unticked.add(scope)),
    calls: (endpoint) => state.calls.get(endpoint) ?? 0,
    resetCalls: () => state.calls.clear(),
    status: () => statusOf(state),
  }
}

/** `POST /_control/<order>` with a JSON body, `GET /_control` for the state of things. Null: no such order. */
export async function obey(
  control: Control,
  order: string,
  body: Record<string, unknown>,
): Promise<Status | null> {
  const id = String(body.id ?? '')
  if (order === 'revoke') await control.revoke(String(body.email))
  else if (order === 'mode' && isMode(body.mode)) control.setMode(body.mode)
  else if (order === 'remove-account') control.removeAccount(id)
  else if (order === 'restore-account') control.restoreAccount(id)
  else if (order === 'tick-scope') control.tickScope(String(body.scope), body.ticked === true)
  else if (order === 'reset-calls') control.resetCalls()
  else if (order !== '') return null
  return control.status()
}

const isMode = (mode: unknown): mode is Mode =>
  mode === 'ok' || mode === 'slow' || mode === 'rate-limited' || mode === 'down'

function statusOf(state: State): Status {
  const named = [
    ...adsAccounts.map(({ id, name }) => ({ id, name: `Google Ads: ${name}` })),
    ...properties.map(({ id, name }) => ({ id, name: `Analytics: ${name}` })),
    ...Object.keys(sites).map((id) => ({ id, name: `Search Console: ${id}` })),
  ]
  const connected = new Set([...state.refresh.values()].map(({ email }) => email))
  return {
    mode: state.mode,
    now: state.now().toISOString(),
    people: people.map(({ email, name }) => ({ email, name, connected: connected.has(email) })),
    accounts: named.map((account) => ({ ...account, removed: state.removed.has(account.id) })),
    unticked: [...state.unticked],
    calls: Object.fromEntries(state.calls),
  }
}
