/** Below /l/<token>: decline, ask somebody else, ask a question, and a fresh link for an expired one. */
import express, { type Request, type Response, Router } from 'express'
import { sendFresh } from '../flows/connect/fresh.ts'
import type { LinkView } from '../flows/connect/look.ts'
import { type Answer, answerRequester } from '../flows/connect/owner-ask.ts'
import type { Page } from '../templates/page/layout.ts'
import {
  declinePage,
  questionPage,
  type SayPage,
  saidPage,
  someoneElsePage,
} from '../templates/page/owner-says.ts'
import { freshPage } from '../templates/page/problem.ts'
import { promptly } from './guard.ts'
import { requesterOf, senderOf, zoneOf } from './link-data.ts'
import { type At, fields, pathOf, sightOf } from './link-page.ts'
import { sendPage } from './send.ts'
import { sessionCookies } from './session.ts'
import { sendSight } from './sight.ts'

const form = express.urlencoded({ extended: false, limit: '16kb', parameterLimit: 20 })

type Way = { page(p: SayPage): Page; answer(given: Record<string, string>): Answer }

/** Path → what is shown, and what is said. */
const ways: Record<string, Way> = {
  decline: { page: declinePage, answer: ({ reason = '' }) => ({ kind: 'decline', text: reason }) },
  question: { page: questionPage, answer: ({ question = '' }) => ({ kind: 'question', text: question }) },
  'someone-else': { page: someoneElsePage, answer: ({ email = '' }) => ({ kind: 'delegate', email }) },
}

export function ownerSaysRoutes(at: At): Router {
  const router = Router()
  for (const [name, way] of Object.entries(ways)) {
    router.get(`/l/:token/${name}`, (req, res) => ask(at, way, req, res))
    router.post(`/l/:token/${name}`, form, (req, res) => say(at, way, req, res))
  }
  router.post('/l/:token/fresh', form, (req, res) => fresh(at, req, res))
  return router
}

type LinkRequest = Request<{ token: string }>

const shown = (link: LinkView, path: string) => ({
  sender: senderOf(link),
  path,
  requester: requesterOf(link),
})

async function ask(at: At, way: Way, req: LinkRequest, res: Response): Promise<void> {
  const sight = await sightOf(at, req)
  const path = pathOf(req)
  if (sight.kind !== 'open' || sight.late) return sendSight(at.services, res, sight, path)
  sendPage(res, 200, way.page({ ...shown(sight.link, path), problem: null }))
}

async function say({ services, guesses }: At, way: Way, req: LinkRequest, res: Response): Promise<void> {
  const path = pathOf(req)
  const answer = way.answer(fields(req))
  const cookies = sessionCookies(req, services.publicUrl)
  const answered = await promptly(answerRequester(services, req.params.token, cookies, answer))
  switch (answered.kind) {
    case 'told':
      return sendPage(res, 200, saidPage(shown(answered.link, path), answer.kind))
    case 'empty':
    case 'not-one-address':
    case 'too-many':
      return sendPage(res, 422, way.page({ ...shown(answered.link, path), problem: answered.kind }))
    case 'not-open':
      if (answered.sight.kind === 'unknown') guesses.note(req.ip ?? '')
      return sendSight(services, res, answered.sight, path)
    default:
      return answered satisfies never
  }
}

async function fresh({ services, guesses }: At, req: LinkRequest, res: Response): Promise<void> {
  const cookies = sessionCookies(req, services.publicUrl)
  const refreshed = await promptly(sendFresh(services, req.params.token, cookies))
  if (refreshed.kind === 'not-expired') {
    if (refreshed.sight.kind === 'unknown') guesses.note(req.ip ?? '')
    return sendSight(services, res, refreshed.sight, pathOf(req))
  }
  const { link } = refreshed
  const words =
    refreshed.kind === 'queued'
      ? { kind: refreshed.kind, expectedAt: refreshed.expectedAt, timeZone: zoneOf(link) }
      : { kind: refreshed.kind }
  sendPage(res, 200, freshPage(senderOf(link), words, requesterOf(link)))
}
