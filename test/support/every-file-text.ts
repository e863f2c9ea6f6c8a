/** Texts around the files people are sent, for every-text.ts. */
import * as coverage from '../../templates/slack/coverage.ts'
import * as exportCsv from '../../templates/slack/export-csv.ts'

export function everyFileText(name: string): Record<string, unknown> {
  const named = { accountName: name, connectorName: name, clientName: name }
  const days = [{ day: '2026-11-19', state: 'missing' as const }]
  const span = { from: '2026-11-01', to: '2026-11-19' }
  return {
    'export-csv exportModal': exportCsv.exportModal(named, '{}'),
    'export-csv exportStarted': exportCsv.exportStarted(named),
    'export-csv exportEmpty': exportCsv.exportEmpty(named),
    'export-csv nothingToExport': exportCsv.nothingToExport(named),
    'export-csv exportNotOffered': exportCsv.exportNotOffered(named),
    'export-csv exportMessage': exportCsv.exportMessage(named, { rows: 12_345, days: span }),
    'export-csv exportWasEmpty': exportCsv.exportWasEmpty(named),
    'export-csv exportTooLarge': exportCsv.exportTooLarge(named, 1_000_000),
    'export-csv fileRefused': exportCsv.fileRefused(named, 'odd'),
    'coverage coverageStarted': coverage.coverageStarted(name),
    'coverage coverageMessage': coverage.coverageMessage({ ...named, days, restateDays: 3 }),
  }
}
