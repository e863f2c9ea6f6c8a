/** Makes the file of an export on disk, a few thousand rows at a time, and posts it to who asked. */
import { openAsBlob } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Exported, readExport, type Table } from '../flows/export-csv.ts'
import type { Services } from '../flows/services.ts'
import { BYTE_ORDER_MARK, csvRecord, fileName } from '../templates/csv.ts'
import type { SlackMessage } from '../templates/slack/blocks.ts'
import { exportFailed, exportMessage, exportTooLarge, exportWasEmpty } from '../templates/slack/export-csv.ts'
import { postFile } from './compose/post-file.ts'
import type { Job, JobContext, SlackVoice } from './job.ts'

declare module '../flows/services.ts' {
  interface Jobs {
    'export-csv': {
      orgId: string
      sourceId: string
      /** Who asked, and to whom it goes. */
      userId: string
      exportId: string
      from: string
      to: string
    }
  }
}

export const exportCsv: Job<'export-csv'> = {
  name: 'export-csv',
  policy: 'exclusive',
  retry: { limit: 5, delaySeconds: 10, delayMaxSeconds: 300 },
  expireSeconds: 1_800,
  concurrency: 1,
  prompt: true,
  async run(services, payload, context) {
    const voice = await services.slack(payload.orgId)
    if (!voice) return
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-export-'))
    try {
      const path = join(folder, 'export.csv')
      const made = await readExport(services, payload, (table) => writeCsv(path, table, context.signal))
      await answer(services, voice, payload, made, path)
    } catch (error) {
      if (context.last) await tellFailed(voice, payload.userId)
      throw error
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

/** From the start, whatever the file held before. Rejects with the signal's reason. */
async function writeCsv(path: string, table: Table, signal: JobContext['signal']): Promise<void> {
  await using file = await open(path, 'w', 0o600)
  await file.appendFile(BYTE_ORDER_MARK + csvRecord(table.columns))
  await table.each(async (rows) => {
    signal.throwIfAborted()
    await file.appendFile(rows.map((row) => csvRecord(row, table.plain)).join(''))
  })
}

type Payload = { orgId: string; userId: string; exportId: string }

async function answer(
  services: Services,
  voice: SlackVoice,
  { orgId, userId, exportId }: Payload,
  made: Exported,
  path: string,
): Promise<void> {
  const tell = async (message: SlackMessage) => void (await voice.post(userId, message))
  switch (made.kind) {
    case 'gone':
      return
    case 'empty':
      return tell(exportWasEmpty(made.named))
    case 'too-large':
      return tell(exportTooLarge(made.named, made.most))
    case 'written': {
      const { clientName, connectorName, accountName } = made.named
      const { from, to } = made.days
      const name = fileName([clientName, connectorName, accountName, from, 'to', to], 'csv')
      const file = { name, title: name, data: await openAsBlob(path, { type: 'text/csv' }) }
      return postFile(services, voice, { orgId, userId, key: `export:${exportId}` }, file, {
        message: exportMessage(made.named, made),
        named: made.named,
      })
    }
    default:
      return made satisfies never
  }
}

/** The error that ended it matters more than one while saying so. */
async function tellFailed(voice: SlackVoice, userId: string): Promise<void> {
  await voice.post(userId, exportFailed()).catch(() => {})
}
