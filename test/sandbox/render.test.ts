/** The page must show what Slack would do with a text, above all who would be mentioned and where a link leads. */
import { expect, it } from 'vitest'
import { renderBlocks, renderMessage } from '../../sandbox/render/blocks.ts'
import { mrkdwn } from '../../sandbox/render/mrkdwn.ts'
import type { Message } from '../../sandbox/slack/shown.ts'

const viewer = {
  ...{ id: 'U0BEN000001', timeZone: 'Europe/Berlin', locale: 'en-GB' },
  now: new Date('2026-11-20T12:00:00Z'),
}
const shown = (text: string) => mrkdwn(text, viewer).source

it('shows escaped text as text, and only real references as references', () => {
  expect(shown('&lt;!channel&gt; &lt;script&gt; &amp;amp;')).toBe('&lt;!channel&gt; &lt;script&gt; &amp;amp;')
  expect(shown('<!channel>')).toContain('class="mention me"')
  expect(shown('<@U0BEN000001> and <@U0ANA000001>')).toContain('@Ben Bauer')
  expect(shown('<https://a.example/?x=1&amp;y=2|here>')).toContain('href="https://a.example/?x=1&amp;y=2"')
  expect(shown('<javascript:alert(1)|here>')).not.toContain('<a')
  expect(shown('<img src=x onerror=alert(1)>')).not.toContain('<img')
  expect(shown('"><b>')).not.toContain('<b>')
})

it('formats as Slack does, and leaves names that were broken up alone', () => {
  expect(shown('*bold* _it_ ~gone~ `a*b*c`')).toBe('<b>bold</b> <i>it</i> <s>gone</s> <code>a*b*c</code>')
  expect(shown('a*b*c snake_case_name')).toBe('a*b*c snake_case_name')
  expect(shown('\u2060*\u2060x\u2060*\u2060')).not.toContain('<b>')
  expect(shown('&gt; said\nnext')).toBe('<blockquote>said</blockquote>next')
  expect(shown('```\n<b>\n```')).toContain('&lt;b&gt;')
})

it('shows dates in the zone of whoever looks', () => {
  const at = Date.parse('2026-11-21T22:30:00Z') / 1000
  expect(shown(`<!date^${at}^{date_short_pretty} at {time}|fallback>`)).toContain('tomorrow at 23:30')
})

it('gives every button the name it is found by, and shows unknown blocks as such', () => {
  const button = { type: 'button', action_id: 'go', text: { type: 'plain_text', text: '<Go>' }, value: 'x' }
  const blocks = [{ type: 'actions', block_id: 'b', elements: [button] }, { type: 'hologram' }]
  const { source } = renderBlocks(blocks as never, viewer)
  expect(source).toContain('data-block="b" data-action="go"')
  expect(source).toContain('&#60;Go&#62;')
  expect(source).toContain('hologram')
})

it('shows the coloured bar, and text where a message has no blocks', () => {
  const message: Message = {
    ...{ channel: 'C', ts: '1.0', at: viewer.now, threadTs: null, user: 'U', edited: false, files: [] },
    ...{ text: 'plain *words*', blocks: [], attachments: [{ color: '#ff0000', text: 'in the bar' }] },
  }
  const { source } = renderMessage(message, viewer)
  expect(source).toContain('plain <b>words</b>')
  expect(source).toContain('border-color:#ff0000')
})
