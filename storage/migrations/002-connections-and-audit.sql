-- What is connected, what is read, what broke, what was said, and the record of it all.

create table connection (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references org,
  provider text not null,
  oauth_app text not null, -- the OAuth app's client id; '' for keys
  identity text not null, -- the provider's stable id of who authorised; never an e-mail address
  identity_label text not null,
  client_id uuid, -- keys belong to one client
  credential_sealed text, -- null once destroyed
  scopes text[] not null default '{}',
  token_expires_at timestamptz, -- of the access token; null: does not expire
  grant_expires_at timestamptz, -- of the whole authorisation, where the provider says
  status text not null default 'connected' check (status in ('connected', 'disconnected', 'removed')),
  failure_class text,
  detail text, -- the provider's own words, cut and without secrets
  disconnected_at timestamptz,
  suspected_at timestamptz, -- a first invalid_grant; the second look decides
  epoch int not null default 0, -- fences renewals: only the holder of the newest lease may write
  lease_until timestamptz, -- real clock: bounds a real call
  verified_at timestamptz, -- last time the provider answered with this credential
  authorised_at timestamptz not null default latchkey.clock(),
  authorised_by text not null, -- e-mail or Slack user id of the owner who did it
  request_id uuid, -- the request that made or last healed it
  created_at timestamptz not null default latchkey.clock(),
  unique (org_id, id),
  unique nulls not distinct (org_id, provider, oauth_app, identity, client_id),
  foreign key (org_id, request_id) references access_request (org_id, id)
);
create index on connection (suspected_at) where suspected_at is not null;

create table source (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references org,
  client_id uuid not null,
  connection_id uuid not null,
  connector_id text not null,
  account_id text not null,
  account_name text not null,
  account_parent text, -- e.g. the manager account through which it is reached
  currency text,
  account_time_zone text,
  time_zone text, -- of its daily refresh; null: the org's
  status text not null default 'connected' check (status in ('connected', 'disconnected', 'paused', 'removed')),
  failure_class text,
  detail text,
  disconnected_at timestamptz,
  delayed_since timestamptz, -- transient failures since
  last_good_day date, -- data are complete up to and including this account-local day
  synced_at timestamptz,
  request_id uuid,
  created_at timestamptz not null default latchkey.clock(),
  removed_at timestamptz,
  removed_by text,
  unique (org_id, id),
  foreign key (org_id, client_id) references client (org_id, id),
  foreign key (org_id, connection_id) references connection (org_id, id),
  foreign key (org_id, request_id) references access_request (org_id, id)
);
create unique index source_account on source (org_id, client_id, connector_id, account_id) where status <> 'removed';
create index on source (connection_id) where status <> 'removed';
create index on source (delayed_since) where delayed_since is not null;

-- When an org's sources of one zone refresh next: the coming local midnight, computed in Node.
create table refresh_zone (
  org_id uuid not null references org,
  time_zone text not null,
  next_refresh_at timestamptz not null,
  primary key (org_id, time_zone)
);
create index on refresh_zone (next_refresh_at);

-- One attempt to read a range of days of one source. A backfill is one run per month slice.
create table sync_run (
  id bigint generated always as identity primary key,
  org_id uuid not null,
  source_id uuid not null,
  kind text not null check (kind in ('backfill', 'daily', 'catch-up', 'manual')),
  key text not null, -- backfill: yyyy-mm of the slice; daily: the local day; else unique
  from_day date not null,
  to_day date not null,
  status text not null default 'queued' check (status in ('queued', 'running', 'done', 'failed', 'stopped')),
  cursor text, -- where the next page begins, in the connector's own words
  epoch int not null default 0, -- +1 with every claim; a writer with an older one is fenced out
  attempts int not null default 0,
  rows_read bigint not null default 0,
  failure_class text,
  detail text,
  created_at timestamptz not null default latchkey.clock(),
  started_at timestamptz,
  ended_at timestamptz,
  beat_at timestamptz not null default clock_timestamp(), -- real clock: last sign of a job that works on it
  unique (source_id, kind, key),
  foreign key (org_id, source_id) references source (org_id, id)
);
create index sync_run_open on sync_run (source_id, kind) where status in ('queued', 'running');
create index sync_run_beat on sync_run (beat_at) where status in ('queued', 'running');

-- One row per source, day and combination of dimensions. Null is "not known", never 0.
create table daily_metrics (
  source_id uuid not null,
  date date not null, -- the account's local day
  key text not null, -- the dimensions, joined in a fixed order
  org_id uuid not null,
  dimensions jsonb not null,
  impressions bigint,
  clicks bigint,
  cost numeric(20, 6),
  conversions numeric(20, 6),
  revenue numeric(20, 6),
  sessions bigint,
  currency text,
  metrics jsonb not null default '{}', -- the connector's own vocabulary
  primary key (source_id, date, key)
) partition by range (date);

create table incident (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null,
  connection_id uuid not null,
  kind text not null check (kind in ('connection', 'accounts', 'scope', 'staff')), -- staff: ours to mend, no client hears of it
  status text not null default 'open' check (status in
    ('open', 'acked', 'snoozed', 'reconnecting', 'verifying', 'resolved', 'muted', 'archived')),
  failure_class text not null,
  detail text,
  owner_action text, -- the provider's instruction, where the failure names one
  opened_at timestamptz not null default latchkey.clock(),
  acked_by text,
  acked_at timestamptz,
  snoozed_until timestamptz,
  muted_by text,
  mute_reason text,
  resolved_at timestamptz,
  resolved_by text,
  outcome jsonb, -- {healed: [sourceId], notHealed: [{sourceId, why}]}
  unique (org_id, id),
  foreign key (org_id, connection_id) references connection (org_id, id)
);
create unique index incident_open on incident (connection_id, kind) where resolved_at is null;
create index incident_waiting on incident (status, kind) where resolved_at is null;

-- An authorisation under a different identity than the one it should heal: nothing moves until an admin decides.
create table move (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null,
  from_connection_id uuid not null,
  to_connection_id uuid not null,
  request_id uuid not null,
  source_ids uuid[] not null, -- whose account the new identity can see
  status text not null default 'open' check (status in ('open', 'moved', 'kept', 'cancelled')),
  decided_by text,
  created_at timestamptz not null default latchkey.clock(),
  decided_at timestamptz,
  unique (org_id, id),
  foreign key (org_id, from_connection_id) references connection (org_id, id),
  foreign key (org_id, to_connection_id) references connection (org_id, id),
  foreign key (org_id, request_id) references access_request (org_id, id)
);
create unique index move_open on move (from_connection_id, to_connection_id) where status = 'open';

-- One message to one address. Its id is the Message-ID, the same on every attempt.
create table delivery (
  id uuid primary key default gen_random_uuid(),
  org_id uuid not null references org,
  kind text not null, -- the template
  channel text not null check (channel in ('mail', 'dm')),
  address text not null, -- e-mail address or Slack user id
  link_id uuid,
  subject_id uuid, -- what else it is about (an incident, a request), by kind
  dedupe_key text not null,
  status text not null default 'queued' check (status in ('queued', 'sent', 'refused', 'dropped')),
  attempts int not null default 0,
  detail text,
  created_at timestamptz not null default latchkey.clock(),
  sent_at timestamptz,
  unique (org_id, dedupe_key)
);
create index on delivery (link_id);
create index delivery_waiting on delivery (created_at) where status = 'queued';

-- A message of ours in Slack that is edited in place, or must be posted once.
create table slack_post (
  org_id uuid not null references org,
  key text not null, -- e.g. request:<id>, incident:<id>:<channel>
  channel_id text not null,
  ts text, -- null: being posted
  content_hash bytea, -- of what was last shown, so that nothing is edited for nothing
  updated_at timestamptz not null default latchkey.clock(),
  primary key (org_id, key)
);

-- Signatures, event ids and view ids seen: Slack delivers at least once, people click twice.
create table seen (key text primary key, at timestamptz not null default latchkey.clock());
create index on seen (at);

-- What happened, by whom. Append-only; written in the transaction of what it records.
create table audit_event (
  id bigint generated always as identity primary key,
  org_id uuid not null references org,
  at timestamptz not null default latchkey.clock(),
  kind text not null,
  actor text not null, -- slack:<user id>, owner:<masked address>, or system
  client_id uuid,
  request_id uuid,
  link_id uuid,
  connection_id uuid,
  source_id uuid,
  data jsonb not null default '{}'
);
create index on audit_event (org_id, id);
create index on audit_event (request_id, id) where request_id is not null;
create index on audit_event (connection_id, id) where connection_id is not null;

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'audit_event is append-only';
end $$;
create trigger audit_event_stays before update or delete on audit_event for each row execute function refuse_change();
create trigger audit_event_whole before truncate on audit_event for each statement execute function refuse_change();
