/** After a bounce: where the same link should go instead. */
import type { ModalView } from '@slack/types'
import { context, plain } from './blocks.ts'

export const EDIT_ADDRESS_VIEW = 'request_edit_address'

export function editAddressModal(current: string | null, metadata: string): ModalView {
  return {
    type: 'modal',
    callback_id: EDIT_ADDRESS_VIEW,
    private_metadata: metadata,
    title: plain('Edit address', 24),
    submit: plain('Send again', 24),
    close: plain('Close', 24),
    blocks: [
      {
        type: 'input',
        block_id: 'owner_email',
        label: plain("Source owner's e-mail", 2000),
        element: {
          type: 'email_text_input',
          action_id: 'value',
          ...(current && { initial_value: current }),
        },
      },
      context('The same link is sent there. This does not count towards the quota.'),
    ],
  }
}
