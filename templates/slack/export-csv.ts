/** "Export CSV" of a data source: the choice of a period, and what comes back as a direct message. */
import type { ModalView, RadioButtons } from '@slack/types'
import { counted, dayWords } from '../words.ts'
import { plain, type SlackMessage, safe, section } from './blocks.ts'

export type NamedSource = { accountName: string; connectorName: string; clientName: string }

export const EXPORT_CSV = 'export-csv'
const PERIOD = 'period'

const PERIODS: [value: string, words: string][] = [
  ['last-13-months', 'Last 13 months'],
  ['last-30-days', 'Last 30 days'],
  ['this-month', 'This month so far'],
  ['last-month', 'Last month'],
  ['everything', 'Everything we have'],
]

/** `*Google Ads – Shop* for Acme`. */
export const titleOf = ({ accountName, connectorName, clientName }: NamedSource) =>
  `*${safe(connectorName, 40)} – ${safe(accountName)}* for ${safe(clientName)}`

export function exportModal(source: NamedSource, metadata: string): ModalView {
  const options = PERIODS.map(([value, words]) => ({ text: plain(words), value }))
  const element: RadioButtons = { type: 'radio_buttons', action_id: PERIOD, options }
  if (options[0]) element.initial_option = options[0]
  return {
    type: 'modal',
    callback_id: EXPORT_CSV,
    private_metadata: metadata,
    title: plain('Export CSV', 24),
    submit: plain('Export', 24),
    close: plain('Cancel', 24),
    blocks: [
      section(titleOf(source)),
      { type: 'input', block_id: PERIOD, label: plain('Which days?'), element },
      section('The file comes as a direct message, for you alone.'),
    ],
  }
}

/** What was chosen; null when it is none of the choices. */
export function chosenPeriod(values: Record<string, Record<string, unknown>>): string | null {
  const { selected_option } = (values[PERIOD]?.[PERIOD] ?? {}) as { selected_option?: { value?: string } }
  return selected_option?.value ?? null
}

export function exportStarted(source: NamedSource): ModalView {
  return closing(`The file of ${titleOf(source)} is being made. It comes as a direct message from me.`)
}

export function exportEmpty(source: NamedSource): ModalView {
  return closing(`There are no data of ${titleOf(source)} in these days, so there is no file.`)
}

/** Before a period was chosen: nothing at all has been read. */
export const nothingToExport = (source: NamedSource) =>
  `There are no data of ${titleOf(source)} yet. They come with the backfill; \`/sources\` shows how far it is.`

export const exportNotOffered = (source: NamedSource) =>
  `${safe(source.connectorName)} is not set up in this installation any more, so its data cannot be exported here. They are still in the database.`

function closing(text: string): ModalView {
  return {
    ...{ type: 'modal', title: plain('Export CSV', 24), close: plain('Done', 24) },
    blocks: [section(text)],
  }
}

/** Beside the file. */
export function exportMessage(
  source: NamedSource,
  { rows, days }: { rows: number; days: { from: string; to: string } },
): SlackMessage {
  const count = rows.toLocaleString('en-GB')
  const span = days.from === days.to ? dayWords(days.from) : `${dayWords(days.from)} to ${dayWords(days.to)}`
  const text = `Here is the export of ${titleOf(source)}: ${counted(rows, 'row').replace(String(rows), count)}, ${span}.`
  return { text, blocks: [section(text)] }
}

/** Nothing was left in the days by the time the file was made. */
export const exportWasEmpty = (source: NamedSource): SlackMessage =>
  says(`There are no data of ${titleOf(source)} in these days, so there is no file.`)

export const exportTooLarge = (source: NamedSource, most: number): SlackMessage =>
  says(
    `The export of ${titleOf(source)} would have more than ${most.toLocaleString('en-GB')} rows, which no spreadsheet opens. Choose fewer days, or read \`reporting\` in the database.`,
  )

/** `why`: Slack's code, in words where we know it. */
export const fileRefused = (source: NamedSource, why: string): SlackMessage =>
  says(
    `The file of ${titleOf(source)} could not be posted: ${REFUSALS[why] ?? `Slack refused it (${safe(why, 60)})`}.`,
  )

const REFUSALS: Record<string, string> = {
  file_uploads_disabled: 'file uploads are switched off in this workspace. A workspace admin can allow them',
  file_uploads_except_images_disabled:
    'only pictures may be uploaded in this workspace. A workspace admin can allow other files',
  file_upload_size_restricted: 'it is larger than this workspace allows. Choose fewer days',
  file_type_not_allowed:
    'files of this kind are not allowed in this workspace. A workspace admin can allow them',
  storage_limit_reached: 'the workspace has no room left for files',
  missing_scope: 'Latchkey may not upload files here. A workspace admin can install it again to allow that',
}

export const exportFailed = (): SlackMessage =>
  says('The export you asked for could not be made. Try again in a while.')

const says = (text: string): SlackMessage => ({ text, blocks: [section(text)] })
