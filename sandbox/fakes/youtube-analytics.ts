/** YouTube as its Data and Analytics APIs answer: two channels, figures by day. */
import { daysOf } from '../../connectors/days.ts'
import type { Fake } from './fake.ts'
import { googleFake, rowsFrom } from './google.ts'

const channels = [
  { id: 'UCmoebelmoebelmoebelmoeb', snippet: { title: 'Müller Möbel', customUrl: '@muellermoebel' } },
  { id: 'UCfjordfjordfjordfjordfj', snippet: { title: 'Fjord Outdoor', customUrl: '@fjord' } },
]

export const fake: Fake = googleFake(
  ['https://www.googleapis.com', 'https://youtubeanalytics.googleapis.com'],
  ({ url }, { figure }) => {
    const asked = url.searchParams
    if (url.pathname === '/youtube/v3/channels')
      return { body: { kind: 'youtube#channelListResponse', items: channels } }
    if (url.pathname !== '/v2/reports') return null
    const id = (asked.get('ids') ?? '').replace('channel==', '')
    const range = { from: asked.get('startDate') ?? '', to: asked.get('endDate') ?? '' }
    const start = Number(asked.get('startIndex') ?? 1) - 1
    const names = ['day', ...(asked.get('metrics') ?? '').split(',')]
    const columnHeaders = names.map((name) => ({
      ...{ name, columnType: name === 'day' ? 'DIMENSION' : 'METRIC' },
      dataType: name === 'day' ? 'STRING' : 'INTEGER',
    }))
    const { rows } = rowsFrom(
      [daysOf(range), [id]],
      start,
      Number(asked.get('maxResults') ?? 10_000),
      (day) => {
        const views = figure(`yt ${id}`, day, 1_800)
        const made: Record<string, string | number> = {
          ...{ day, views, estimatedMinutesWatched: Math.round(views * 2.7), averageViewDuration: 162 },
          ...{ likes: Math.round(views / 30), subscribersGained: Math.round(views / 110) },
          subscribersLost: Math.round(views / 600),
        }
        return names.map((name) => made[name] ?? 0)
      },
    )
    return { body: { kind: 'youtubeAnalytics#resultTable', columnHeaders, rows } }
  },
)
