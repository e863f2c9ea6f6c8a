-- A provider that fails many at once, authorisations that end on a date, and sources that lost a metric.

-- A provider and OAuth app failing alike for many connections, of any org: while it is open nobody is alerted of each.
create table outage (
  id uuid primary key default gen_random_uuid(),
  provider text not null,
  oauth_app text not null,
  failure_class text not null,
  opened_at timestamptz not null default latchkey.clock(),
  looked_at timestamptz, -- when its connections were last asked
  ended_at timestamptz,
  ended_why text check (ended_why in ('answered', 'lasted')) -- answered again, or refused too long to be passing
);
create unique index outage_open on outage (provider, oauth_app, failure_class) where ended_at is null;

-- When each connection last failed in a way that would alert somebody: what an outage is judged by.
create table outage_sign (
  connection_id uuid not null,
  failure_class text not null,
  org_id uuid not null,
  at timestamptz not null default latchkey.clock(),
  primary key (connection_id, failure_class),
  foreign key (org_id, connection_id) references connection (org_id, id)
);

-- A connection whose alert waits for an outage to end, and what its own look has shown.
create table outage_hold (
  outage_id uuid not null references outage,
  org_id uuid not null,
  connection_id uuid not null,
  held_at timestamptz not null default latchkey.clock(),
  looked_at timestamptz,
  outcome text check (outcome in ('answered', 'refused')), -- null: not known yet
  settled_at timestamptz,
  primary key (outage_id, connection_id),
  foreign key (org_id, connection_id) references connection (org_id, id)
);
create index on outage_hold (connection_id) where outcome is null;

-- outage: an org's card about an outage, of no connection in particular. expiring: the countdown to the end of an
-- authorisation. degraded: sources that lost a metric.
alter table incident
  alter column connection_id drop not null,
  drop constraint incident_kind_check,
  add constraint incident_kind_check
    check (kind in ('connection', 'accounts', 'scope', 'staff', 'outage', 'expiring', 'degraded')),
  add column outage_id uuid references outage, -- what an outage card is about, or what this alert waits for
  add column ends_at timestamptz, -- expiring: the end that is counted down to
  add column step int, -- expiring: days before it that were said last
  add constraint incident_subject_check
    check (case when kind = 'outage' then connection_id is null and outage_id is not null
      else connection_id is not null end);
create unique index incident_outage on incident (org_id, outage_id) where kind = 'outage';
create index incident_folded on incident (outage_id) where outage_id is not null;
create index on audit_event ((data ->> 'incidentId')) where connection_id is null and data ? 'incidentId';

alter table connection add column verify_asked_at timestamptz; -- when the daily verify was last sent out
create index connection_verified on connection (verified_at) where status = 'connected';
create index connection_ending on connection (grant_expires_at)
  where status = 'connected' and grant_expires_at is not null;
create index connection_app on connection (provider, oauth_app);

alter table sync_run
  add column metrics_seen text[] not null default '{}', -- with a value in some row
  add column flags text[] not null default '{}'; -- what the provider itself said is wrong with its figures

alter table source
  add column metrics_known text[] not null default '{}', -- had a value in some row, ever
  add column missing_metrics text[] not null default '{}', -- known, and without a value in every row of the last run
  add column degraded_since timestamptz,
  add column flags text[] not null default '{}'; -- of the last finished run
create index source_degraded on source (connection_id) where degraded_since is not null;
