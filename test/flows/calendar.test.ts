import { expect, test } from 'vitest'
import {
  addDays,
  backfillRange,
  gapRange,
  isZone,
  localDate,
  monthSlices,
  nextLocalMidnight,
  refreshRange,
  reportDay,
  startOfLocalDay,
  subtractMonths,
} from '../../flows/calendar.ts'

const ZONES = [
  ...['Africa/Cairo', 'Asia/Beirut', 'America/Havana', 'America/Santiago', 'Atlantic/Azores', 'Asia/Kolkata'],
  ...[
    'Pacific/Kiritimati',
    'Pacific/Apia',
    'Australia/Lord_Howe',
    'America/New_York',
    'Europe/Berlin',
    'Etc/UTC',
  ],
]

test.each(ZONES)('each midnight in %s begins the next local day, for six years', (zone) => {
  let at = startOfLocalDay('2024-01-01', zone)
  let day = '2024-01-01'
  for (let n = 0; n < 6 * 365; n++) {
    const next = nextLocalMidnight(at, zone)
    expect(localDate(next, zone)).toBe(addDays(day, 1))
    expect(localDate(next.getTime() - 1, zone)).toBe(day)
    at = next
    day = addDays(day, 1)
  }
})

test('a skipped midnight is the first instant after it, a doubled one the earlier of the two', () => {
  expect(startOfLocalDay('2026-04-24', 'Africa/Cairo').toISOString()).toBe('2026-04-23T22:00:00.000Z')
  expect(startOfLocalDay('2026-11-01', 'America/Havana').toISOString()).toBe('2026-11-01T04:00:00.000Z')
  expect(startOfLocalDay('2026-03-29', 'Atlantic/Azores').toISOString()).toBe('2026-03-29T01:00:00.000Z')
})

test('a local day that never was is stepped over', () => {
  const next = nextLocalMidnight(new Date('2011-12-29T12:00Z'), 'Pacific/Apia')
  expect(localDate(next, 'Pacific/Apia')).toBe('2011-12-31')
})

test('only zones that people name are zones', () => {
  expect(['Europe/Berlin', 'Etc/UTC', '+02:00', 'Mars/Olympus', ''].map(isZone)).toEqual([
    ...[true, true, false, false, false],
  ])
})

test('months are subtracted within the month', () => {
  expect(subtractMonths('2026-03-31', 13)).toBe('2025-02-28')
  expect(subtractMonths('2025-03-31', 13)).toBe('2024-02-29')
  expect(subtractMonths('2026-01-15', 13)).toBe('2024-12-15')
  expect(subtractMonths('2026-11-20', 13)).toBe('2025-10-20')
})

const report = { backfillMonths: 13, lagDays: 1, restateDays: { nightly: 3, deep: 30 } }

test('a backfill reaches from 13 months ago to yesterday, in months, newest first', () => {
  const range = backfillRange('2026-11-20', report)
  expect(range).toEqual({ from: '2025-10-20', to: '2026-11-19' })
  const slices = monthSlices(range)
  expect(slices).toHaveLength(14)
  expect(slices[0]).toEqual({ key: '2026-11', from: '2026-11-01', to: '2026-11-19' })
  expect(slices[1]).toEqual({ key: '2026-10', from: '2026-10-01', to: '2026-10-31' })
  expect(slices.at(-1)).toEqual({ key: '2025-10', from: '2025-10-20', to: '2025-10-31' })
})

test('on the first of a month no slice is empty, and a provider that lags is asked for less', () => {
  expect(monthSlices(backfillRange('2026-11-01', report))[0]).toEqual({
    ...{ key: '2026-10', from: '2026-10-01', to: '2026-10-31' },
  })
  expect(backfillRange('2026-11-20', { ...report, lagDays: 3 }).to).toBe('2026-11-17')
  expect(backfillRange('2026-11-20', { ...report, lagDays: 0 }).to).toBe('2026-11-19')
})

test('a refresh reads what may be restated and whatever was missed, never today', () => {
  expect(refreshRange('2026-11-20', '2026-11-18', report, false)).toEqual({
    from: '2026-11-17',
    to: '2026-11-19',
  })
  expect(refreshRange('2026-11-20', '2026-11-10', report, false)).toEqual({
    from: '2026-11-11',
    to: '2026-11-19',
  })
  expect(refreshRange('2026-11-20', null, report, true)).toEqual({ from: '2026-10-21', to: '2026-11-19' })
  expect(refreshRange('2026-11-20', '2020-01-01', report, false)).toEqual({
    from: '2025-10-20',
    to: '2026-11-19',
  })
})

test('a gap is refilled exactly', () => {
  expect(gapRange('2026-11-20', '2026-11-15', report)).toEqual({ from: '2026-11-16', to: '2026-11-19' })
  expect(gapRange('2026-11-20', '2026-11-19', report)).toBeNull()
})

test('an account that does not say its zone is asked only for days that are over everywhere', () => {
  const now = new Date('2026-11-20T11:59:00Z')
  expect(reportDay(now, 'account', null)).toBe('2026-11-19')
  expect(reportDay(now, 'account', 'Nowhere/Real')).toBe('2026-11-19')
  expect(reportDay(now, 'account', 'Pacific/Kiritimati')).toBe('2026-11-21')
  expect(reportDay(now, 'pacific', 'Asia/Kolkata')).toBe('2026-11-20')
})
