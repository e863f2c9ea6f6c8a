-- Who asks whom: orgs, clients, access requests, auth links, link sessions. Words are those of docs/glossary.md.
-- Every table that belongs to an org carries org_id, and references inside an org are composite, so that a row of
-- one org can never point at a row of another. Times are instants; local days are dates.

-- The clock of every rule about time. Tests and the sandbox replace the body to travel.
create function clock() returns timestamptz language sql stable as 'select now()';

create table org (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  plan text not null default 'custom' check (plan in ('free', 'starter', 'pro', 'custom', 'enterprise-legacy')),
  account_limit int check (account_limit >= 0), -- null: no limit
  time_zone text not null default 'Etc/UTC',
  link_lifetime_hours int not null default 24 check (link_lifetime_hours between 1 and 72),
  alert_channel_id text,
  brand_color text not null default '#1f6feb' check (brand_color ~ '^#[0-9a-f]{6}$'),
  brand_logo_url text,
  website text,
  support_email text,
  on_call_mention text, -- a Slack user or user-group id
  -- Issue times of the links made for another person, oldest first, at most ten: the quota judges this row alone.
  recent_links timestamptz[] not null default '{}',
  people_asked_at timestamptz, -- when Slack was last asked who its admins are
  created_at timestamptz not null default latchkey.clock()
) with (fillfactor = 50);

-- One Slack workspace; an org may have several. The whole installation (with its bot token) is sealed.
create table workspace (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references org,
  team_id text, -- null: installed on a whole Enterprise Grid
  enterprise_id text,
  team_name text not null,
  app_id text,
  bot_user_id text not null,
  installation_sealed text, -- null once uninstalled, or when the token comes from the environment
  installed_by text,
  installed_at timestamptz not null default latchkey.clock(),
  revoked_at timestamptz,
  unique nulls not distinct (enterprise_id, team_id)
);
create index on workspace (org_id);

create table member (
  org_id uuid not null references org,
  slack_user_id text not null,
  team_id text not null,
  role text not null default 'member' check (role in ('admin', 'manager', 'member', 'viewer')),
  role_set_by text, -- null: derived from Slack (workspace owners and admins are admins)
  may_reconnect boolean not null default true,
  display_name text not null,
  email text,
  time_zone text,
  locale text,
  alert_mail boolean not null default true, -- admins only: e-mail on disconnect
  deactivated_at timestamptz,
  seen_at timestamptz not null default latchkey.clock(),
  primary key (org_id, slack_user_id)
);

create table client (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references org,
  name text not null check (length(name) between 1 and 200),
  channel_id text,
  created_by text,
  created_at timestamptz not null default latchkey.clock(),
  unique (org_id, id)
);
-- ICU by name: a database of locale C would lower ASCII only, and "Söhne" and "SÖHNE" would be two clients.
create unique index client_name on client (org_id, lower(name collate "und-x-icu"));

create table access_request (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references org,
  client_id uuid not null,
  purpose text not null check (purpose in ('connect', 'reconnect')),
  for_self boolean not null default false, -- a member's own connect or reconnect: outside the quota, nothing delivered
  connection_id uuid, -- what a reconnect is about
  requested_by text not null,
  channel_id text not null, -- where its card lives
  submission_key text, -- one submission of one modal (or one press of one button) makes one request
  owner_email text,
  owner_slack_user_id text,
  owner_name text,
  owner_time_zone text,
  note text not null default '' check (length(note) <= 500),
  status text not null check (status in
    ('queued', 'sent', 'started', 'partial', 'finished', 'expired', 'cancelled', 'declined', 'superseded')),
  queue_no bigint, -- order among the org's queued requests
  unfinished boolean not null default false, -- expired with a credential that was never finished
  nudged_unopened_at timestamptz,
  nudged_expiry_at timestamptz,
  created_at timestamptz not null default latchkey.clock(),
  ended_at timestamptz,
  unique (org_id, id),
  foreign key (org_id, client_id) references client (org_id, id)
);
create unique index access_request_submission on access_request (org_id, submission_key);
create index access_request_queue on access_request (org_id, queue_no) where status = 'queued';
create index access_request_open on access_request (org_id, created_at desc);
create sequence access_request_queue_no;

create table item (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null,
  request_id uuid not null,
  position int not null,
  connector_id text not null,
  account_hint text not null default '' check (length(account_hint) <= 300),
  unique (request_id, position),
  foreign key (org_id, request_id) references access_request (org_id, id) on delete cascade
);

create table auth_link (
  id uuid primary key,
  org_id uuid not null references org,
  request_id uuid not null,
  token_hash bytea not null unique, -- the token itself is derived from SECRET_KEYS and the id, and stored nowhere
  key_id text not null, -- which of SECRET_KEYS derives it
  receipt_hash bytea not null unique, -- the owner's standing page /r/<token>, derived likewise
  counts boolean not null, -- made for another person: counts to the quota, whatever becomes of it
  status text not null default 'issued' check (status in ('issued', 'finished', 'expired', 'cancelled', 'superseded')),
  issued_by text not null,
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  finished_session_id uuid,
  resends int not null default 0 check (resends between 0 and 3),
  copied_at timestamptz, -- "Copy link" shows the URL once
  unique (org_id, id),
  foreign key (org_id, request_id) references access_request (org_id, id)
);
create index on auth_link (org_id, issued_at);
create index on auth_link (request_id);
create index auth_link_due on auth_link (expires_at) where status = 'issued';

-- One press of Continue in one browser. The cookie's hash, never the cookie.
create table link_session (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null,
  link_id uuid not null,
  hash bytea not null unique,
  opened_at timestamptz not null default latchkey.clock(),
  closed_at timestamptz, -- Finish, expiry, idle, or pushed out by an eleventh Continue
  closed_why text check (closed_why in ('finished', 'expired', 'idle', 'pushed-out', 'ended')),
  unique (org_id, id),
  foreign key (org_id, link_id) references auth_link (org_id, id)
);
create index on link_session (link_id) where closed_at is null;

-- One trip to a provider, written before it begins; called_back_at is taken once, so a callback cannot be replayed.
create table consent (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null,
  link_session_id uuid not null,
  provider text not null,
  oauth_app text not null,
  asked_scopes text[] not null,
  started_at timestamptz not null default latchkey.clock(),
  called_back_at timestamptz,
  outcome text check (outcome in ('granted', 'denied', 'failed', 'abandoned')),
  detail text,
  foreign key (org_id, link_session_id) references link_session (org_id, id)
);
create index on consent (link_session_id, provider, started_at desc);

-- What grant remembers between the trip out and the trip back (state, nonce, PKCE verifier), sealed, ten minutes.
create table oauth_session (hash bytea primary key, sealed text not null, expires_at timestamptz not null);

-- A credential between consent and Finish. Destroyed at Finish (it moves to the connection), expiry or cancel.
create table held_credential (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null,
  link_session_id uuid not null,
  provider text not null,
  oauth_app text not null,
  identity text not null,
  identity_label text not null, -- what the provider calls the person, for people to read
  scopes text[] not null,
  sealed text not null,
  accounts jsonb not null default '[]', -- as listed right after consent: [{connectorId, id, name, currency, timeZone}]
  trouble jsonb not null default '{}', -- connectorId → failure class, where the accounts could not be listed
  received_at timestamptz not null default latchkey.clock(),
  unique (link_session_id, provider),
  foreign key (org_id, link_session_id) references link_session (org_id, id)
);

-- What an owner asks the requester on the link's page: another owner, a fresh link, a question.
create table owner_ask (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null,
  request_id uuid not null,
  link_id uuid not null,
  kind text not null check (kind in ('delegate', 'fresh-link', 'question', 'decline')),
  email text, -- of the colleague
  text text not null default '' check (length(text) <= 1000),
  status text not null default 'open' check (status in ('open', 'agreed', 'refused')),
  decided_by text,
  asked_at timestamptz not null default latchkey.clock(),
  decided_at timestamptz,
  unique (org_id, id),
  foreign key (org_id, request_id) references access_request (org_id, id),
  foreign key (org_id, link_id) references auth_link (org_id, id)
);
create unique index owner_ask_open on owner_ask (link_id, kind, coalesce(email, '')) where status = 'open' and kind <> 'question';

