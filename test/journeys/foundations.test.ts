/** Before anything else: the product starts, is ready, answers Slack, and stops without a trace. */
import { expect, it } from 'vitest'
import { openWorld } from '../support/world.ts'

it('starts ready, answers a person in Slack, and stops cleanly', async () => {
  const world = await openWorld()

  const ready = await fetch(`${world.url}/readyz`)
  expect(ready.status).toBe(200)
  expect(await ready.json()).toMatchObject({ ready: true, database: true, queue: true })

  // Nobody else can pretend to be Slack.
  const forged = await fetch(`${world.url}/slack/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-slack-signature': 'v0=0' },
    body: 'command=/access',
  })
  expect(forged.status).toBe(401)

  const { status, ms } = await world.slack.as('Ana').command('/access', 'help')
  expect(status).toBe(200)
  expect(ms).toBeLessThan(3_000)
  await world.slack.as('Ana').ephemeral('/request-access')
  await world.stop()
})
