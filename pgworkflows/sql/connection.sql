-- The ground that the other files stand on.
--
--   now()    the only clock; tests replace it by DDL
--   uuid7()  ids that sort by time
--   wake()   tell idle workers, at commit, that there is something to do

CREATE SCHEMA IF NOT EXISTS pgworkflows;

-- STABLE, so that an index on available_at serves `available_at <= pgworkflows.now()`.
CREATE OR REPLACE FUNCTION pgworkflows.now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN statement_timestamp();

CREATE OR REPLACE FUNCTION pgworkflows.uuid7() RETURNS uuid LANGUAGE sql VOLATILE AS $$
SELECT encode(
  set_bit(set_bit(
    overlay(uuid_send(gen_random_uuid())
      PLACING substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
      FROM 1 FOR 6),
    52, 1), 53, 1),
  'hex')::uuid
$$;

-- NOTIFY takes a database-wide lock at commit. Only an idle worker holds 1885828966,0 exclusively, so only
-- then is the shared try refused, and only then does anyone notify.
CREATE OR REPLACE FUNCTION pgworkflows.wake() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF NOT pg_try_advisory_xact_lock_shared(1885828966, 0) THEN
    PERFORM pg_notify('pgworkflows', '');
  END IF;
END
$$;

-- Refuses what would not fit into an index, or would have to be read by a person for an hour.
CREATE OR REPLACE FUNCTION pgworkflows.refuse_long(what text, given text, most integer DEFAULT 500) RETURNS void LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF octet_length(given) > most THEN
    RAISE EXCEPTION '% has % bytes, more than %', what, octet_length(given), most
      USING ERRCODE = 'string_data_right_truncation', HINT = 'Use a shorter text, or its hash.';
  END IF;
END
$$;

-- Refuses what is larger than MAX_PAYLOAD_BYTES, as the definitions have it.
CREATE OR REPLACE FUNCTION pgworkflows.refuse_large(what text, given text) RETURNS void LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
DECLARE most integer;
BEGIN
  IF given IS NULL OR octet_length(given) <= 1000 THEN
    RETURN;
  END IF;
  SELECT COALESCE(max((d.options ->> 'largest')::integer), 1000000) INTO most FROM pgworkflows_workflowdefinition d;
  IF octet_length(given) > most THEN
    RAISE EXCEPTION '% has % bytes, more than MAX_PAYLOAD_BYTES (%)', what, octet_length(given), most
      USING ERRCODE = 'program_limit_exceeded', HINT = 'Store what is large in a row and pass its key.';
  END IF;
END
$$;

-- Refuses moments that Python cannot read in every time zone.
CREATE OR REPLACE FUNCTION pgworkflows.refuse_far(what text, given timestamptz) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF given NOT BETWEEN '0002-01-01 00:00+00' AND '9998-12-31 00:00+00' THEN
    RAISE EXCEPTION '%: % is out of reach', what, given
      USING ERRCODE = 'datetime_field_overflow', HINT = 'Give a time between the years 2 and 9998.';
  END IF;
END
$$;

-- Keeps a trigger function that writes as the owner from being hung on a table of somebody's own.
CREATE OR REPLACE FUNCTION pgworkflows.refuse_elsewhere(relation oid, its_own regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF relation <> its_own THEN
    RAISE EXCEPTION 'a trigger function of % serves no other table, such as %', its_own, relation::regclass
      USING ERRCODE = 'insufficient_privilege', HINT = 'Drop that trigger.';
  END IF;
END
$$;
