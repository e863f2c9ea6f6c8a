/** What one person sees of the simulated Slack at this moment, in pieces that the page's script swaps when they change. */
import { html, type Markup } from '../../templates/markup.ts'
import { renderBlocks, renderMessage } from '../render/blocks.ts'
import { plainText, type Viewer } from '../render/mrkdwn.ts'
import { isEphemeral } from '../slack/interact.ts'
import { BOT, CHANNELS, dmOf, PEOPLE, type Person, personById, TEAM } from '../slack/people.ts'
import type { Message, Shown, ShownView } from '../slack/shown.ts'
import { icon } from './icons.ts'

export type Place = { as: Person; at: string; thread: string | null }
export type Screen = {
  title: string
  rail: string
  head: string
  main: string
  thread: string
  /** Null: no modal is open. */
  modal: { id: string; hash: string; html: string } | null
  /** Whether there is something to type in. */
  composer: string | null
}

/** How much of each conversation a person has seen, for the bold names. Starts anew with the process. */
const seen = new Map<string, number>()

export function screen(shown: Shown, place: Place): Screen {
  const viewer: Viewer = { ...place.as, now: shown.now() }
  const inHome = place.at === 'home'
  const channel = inHome ? null : channelOf(place)
  const list = channel ? conversation(shown, channel, place.as.id) : []
  if (channel) seen.set(`${place.as.id}:${channel}`, countOf(shown, channel, place.as.id))
  const modal = shown.modals.get(place.as.id)?.at(-1)
  const root = place.thread ? shown.messages.find(({ ts }) => ts === place.thread) : undefined
  return {
    title: `${nameOf(place.at)} – ${TEAM.name}`,
    rail: rail(shown, place).source,
    head: head(place).source,
    main: (inHome ? home(shown, place.as, viewer) : messages(shown, list, viewer)).source,
    thread: root ? thread(shown, root, viewer).source : '',
    modal: modal
      ? { id: modal.id, hash: modal.hash + JSON.stringify(modal.errors), html: dialog(modal, viewer).source }
      : null,
    composer: inHome || place.at === 'dm' ? null : `Message #${place.at}`,
  }
}

export const channelOf = ({ at, as }: Place): string =>
  at === 'dm' ? dmOf(as.id) : (CHANNELS.find(({ name }) => name === at)?.id ?? 'C0GENERAL01')

const nameOf = (at: string) => (at === 'home' || at === 'dm' ? BOT.realName : `#${at}`)

/** Guests and people from elsewhere are in one channel only. */
export function channelsOf({ kind }: Person) {
  return kind === 'guest' || kind === 'stranger'
    ? CHANNELS.filter(({ name }) => name === 'northwind')
    : CHANNELS
}

function conversation(shown: Shown, channel: string, user: string): Message[] {
  const own = shown.ephemerals.filter((one) => one.to === user && one.channel === channel && !one.threadTs)
  const all = shown.messages.filter((one) => one.channel === channel && !one.threadTs)
  return [...all, ...own].sort((a, b) => Number(a.ts) - Number(b.ts))
}

const countOf = (shown: Shown, channel: string, user: string) =>
  shown.messages.filter((one) => one.channel === channel).length +
  shown.ephemerals.filter((one) => one.channel === channel && one.to === user).length

function rail(shown: Shown, { as, at }: Place): Markup {
  const link = (go: string, channel: string, words: Markup) => {
    const fresh = channel && countOf(shown, channel, as.id) > (seen.get(`${as.id}:${channel}`) ?? 0)
    const state = `${go === at ? 'on' : ''} ${fresh ? 'unread' : ''}`
    return html`<a href="#" data-go="${go}" class="${state.trim()}">${words}</a>`
  }
  return html`<h4>Channels</h4>${channelsOf(as).map(({ id, name, isPrivate }) =>
    link(name, id, html`<i>${isPrivate ? icon('lock') : '#'}</i>${name}`),
  )}<h4>Direct messages</h4>${link('dm', dmOf(as.id), html`${avatar(BOT.userId, 'tiny')}${BOT.realName} <small>app</small>`)}<h4>Apps</h4>${link('home', '', html`<i>${icon('home')}</i>${BOT.realName} home`)}`
}

function head({ at, as }: Place): Markup {
  const channel = CHANNELS.find(({ name }) => name === at)
  if (channel)
    return html`<h1>${channel.isPrivate ? icon('lock') : '#'} ${channel.name}</h1><p>${channel.topic}</p>`
  const tab = (go: string, words: string) =>
    html`<a href="#" data-go="${go}" class="${go === at ? 'on' : ''}">${words}</a>`
  return html`<h1>${avatar(BOT.userId, 'tiny')}${BOT.realName}</h1><nav class="tabs">${tab('home', 'Home')}${tab('dm', 'Messages')}</nav><p>as ${as.realName} sees it</p>`
}

function avatar(user: string, size = ''): Markup {
  if (user === BOT.userId)
    return html`<span class="avatar bot ${size}" aria-hidden="true">${icon('key')}</span>`
  const at = Math.max(
    0,
    PEOPLE.findIndex(({ id }) => id === user),
  )
  const letter = personById(user)?.realName[0] ?? '?'
  return html`<span class="avatar c${at} ${size}" aria-hidden="true">${letter}</span>`
}

function messages(shown: Shown, list: Message[], viewer: Viewer): Markup {
  if (list.length === 0)
    return html`<div class="empty"><p>Nothing here yet.</p><p>Type <kbd>/request-access</kbd> in a channel to ask a source owner for access to their data.</p></div>`
  let day = ''
  return html`${list.map((message, i) => {
    const words = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeZone: viewer.timeZone }).format(
      message.at,
    )
    const divider = words === day ? null : html`<div class="day"><span>${words}</span></div>`
    const follows = !divider && continues(list[i - 1], message)
    day = words
    return html`${divider}${oneMessage(shown, message, viewer, { follows })}`
  })}`
}

/** By the same speaker within five minutes: shown without name and picture, as Slack does. */
function continues(before: Message | undefined, message: Message): boolean {
  if (message.attachments.length > 0) return false
  const soon = before && message.at.getTime() - before.at.getTime() < 5 * 60_000
  return Boolean(soon && before.user === message.user && !isEphemeral(before) && !isEphemeral(message))
}

type How = { inThread?: boolean; follows?: boolean }

function oneMessage(shown: Shown, message: Message, viewer: Viewer, { inThread, follows }: How = {}): Markup {
  const ephemeral = isEphemeral(message)
  const state = `message${ephemeral ? ' ephemeral' : ''}${follows ? ' follows' : ''}`
  return html`<article class="${state}" data-channel="${message.channel}" data-ts="${message.ts}">
${follows ? html`<span class="gap"></span>` : avatar(message.user)}<div class="body">
${ephemeral ? html`<div class="only">${icon('eye')} Only visible to you</div>` : null}
${follows ? null : speaker(message, viewer)}
${renderMessage(message, viewer)}
${message.edited ? html`<small class="edited">(edited)</small>` : null}
${inThread ? null : replies(shown, message)}
</div></article>`
}

function speaker({ user, at }: Message, { locale, timeZone }: Viewer): Markup {
  const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', timeZone })
  const name = user === BOT.userId ? BOT.realName : (personById(user)?.realName ?? user)
  const mark = user === BOT.userId ? html`<small class="app">APP</small>` : null
  return html`<div class="who"><b>${name}</b>${mark}<time>${clock.format(at)}</time></div>`
}

function replies(shown: Shown, { ts, channel }: Message): Markup | null {
  const count = shown.messages.filter((one) => one.threadTs === ts && one.channel === channel).length
  if (count === 0) return null
  const words = `${count} ${count === 1 ? 'reply' : 'replies'}`
  return html`<a href="#" class="replies" data-thread="${ts}">${avatar(BOT.userId, 'tiny')}<b>${words}</b><span>View thread</span></a>`
}

function thread(shown: Shown, root: Message, viewer: Viewer): Markup {
  const replies = shown.messages.filter(
    ({ threadTs, channel }) => threadTs === root.ts && channel === root.channel,
  )
  const own = shown.ephemerals.filter((one) => one.threadTs === root.ts && one.to === viewer.id)
  const all = [...replies, ...own].sort((a, b) => Number(a.ts) - Number(b.ts))
  return html`<header><h2>Thread</h2><button type="button" class="close" data-thread="" aria-label="Close the thread">×</button></header><div class="scroll">${oneMessage(shown, root, viewer, { inThread: true })}<div class="day"><span>${all.length} ${all.length === 1 ? 'reply' : 'replies'}</span></div>${all.map((one, i) => oneMessage(shown, one, viewer, { inThread: true, follows: continues(all[i - 1], one) }))}</div>`
}

function home(shown: Shown, as: Person, viewer: Viewer): Markup {
  const view = shown.homes.get(as.id)
  if (!view) return html`<div class="empty"><p>Opening Latchkey’s home…</p></div>`
  return html`<div class="home" data-view="${view.id}">${renderBlocks(view.blocks, viewer, view)}</div>`
}

function dialog(view: ShownView, viewer: Viewer): Markup {
  const { title, submit, close } = view
  return html`<form data-view="${view.id}" method="dialog"><header>${avatar(BOT.userId, 'tiny')}<h2>${plainText(title?.text ?? '')}</h2><button type="button" class="close" data-close aria-label="Close">×</button></header><div class="scroll">${renderBlocks(view.blocks, viewer, view)}</div><footer><button type="button" class="button" data-close>${close?.text ?? 'Close'}</button>${submit ? html`<button type="submit" class="button primary">${submit.text}</button>` : null}</footer></form>`
}
