/** `/sources`, and the menu beside every data source, in the message and in App Home. */
import type { App, BlockAction } from '@slack/bolt'
import { listSources } from '../flows/overview.ts'
import { may } from '../flows/permission.ts'
import { refreshNow } from '../flows/refresh-now.ts'
import { beforeRemoval, removeSource } from '../flows/remove-source.ts'
import type { Services } from '../flows/services.ts'
import {
  noSuchClient,
  notAllowed,
  REMOVE_SOURCE,
  ROWS_IN_MESSAGE,
  refreshNotNow,
  refreshStarted,
  removeSourceModal,
  SOURCE_MENU,
  sourceGone,
  sourceList,
  sourceRemoved,
} from '../templates/slack/sources.ts'
import { problemView } from '../templates/slack/trouble.ts'
import { type Actor, actorOf } from './actor.ts'
import { type Args, answer, openModal, typed } from './answer.ts'
import { showCoverage } from './coverage.ts'
import { openExport } from './export-csv.ts'
import type { Command } from './listener.ts'
import { publishHome, stateIn } from './publish-home.ts'
import { reconnectNow } from './reconnect.ts'

export const commands: Command[] = [
  {
    command: '/sources',
    description: 'Data sources and their status',
    usage_hint: '[disconnected | client]',
  },
]

export function register(app: App, services: Services): void {
  app.command('/sources', async (args) => {
    await args.ack()
    const actor = await actorOf(services, args)
    if (actor) await showSources(services, args, actor, typed(args.command.text))
  })
  app.action<BlockAction>(SOURCE_MENU, async (args) => {
    await args.ack()
    const actor = await actorOf(services, args)
    const { action } = args
    const [what, id = ''] =
      'selected_option' in action ? (action.selected_option?.value ?? '').split(':') : []
    if (!actor || !/^[0-9a-f-]{36}$/.test(id)) return
    if (what === 'reconnect') await reconnectNow(services, args, actor, id)
    if (what === 'refresh') await refresh(services, args, actor, id)
    if (what === 'export') await openExport(services, args, actor, id)
    if (what === 'coverage') await showCoverage(services, args, actor, id)
    if (what === 'remove') await askRemoval(services, args, actor, id)
  })
  app.view(REMOVE_SOURCE, async (args) => {
    const actor = await actorOf(services, args)
    if (actor) await remove(services, args, actor)
  })
}

/** Only for the reader's eyes. */
async function showSources(services: Services, args: Args, { orgId, member }: Actor, words: string) {
  const list = await listSources(services, orgId, words, ROWS_IN_MESSAGE)
  switch (list.kind) {
    case 'no-such-client':
      return answer(args, noSuchClient(words, list.similar))
    case 'found': {
      const onlyDisconnected = words.toLowerCase() === 'disconnected'
      const rights = {
        reconnect: may(member, 'reconnect'),
        refresh: may(member, 'request'),
        remove: may(member, 'manage'),
      }
      return answer(args, sourceList({ ...list, onlyDisconnected }, rights))
    }
    default:
      return list satisfies never
  }
}

async function refresh(services: Services, args: Args, actor: Actor, sourceId: string): Promise<void> {
  const { orgId, userId, member } = actor
  if (!may(member, 'request'))
    return answer(args, notAllowed('refresh data sources', 'a role member, manager or admin'))
  const outcome = await refreshNow(services, { orgId, sourceId, by: userId })
  switch (outcome.kind) {
    case 'started':
      return answer(args, refreshStarted(outcome.accountName), 'Refresh now')
    case 'not-now':
      return answer(args, refreshNotNow(outcome.accountName, outcome.disconnected), 'Refresh now')
    case 'not-found':
      return answer(args, sourceGone(), 'Refresh now')
    default:
      return outcome satisfies never
  }
}

async function askRemoval(services: Services, args: Args, actor: Actor, sourceId: string): Promise<void> {
  const { orgId, member } = actor
  if (!may(member, 'manage')) return answer(args, notAllowed('remove data sources', 'a manager or admin'))
  const { view } = args.body as { view?: { type?: string; private_metadata?: string } }
  const home = view?.type === 'home' ? stateIn(view) : null
  await openModal(args, 'Remove data source', async () => {
    const found = await beforeRemoval(services, { orgId, sourceId })
    if (!found) return problemView(sourceGone(), 'Remove data source')
    const connectorName = services.connectors.get(found.connectorId)?.name ?? found.connectorId
    return removeSourceModal({ ...found, connectorName }, JSON.stringify({ sourceId, home }))
  })
}

/** The rights are judged again: minutes may lie between the question and the answer. */
async function remove(
  services: Services,
  args: Args & { view: { private_metadata: string }; ack: (answer: never) => Promise<void> },
  actor: Actor,
): Promise<void> {
  const { orgId, userId, member } = actor
  if (!may(member, 'manage')) return answer(args, notAllowed('remove data sources', 'a manager or admin'))
  const { sourceId, home } = JSON.parse(args.view.private_metadata) as {
    sourceId: string
    home: { clientId: string | null; limit: number } | null
  }
  const outcome = await removeSource(services, { orgId, sourceId, by: `slack:${userId}` })
  switch (outcome.kind) {
    case 'removed': {
      const view = sourceRemoved(outcome.accountName, outcome.last)
      await args.ack({ response_action: 'update', view } as never)
      return publishHome(services, args, actor, home ?? undefined)
    }
    case 'removed-before':
    case 'not-found':
      return answer(args, sourceGone())
    default:
      return outcome satisfies never
  }
}
