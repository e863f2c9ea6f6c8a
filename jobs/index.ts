/** Everything that happens later. Adding a job: one new file here and one line below. */

export const jobs = []

export const schedules = [{ name: 'tick', cron: '* * * * *' }] as const
