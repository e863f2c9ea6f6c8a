/** The modal "Set a role", on top of the settings. */
import type { ModalView } from '@slack/types'
import { context, plain, safe, section } from './blocks.ts'

export const ROLES = 'roles'
export const AS_IN_SLACK = 'as-in-slack'

const WORDS: [string, string][] = [
  ['admin', 'Admin: everything, settings included'],
  ['manager', 'Manager: requests, and removes data sources'],
  ['member', 'Member: asks for access, refreshes'],
  ['viewer', 'Viewer: sees everything, changes nothing'],
  [AS_IN_SLACK, 'As in Slack: workspace admins are admins'],
]

export function rolesModal(): ModalView {
  const options = WORDS.map(([value, text]) => ({ text: plain(text), value }))
  const reconnect = { text: plain('May reconnect what is disconnected'), value: 'on' }
  return {
    type: 'modal',
    callback_id: ROLES,
    title: plain('Set a role', 24),
    submit: plain('Save', 24),
    close: plain('Back', 24),
    blocks: [
      {
        type: 'input',
        block_id: 'person',
        label: plain('Who'),
        element: { type: 'users_select', action_id: 'value' },
      },
      {
        type: 'input',
        block_id: 'role',
        label: plain('Role'),
        element: { type: 'radio_buttons', action_id: 'value', options },
      },
      {
        type: 'input',
        block_id: 'reconnect',
        optional: true,
        label: plain('Beside the role'),
        element: {
          type: 'checkboxes',
          action_id: 'value',
          options: [reconnect],
          initial_options: [reconnect],
        },
      },
      context('Guests, bots and people of other workspaces cannot have a role.'),
    ],
  }
}

export function roleSaved(displayName: string, role: string): ModalView {
  return {
    type: 'modal',
    title: plain('Set a role', 24),
    close: plain('Back', 24),
    blocks: [section(`${safe(displayName)} is ${role} now.`)],
  }
}

export const lastAdmin = () => 'This is the last admin. Make somebody else an admin first.'
export const noRole = () => 'Please choose one.'
export const noMember = () => 'Guests, bots and people who left cannot have a role. Choose a full member.'
