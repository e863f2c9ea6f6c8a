/** What people read in Slack when something cannot be done: always what, and what to do next. */
import type { ModalView } from '@slack/types'
import { plain, safe, section } from './blocks.ts'

/** The database or another part of ours does not answer. Nothing was changed. */
export const tryAgain = () =>
  'Latchkey cannot reach its database at the moment, so nothing was changed. Please try again in a minute.'

/** A form opened, but what belongs in it did not come. */
export const notLoaded = () => 'Latchkey could not load this. Please close it and try again in a minute.'

/** Slack waits three seconds; what was asked may still be under way. */
export const tookTooLong = () =>
  'This takes longer than usual. Please try again in a minute: pressing twice does nothing twice.'

/** A mistake of ours. The reference stands in our log beside the cause. */
export const ourMistake = (reference: string) =>
  `Something went wrong on our side. Please try again; if it happens again, give your Latchkey operator the reference ${reference}.`

export const unknownCommand = (command: string) =>
  `Latchkey does not know ${safe(command, 40)}. Type \`/access help\` to see what it can do.`

export const outdatedButton = () =>
  'This button is from an older version of Latchkey and does nothing now. Open Latchkey’s Home tab or type `/sources`.'

export const unknownWorkspace = () =>
  'Latchkey is not installed in this workspace. Ask a workspace admin to install it, or use the workspace it was installed in.'

export type Refusal = 'bot' | 'deactivated' | 'guest' | 'other-workspace' | 'unknown'

const REFUSALS: Record<Refusal, string> = {
  bot: 'Bots cannot use Latchkey. Ask a member of this workspace to do this.',
  deactivated: 'Your Slack account is deactivated here. Ask a workspace admin.',
  guest:
    'Guests cannot use Latchkey in this workspace. Ask a full member to do this, or a workspace admin to make you one.',
  'other-workspace':
    'Only members of the workspace that installed Latchkey can do this. Ask the people there to do it.',
  unknown: 'Slack did not tell us who you are. Please try again in a minute.',
}

export const refused = (why: Refusal) => REFUSALS[why]

/** A modal in place of one that cannot go on. */
export function problemView(text: string, title = 'That did not work'): ModalView {
  return { type: 'modal', title: plain(title, 24), close: plain('Close', 24), blocks: [section(text)] }
}

/** Opened at once, because Slack allows three seconds; replaced when the content is there. */
export function loadingView(title: string): ModalView {
  return { type: 'modal', title: plain(title, 24), close: plain('Close', 24), blocks: [section('Loading…')] }
}
