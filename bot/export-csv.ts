/** "Export CSV" in a row's menu: asks which days, and hands the rest to a job. */
import type { App } from '@slack/bolt'
import { askExport, beforeExport, PERIODS } from '../flows/export-csv.ts'
import { may } from '../flows/permission.ts'
import type { Services } from '../flows/services.ts'
import {
  chosenPeriod,
  EXPORT_CSV,
  exportEmpty,
  exportModal,
  exportNotOffered,
  exportStarted,
  nothingToExport,
} from '../templates/slack/export-csv.ts'
import { notAllowed, sourceGone } from '../templates/slack/sources.ts'
import { problemView } from '../templates/slack/trouble.ts'
import { type Actor, actorOf } from './actor.ts'
import { type Args, answer, openModal } from './answer.ts'

const TITLE = 'Export CSV'

export function register(app: App, services: Services): void {
  app.view(EXPORT_CSV, async (args) => {
    const actor = await actorOf(services, args)
    if (actor) await ask(services, args, actor)
  })
}

export async function openExport(
  services: Services,
  args: Args,
  { orgId, member }: Actor,
  sourceId: string,
): Promise<void> {
  if (!may(member, 'see')) return answer(args, mayNot(), TITLE)
  await openModal(args, TITLE, async () => {
    const found = await beforeExport(services, { orgId, sourceId })
    switch (found.kind) {
      case 'has-data':
        return exportModal(found, JSON.stringify({ sourceId }))
      case 'empty':
        return problemView(nothingToExport(found), TITLE)
      case 'not-offered':
        return problemView(exportNotOffered(found), TITLE)
      case 'not-found':
        return problemView(sourceGone(), TITLE)
      default:
        return found satisfies never
    }
  })
}

type Submitted = Args & {
  view: { private_metadata: string; state: { values: Record<string, Record<string, unknown>> } }
  ack: (answer: never) => Promise<void>
}

/** The right is judged again: minutes may lie between the question and the answer. */
async function ask(services: Services, args: Submitted, { orgId, userId, member }: Actor): Promise<void> {
  if (!may(member, 'see')) return answer(args, mayNot(), TITLE)
  const { sourceId } = JSON.parse(args.view.private_metadata) as { sourceId: string }
  const period = PERIODS.find((one) => one === chosenPeriod(args.view.state.values)) ?? PERIODS[0]
  const asked = await askExport(services, { orgId, sourceId, by: userId, period })
  const show = (view: object) => args.ack({ response_action: 'update', view } as never)
  switch (asked.kind) {
    case 'started':
      return show(exportStarted(asked.named))
    case 'empty':
      return show(exportEmpty(asked.named))
    case 'not-offered':
      return answer(args, exportNotOffered(asked.named), TITLE)
    case 'not-found':
      return answer(args, sourceGone(), TITLE)
    default:
      return asked satisfies never
  }
}

const mayNot = () => notAllowed('export data', 'an admin')
