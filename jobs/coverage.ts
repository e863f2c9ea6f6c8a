/** Draws the coverage calendar of a data source and posts it to who asked. */
import { coverageOf } from '../flows/coverage.ts'
import { fileName } from '../templates/csv.ts'
import { coverageSvg } from '../templates/picture/coverage.ts'
import { coverageFailed, coverageMessage, coverageWords } from '../templates/slack/coverage.ts'
import { toPng } from './compose/picture.ts'
import { postFile } from './compose/post-file.ts'
import type { Job } from './job.ts'

declare module '../flows/services.ts' {
  interface Jobs {
    /** `userId`: who asked, and to whom it goes. */
    coverage: { orgId: string; sourceId: string; userId: string; pictureId: string }
  }
}

export const coverageJob: Job<'coverage'> = {
  name: 'coverage',
  policy: 'exclusive',
  retry: { limit: 5, delaySeconds: 10, delayMaxSeconds: 300 },
  expireSeconds: 120,
  concurrency: 1,
  prompt: true,
  async run(services, payload, { last }) {
    const { orgId, userId, pictureId } = payload
    const voice = await services.slack(orgId)
    if (!voice) return
    try {
      const found = await coverageOf(services, payload)
      if (!found) return
      const day = found.days.at(-1)?.day ?? ''
      const name = fileName(
        ['coverage', found.clientName, found.connectorName, found.accountName, day],
        'png',
      )
      const data = new Blob([await toPng(coverageSvg(found))], { type: 'image/png' })
      const file = { name, title: name, altText: coverageWords(found), data }
      await postFile(services, voice, { orgId, userId, key: `coverage:${pictureId}` }, file, {
        message: coverageMessage(found),
        named: found,
      })
    } catch (error) {
      if (last) await voice.post(userId, coverageFailed()).catch(() => {}) // the first error matters more
      throw error
    }
  },
}
