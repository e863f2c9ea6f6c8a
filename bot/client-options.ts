/**
 * Two ways to call Slack. A fresh object each time and never `headers` in it: the library writes the token of one
 * workspace into a shared `headers` object, and another workspace's calls would carry it.
 */
import type { Logger, WebClientOptions } from '@slack/web-api'

/** While a person waits: Slack's triggers live three seconds, so a late answer is no answer. */
export function interactive(apiUrl: string, logger: Logger): WebClientOptions {
  return {
    slackApiUrl: apiUrl,
    logger,
    timeout: 2_500,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  }
}

/** From jobs: the queue tries again, so the library must not. */
export function background(apiUrl: string, logger: Logger): WebClientOptions {
  return {
    slackApiUrl: apiUrl,
    logger,
    timeout: 10_000,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  }
}
