/** The modal "Settings" of an org, with what to say about each field that is wrong. */
import type { InputBlock, ModalView } from '@slack/types'
import { context, mrkdwn, plain, section } from './blocks.ts'

export const SETTINGS = 'settings'
export const ZONE_OPTIONS = 'settings-time-zone'
export const SETTINGS_ROLES = 'settings-roles'

export type SettingsView = {
  name: string
  plan: string
  accountLimit: number | null
  timeZone: string
  alertChannelId: string | null
  linkLifetimeHours: number
  brandColor: string
  website: string | null
  supportEmail: string | null
}

export function settingsModal(org: SettingsView, plans: readonly string[], alertMail: boolean): ModalView {
  return {
    type: 'modal',
    callback_id: SETTINGS,
    title: plain('Settings', 24),
    submit: plain('Save', 24),
    close: plain('Cancel', 24),
    blocks: [
      text('name', 'Name in mails and on pages', org.name),
      zone(org.timeZone),
      channel(org.alertChannelId),
      mailMe(alertMail),
      number('linkLifetimeHours', 'Auth links work for (hours)', org.linkLifetimeHours, 'From 1 to 72.'),
      text('brandColor', 'Brand colour', org.brandColor, 'As #rrggbb; used for buttons in mails.'),
      {
        ...field('website', 'Website', 'Beginning with https://'),
        optional: true,
        element: {
          type: 'url_text_input',
          action_id: 'value',
          ...(org.website && { initial_value: org.website }),
        },
      },
      {
        ...field('supportEmail', 'E-mail address for questions', 'Source owners read it in mails.'),
        optional: true,
        element: {
          type: 'email_text_input',
          action_id: 'value',
          ...(org.supportEmail && { initial_value: org.supportEmail }),
        },
      },
      plan(org.plan, plans),
      {
        ...number(
          'accountLimit',
          'Accounts the plan allows',
          org.accountLimit,
          'Empty: as many as you like.',
        ),
        optional: true,
      },
      context('Auth links need the plan pro, custom or enterprise-legacy.'),
      {
        type: 'section',
        text: mrkdwn('Who may do what: workspace admins are admins here, everybody else is a member.'),
        accessory: { type: 'button', action_id: SETTINGS_ROLES, text: plain('Set a role') },
      },
    ],
  }
}

const field = (block_id: string, label: string, hint?: string) => ({
  type: 'input' as const,
  block_id,
  label: plain(label),
  ...(hint && { hint: plain(hint, 150) }),
})

function text(id: string, label: string, value: string, hint?: string): InputBlock {
  return {
    ...field(id, label, hint),
    element: { type: 'plain_text_input', action_id: 'value', initial_value: value, max_length: 80 },
  }
}

function number(id: string, label: string, value: number | null, hint: string): InputBlock {
  return {
    ...field(id, label, hint),
    element: {
      type: 'number_input',
      action_id: 'value',
      is_decimal_allowed: false,
      ...(value !== null && { initial_value: String(value) }),
    },
  }
}

function zone(current: string): InputBlock {
  return {
    ...field('timeZone', 'Time zone', 'Data refresh after midnight here. Type a city, e.g. Berlin.'),
    element: {
      type: 'external_select',
      action_id: ZONE_OPTIONS,
      min_query_length: 1,
      initial_option: { text: plain(current), value: current },
    },
  }
}

function channel(current: string | null): InputBlock {
  return {
    ...field('alertChannelId', 'Alert channel', 'For clients without a channel of their own.'),
    optional: true,
    element: {
      type: 'conversations_select',
      action_id: 'value',
      filter: { include: ['public', 'private'], exclude_bot_users: true },
      ...(current && { initial_conversation: current }),
    },
  }
}

function mailMe(on: boolean): InputBlock {
  const option = { text: plain('E-mail me when something is disconnected'), value: 'on' }
  return {
    ...field('alertMail', 'You'),
    optional: true,
    element: {
      type: 'checkboxes',
      action_id: 'value',
      options: [option],
      ...(on && { initial_options: [option] }),
    },
  }
}

function plan(current: string, plans: readonly string[]): InputBlock {
  const option = (name: string) => ({ text: plain(name), value: name })
  return {
    ...field('plan', 'Plan'),
    element: {
      type: 'static_select',
      action_id: 'value',
      options: plans.map(option),
      initial_option: option(current),
    },
  }
}

const PROBLEMS: Record<string, string> = {
  empty: 'Please fill this in.',
  'too-long': 'At most 80 characters.',
  unknown: 'Please choose one from the list.',
  'not-a-number': 'A whole number, or nothing for no limit.',
  'out-of-range': 'A whole number from 1 to 72.',
  'not-a-color': 'Like #1f6feb: a # and six digits or letters a to f.',
  'not-a-url': 'An address that begins with https://',
  'not-an-address': 'One e-mail address, e.g. help@agency.com',
}

export const settingsProblem = (problem: string) => PROBLEMS[problem] ?? 'Please check this.'

export const channelShared = () =>
  'This channel is shared with another company, which would read your alerts. Choose another one.'
export const channelClosed = () =>
  'Latchkey cannot post there: it is archived, or private without Latchkey in it. Type /invite @Latchkey there first.'

export function settingsSaved(fields: string[]): ModalView {
  const words =
    fields.length === 0 ? 'Nothing was changed.' : 'Saved. Links that were sent already stay as they were.'
  return {
    type: 'modal',
    title: plain('Settings', 24),
    close: plain('Done', 24),
    blocks: [section(words)],
  }
}
