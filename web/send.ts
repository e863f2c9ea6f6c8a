/** Answering with a page: security headers, and a content policy that allows its own style and nothing else. */
import { createHash } from 'node:crypto'
import type { RequestHandler, Response } from 'express'
import helmet from 'helmet'
import type { Page } from '../templates/page/layout.ts'

/** For every answer, also those that are no pages. */
export function everywhere(publicUrl: URL): RequestHandler {
  const https = publicUrl.protocol === 'https:'
  return (_req, res, next) => {
    res.set('x-content-type-options', 'nosniff')
    if (https) res.set('strict-transport-security', 'max-age=31536000; includeSubDomains')
    next()
  }
}

/** For every owner's page. The content policy is set per page, by `sendPage`. */
export function pageHeaders(): RequestHandler[] {
  return [
    helmet({
      contentSecurityPolicy: false,
      // Not no-referrer: browsers then send `Origin: null` with our own forms.
      referrerPolicy: { policy: 'same-origin' },
      strictTransportSecurity: false, // `everywhere` has it
      xFrameOptions: { action: 'deny' },
    }),
    (_req, res, next) => {
      res.set({ 'cache-control': 'no-store', 'x-robots-tag': 'noindex, nofollow' })
      res.set('content-security-policy', policy(null, []))
      next()
    },
  ]
}

/** `formsTo`: origins that forms of the page may end at after a redirect; Chromium checks the whole chain. */
export function sendPage(
  res: Response,
  status: number,
  page: Page,
  { formsTo = [] }: { formsTo?: string[] } = {},
): void {
  if (res.headersSent) return
  res.set('content-security-policy', policy(page.style, formsTo))
  res.status(status).type('html').send(page.html)
}

function policy(style: string | null, formsTo: string[]): string {
  const hash = style === null ? "'none'" : `'sha256-${createHash('sha256').update(style).digest('base64')}'`
  return [
    "default-src 'none'",
    `style-src ${hash}`,
    `form-action ${["'self'", ...new Set(formsTo)].join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
}
