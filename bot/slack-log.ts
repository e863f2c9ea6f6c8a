/** Bolt's logger over ours. Debug lines are dropped: they hold message bodies, and those hold auth links. */
import { type Logger, LogLevel } from '@slack/bolt'
import type { Log } from '../log.ts'

export function slackLogger(log: Log): Logger {
  const says = (words: unknown[]) =>
    words
      .map((word) =>
        word instanceof Error ? word.message : typeof word === 'string' ? word : `[${typeof word}]`,
      )
      .join(' ')
      .slice(0, 500)
  return {
    debug: () => {},
    info: (...words) => log.debug({ from: 'slack' }, says(words)),
    warn: (...words) => log.warn({ from: 'slack' }, says(words)),
    error: (...words) => log.error({ from: 'slack' }, says(words)),
    setLevel: () => {},
    getLevel: () => LogLevel.INFO,
    setName: () => {},
  }
}
