/** What the app asks of a workspace, and why. No scope reads messages. */
export const BOT_SCOPES = [
  'commands',
  'chat:write', // cards, alerts, answers
  'chat:write.public', // in public channels without an invitation
  'im:write', // the DM to a source owner
  'users:read', // names, time zones, guests and bots told apart
  'users:read.email', // finds the source owner's address
  'channels:read', // is a channel archived or shared with other companies?
  'groups:read',
  'usergroups:read', // on-call user groups
  'files:write', // exports
  'files:read', // an uploaded logo
]
