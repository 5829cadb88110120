-- What the migrations make, as pg_dump tells it. Written by `python -m tests.support.write_schema`; not read.

CREATE FUNCTION public.counted_key(kind text, name text) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    SELECT coalesce((SELECT target_key FROM alias WHERE alias_key = name AND target_kind = kind), name)
$$;

CREATE FUNCTION public.shown_key(kind text, counted text) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    SELECT coalesce((SELECT alias_key FROM alias WHERE target_key = counted AND target_kind = kind AND current), counted)
$$;

CREATE TABLE public.access_token (
    digest bytea NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    made_at timestamp with time zone NOT NULL,
    CONSTRAINT access_token_kind_check CHECK ((kind = ANY (ARRAY['api'::text, 'share'::text])))
);

CREATE TABLE public.alert (
    alert_id text NOT NULL,
    way text NOT NULL,
    body text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_at timestamp with time zone NOT NULL,
    settled_at timestamp with time zone,
    outcome text DEFAULT ''::text NOT NULL,
    CONSTRAINT alert_way_check CHECK ((way = ANY (ARRAY['webhook'::text, 'mail'::text, 'file'::text])))
);

CREATE TABLE public.alert_state (
    one boolean DEFAULT true NOT NULL,
    looking_for text DEFAULT ''::text NOT NULL,
    looked_at timestamp with time zone,
    digest_week date,
    CONSTRAINT alert_state_one_check CHECK (one)
);

CREATE TABLE public.alias (
    alias_key text NOT NULL,
    target_kind text NOT NULL,
    target_key text NOT NULL,
    current boolean NOT NULL,
    CONSTRAINT alias_alias_key_check CHECK (((octet_length(alias_key) >= 1) AND (octet_length(alias_key) <= 200))),
    CONSTRAINT alias_check CHECK ((alias_key <> target_key)),
    CONSTRAINT alias_target_kind_check CHECK ((target_kind = ANY (ARRAY['track'::text, 'release'::text])))
);

CREATE TABLE public.audit (
    at timestamp with time zone DEFAULT now() NOT NULL,
    act text NOT NULL,
    detail jsonb NOT NULL
);

CREATE TABLE public.canary (
    sender bytea NOT NULL,
    nonce bytea NOT NULL,
    day date NOT NULL
);

CREATE TABLE public.catalog_version (
    one boolean DEFAULT true NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT catalog_version_one_check CHECK (one)
);

CREATE UNLOGGED TABLE public.daily_salt (
    day date NOT NULL,
    generation integer NOT NULL,
    sealed bytea NOT NULL,
    made_at timestamp with time zone NOT NULL
)
WITH (autovacuum_enabled='false');
ALTER TABLE ONLY public.daily_salt ALTER COLUMN day SET STATISTICS 0;
ALTER TABLE ONLY public.daily_salt ALTER COLUMN generation SET STATISTICS 0;
ALTER TABLE ONLY public.daily_salt ALTER COLUMN sealed SET STATISTICS 0;
ALTER TABLE ONLY public.daily_salt ALTER COLUMN made_at SET STATISTICS 0;

CREATE TABLE public.day_counter (
    target_key text NOT NULL,
    target_kind text NOT NULL,
    day date NOT NULL,
    slot smallint NOT NULL,
    partial bigint DEFAULT 0 NOT NULL,
    sampled bigint DEFAULT 0 NOT NULL,
    complete bigint DEFAULT 0 NOT NULL,
    shares_link bigint DEFAULT 0 NOT NULL,
    shares_embed bigint DEFAULT 0 NOT NULL,
    via_link bigint DEFAULT 0 NOT NULL,
    via_embed bigint DEFAULT 0 NOT NULL,
    unbucketed bigint DEFAULT 0 NOT NULL,
    CONSTRAINT day_counter_target_kind_check CHECK ((target_kind = ANY (ARRAY['track'::text, 'release'::text, 'site'::text])))
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.02');

CREATE TABLE public.dropped_month (
    month date NOT NULL,
    plays bigint NOT NULL,
    shares bigint NOT NULL,
    dropped_at timestamp with time zone NOT NULL
);

CREATE TABLE public.ended_session (
    digest bytea NOT NULL,
    until timestamp with time zone NOT NULL
);

CREATE TABLE public.event_id (
    target_key text NOT NULL,
    event_id bytea NOT NULL,
    day date NOT NULL,
    CONSTRAINT event_id_event_id_check CHECK ((octet_length(event_id) = 16))
)
WITH (autovacuum_vacuum_scale_factor='0.02');

CREATE TABLE public.forgotten (
    tag bytea NOT NULL,
    until timestamp with time zone NOT NULL,
    CONSTRAINT forgotten_tag_check CHECK ((octet_length(tag) = 16))
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='0');

CREATE TABLE public.import (
    number integer NOT NULL,
    name text NOT NULL,
    content bytea NOT NULL,
    format text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    first_day date,
    last_day date,
    plays bigint NOT NULL,
    shares bigint NOT NULL,
    listeners bigint NOT NULL,
    CONSTRAINT import_content_check CHECK ((octet_length(content) = 32))
);

CREATE TABLE public.listener (
    target_key text NOT NULL,
    target_kind text NOT NULL,
    pseudonym bytea NOT NULL,
    came timestamp with time zone,
    CONSTRAINT listener_pseudonym_check CHECK ((octet_length(pseudonym) = 16)),
    CONSTRAINT listener_target_kind_check CHECK ((target_kind = ANY (ARRAY['track'::text, 'release'::text, 'site'::text])))
);
ALTER TABLE ONLY public.listener ALTER COLUMN pseudonym SET STATISTICS 0;

CREATE TABLE public.listener_count (
    target_key text NOT NULL,
    target_kind text NOT NULL,
    day date NOT NULL,
    generation integer NOT NULL,
    slot smallint NOT NULL,
    listeners bigint NOT NULL,
    CONSTRAINT listener_count_target_kind_check CHECK ((target_kind = ANY (ARRAY['track'::text, 'release'::text, 'site'::text])))
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.02');

CREATE TABLE public.listener_day (
    target_key text NOT NULL,
    target_kind text NOT NULL,
    day date NOT NULL,
    token bytea NOT NULL,
    CONSTRAINT listener_day_target_kind_check CHECK ((target_kind = ANY (ARRAY['track'::text, 'release'::text, 'site'::text]))),
    CONSTRAINT listener_day_token_check CHECK ((octet_length(token) = 16))
)
PARTITION BY LIST (day);
ALTER TABLE ONLY public.listener_day ALTER COLUMN target_key SET STATISTICS 0;
ALTER TABLE ONLY public.listener_day ALTER COLUMN target_kind SET STATISTICS 0;
ALTER TABLE ONLY public.listener_day ALTER COLUMN day SET STATISTICS 0;
ALTER TABLE ONLY public.listener_day ALTER COLUMN token SET STATISTICS 0;

CREATE TABLE public.listener_generation (
    one boolean DEFAULT true NOT NULL,
    generation bigint NOT NULL,
    anew_generation bigint DEFAULT '-1'::integer NOT NULL,
    anew_on date DEFAULT '-infinity'::date NOT NULL,
    compact boolean DEFAULT true NOT NULL,
    renames bigint DEFAULT 0 NOT NULL,
    CONSTRAINT listener_generation_one_check CHECK (one)
);

CREATE TABLE public.opening_balance (
    import_number integer NOT NULL,
    target_key text NOT NULL,
    target_kind text NOT NULL,
    day date,
    partial bigint DEFAULT 0 NOT NULL,
    sampled bigint DEFAULT 0 NOT NULL,
    complete bigint DEFAULT 0 NOT NULL,
    unbucketed bigint DEFAULT 0 NOT NULL,
    shares_link bigint DEFAULT 0 NOT NULL,
    shares_embed bigint DEFAULT 0 NOT NULL,
    via_link bigint DEFAULT 0 NOT NULL,
    via_embed bigint DEFAULT 0 NOT NULL,
    CONSTRAINT opening_balance_complete_check CHECK ((complete >= 0)),
    CONSTRAINT opening_balance_partial_check CHECK ((partial >= 0)),
    CONSTRAINT opening_balance_sampled_check CHECK ((sampled >= 0)),
    CONSTRAINT opening_balance_shares_embed_check CHECK ((shares_embed >= 0)),
    CONSTRAINT opening_balance_shares_link_check CHECK ((shares_link >= 0)),
    CONSTRAINT opening_balance_target_kind_check CHECK ((target_kind = ANY (ARRAY['track'::text, 'release'::text, 'site'::text]))),
    CONSTRAINT opening_balance_unbucketed_check CHECK ((unbucketed >= 0)),
    CONSTRAINT opening_balance_via_embed_check CHECK ((via_embed >= 0)),
    CONSTRAINT opening_balance_via_link_check CHECK ((via_link >= 0))
);

CREATE TABLE public.play_event (
    created_at timestamp with time zone NOT NULL,
    day date NOT NULL,
    rule_version smallint NOT NULL,
    track_key text NOT NULL,
    release_key text,
    bucket text NOT NULL,
    via text,
    import_number integer,
    CONSTRAINT play_event_bucket_check CHECK ((bucket = ANY (ARRAY['partial'::text, 'sampled'::text, 'complete'::text]))),
    CONSTRAINT play_event_via_check CHECK ((via = ANY (ARRAY['link'::text, 'embed'::text])))
)
PARTITION BY RANGE (day);

CREATE TABLE public.share_event (
    created_at timestamp with time zone NOT NULL,
    day date NOT NULL,
    target_kind text NOT NULL,
    target_key text NOT NULL,
    channel text NOT NULL,
    import_number integer,
    CONSTRAINT share_event_channel_check CHECK ((channel = ANY (ARRAY['link'::text, 'embed'::text]))),
    CONSTRAINT share_event_target_kind_check CHECK ((target_kind = ANY (ARRAY['track'::text, 'release'::text])))
)
PARTITION BY RANGE (day);

CREATE VIEW public.logged_day AS
 WITH event AS (
         SELECT play_event.track_key AS target_key,
            'track'::text AS target_kind,
            play_event.day,
            play_event.bucket,
            play_event.via,
            NULL::text AS channel
           FROM public.play_event
        UNION ALL
         SELECT play_event.release_key,
            'release'::text,
            play_event.day,
            play_event.bucket,
            play_event.via,
            NULL::text
           FROM public.play_event
          WHERE (play_event.release_key IS NOT NULL)
        UNION ALL
         SELECT ''::text,
            'site'::text,
            play_event.day,
            play_event.bucket,
            play_event.via,
            NULL::text
           FROM public.play_event
        UNION ALL
         SELECT share_event.target_key,
            share_event.target_kind,
            share_event.day,
            NULL::text,
            NULL::text,
            share_event.channel
           FROM public.share_event
        UNION ALL
         SELECT ''::text,
            'site'::text,
            share_event.day,
            NULL::text,
            NULL::text,
            share_event.channel
           FROM public.share_event
        ), figure AS (
         SELECT event.target_key,
            event.target_kind,
            event.day,
            count(*) FILTER (WHERE (event.bucket = 'partial'::text)) AS partial,
            count(*) FILTER (WHERE (event.bucket = 'sampled'::text)) AS sampled,
            count(*) FILTER (WHERE (event.bucket = 'complete'::text)) AS complete,
            count(*) FILTER (WHERE (event.channel = 'link'::text)) AS shares_link,
            count(*) FILTER (WHERE (event.channel = 'embed'::text)) AS shares_embed,
            count(*) FILTER (WHERE (event.via = 'link'::text)) AS via_link,
            count(*) FILTER (WHERE (event.via = 'embed'::text)) AS via_embed,
            (0)::bigint AS unbucketed
           FROM event
          GROUP BY event.target_key, event.target_kind, event.day
        UNION ALL
         SELECT opening_balance.target_key,
            opening_balance.target_kind,
            opening_balance.day,
            opening_balance.partial,
            opening_balance.sampled,
            opening_balance.complete,
            opening_balance.shares_link,
            opening_balance.shares_embed,
            opening_balance.via_link,
            opening_balance.via_embed,
            opening_balance.unbucketed
           FROM public.opening_balance
          WHERE (opening_balance.day IS NOT NULL)
        )
 SELECT target_key,
    target_kind,
    day,
    (sum(partial))::bigint AS partial,
    (sum(sampled))::bigint AS sampled,
    (sum(complete))::bigint AS complete,
    (sum(shares_link))::bigint AS shares_link,
    (sum(shares_embed))::bigint AS shares_embed,
    (sum(via_link))::bigint AS via_link,
    (sum(via_embed))::bigint AS via_embed,
    (sum(unbucketed))::bigint AS unbucketed
   FROM figure
  GROUP BY target_key, target_kind, day;

CREATE TABLE public.milestone (
    target_key text NOT NULL,
    target_kind text NOT NULL,
    plays bigint NOT NULL,
    CONSTRAINT milestone_target_kind_check CHECK ((target_kind = ANY (ARRAY['track'::text, 'release'::text, 'site'::text])))
);

CREATE TABLE public.operator (
    one boolean DEFAULT true NOT NULL,
    password_hash text NOT NULL,
    session_salt bytea NOT NULL,
    CONSTRAINT operator_one_check CHECK (one)
);

CREATE TABLE public.play_counter (
    target_key text NOT NULL,
    target_kind text NOT NULL,
    slot smallint NOT NULL,
    partial bigint DEFAULT 0 NOT NULL,
    sampled bigint DEFAULT 0 NOT NULL,
    complete bigint DEFAULT 0 NOT NULL,
    shares_link bigint DEFAULT 0 NOT NULL,
    shares_embed bigint DEFAULT 0 NOT NULL,
    via_link bigint DEFAULT 0 NOT NULL,
    via_embed bigint DEFAULT 0 NOT NULL,
    listeners bigint DEFAULT 0 NOT NULL,
    unbucketed bigint DEFAULT 0 NOT NULL,
    CONSTRAINT play_counter_target_kind_check CHECK ((target_kind = ANY (ARRAY['track'::text, 'release'::text, 'site'::text])))
)
WITH (fillfactor='70');

CREATE TABLE public.release (
    release_key text NOT NULL,
    title text NOT NULL,
    medium text,
    CONSTRAINT release_release_key_check CHECK (((octet_length(release_key) >= 1) AND (octet_length(release_key) <= 200)))
);

CREATE TABLE public.schema_migration (
    number integer NOT NULL,
    name text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.sealed_key (
    purpose text NOT NULL,
    sealed bytea NOT NULL
);

CREATE TABLE public.spool_cursor (
    spool_id text NOT NULL,
    seq bigint NOT NULL,
    slot smallint NOT NULL,
    day date
);

CREATE TABLE public.token_day (
    day date NOT NULL,
    generation integer NOT NULL,
    partial boolean NOT NULL,
    closed boolean DEFAULT false NOT NULL
);

CREATE TABLE public.track (
    track_key text NOT NULL,
    title text NOT NULL,
    release_key text,
    "position" integer,
    CONSTRAINT track_track_key_check CHECK (((octet_length(track_key) >= 1) AND (octet_length(track_key) <= 200)))
);

CREATE TABLE public.uncatalogued (
    target_key text NOT NULL,
    target_kind text NOT NULL,
    day date NOT NULL,
    CONSTRAINT uncatalogued_target_kind_check CHECK ((target_kind = ANY (ARRAY['track'::text, 'release'::text])))
);

CREATE TABLE public.week_begin (
    week date NOT NULL,
    listeners bigint NOT NULL
);

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_kind_name_key UNIQUE (kind, name);

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_pkey PRIMARY KEY (digest);

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_pkey PRIMARY KEY (alert_id, way);

ALTER TABLE ONLY public.alert_state
    ADD CONSTRAINT alert_state_pkey PRIMARY KEY (one);

ALTER TABLE ONLY public.alias
    ADD CONSTRAINT alias_pkey PRIMARY KEY (alias_key, target_kind);

ALTER TABLE ONLY public.canary
    ADD CONSTRAINT canary_pkey PRIMARY KEY (sender);

ALTER TABLE ONLY public.catalog_version
    ADD CONSTRAINT catalog_version_pkey PRIMARY KEY (one);

ALTER TABLE ONLY public.day_counter
    ADD CONSTRAINT day_counter_pkey PRIMARY KEY (target_key, target_kind, day, slot);

ALTER TABLE ONLY public.dropped_month
    ADD CONSTRAINT dropped_month_pkey PRIMARY KEY (month);

ALTER TABLE ONLY public.ended_session
    ADD CONSTRAINT ended_session_pkey PRIMARY KEY (digest);

ALTER TABLE ONLY public.event_id
    ADD CONSTRAINT event_id_pkey PRIMARY KEY (target_key, event_id);

ALTER TABLE ONLY public.forgotten
    ADD CONSTRAINT forgotten_pkey PRIMARY KEY (tag);

ALTER TABLE ONLY public.import
    ADD CONSTRAINT import_content_key UNIQUE (content);

ALTER TABLE ONLY public.import
    ADD CONSTRAINT import_name_key UNIQUE (name);

ALTER TABLE ONLY public.import
    ADD CONSTRAINT import_pkey PRIMARY KEY (number);

ALTER TABLE ONLY public.listener_count
    ADD CONSTRAINT listener_count_pkey PRIMARY KEY (target_key, target_kind, day, generation, slot);

ALTER TABLE ONLY public.listener_day
    ADD CONSTRAINT listener_day_pkey PRIMARY KEY (target_key, target_kind, day, token);

ALTER TABLE ONLY public.listener_generation
    ADD CONSTRAINT listener_generation_pkey PRIMARY KEY (one);

ALTER TABLE ONLY public.listener
    ADD CONSTRAINT listener_pkey PRIMARY KEY (target_key, target_kind, pseudonym);

ALTER TABLE ONLY public.milestone
    ADD CONSTRAINT milestone_pkey PRIMARY KEY (target_key, target_kind);

ALTER TABLE ONLY public.operator
    ADD CONSTRAINT operator_pkey PRIMARY KEY (one);

ALTER TABLE ONLY public.play_counter
    ADD CONSTRAINT play_counter_pkey PRIMARY KEY (target_key, target_kind, slot);

ALTER TABLE ONLY public.release
    ADD CONSTRAINT release_pkey PRIMARY KEY (release_key);

ALTER TABLE ONLY public.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (number);

ALTER TABLE ONLY public.sealed_key
    ADD CONSTRAINT sealed_key_pkey PRIMARY KEY (purpose);

ALTER TABLE ONLY public.spool_cursor
    ADD CONSTRAINT spool_cursor_pkey PRIMARY KEY (spool_id);

ALTER TABLE ONLY public.token_day
    ADD CONSTRAINT token_day_pkey PRIMARY KEY (day);

ALTER TABLE ONLY public.track
    ADD CONSTRAINT track_pkey PRIMARY KEY (track_key);

ALTER TABLE ONLY public.uncatalogued
    ADD CONSTRAINT uncatalogued_pkey PRIMARY KEY (target_key, target_kind);

ALTER TABLE ONLY public.week_begin
    ADD CONSTRAINT week_begin_pkey PRIMARY KEY (week);

CREATE INDEX alert_due ON public.alert USING btree (next_at) WHERE (settled_at IS NULL);

CREATE UNIQUE INDEX alias_current ON public.alias USING btree (target_key, target_kind) WHERE current;

CREATE INDEX day_counter_by_day ON public.day_counter USING btree (target_kind, day);

CREATE INDEX event_id_day ON public.event_id USING btree (day);

CREATE INDEX listener_count_by_day ON public.listener_count USING btree (target_kind, day);

CREATE INDEX opening_balance_by_day ON public.opening_balance USING btree (day, target_key, target_kind);

CREATE INDEX track_release ON public.track USING btree (release_key, "position");

CREATE INDEX uncatalogued_day ON public.uncatalogued USING btree (day);

ALTER TABLE ONLY public.track
    ADD CONSTRAINT track_release_key_fkey FOREIGN KEY (release_key) REFERENCES public.release(release_key);
