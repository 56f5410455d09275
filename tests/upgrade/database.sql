--
-- PostgreSQL database dump
--


-- Dumped from database version 18.4
-- Dumped by pg_dump version 18.4

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: pgworkflows; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA pgworkflows;


--
-- Name: act_as(text, text, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.act_as(actor text, channel text, note text DEFAULT ''::text) RETURNS text[]
    LANGUAGE plpgsql
    AS $$
DECLARE before text[] := ARRAY[pgworkflows.setting('actor'), pgworkflows.setting('channel'), pgworkflows.setting('note')];
BEGIN
  PERFORM set_config('pgworkflows.actor', COALESCE(actor, ''), true),
          set_config('pgworkflows.channel', COALESCE(channel, ''), true),
          set_config('pgworkflows.note', COALESCE(note, ''), true);
  RETURN before;
END
$$;


--
-- Name: action_inserted(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.action_inserted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_approvalaction');
  INSERT INTO pgworkflows_history
    (workflow, approval, event, from_status, to_status, state, at, actor, "session_user", channel, note, data)
  SELECT a.workflow_id, a.id, n.verb, a.status, a.status, '', pgworkflows.now(), n.username, session_user,
         COALESCE(NULLIF(n.channel, ''), 'sql'), n.note, jsonb_build_object('action', n.id)
  FROM new_rows n JOIN pgworkflows_approval a ON a.id = n.approval_id;
  RETURN NULL;
END
$$;


--
-- Name: actor(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.actor() RETURNS text
    LANGUAGE sql STABLE
    AS $$
SELECT COALESCE(
  convert_from(decode(substring(current_query() FROM '^(?:SAVEPOINT \w+; )?/\*pgworkflows:((?:[0-9a-f]{2})+)\*/'), 'hex'), 'UTF8'),
  CASE WHEN pgworkflows.setting('channel') <> 'worker' THEN NULLIF(pgworkflows.setting('actor'), '') END)
$$;


--
-- Name: admit(bigint, text, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.admit(approval bigint, username text, on_behalf_of text, OUT refusal text, OUT person_id integer, OUT principal_id integer, OUT principal_name text) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
BEGIN
  PERFORM FROM pgworkflows_approval p WHERE p.id = $1 FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    refusal := 'unknown';
    RETURN;
  END IF;
  SELECT s.refusal, s.person_id, s.principal_id, s.principal_name INTO refusal, person_id, principal_id, principal_name
  FROM pgworkflows.standing($1, $2, $3) s;
END
$_$;


--
-- Name: answer_of(bigint); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.answer_of(request bigint) RETURNS TABLE(taken boolean, status text, answer jsonb, refusal text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
SELECT r.task_id IS NOT NULL,
       CASE WHEN r.answered_at IS NULL THEN 'pending' WHEN r.refusal IS NULL THEN 'answered' ELSE 'refused' END, r.answer, r.refusal
FROM pgworkflows_request r WHERE r.id = $1
$_$;


--
-- Name: approval_event(text, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.approval_event(from_status text, to_status text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
SELECT CASE from_status || '>' || to_status
    WHEN 'CHANGES_REQUESTED>CANCELLED' THEN 'cancel_approval'
    WHEN 'CHANGES_REQUESTED>EXPIRED' THEN 'expire'
    WHEN 'CHANGES_REQUESTED>WITHDRAWN' THEN 'withdraw'
    WHEN 'PENDING>APPROVED' THEN 'approve'
    WHEN 'PENDING>CANCELLED' THEN 'cancel_approval'
    WHEN 'PENDING>CHANGES_REQUESTED' THEN 'request_changes'
    WHEN 'PENDING>EXPIRED' THEN 'expire'
    WHEN 'PENDING>REJECTED' THEN 'reject'
    WHEN 'PENDING>WITHDRAWN' THEN 'withdraw'
END
$$;


--
-- Name: approval_inserted(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.approval_inserted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_approval');
  INSERT INTO pgworkflows_history
    (workflow, approval, event, from_status, to_status, state, at, actor, "session_user", channel, note, data)
  SELECT n.workflow_id, n.id, 'request', '', n.status, '', pgworkflows.now(), pgworkflows.setting('actor'), session_user,
         COALESCE(NULLIF(pgworkflows.setting('channel'), ''), 'sql'), n.title,
         jsonb_build_object('request', n.request, 'round', n.round, 'stage', n.stage_id, 'policy', n.policy_id,
           'requested_by', NULLIF(n.requested_by_name, ''),
           'quorum', n.quorum, 'could_decide', n.could_decide, 'snapshot_hash', n.snapshot_hash)
  FROM new_rows n;
  RETURN NULL;
END
$$;


--
-- Name: approval_updated(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.approval_updated() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_approval');
  INSERT INTO pgworkflows_history
    (workflow, approval, event, from_status, to_status, state, at, actor, "session_user", channel, note)
  SELECT n.workflow_id, n.id, pgworkflows.approval_event(o.status, n.status), o.status, n.status, '', pgworkflows.now(),
         pgworkflows.setting('actor'), session_user, COALESCE(NULLIF(pgworkflows.setting('channel'), ''), 'sql'),
         pgworkflows.setting('note')
  FROM old_rows o JOIN new_rows n ON n.id = o.id
  WHERE n.status <> o.status;
  -- The verbs tell the asker themselves; what is changed by SQL is told here.
  PERFORM pgworkflows.tell_asker(n.workflow_id, n.id || '/' || n.round || '/' || n.status, pgworkflows.setting('actor'))
  FROM old_rows o JOIN new_rows n ON n.id = o.id JOIN pgworkflows_workflow w ON w.id = n.workflow_id
  WHERE n.status <> o.status AND w.status IN ('WAITING', 'RUNNING') AND pgworkflows.setting('channel') = '';
  RETURN NULL;
END
$$;


--
-- Name: ask(uuid, text, jsonb); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.ask(workflow uuid, name text, payload jsonb DEFAULT NULL::jsonb) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE asked record;
BEGIN
  IF name IS NULL OR name = '' THEN
    RAISE EXCEPTION 'ask(): a request needs a name' USING ERRCODE = 'invalid_parameter_value', HINT = 'Give one that is not empty.';
  END IF;
  PERFORM pgworkflows.refuse_long('the name of a request', $2),
          pgworkflows.refuse_large('request ' || $2 || ': the payload', $3::text);
  asked := pgworkflows.post_request(
    $1, $2, pgworkflows.escaped($3), COALESCE(NULLIF(pgworkflows.setting('actor'), ''), session_user), 'sql');
  IF asked.request IS NULL AND asked.outcome = 'unknown' THEN
    RAISE EXCEPTION 'no workflow %', $1 USING ERRCODE = 'no_data_found';
  ELSIF asked.request IS NULL THEN
    RAISE EXCEPTION 'workflow % is %: it takes no more requests', $1, asked.outcome USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  RETURN asked.request;
END
$_$;


--
-- Name: asked(bigint); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.asked(approval bigint) RETURNS TABLE(id integer, username text)
    LANGUAGE sql STABLE
    AS $_$
SELECT p.id, p.username FROM pgworkflows.people() p
WHERE p.active AND p.id IN (
  SELECT x."user_id" FROM "public".pgworkflows_approval_users x WHERE x.approval_id = $1
  UNION ALL
  SELECT m.user_id FROM "public".pgworkflows_approval_groups x JOIN pgworkflows.memberships() m ON m.group_id = x.group_id
  WHERE x.approval_id = $1)
$_$;


--
-- Name: asked_changed(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.asked_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE r record := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END; who text; what text := TG_ARGV[0];
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(
    TG_RELID, CASE what WHEN 'user' THEN 'pgworkflows_approval_users'::regclass ELSE 'pgworkflows_approval_groups' END);
  IF what = 'user' THEN
    SELECT COALESCE(min(p.username), r."user_id"::text) INTO who FROM pgworkflows.people() p WHERE p.id = r."user_id";
  ELSE
    SELECT COALESCE(min(g.name), r.group_id::text) INTO who FROM auth_group g WHERE g.id = r.group_id;
  END IF;
  INSERT INTO pgworkflows_history
    (workflow, approval, event, from_status, to_status, state, at, actor, "session_user", channel, note, data)
  SELECT a.workflow_id, a.id, CASE TG_OP WHEN 'INSERT' THEN 'ask' ELSE 'unask' END, a.status, a.status, '', pgworkflows.now(),
         pgworkflows.setting('actor'), session_user, COALESCE(NULLIF(pgworkflows.setting('channel'), ''), 'sql'), who,
         jsonb_build_object(what, who)
  FROM pgworkflows_approval a JOIN pgworkflows_workflow w ON w.id = a.workflow_id
  WHERE a.id = r.approval_id AND a.status IN ('PENDING', 'CHANGES_REQUESTED')
    AND (TG_OP = 'INSERT' OR w.finished_at IS NULL);  -- what is pruned goes without a word
  RETURN NULL;
END
$$;


--
-- Name: assign_events(bigint[]); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.assign_events(candidates bigint[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
DECLARE e record; oldest bigint; wait record; parked_now integer; done integer := 0;
BEGIN
  FOR e IN
    SELECT id, name, correlation FROM pgworkflows_event
    WHERE id = ANY (candidates) AND workflow_id IS NULL AND delivered_at IS NULL
    ORDER BY id FOR UPDATE SKIP LOCKED
  LOOP
    SELECT o.id INTO oldest FROM pgworkflows_event o
    WHERE o.name = e.name AND o.correlation = e.correlation AND o.workflow_id IS NULL AND o.delivered_at IS NULL
    ORDER BY o.id LIMIT 1;
    IF oldest < e.id THEN
      PERFORM FROM pgworkflows_event o WHERE o.id = oldest AND o.workflow_id IS NULL FOR UPDATE SKIP LOCKED;
      CONTINUE WHEN NOT FOUND;
    END IF;
    SELECT t.task AS id, t.workflow AS workflow_id INTO wait
    FROM pgworkflows.waits_for(e.name, e.correlation) t JOIN pgworkflows_workflow w ON w.id = t.workflow
    WHERE w.status IN ('WAITING', 'RUNNING')
      AND NOT EXISTS (SELECT FROM pgworkflows_event o WHERE o.workflow_id = t.workflow AND o.task_id IS NULL
                      AND o.correlation = e.correlation AND COALESCE(t.any_of ? o.name, o.name = e.name))
    ORDER BY t.task LIMIT 1;
    IF NOT FOUND THEN
      UPDATE pgworkflows_event SET parked = true WHERE id = e.id AND NOT parked;
      GET DIAGNOSTICS parked_now = ROW_COUNT;
      done := done + parked_now;
      CONTINUE;
    END IF;
    PERFORM FROM pgworkflows_workflow w WHERE w.id = wait.workflow_id FOR NO KEY UPDATE SKIP LOCKED;
    -- What was seen without the lock may be over by now: another statement looks again under it.
    IF FOUND AND EXISTS (SELECT FROM pgworkflows_task t WHERE t.id = wait.id AND t.status = 'WAITING') THEN
      UPDATE pgworkflows_event SET workflow_id = wait.workflow_id, delivered_at = pgworkflows.now() WHERE id = oldest;
      PERFORM pgworkflows.wake_workflows(ARRAY[wait.workflow_id]);
      done := done + 1;
    END IF;
  END LOOP;
  RETURN done;
END
$$;


--
-- Name: cancel(uuid, text, boolean); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.cancel(workflow uuid, reason text, compensate boolean DEFAULT true) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE outcome text;
BEGIN
  PERFORM pgworkflows.refuse_large('cancel(): the reason', $2);
  outcome := pgworkflows.request_cancel(
    $1, $2, $3, COALESCE(NULLIF(pgworkflows.setting('actor'), ''), session_user), 'sql', pgworkflows.setting('channel') = 'worker');
  IF outcome = 'unknown' THEN
    RAISE EXCEPTION 'no workflow %', $1 USING ERRCODE = 'no_data_found';
  ELSIF outcome NOT IN ('cancelled', 'requested') THEN
    RAISE EXCEPTION 'workflow % is already %', $1, outcome USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
END
$_$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: pgworkflows_workflow; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgworkflows_workflow (
    id uuid NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    key text,
    holds_key boolean DEFAULT false NOT NULL,
    status character varying(12) NOT NULL,
    state text NOT NULL,
    queue text NOT NULL,
    priority smallint NOT NULL,
    kwargs jsonb NOT NULL,
    result jsonb,
    error jsonb,
    attributes jsonb NOT NULL,
    subject_id text NOT NULL,
    subject_label text NOT NULL,
    subject_text text DEFAULT ''::text NOT NULL,
    requested_by_name text NOT NULL,
    parent_close text,
    root uuid,
    created_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    available_at timestamp with time zone,
    deadline timestamp with time zone,
    waiting_for jsonb NOT NULL,
    epoch integer NOT NULL,
    crashes smallint NOT NULL,
    cancel_requested_at timestamp with time zone,
    cancel_request jsonb,
    fingerprint text NOT NULL,
    format smallint NOT NULL,
    paused_at timestamp with time zone,
    gate text,
    fair text,
    held_until timestamp with time zone,
    schedule bigint,
    scheduled_for timestamp with time zone,
    wake_at timestamp with time zone,
    cleans_up boolean,
    continued_from uuid,
    forked_from uuid,
    owner_id bigint,
    parent_id uuid,
    parent_task_id bigint,
    requested_by_id integer,
    subject_type_id integer,
    CONSTRAINT pgworkflows_workflow_finished_has_time CHECK ((((available_at IS NULL) AND (finished_at IS NOT NULL) AND ((status)::text = ANY ((ARRAY['COMPLETED'::character varying, 'FAILED'::character varying, 'COMPENSATED'::character varying, 'CANCELLED'::character varying])::text[]))) OR ((finished_at IS NULL) AND ((status)::text = ANY ((ARRAY['PENDING'::character varying, 'RUNNING'::character varying, 'WAITING'::character varying, 'COMPENSATING'::character varying, 'BLOCKED'::character varying])::text[]))))),
    CONSTRAINT pgworkflows_workflow_holds_a_key CHECK (((NOT holds_key) OR (key IS NOT NULL))),
    CONSTRAINT pgworkflows_workflow_moments_in_reach CHECK (((LEAST(created_at, started_at, finished_at, available_at, deadline, cancel_requested_at, paused_at, held_until, wake_at, scheduled_for) >= '0002-01-01 00:00:00+00'::timestamp with time zone) AND (GREATEST(created_at, started_at, finished_at, available_at, deadline, cancel_requested_at, paused_at, held_until, wake_at, scheduled_for) <= '9998-12-31 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT pgworkflows_workflow_owned_not_claimable CHECK (((owner_id IS NULL) OR (available_at IS NULL))),
    CONSTRAINT pgworkflows_workflow_priority_range CHECK (((priority >= '-100'::integer) AND (priority <= 100))),
    CONSTRAINT pgworkflows_workflow_running_has_owner CHECK (((NOT ((status)::text = 'RUNNING'::text)) OR (owner_id IS NOT NULL)))
)
WITH (autovacuum_vacuum_scale_factor='0.01', autovacuum_vacuum_threshold='1000', autovacuum_vacuum_cost_limit='2000', autovacuum_analyze_scale_factor='0.02', autovacuum_analyze_threshold='1000');


--
-- Name: claim(text[], integer[], text[], integer, text[]); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.claim(names text[], versions integer[], queues text[], most integer, fingerprints text[] DEFAULT NULL::text[]) RETURNS SETOF public.pgworkflows_workflow
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $_$
DECLARE l record; missing integer := most; share integer; found_now integer; skip integer; before integer;
BEGIN
  FOR l IN
    SELECT d.*, row_number() OVER (PARTITION BY d.priority ORDER BY f.waiting DESC NULLS FIRST, d.available_at DESC) AS lanes_left
    FROM (
      SELECT k.*, count(*) OVER (PARTITION BY k.priority) AS lanes,
        row_number() OVER (PARTITION BY k.priority ORDER BY k.available_at) AS place
      FROM pgworkflows.lanes($1, $2, COALESCE($5, array_fill(''::text, ARRAY[cardinality($1)])), $3) k WHERE k.available_at <= pgworkflows.now()
    ) d LEFT JOIN LATERAL (
      SELECT count(*) AS waiting FROM (
        SELECT FROM pgworkflows_workflow c
        WHERE c.name = d.name AND c.version = d.version AND c.queue = d.queue AND c.priority = d.priority
          AND c.fingerprint = d.fingerprint
          AND c.crashes = 0 AND c.paused_at IS NULL AND c.gate IS NULL AND c.available_at <= pgworkflows.now()
        LIMIT 2 * most / d.lanes + 1) c
    ) f ON d.lanes > 1 AND d.place <= most
    ORDER BY d.priority DESC, lanes_left DESC
  LOOP
    share := ceil(missing::numeric / l.lanes_left);
    skip := 0; before := 0;
    WHILE skip <= 8 * most AND NOT EXISTS (SELECT FROM pgworkflows.claim_from(
        l.name, l.version, l.queue, l.priority, l.fingerprint, skip, 1, 1)) LOOP
      before := skip;
      skip := GREATEST(4 * skip, most);
    END LOOP;
    IF skip = 0 THEN
      RETURN QUERY
      SELECT c.* FROM pgworkflows_workflow c
      WHERE c.name = l.name AND c.version = l.version AND c.queue = l.queue AND c.priority = l.priority
        AND c.fingerprint = l.fingerprint
        AND c.crashes = 0 AND c.paused_at IS NULL AND c.gate IS NULL AND c.available_at <= pgworkflows.now()
      ORDER BY c.available_at
      LIMIT share
      FOR NO KEY UPDATE SKIP LOCKED;
    ELSIF skip <= 8 * most THEN
      RETURN QUERY SELECT * FROM pgworkflows.claim_from(
        l.name, l.version, l.queue, l.priority, l.fingerprint, before, most + skip - before, share);
    ELSE
      RETURN QUERY
      SELECT c.* FROM pgworkflows_workflow c
      WHERE c.name = l.name AND c.version = l.version AND c.queue = l.queue AND c.priority = l.priority
        AND c.fingerprint = l.fingerprint
        AND c.crashes = 0 AND c.paused_at IS NULL AND c.gate IS NULL AND c.available_at <= pgworkflows.now()
      ORDER BY c.available_at DESC
      LIMIT share
      FOR NO KEY UPDATE SKIP LOCKED;
    END IF;
    GET DIAGNOSTICS found_now = ROW_COUNT;
    missing := missing - found_now;
    EXIT WHEN missing <= 0;
  END LOOP;
END
$_$;


--
-- Name: claim_from(text, integer, text, smallint, text, integer, integer, integer); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.claim_from(name text, version integer, queue text, priority smallint, fingerprint text, skip integer, looked_at integer, most integer) RETURNS SETOF public.pgworkflows_workflow
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $_$
BEGIN
  RETURN QUERY
  SELECT w.*
  FROM (
    SELECT c.ctid AS place FROM pgworkflows_workflow c
    WHERE c.name = $1 AND c.version = $2 AND c.queue = $3 AND c.priority = $4 AND c.fingerprint = $5
      AND c.crashes = 0 AND c.paused_at IS NULL AND c.gate IS NULL AND c.available_at <= pgworkflows.now()
    ORDER BY c.available_at
    OFFSET skip LIMIT looked_at) f
  JOIN pgworkflows_workflow w ON w.ctid = f.place
    AND w.crashes = 0 AND w.paused_at IS NULL AND w.gate IS NULL AND w.available_at <= pgworkflows.now()
  FOR NO KEY UPDATE OF w SKIP LOCKED
  LIMIT most;
END
$_$;


--
-- Name: close_branches(uuid[], text[], integer[], uuid[], bigint[]); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.close_branches(workflows uuid[], branches text[], seqs integer[], children uuid[], events bigint[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
BEGIN
  UPDATE pgworkflows_approval a SET status = 'CANCELLED', decided_at = pgworkflows.now()
  FROM unnest(workflows, branches, seqs) AS c(workflow, branch, seq)
  WHERE a.workflow_id = c.workflow AND a.branch = c.branch AND a.seq = c.seq AND a.status IN ('PENDING', 'CHANGES_REQUESTED');

  INSERT INTO pgworkflows_event (workflow_id, name, key, payload, sent_at, sent_by, parked)
  SELECT c.id, '$cancel', c.parent_id::text, jsonb_build_object('reason', 'the branch of its parent ' || c.parent_id || ' was cancelled'),
         pgworkflows.now(), pgworkflows.setting('actor'), false
  FROM pgworkflows_workflow c
  WHERE c.id = ANY (children) AND c.parent_close = 'cancel' AND c.finished_at IS NULL
  ON CONFLICT DO NOTHING;

  UPDATE pgworkflows_event e SET workflow_id = NULL, delivered_at = NULL, parked = false
  WHERE e.id = ANY (events) AND e.task_id IS NULL AND e.correlation IS NOT NULL;
END
$_$;


--
-- Name: close_workflows(uuid[]); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.close_workflows(closed uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_nestloop TO 'on'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $_$
BEGIN
  UPDATE pgworkflows_task t SET status = 'CANCELLED', finished_at = pgworkflows.now()
  FROM pgworkflows_workflow w
  WHERE w.id = ANY (closed) AND w.status <> 'FAILED' AND t.workflow_id = w.id AND t.workflow_id = ANY (closed)
    AND t.status IN ('PENDING', 'RUNNING', 'WAITING') AND t.kind <> 'COMPENSATION';

  IF EXISTS (SELECT FROM pgworkflows_approval a WHERE a.workflow_id = ANY (closed)) THEN
    UPDATE pgworkflows_approval a SET status = 'CANCELLED', decided_at = pgworkflows.now()
    FROM pgworkflows_workflow w
    WHERE w.id = ANY (closed) AND w.status <> 'FAILED' AND a.workflow_id = w.id AND a.workflow_id = ANY (closed)
      AND a.status IN ('PENDING', 'CHANGES_REQUESTED');
  END IF;

  IF EXISTS (SELECT FROM pgworkflows_request r WHERE r.workflow_id = ANY (closed) AND r.answered_at IS NULL) THEN
    PERFORM pgworkflows.refuse_requests(closed);
  END IF;

  -- What was given to a wait that is over without it goes to the next that waits.
  UPDATE pgworkflows_event e SET workflow_id = NULL, delivered_at = NULL, parked = false
  WHERE e.workflow_id = ANY (closed) AND e.task_id IS NULL AND e.correlation IS NOT NULL;

  -- The fence keeps the planner from reading all that is open.
  INSERT INTO pgworkflows_event (workflow_id, name, key, payload, sent_at, sent_by, parked)
  SELECT c.id, '$cancel', p.id::text,
         jsonb_build_object('reason', 'its parent ' || p.id || ' was cancelled',
                            'compensate', COALESCE((p.cancel_request ->> 'compensate')::boolean, true)),
         pgworkflows.now(), pgworkflows.setting('actor'), false
  FROM pgworkflows_workflow p
  JOIN (SELECT * FROM pgworkflows_workflow WHERE parent_id = ANY (closed) OFFSET 0) c ON c.parent_id = p.id
  WHERE p.id = ANY (closed) AND p.cancel_requested_at IS NOT NULL AND c.parent_close = 'cancel' AND c.finished_at IS NULL
  ON CONFLICT DO NOTHING;

  -- The fence has each looked for by itself: a list of ids looks dearer to the planner than all that is open.
  INSERT INTO pgworkflows_event (workflow_id, name, key, sent_at, sent_by, parked)
  SELECT t.workflow_id, '$child', w.id || '/' || w.epoch || '/' || w.finished_at, pgworkflows.now(), pgworkflows.setting('actor'), false
  FROM pgworkflows_workflow w
  CROSS JOIN LATERAL (
    SELECT * FROM pgworkflows_task WHERE kind = 'CHILD' AND status = 'WAITING' AND child_id = w.id OFFSET 0) t
  WHERE w.id = ANY (closed) AND w.finished_at IS NOT NULL
  ON CONFLICT DO NOTHING;
END
$_$;


--
-- Name: compensate(uuid, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.compensate(workflow uuid, reason text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
SELECT pgworkflows.go_on($1, $2, true, 'compensate()')
$_$;


--
-- Name: decide(bigint, text, text, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.decide(approval bigint, username text, verdict text, comment text DEFAULT ''::text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE
  outcome text; before text[];
  -- As the column has it, however the caller spelled it.
  person text := COALESCE((SELECT p.username FROM pgworkflows.people() p WHERE p.id = pgworkflows.person($2)), $2);
BEGIN
  IF $3 IS NULL OR $3 NOT IN ('approve', 'reject', 'request_changes') THEN
    RAISE EXCEPTION 'verdict must be approve, reject or request_changes, not %', quote_nullable($3)
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF $3 <> 'approve' AND btrim(COALESCE($4, '')) = '' THEN
    RAISE EXCEPTION 'verdict % needs a comment', $3 USING ERRCODE = 'invalid_parameter_value', HINT = 'Say why.';
  END IF;
  IF $3 = 'approve' AND EXISTS (SELECT FROM pgworkflows_approval a WHERE a.id = $1 AND a.form <> '') THEN
    RAISE EXCEPTION 'approval % has a form to fill in', $1
      USING ERRCODE = 'feature_not_supported', HINT = 'Approve it on its page, over the API, or in Python.';
  END IF;
  PERFORM pgworkflows.refuse_large('the comment on approval ' || $1, $4);
  before := pgworkflows.act_as(person, 'sql', $4);
  outcome := pgworkflows.record_decision($1, person, $3, $4, 'sql', NULL, NULL);
  PERFORM pgworkflows.act_as(before[1], before[2], before[3]);
  IF outcome <> 'decided' THEN
    RAISE EXCEPTION 'approval % cannot be decided by %: %', $1, $2,
      COALESCE(pgworkflows.refusal_text(outcome), 'it is already ' || outcome)
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
END
$_$;


--
-- Name: decision_inserted(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.decision_inserted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_decision');
  INSERT INTO pgworkflows_history
    (workflow, approval, event, from_status, to_status, state, at, actor, "session_user", channel, note, data)
  SELECT a.workflow_id, a.id, 'decide', a.status, a.status, '', pgworkflows.now(), n.username, session_user,
         COALESCE(NULLIF(n.channel, ''), 'sql'), n.comment,
         jsonb_build_object('verdict', n.verdict, 'decision', n.id, 'on_behalf_of', n.on_behalf_of_name,
           'snapshot_hash', n.snapshot_hash, 'round', a.round, 'stage', a.stage_id)
  FROM new_rows n JOIN pgworkflows_approval a ON a.id = n.approval_id;
  RETURN NULL;
END
$$;


--
-- Name: delegation_changed(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.delegation_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE d record := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_delegation');
  INSERT INTO pgworkflows_history
    (event, from_status, to_status, state, at, actor, "session_user", channel, note, data)
  SELECT CASE TG_OP WHEN 'INSERT' THEN 'delegate' ELSE 'end_delegation' END, '', '', '', pgworkflows.now(),
         pgworkflows.setting('actor'), session_user, COALESCE(NULLIF(pgworkflows.setting('channel'), ''), 'sql'), d.reason,
         jsonb_build_object('delegation', d.id, 'starts_at', d.starts_at, 'ends_at', d.ends_at, 'kinds', d.kinds,
           'delegator', (SELECT p.username FROM pgworkflows.people() p WHERE p.id = d.delegator_id),
           'delegate', (SELECT p.username FROM pgworkflows.people() p WHERE p.id = d.delegate_id));
  RETURN NULL;
END
$$;


--
-- Name: deliver(integer); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.deliver(most integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE w record; last bigint := 0; done integer := 0;
BEGIN
  IF most IS NULL OR most < 1 THEN
    RAISE EXCEPTION 'deliver(): % is no number of events', COALESCE(most::text, 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give 1 or more.';
  END IF;
  LOOP
    SELECT * INTO w FROM pgworkflows.deliver_window(last, most);
    last := w.last;
    done := done + w.done;
    IF w.seen < most OR done >= most THEN
      RETURN done;
    END IF;
  END LOOP;
END
$$;


--
-- Name: deliver_window(bigint, integer); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.deliver_window(behind bigint, most integer, OUT seen integer, OUT last bigint, OUT done integer) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $_$
DECLARE taken bigint[]; correlated bigint[]; changed bigint[]; locked uuid[]; woken uuid[]; delivered integer;
BEGIN
  SELECT count(*), max(e.id),
         array_agg(e.id) FILTER (WHERE e.workflow_id IS NOT NULL),
         array_agg(e.id) FILTER (WHERE e.workflow_id IS NULL AND e.name <> '$row'), array_agg(e.id) FILTER (WHERE e.name = '$row')
  INTO seen, last, taken, correlated, changed
  FROM (SELECT id, workflow_id, name FROM pgworkflows_event
        WHERE delivered_at IS NULL AND NOT parked AND id > behind ORDER BY id LIMIT most FOR UPDATE SKIP LOCKED) e;
  done := CASE WHEN correlated IS NULL THEN 0 ELSE pgworkflows.assign_events(correlated) END;
  IF changed IS NOT NULL THEN
    done := done + pgworkflows.wake_for_rows(changed);
  END IF;
  IF taken IS NULL THEN
    RETURN;
  END IF;

  SELECT array_agg(w.id) INTO locked
  FROM (SELECT id FROM pgworkflows_workflow
        WHERE id IN (SELECT workflow_id FROM pgworkflows_event WHERE id = ANY (taken))
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED) w;

  UPDATE pgworkflows_event SET delivered_at = pgworkflows.now()
  WHERE id = ANY (taken) AND workflow_id = ANY (locked);
  GET DIAGNOSTICS delivered = ROW_COUNT;
  done := done + delivered;

  -- Asked at the moment at which the workflow ended.
  IF EXISTS (SELECT FROM pgworkflows_event WHERE id = ANY (taken) AND name = '$request' AND workflow_id = ANY (locked)) THEN
    PERFORM pgworkflows.refuse_requests(locked);
  END IF;

  IF EXISTS (SELECT FROM pgworkflows_event WHERE id = ANY (taken) AND name = '$cancel' AND workflow_id = ANY (locked)) THEN
    UPDATE pgworkflows_workflow w
    SET cancel_requested_at = pgworkflows.now(), cancel_request = e.payload,
        available_at = CASE WHEN w.owner_id IS NULL THEN pgworkflows.now() END
    FROM pgworkflows_event e
    WHERE e.id = ANY (taken) AND e.name = '$cancel' AND w.id = e.workflow_id AND w.id = ANY (locked)
      AND w.finished_at IS NULL AND w.cancel_requested_at IS NULL;
  END IF;

  -- The fence keeps the planner from reading everybody's waits at once.
  SELECT array_agg(DISTINCT e.workflow_id) INTO woken
  FROM pgworkflows_event e
  LEFT JOIN LATERAL (
    SELECT t.kind, t.name, t.any_of FROM pgworkflows_task t WHERE t.workflow_id = e.workflow_id AND t.status = 'WAITING' OFFSET 0
  ) wait ON wait.kind = 'EVENT' AND COALESCE(wait.any_of ? e.name, wait.name = e.name)
  WHERE e.id = ANY (taken) AND e.workflow_id = ANY (locked) AND (e.name LIKE '$%' OR wait.kind IS NOT NULL);

  PERFORM pgworkflows.wake_workflows(woken);
END
$_$;


--
-- Name: escaped(jsonb); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.escaped(value jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $_$
SELECT CASE
  WHEN value::text NOT LIKE '%"$%' THEN value
  WHEN jsonb_typeof(value) = 'object' THEN (
    SELECT jsonb_object_agg(CASE WHEN k LIKE '$%' THEN '$' || k ELSE k END, pgworkflows.escaped(v)) FROM jsonb_each(value) AS e(k, v))
  WHEN jsonb_typeof(value) = 'array' THEN (
    SELECT jsonb_agg(pgworkflows.escaped(v) ORDER BY n) FROM jsonb_array_elements(value) WITH ORDINALITY AS e(v, n))
  ELSE value
END
$_$;


--
-- Name: gather_of(text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.gather_of(branch text, OUT outer_branch text, OUT seq integer, OUT index integer) RETURNS SETOF record
    LANGUAGE sql IMMUTABLE
    AS $_$
SELECT COALESCE(m[1], ''), m[2]::integer, m[3]::integer - 1 FROM regexp_match(branch, '^(?:(.*)/)?(\d+)\.(\d+)$') AS m WHERE m IS NOT NULL
$_$;


--
-- Name: go_on(uuid, text, boolean, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.go_on(workflow uuid, reason text, undo boolean, verb text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE outcome text;
BEGIN
  PERFORM pgworkflows.refuse_large(verb || ': the reason', $2);
  outcome := pgworkflows.request_retry($1, $2, undo, COALESCE(NULLIF(pgworkflows.setting('actor'), ''), session_user), 'sql');
  IF outcome = 'unknown' THEN
    RAISE EXCEPTION 'no workflow %', $1 USING ERRCODE = 'no_data_found';
  ELSIF outcome <> 'accepted' THEN
    RAISE EXCEPTION 'workflow % is %', $1, outcome
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = verb || ' is for one that is FAILED or BLOCKED.';
  END IF;
END
$_$;


--
-- Name: insert_tasks(xid8, bigint[], uuid[], text[], integer[], text[], text[], text[], integer[], text[], jsonb[], uuid[], bigint[], jsonb[], jsonb[], jsonb[], timestamp with time zone[], timestamp with time zone[], timestamp with time zone[], integer[], text[]); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.insert_tasks(claim xid8, ids bigint[], workflows uuid[], branches text[], seqs integer[], kinds text[], names text[], statuses text[], attempts integer[], correlations text[], any_ofs jsonb[], children uuid[], compensated bigint[], payloads jsonb[], results jsonb[], errors jsonb[], dues timestamp with time zone[], starts timestamp with time zone[], ends timestamp with time zone[], places integer[], digests text[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE written integer := 0;
BEGIN
  IF pg_current_xact_id() = claim THEN
    INSERT INTO pgworkflows_task
      (id, workflow_id, branch, seq, kind, name, status, attempt, correlation, any_of, child_id, compensates_id, payload, result,
       error, due_at, started_at, finished_at, ended, digest)
    SELECT COALESCE(t.id, nextval('pgworkflows_task_id_seq')), t.workflow, t.branch, t.seq, t.kind, t.name, t.status, t.attempt,
      t.correlation, t.any_of, t.child, t.compensates, t.payload, t.result, t.error, t.due_at, t.started_at, t.finished_at,
      t.ended, t.digest
    FROM unnest(ids, workflows, branches, seqs, kinds, names, statuses, attempts, correlations, any_ofs, children, compensated,
                payloads, results, errors, dues, starts, ends, places, digests)
      AS t(id, workflow, branch, seq, kind, name, status, attempt, correlation, any_of, child, compensates, payload, result,
           error, due_at, started_at, finished_at, ended, digest);
    GET DIAGNOSTICS written = ROW_COUNT;
  END IF;
  RETURN written;
END
$$;


--
-- Name: insert_workflows(text, text, uuid[], jsonb[], timestamp with time zone, double precision, uuid, uuid, text, integer, text, smallint, text, jsonb, integer, text, text, text, integer, text, text, smallint, bigint, timestamp with time zone); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.insert_workflows(actor text, channel text, ids uuid[], arguments jsonb[], run_after timestamp with time zone, timeout double precision, parent uuid, root uuid, name text, version integer, queue text, priority smallint, key text, attributes jsonb, subject_type_id integer, subject_id text, subject_label text, subject_text text, requested_by_id integer, requested_by_name text, fingerprint text, format smallint, schedule bigint, scheduled_for timestamp with time zone) RETURNS TABLE(at timestamp with time zone, task bigint, holder uuid, holder_kwargs text, holder_format smallint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
#variable_conflict use_column
DECLARE
  before text[] := pgworkflows.act_as(actor, channel);
BEGIN
  at := pgworkflows.now();
  task := CASE WHEN parent IS NOT NULL THEN nextval('pgworkflows_task_id_seq') END;
  LOOP
    INSERT INTO pgworkflows_workflow
      (id, root, kwargs, name, version, queue, priority, key, attributes, subject_type_id, subject_id, subject_label, subject_text, requested_by_id, requested_by_name, fingerprint, format, schedule, scheduled_for, holds_key, status, state, created_at, available_at, deadline, parent_id, parent_task_id,
       parent_close, waiting_for, epoch, crashes)
    SELECT g.id, COALESCE(root, g.id), g.kwargs, insert_workflows.name, insert_workflows.version, insert_workflows.queue, insert_workflows.priority, insert_workflows.key, insert_workflows.attributes, insert_workflows.subject_type_id, insert_workflows.subject_id, insert_workflows.subject_label, insert_workflows.subject_text, insert_workflows.requested_by_id, insert_workflows.requested_by_name, insert_workflows.fingerprint, insert_workflows.format, insert_workflows.schedule, insert_workflows.scheduled_for, key IS NOT NULL, 'PENDING', '', at, GREATEST(run_after, at),
      COALESCE(run_after, at) + timeout * interval '1 second', parent, task, CASE WHEN parent IS NOT NULL THEN 'cancel' END,
      '[]', 0, 0
    FROM unnest(ids, arguments) AS g(id, kwargs)
    ON CONFLICT (name, key) WHERE holds_key DO NOTHING;
    EXIT WHEN FOUND;
    -- Planned at each call: a plan that was made on an empty table would read a full one to its end.
    EXECUTE 'SELECT h.id, h.kwargs::text, h.format FROM pgworkflows_workflow h WHERE h.name = $1 AND h.key = $2 AND h.holds_key'
    INTO holder, holder_kwargs, holder_format USING name, key;
    EXIT WHEN holder IS NOT NULL;
  END LOOP;
  PERFORM pgworkflows.act_as(before[1], before[2], before[3]);
  PERFORM pgworkflows.wake();
  RETURN NEXT;
END
$_$;


--
-- Name: pgworkflows_approval; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgworkflows_approval (
    id bigint NOT NULL,
    branch text DEFAULT ''::text NOT NULL,
    seq integer NOT NULL,
    request integer NOT NULL,
    round smallint NOT NULL,
    kind text NOT NULL,
    title text NOT NULL,
    description text NOT NULL,
    subject_label text NOT NULL,
    subject_id text NOT NULL,
    requested_by_name text NOT NULL,
    could_decide jsonb NOT NULL,
    status character varying(20) NOT NULL,
    quorum smallint NOT NULL,
    allow_self_approval boolean NOT NULL,
    allow_same_person boolean NOT NULL,
    attributes jsonb NOT NULL,
    snapshot jsonb,
    snapshot_keys jsonb,
    snapshot_hash text NOT NULL,
    form text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    time_limit interval,
    due_at timestamp with time zone,
    on_timeout text NOT NULL,
    escalate_to jsonb NOT NULL,
    escalated_at timestamp with time zone,
    remind_every interval,
    decided_at timestamp with time zone,
    resubmitted_at timestamp with time zone,
    revision integer NOT NULL,
    requested_by_id integer,
    policy_id bigint,
    stage_id bigint,
    workflow_id uuid NOT NULL,
    CONSTRAINT pgworkflows_approval_durations_bounded CHECK (((LEAST(time_limit, remind_every) >= '00:00:00'::interval) AND (GREATEST(time_limit, remind_every) <= '36500 days'::interval))),
    CONSTRAINT pgworkflows_approval_moments_in_reach CHECK (((LEAST(created_at, due_at, escalated_at, decided_at, resubmitted_at) >= '0002-01-01 00:00:00+00'::timestamp with time zone) AND (GREATEST(created_at, due_at, escalated_at, decided_at, resubmitted_at) <= '9998-12-31 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT pgworkflows_approval_quorum_positive CHECK ((quorum >= 1))
);


--
-- Name: kept_out(public.pgworkflows_approval); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.kept_out(a public.pgworkflows_approval) RETURNS TABLE(id integer, username text, why text)
    LANGUAGE sql STABLE
    AS $$
SELECT a.requested_by_id, NULLIF(a.requested_by_name, ''), 'self' WHERE NOT a.allow_self_approval
UNION ALL
SELECT c.user_id, NULLIF(c.username, ''), 'reassigned' FROM "public".pgworkflows_approvalaction c
WHERE c.approval_id = a.id AND c.keeps_out
UNION ALL
SELECT v.id, NULLIF(v.username, ''), 'twice' FROM "public".pgworkflows_decision d,
  LATERAL (VALUES (d.user_id, d.username), (d.on_behalf_of_id, d.on_behalf_of_name)) v(id, username)
WHERE d.approval_id = a.id
UNION ALL
SELECT v.id, NULLIF(v.username, ''), 'elsewhere'
FROM "public".pgworkflows_approval o JOIN "public".pgworkflows_decision d ON d.approval_id = o.id,
  LATERAL (VALUES (d.user_id, d.username), (d.on_behalf_of_id, d.on_behalf_of_name)) v(id, username)
WHERE NOT a.allow_same_person AND a.stage_id IS NOT NULL
  AND o.workflow_id = a.workflow_id AND o.branch = a.branch AND o.request = a.request AND o.stage_id <> a.stage_id
$$;


--
-- Name: lanes(text[], integer[], text[], text[]); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.lanes(names text[], versions integer[], fingerprints text[], queues text[]) RETURNS TABLE(name text, version integer, queue text, priority smallint, fingerprint text, available_at timestamp with time zone)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $_$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH RECURSIVE known AS MATERIALIZED (
    SELECT k.name, k.version, k.fingerprint FROM unnest($1, $2, $3) AS k(name, version, fingerprint)
  ), lane AS (
    (SELECT k.name, k.version, '' AS queue, (-101)::smallint AS priority, '' AS fingerprint, NULL::timestamptz AS available_at,
       k.fingerprint AS own, false AS asleep, NULL::timestamptz AS next_due
     FROM known k ORDER BY k.name, k.version LIMIT 1)
    UNION ALL
    SELECT f.name, f.version, f.queue, f.priority, f.fingerprint, f.available_at, o.fingerprint,
      f.available_at > pgworkflows.now(), f.next_due
    FROM lane l CROSS JOIN LATERAL (
      SELECT l.name, l.version, l.queue, l.priority, l.fingerprint WHERE l.own IS NOT NULL
      UNION ALL
      (SELECT k.name, k.version, '', (-101)::smallint, '' FROM known k
       WHERE l.own IS NULL AND (k.name, k.version) > (l.name, l.version) ORDER BY 1, 2 LIMIT 1)
    ) AS after(name, version, queue, priority, fingerprint) CROSS JOIN LATERAL (
      SELECT c.*, min(c.available_at) FILTER (WHERE c.asleep AND ($4 IS NULL OR c.queue = ANY ($4))) OVER () AS next_due
      FROM (
        SELECT w.name, w.version, w.queue, w.priority, w.fingerprint, w.available_at, row_number() OVER () AS place,
          l.asleep AND w.available_at > pgworkflows.now() AND (w.name, w.version) = (l.name, l.version) AS asleep
        FROM (
          SELECT w.name, w.version, w.queue, w.priority, w.fingerprint, w.available_at FROM pgworkflows_workflow w
          WHERE w.available_at IS NOT NULL AND w.crashes = 0 AND w.paused_at IS NULL AND w.gate IS NULL
            AND (w.name, w.version, w.queue, w.priority, w.fingerprint)
              > (after.name, after.version, after.queue, after.priority, after.fingerprint)
          ORDER BY w.name, w.version, w.queue, w.priority, w.fingerprint, w.available_at
          LIMIT CASE WHEN l.asleep AND l.own IS NOT NULL THEN 100 ELSE 1 END) w) c
      ORDER BY c.asleep, CASE WHEN c.asleep THEN -c.place ELSE c.place END
      LIMIT 1
    ) f LEFT JOIN known o ON o.name = f.name AND o.version = f.version
  )
  SELECT l.name, l.version, l.queue, l.priority, l.fingerprint, l.available_at FROM lane l
  WHERE l.available_at IS NOT NULL AND l.own IS NOT NULL AND ($4 IS NULL OR l.queue = ANY ($4))
    AND NOT (NOT l.asleep AND pgworkflows.left_to_others(l.name, l.version, l.queue, l.fingerprint, l.own))
  UNION ALL
  SELECT l.name, l.version, l.queue, l.priority, l.fingerprint, l.next_due FROM lane l WHERE l.next_due IS NOT NULL;
END
$_$;


--
-- Name: left_to_others(text, integer, text, text, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.left_to_others(name text, version integer, queue text, fingerprint text, own text) RETURNS boolean
    LANGUAGE sql STABLE
    AS $_$
SELECT $4 NOT IN ('', $5) AND EXISTS (
  SELECT FROM "public".pgworkflows_worker o
  WHERE o.stopped_at IS NULL AND o.beat_at > pgworkflows.now() - o.lease
    AND o.definitions ->> ($1 || ':' || $2) = $4 AND (o.queues = '[]' OR o.queues ? $3))
$_$;


--
-- Name: look_again(uuid[]); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.look_again(workflows uuid[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
DECLARE candidates bigint[];
BEGIN
  SELECT array_agg(DISTINCT found.id) INTO candidates
  FROM (
    SELECT e.id FROM pgworkflows_task t
    JOIN pgworkflows_event e ON e.name = t.name AND e.correlation = t.correlation
      AND e.workflow_id IS NULL AND e.delivered_at IS NULL
    WHERE t.kind = 'EVENT' AND t.status = 'WAITING' AND t.any_of IS NULL AND (workflows IS NULL OR t.workflow_id = ANY (workflows))
    UNION ALL
    SELECT e.id FROM pgworkflows_task t CROSS JOIN LATERAL jsonb_array_elements_text(t.any_of) AS taken(name)
    JOIN pgworkflows_event e ON e.name = taken.name AND e.correlation = t.correlation
      AND e.workflow_id IS NULL AND e.delivered_at IS NULL
    WHERE t.kind = 'EVENT' AND t.status = 'WAITING' AND t.any_of IS NOT NULL
      AND (workflows IS NULL OR t.workflow_id = ANY (workflows))
  ) found;
  PERFORM pgworkflows.wake_workflows(array_agg(ended.id))
  FROM (SELECT w.id FROM pgworkflows_workflow w
        WHERE w.status IN ('WAITING', 'RUNNING') AND w.id IN (
          SELECT t.workflow_id FROM pgworkflows_task t LEFT JOIN pgworkflows_workflow c ON c.id = t.child_id
          WHERE t.kind = 'CHILD' AND t.status = 'WAITING' AND (c.id IS NULL OR c.finished_at IS NOT NULL)
            AND (workflows IS NULL OR t.workflow_id = ANY (workflows)))
        ORDER BY w.id FOR NO KEY UPDATE SKIP LOCKED) ended;
  IF candidates IS NULL THEN
    RETURN 0;
  END IF;
  RETURN pgworkflows.assign_events(candidates);
END
$$;


--
-- Name: memberships(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.memberships() RETURNS TABLE(user_id integer, group_id integer)
    LANGUAGE sql STABLE
    AS $$
SELECT "user_id", "group_id" FROM "auth_user_groups"
$$;


--
-- Name: now(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.now() RETURNS timestamp with time zone
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN statement_timestamp();


--
-- Name: people(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.people() RETURNS TABLE(id integer, username text, active boolean)
    LANGUAGE sql STABLE
    AS $$
SELECT "auth_user"."id" AS "pk", ("auth_user"."username")::text AS "people_name", "auth_user"."is_active" AS "people_active" FROM "auth_user"
$$;


--
-- Name: FUNCTION people(); Type: COMMENT; Schema: pgworkflows; Owner: -
--

COMMENT ON FUNCTION pgworkflows.people() IS 'a2789c5acbc85c98543825748820ad3a5937b04067d8bcd0970a67fb889a0fc0';


--
-- Name: person(text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.person(name text) RETURNS integer
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE wanted "auth_user"."username"%TYPE; found integer;
BEGIN
  wanted := $1;
  SELECT u."id" INTO found FROM "auth_user" u JOIN pgworkflows.people() p ON p.id = u."id"
  WHERE u."username" = wanted;
  RETURN found;
EXCEPTION WHEN data_exception THEN
  RETURN NULL;
END
$_$;


--
-- Name: policy_event(text, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.policy_event(from_status text, to_status text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
SELECT CASE from_status || '>' || to_status
    WHEN 'DRAFT>PUBLISHED' THEN 'publish_policy'
    WHEN 'PUBLISHED>RETIRED' THEN 'retire_policy'
END
$$;


--
-- Name: policy_updated(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.policy_updated() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_approvalpolicy');
  INSERT INTO pgworkflows_history
    (event, from_status, to_status, state, at, actor, "session_user", channel, note, data)
  VALUES (pgworkflows.policy_event(OLD.status, NEW.status), OLD.status, NEW.status, '', pgworkflows.now(),
          pgworkflows.setting('actor'), session_user, COALESCE(NULLIF(pgworkflows.setting('channel'), ''), 'sql'),
          NEW.name || ' v' || NEW.version,
          jsonb_build_object('policy', NEW.id, 'edited_by', NEW.edited_by_name, 'published_by', NEW.published_by_name));
  RETURN NULL;
END
$$;


--
-- Name: post_correlated(text, text, jsonb, text, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.post_correlated(name text, correlation text, payload jsonb, key text, actor text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE sent bigint;
BEGIN
  INSERT INTO pgworkflows_event (name, correlation, payload, key, sent_at, sent_by, parked)
  VALUES ($1, $2, $3, $4, pgworkflows.now(), COALESCE($5, ''), false)
  ON CONFLICT DO NOTHING RETURNING id INTO sent;
  PERFORM pgworkflows.wake();
  RETURN CASE
    WHEN sent IS NULL THEN 'again'
    WHEN EXISTS (SELECT FROM pgworkflows.waits_for($1, $2)) THEN 'sent'
    ELSE 'early'
  END;
END
$_$;


--
-- Name: post_event(uuid, text, jsonb, text, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.post_event(workflow uuid, name text, payload jsonb, key text, actor text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE found_status text; sent bigint; ended timestamptz;
BEGIN
  SELECT w.status, w.finished_at INTO found_status, ended FROM pgworkflows_workflow w WHERE w.id = $1;
  IF NOT FOUND THEN
    RETURN 'unknown';
  END IF;
  IF ended IS NOT NULL THEN
    RETURN found_status;
  END IF;
  INSERT INTO pgworkflows_event (workflow_id, name, payload, key, sent_at, sent_by, parked)
  VALUES ($1, $2, $3, $4, pgworkflows.now(), COALESCE($5, ''), false)
  ON CONFLICT DO NOTHING RETURNING id INTO sent;
  PERFORM pgworkflows.wake();
  RETURN CASE
    WHEN sent IS NULL THEN 'again'
    WHEN EXISTS (SELECT FROM pgworkflows_task t
                 WHERE t.workflow_id = $1 AND t.status = 'WAITING' AND t.kind = 'EVENT'
                   AND COALESCE(t.any_of ? $2, t.name = $2)) THEN 'sent'
    ELSE 'early'
  END;
END
$_$;


--
-- Name: post_request(uuid, text, jsonb, text, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.post_request(workflow uuid, name text, payload jsonb, actor text, channel text, OUT request bigint, OUT outcome text) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE ended timestamptz; before text[];
BEGIN
  SELECT w.status, w.finished_at INTO outcome, ended FROM pgworkflows_workflow w WHERE w.id = $1;
  IF NOT FOUND THEN
    outcome := 'unknown';
  ELSIF ended IS NULL THEN
    before := pgworkflows.act_as($4, $5);
    INSERT INTO pgworkflows_request (workflow_id, name, payload, asked_at, asked_by)
    VALUES ($1, $2, $3, pgworkflows.now(), COALESCE($4, '')) RETURNING id INTO request;
    PERFORM pgworkflows.act_as(before[1], before[2], before[3]);
    INSERT INTO pgworkflows_event (workflow_id, name, sent_at, sent_by, parked)
    VALUES ($1, '$request', pgworkflows.now(), COALESCE($4, ''), false);
    PERFORM pgworkflows.wake();
  END IF;
END
$_$;


--
-- Name: record_decision(bigint, text, text, text, text, text, jsonb); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.record_decision(approval bigint, username text, verdict text, comment text, channel text, on_behalf_of text, data jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
#variable_conflict use_column
DECLARE a record; may record; outcome text;
BEGIN
  SELECT * INTO may FROM pgworkflows.admit($1, $2, $6);
  IF may.refusal <> '' THEN
    RETURN may.refusal;
  END IF;
  SELECT p.* INTO a FROM pgworkflows_approval p WHERE p.id = $1;
  INSERT INTO pgworkflows_decision
    (approval_id, user_id, username, on_behalf_of_id, on_behalf_of_name, verdict, comment, data, channel, snapshot_hash, at)
  VALUES ($1, may.person_id, $2, may.principal_id, COALESCE(may.principal_name, ''), $3, COALESCE($4, ''), $7, $5,
          a.snapshot_hash, pgworkflows.now());
  outcome := CASE $3
    WHEN 'reject' THEN 'REJECTED'
    WHEN 'request_changes' THEN 'CHANGES_REQUESTED'
    ELSE (SELECT 'APPROVED' FROM pgworkflows_decision d WHERE d.approval_id = $1 AND d.verdict = 'approve' HAVING count(*) >= a.quorum)
  END;
  UPDATE pgworkflows_approval
  SET status = COALESCE(outcome, status), revision = revision + 1,
      decided_at = CASE WHEN outcome IS NOT NULL THEN pgworkflows.now() END
  WHERE id = $1;
  IF outcome IS NOT NULL THEN
    PERFORM pgworkflows.tell_asker(a.workflow_id, a.id::text, $2);
  END IF;
  RETURN 'decided';
END
$_$;


--
-- Name: refusal_text(text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.refusal_text(outcome text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
SELECT CASE outcome
  WHEN 'unknown' THEN 'there is no such approval'
  WHEN 'nobody' THEN 'there is no active user of that name'
  WHEN 'unnamed' THEN 'only the users and groups that it names can decide'
  WHEN 'no_delegation' THEN 'nobody of that name is asked and has delegated to this person for now'
  WHEN 'expired' THEN 'it has expired'
  WHEN 'ambiguous' THEN 'this person stands in for several people; say on whose behalf'
  WHEN 'self' THEN 'who asked cannot decide; another person must'
  WHEN 'reassigned' THEN 'who has had somebody else asked cannot decide'
  WHEN 'twice' THEN 'this person has decided before'
  WHEN 'elsewhere' THEN 'this person has decided in another stage of this request'
END
$$;


--
-- Name: refuse_answer_change(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.refuse_answer_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
  IF TG_OP = 'DELETE' AND NOT EXISTS (
    SELECT FROM pgworkflows_approval a JOIN pgworkflows_workflow w ON w.id = a.workflow_id
    WHERE a.id = OLD.approval_id AND w.finished_at IS NULL) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION '% on % is refused: what was decided or said is never changed', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END
$$;


--
-- Name: refuse_change(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.id <> OLD.id THEN
    RAISE EXCEPTION '% % cannot get another id', TG_ARGV[0], OLD.id USING ERRCODE = 'check_violation';
  END IF;
  RAISE EXCEPTION '% % cannot go from % to %',
    TG_ARGV[0], NEW.id, CASE TG_OP WHEN 'UPDATE' THEN OLD.status ELSE 'nothing' END, NEW.status
    USING ERRCODE = 'check_violation',
          HINT = 'Statuses are the engine''s. Use pgworkflows.cancel(), retry(), compensate(), send_event() or decide(), or the verbs in Python.';
END
$$;


--
-- Name: refuse_decision(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.refuse_decision() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE may record; shown text; wrong text;
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_decision');
  SELECT * INTO may FROM pgworkflows.admit(NEW.approval_id, NEW.username, NULLIF(NEW.on_behalf_of_name, ''));
  SELECT a.snapshot_hash INTO shown FROM pgworkflows_approval a WHERE a.id = NEW.approval_id;
  wrong := CASE
    WHEN may.refusal <> '' THEN COALESCE(pgworkflows.refusal_text(may.refusal), 'it is ' || may.refusal)
    WHEN NEW.username <> pgworkflows.setting('actor') THEN 'who acts is ' || COALESCE(NULLIF(pgworkflows.setting('actor'), ''), 'nobody')
    WHEN NEW.user_id IS DISTINCT FROM may.person_id OR NEW.on_behalf_of_id IS DISTINCT FROM may.principal_id
      OR NEW.on_behalf_of_name <> COALESCE(may.principal_name, '') THEN 'its keys and its names are of different people'
    WHEN NEW.at <> pgworkflows.now() THEN 'it is dated ' || NEW.at
    WHEN NEW.snapshot_hash <> shown THEN 'it is on something else than was shown' END;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'a decision of % on approval % is refused: %', NEW.username, NEW.approval_id, wrong
      USING ERRCODE = 'insufficient_privilege', HINT = 'Use pgworkflows.decide(), or the verbs in Python.';
  END IF;
  RETURN NEW;
END
$$;


--
-- Name: refuse_editor(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.refuse_editor() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION 'policy % v% cannot be published by %, who edited it', OLD.name, OLD.version, NEW.published_by_name
    USING ERRCODE = 'check_violation', HINT = 'Another person must.';
END
$$;


--
-- Name: refuse_elsewhere(oid, regclass); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.refuse_elsewhere(relation oid, its_own regclass) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF relation <> its_own THEN
    RAISE EXCEPTION 'a trigger function of % serves no other table, such as %', its_own, relation::regclass
      USING ERRCODE = 'insufficient_privilege', HINT = 'Drop that trigger.';
  END IF;
END
$$;


--
-- Name: refuse_event(text, text, text, jsonb); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.refuse_event(name text, key text, correlation text, payload jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $_$
BEGIN
  IF name IS NULL OR name = '' OR name LIKE '$%' THEN
    RAISE EXCEPTION '% is no name for an event', quote_nullable(left(name, 100))
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Names are not empty and do not begin with $.';
  END IF;
  PERFORM pgworkflows.refuse_long('the name of an event', name),
          pgworkflows.refuse_long('event ' || name || ': the key', key),
          pgworkflows.refuse_long('event ' || name || ': the correlation', correlation),
          pgworkflows.refuse_large('event ' || name || ': the payload', payload::text);
END
$_$;


--
-- Name: refuse_far(text, timestamp with time zone); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.refuse_far(what text, given timestamp with time zone) RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
  IF given NOT BETWEEN '0002-01-01 00:00+00' AND '9998-12-31 00:00+00' THEN
    RAISE EXCEPTION '%: % is out of reach', what, given
      USING ERRCODE = 'datetime_field_overflow', HINT = 'Give a time between the years 2 and 9998.';
  END IF;
END
$$;


--
-- Name: refuse_history_change(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.refuse_history_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog'
    AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_stat_get_subscription(NULL) s WHERE s.pid = pg_backend_pid()) THEN
    RETURN COALESCE(NEW, OLD);
  END IF;
  RAISE EXCEPTION '% on pgworkflows_history is refused: history is append-only', TG_OP
    USING ERRCODE = 'insufficient_privilege', HINT = 'Only the tables'' owner can remove old history, by DDL that lifts this trigger.';
END
$$;


--
-- Name: refuse_history_insert(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.refuse_history_insert() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog'
    AS $$
BEGIN
  IF (pg_trigger_depth() < 2 OR quote_ident(current_user)::regrole IS DISTINCT FROM (
        SELECT p.proowner FROM pg_proc p WHERE p.oid = 'pgworkflows.workflow_inserted()'::regprocedure))
     AND NOT EXISTS (SELECT FROM pg_stat_get_subscription(NULL) s WHERE s.pid = pg_backend_pid()) THEN
    RAISE EXCEPTION 'INSERT into pgworkflows_history is refused: only the triggers write it'
      USING ERRCODE = 'insufficient_privilege', HINT = 'Change the workflow, the task or the approval; its history follows. '
        'To move a whole project restore a pg_dump, or leave ours out: dumpdata --exclude pgworkflows.';
  END IF;
  RETURN NULL;
END
$$;


--
-- Name: refuse_large(text, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.refuse_large(what text, given text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
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


--
-- Name: refuse_long(text, text, integer); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.refuse_long(what text, given text, most integer DEFAULT 500) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    AS $$
BEGIN
  IF octet_length(given) > most THEN
    RAISE EXCEPTION '% has % bytes, more than %', what, octet_length(given), most
      USING ERRCODE = 'string_data_right_truncation', HINT = 'Use a shorter text, or its hash.';
  END IF;
END
$$;


--
-- Name: refuse_policy_change(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.refuse_policy_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
  r jsonb := to_jsonb(CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END);
  stage bigint := COALESCE(r ->> 'approvalstage_id', r ->> 'stage_id')::bigint;
  version record;
BEGIN
  -- Locked, so that nothing is added while somebody publishes what they have read.
  SELECT p.name, p.version, p.status INTO version FROM pgworkflows_approvalpolicy p
  WHERE p.id = COALESCE((r ->> 'policy_id')::bigint, (SELECT s.policy_id FROM pgworkflows_approvalstage s WHERE s.id = stage))
  FOR SHARE;
  IF version.status <> 'DRAFT' THEN
    RAISE EXCEPTION 'policy % v% is % and cannot be changed', version.name, version.version, version.status
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Make a new draft and publish that.';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;


--
-- Name: refuse_published_change(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.refuse_published_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION 'policy % v% is % and cannot be changed', OLD.name, OLD.version, OLD.status
    USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Make a new draft and publish that.';
END
$$;


--
-- Name: refuse_removal(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.refuse_removal() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE w record; r jsonb := to_jsonb(OLD);
BEGIN
  SELECT f.id, f.status, f.finished_at INTO w FROM pgworkflows_workflow f WHERE f.id = OLD.workflow_id;
  IF w.finished_at IS NOT NULL AND w.status <> 'FAILED'
     OR w.status IN ('FAILED', 'BLOCKED') AND r ->> 'kind' IN ('STATE', 'VALUE')
     OR w.id IS NULL AND COALESCE((r ->> 'parked')::boolean, true) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION '% % cannot be deleted: % needs it', TG_ARGV[0], OLD.id, COALESCE('workflow ' || w.id || ', which is ' || w.status || ',', 'whoever waits for it')
    USING ERRCODE = 'insufficient_privilege', HINT = 'Cancel the workflow, or let `manage.py workflows prune` remove it when it has ended.';
END
$$;


--
-- Name: refuse_requests(uuid[]); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.refuse_requests(closed uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
  UPDATE pgworkflows_request r SET answered_at = pgworkflows.now(), refusal = 'it is ' || w.status || ' and has not answered'
  FROM pgworkflows_workflow w
  WHERE w.id = ANY (closed) AND (w.finished_at IS NOT NULL OR w.status = 'COMPENSATING')
    AND r.workflow_id = w.id AND r.workflow_id = ANY (closed) AND r.answered_at IS NULL;
END
$$;


--
-- Name: refuse_rewriting(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.refuse_rewriting() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE old_row jsonb := to_jsonb(OLD); new_row jsonb := to_jsonb(NEW); changed text;
BEGIN
  SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) INTO changed
  FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.tgrelid AND a.attnum = ANY (t.tgattr)
  WHERE t.tgrelid = TG_RELID AND t.tgname = TG_NAME AND new_row -> a.attname <> old_row -> a.attname
    AND NOT (TG_NARGS = 2 AND new_row -> a.attname = 'null');
  IF changed IS NULL THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% % cannot be rewritten: its % stays as it was', TG_ARGV[0], OLD.id, changed
    USING ERRCODE = 'insufficient_privilege', HINT = 'Start, ask, send or decide anew. Use the verbs, in Python or in SQL.';
END
$$;


--
-- Name: refuse_truncate(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.refuse_truncate() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION 'TRUNCATE of % is refused: it holds what workflows have done, and who decided', TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege', HINT = 'Ended workflows are removed by `manage.py workflows prune`.';
END
$$;


--
-- Name: refuse_uncounted(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.refuse_uncounted() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE counted integer; needed integer := CASE NEW.status WHEN 'APPROVED' THEN OLD.quorum ELSE 1 END;
BEGIN
  SELECT count(*) INTO counted FROM pgworkflows_decision d WHERE d.approval_id = NEW.id AND d.verdict =
    CASE NEW.status WHEN 'APPROVED' THEN 'approve' WHEN 'REJECTED' THEN 'reject' ELSE 'request_changes' END;
  IF counted >= needed THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'approval % cannot be %: that takes % decision(s), and there are %', NEW.id, NEW.status, needed, counted
    USING ERRCODE = 'insufficient_privilege', HINT = 'Use pgworkflows.decide(), or the verbs in Python.';
END
$$;


--
-- Name: refuse_unfinished_delete(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.refuse_unfinished_delete() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF OLD.finished_at IS NULL THEN
    RAISE EXCEPTION 'workflow % cannot be deleted: it is %', OLD.id, OLD.status
      USING ERRCODE = 'insufficient_privilege', HINT = 'Cancel it first.';
  END IF;
  RETURN OLD;
END
$$;


--
-- Name: reopen_branches(bigint, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.reopen_branches(gather bigint, aside text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE cut record; kept integer; inner_gather bigint; open_then bigint[];
BEGIN
  FOR cut IN
    SELECT g.workflow_id AS workflow, c.value::integer AS seq,
      CASE g.branch WHEN '' THEN '' ELSE g.branch || '/' END || g.seq || '.' || c.key::integer + 1 AS branch
    FROM pgworkflows_task g CROSS JOIN LATERAL jsonb_each_text(g.result -> 'cuts') AS c WHERE g.id = gather
  LOOP
    SELECT COALESCE(max(t.seq) - 1, cut.seq) INTO kept FROM pgworkflows_task t
    WHERE t.workflow_id = cut.workflow AND t.branch = cut.branch AND t.seq <= cut.seq AND t.kind = 'APPROVAL' AND t.status = 'CANCELLED';
    UPDATE pgworkflows_task t SET branch = t.branch || aside
    WHERE t.workflow_id = cut.workflow AND t.branch = cut.branch AND t.seq > kept;
    UPDATE pgworkflows_approval a SET branch = a.branch || aside
    WHERE a.workflow_id = cut.workflow AND a.branch = cut.branch AND a.seq > kept;
    FOR inner_gather IN
      SELECT t.id FROM pgworkflows_task t
      WHERE t.workflow_id = cut.workflow AND t.branch = cut.branch AND t.seq = kept AND t.kind = 'GATHER' AND t.status = 'CANCELLED'
    LOOP
      PERFORM pgworkflows.reopen_branches(inner_gather, aside);
    END LOOP;
    SELECT array_agg(t.id) INTO open_then FROM pgworkflows_task t
    WHERE t.workflow_id = cut.workflow AND t.branch = cut.branch
      AND (t.status = 'CANCELLED' AND t.name NOT IN ('reminder', 'escalation', 'expiry') OR t.status = 'FAILED' AND t.seq = cut.seq);
    PERFORM pgworkflows.reopen_tasks(open_then);
  END LOOP;
END
$$;


--
-- Name: reopen_last_failure(uuid); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.reopen_last_failure(workflow uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE failed pgworkflows_task; t pgworkflows_task; gather bigint; reopened bigint[] := '{}'; notes bigint[] := '{}'; aside text;
BEGIN
  SELECT f.* INTO failed FROM pgworkflows_task f JOIN pgworkflows_workflow w ON w.id = f.workflow_id AND w.status IN ('FAILED', 'BLOCKED')
  WHERE f.workflow_id = $1 AND f.status = 'FAILED' AND f.branch NOT LIKE '%~%' AND NOT EXISTS (
    SELECT FROM pgworkflows.gather_of(f.branch) o JOIN pgworkflows_task g
      ON g.workflow_id = f.workflow_id AND g.branch = o.outer_branch AND g.seq = o.seq
    WHERE (g.result -> 'cuts' ->> o.index::text)::integer <= f.seq)
  ORDER BY f.ended DESC NULLS LAST, f.seq DESC LIMIT 1;
  t := failed;
  WHILE t.id IS NOT NULL LOOP
    IF t.status = 'WAITING' OR EXISTS (
      SELECT FROM pgworkflows_task l WHERE l.workflow_id = $1 AND l.branch = t.branch AND l.seq > t.seq
        AND l.started_at >= t.finished_at AND l.kind NOT IN ('STATE', 'VALUE'))
    THEN
      RETURN;
    END IF;
    reopened := reopened || t.id;
    notes := notes || ARRAY(
      SELECT l.id FROM pgworkflows_task l WHERE l.workflow_id = $1 AND l.branch = t.branch AND l.seq > t.seq AND l.started_at >= t.finished_at);
    SELECT g.* INTO t FROM pgworkflows.gather_of(t.branch) o JOIN pgworkflows_task g
      ON g.workflow_id = $1 AND g.branch = o.outer_branch AND g.seq = o.seq;
  END LOOP;
  t := failed;
  WHILE t.kind = 'GATHER' LOOP
    SELECT d.* INTO t FROM pgworkflows_task d
    WHERE d.workflow_id = $1 AND d.branch = CASE t.branch WHEN '' THEN '' ELSE t.branch || '/' END || t.seq || '.' || (t.result ->> 'branch')::integer + 1
    ORDER BY d.seq DESC LIMIT 1;
    EXIT WHEN t.id IS NULL OR t.status <> 'FAILED';
    reopened := reopened || t.id;
  END LOOP;
  SELECT '~' || count(DISTINCT s.branch) + 1 INTO aside FROM pgworkflows_task s WHERE s.workflow_id = $1 AND s.branch LIKE '%~%';
  FOREACH gather IN ARRAY reopened LOOP
    PERFORM pgworkflows.reopen_branches(gather, aside);
  END LOOP;
  DELETE FROM pgworkflows_task l WHERE l.id = ANY (notes);
  PERFORM pgworkflows.reopen_tasks(reopened);
END
$_$;


--
-- Name: reopen_tasks(bigint[]); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.reopen_tasks(tasks bigint[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
UPDATE pgworkflows_task t
SET status = CASE WHEN t.kind IN ('STEP', 'COMPENSATION') THEN 'PENDING' ELSE 'WAITING' END,
    attempt = 0, error = NULL, ended = NULL,
    result = CASE WHEN t.kind = 'POLL' THEN t.result || jsonb_build_object('before', t.result -> 'calls') END,
    due_at = CASE WHEN t.kind NOT IN ('STEP', 'COMPENSATION') THEN pgworkflows.now() + (t.due_at - t.started_at) END,
    started_at = pgworkflows.now(), finished_at = NULL
WHERE t.id = ANY (tasks)
$$;


--
-- Name: reply(xid8, bigint[], uuid[], text[], integer[], boolean[], jsonb[], text[]); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.reply(claim xid8, requests bigint[], workflows uuid[], branches text[], seqs integer[], ended boolean[], answers jsonb[], refusals text[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
  IF pg_current_xact_id() = claim THEN
    UPDATE pgworkflows_request r
    SET task_id = t.id, answered_at = CASE WHEN u.ended THEN pgworkflows.now() END, answer = u.answer, refusal = u.refusal
    FROM unnest(requests, workflows, branches, seqs, ended, answers, refusals)
      AS u(id, workflow, branch, seq, ended, answer, refusal)
    JOIN pgworkflows_task t ON t.workflow_id = u.workflow AND t.branch = u.branch AND t.seq = u.seq
    WHERE r.id = u.id AND r.workflow_id = u.workflow AND r.answered_at IS NULL;
  END IF;
END
$$;


--
-- Name: request_cancel(uuid, text, boolean, text, text, boolean); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.request_cancel(workflow uuid, reason text, compensate boolean, actor text, channel text, later boolean) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE
  w record;
  ends boolean;
  before text[];
  undo boolean := COALESCE($3, true);
  request jsonb := jsonb_build_object('reason', $2, 'compensate', undo, 'by', $4);
BEGIN
  SELECT c.status, c.finished_at, c.owner_id INTO w FROM pgworkflows_workflow c
  WHERE c.id = $1 AND NOT later FOR NO KEY UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    SELECT c.status, c.finished_at INTO w FROM pgworkflows_workflow c WHERE c.id = $1;
    IF NOT FOUND THEN
      RETURN 'unknown';
    ELSIF w.finished_at IS NOT NULL THEN
      RETURN w.status;
    END IF;
    INSERT INTO pgworkflows_event (workflow_id, name, payload, sent_at, sent_by, parked)
    VALUES ($1, '$cancel', request, pgworkflows.now(), COALESCE($4, ''), false);
    PERFORM pgworkflows.wake();
    RETURN 'requested';
  END IF;
  IF w.finished_at IS NOT NULL THEN
    RETURN w.status;
  END IF;
  ends := w.owner_id IS NULL AND w.status <> 'COMPENSATING' AND (NOT undo OR NOT EXISTS (
    SELECT FROM pgworkflows_task t WHERE t.workflow_id = $1 AND t.kind = 'STEP'));
  before := pgworkflows.act_as($4, $5, $2);
  UPDATE pgworkflows_workflow c
  SET status = CASE WHEN ends THEN 'CANCELLED' WHEN w.status = 'BLOCKED' THEN 'COMPENSATING' ELSE c.status END,
      cancel_requested_at = pgworkflows.now(), cancel_request = request,
      finished_at = CASE WHEN ends THEN pgworkflows.now() END,
      available_at = CASE WHEN NOT ends AND c.owner_id IS NULL THEN pgworkflows.now() END,
      waiting_for = CASE WHEN ends OR c.owner_id IS NULL THEN '[]' ELSE c.waiting_for END
  WHERE c.id = $1;
  PERFORM pgworkflows.act_as(before[1], before[2], before[3]);
  PERFORM pgworkflows.wake();  -- for the worker that undoes it, or for its children, and whoever waits for it
  RETURN CASE WHEN ends THEN 'cancelled' ELSE 'requested' END;
END
$_$;


--
-- Name: request_inserted(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.request_inserted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_request');
  INSERT INTO pgworkflows_history (workflow, event, from_status, to_status, state, at, actor, "session_user", channel, note, data)
  SELECT n.workflow_id, 'ask_workflow', '', '', '', pgworkflows.now(), pgworkflows.setting('actor'), session_user,
         COALESCE(NULLIF(pgworkflows.setting('channel'), ''), 'sql'), n.name, jsonb_build_object('request', n.id)
  FROM new_rows n;
  RETURN NULL;
END
$$;


--
-- Name: request_retry(uuid, text, boolean, text, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.request_retry(workflow uuid, reason text, undo boolean, actor text, channel text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE w record; undoing boolean := undo; before text[];
BEGIN
  SELECT c.status, c.status IN ('PENDING', 'COMPENSATING') AND c.owner_id IS NULL AND c.available_at > pgworkflows.now()
      AND c.waiting_for -> 0 ->> 'kind' IN ('ATTEMPT', 'LOCK', 'EXECUTOR', 'LOST', 'TRANSACTION') AND NOT undo AS backs_off
  INTO w FROM pgworkflows_workflow c WHERE c.id = $1 FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN 'unknown';
  ELSIF w.status NOT IN ('FAILED', 'BLOCKED') AND w.backs_off IS NOT TRUE THEN
    RETURN w.status;
  END IF;
  before := pgworkflows.act_as($4, $5, $2);
  IF w.backs_off THEN
    UPDATE pgworkflows_task t SET due_at = pgworkflows.now()
    WHERE t.workflow_id = $1 AND t.status IN ('PENDING', 'RUNNING') AND t.due_at > pgworkflows.now();
    UPDATE pgworkflows_workflow c SET available_at = pgworkflows.now() WHERE c.id = $1;
  ELSE
    IF NOT undo THEN
      SELECT h.from_status = 'COMPENSATING' INTO undoing FROM pgworkflows_history h
      WHERE h.workflow = $1 AND h.task IS NULL AND h.approval IS NULL
        AND h.to_status IN ('FAILED', 'BLOCKED') AND h.from_status <> h.to_status
      ORDER BY h.id DESC LIMIT 1;
      PERFORM pgworkflows.reopen_last_failure($1);
    END IF;
    UPDATE pgworkflows_workflow c
    SET status = CASE WHEN undoing THEN 'COMPENSATING' ELSE 'PENDING' END, error = CASE WHEN undoing THEN c.error END,
        finished_at = NULL, available_at = pgworkflows.now(), crashes = 0, waiting_for = '[]',
        deadline = pgworkflows.now() + (c.deadline - c.created_at)
    WHERE c.id = $1;
  END IF;
  PERFORM pgworkflows.act_as(before[1], before[2], before[3]);
  PERFORM pgworkflows.wake();
  RETURN 'accepted';
END
$_$;


--
-- Name: request_updated(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.request_updated() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_request');
  INSERT INTO pgworkflows_history (workflow, event, from_status, to_status, state, at, actor, "session_user", channel, note, data)
  SELECT n.workflow_id, CASE WHEN n.refusal IS NULL THEN 'answer' ELSE 'refuse' END, '', '', '', pgworkflows.now(),
         pgworkflows.setting('actor'), session_user, COALESCE(NULLIF(pgworkflows.setting('channel'), ''), 'sql'), n.name,
         jsonb_build_object('request', n.id)
  FROM old_rows o JOIN new_rows n ON n.id = o.id WHERE o.answered_at IS NULL AND n.answered_at IS NOT NULL ORDER BY n.id;
  RETURN NULL;
END
$$;


--
-- Name: retry(uuid, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.retry(workflow uuid, reason text DEFAULT ''::text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
SELECT pgworkflows.go_on($1, $2, false, 'retry()')
$_$;


--
-- Name: schedule_changed(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.schedule_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
  s record;
  bookkeeping text[] := '{next_at,due_at,queued_for,last_skips,paused_at,pause_reason,edited_by_id,edited_by_name}';
  was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - bookkeeping ELSE '{}' END;
  now_is jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - bookkeeping ELSE '{}' END;
  about jsonb;
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_schedule');
  s := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
  about := jsonb_build_object('schedule', s.id, 'name', s.name);
  INSERT INTO pgworkflows_history
    (event, from_status, to_status, state, at, actor, "session_user", channel, note, data)
  SELECT told.event, '', '', '', pgworkflows.now(), pgworkflows.setting('actor'), session_user,
         COALESCE(NULLIF(pgworkflows.setting('channel'), ''), 'sql'), told.note, about || told.data
  FROM (
    SELECT 1 AS place, 'configure' AS event, pgworkflows.setting('note') AS note, jsonb_build_object('changed', COALESCE((
      -- Arguments are no part of the history.
      SELECT jsonb_object_agg(c.key, CASE WHEN c.key IN ('kwargs', 'declared') THEN '[]' ELSE jsonb_build_array(was -> c.key, c.value) END)
      FROM jsonb_each(now_is) c WHERE TG_OP = 'UPDATE' AND c.value IS DISTINCT FROM was -> c.key), '{}')) ||
      jsonb_build_object('deed', lower(TG_OP)) AS data
    WHERE was <> now_is
    UNION ALL
    SELECT 2, CASE WHEN NEW.paused_at IS NULL THEN 'resume' ELSE 'pause' END,
           CASE WHEN NEW.paused_at IS NULL THEN pgworkflows.setting('note') ELSE NEW.pause_reason END, '{}'
    WHERE TG_OP = 'UPDATE' AND (NEW.paused_at IS NULL) <> (OLD.paused_at IS NULL)
    UNION ALL
    SELECT 3, 'skip', skipped ->> 'reason', skipped - 'reason'
    FROM jsonb_array_elements(CASE WHEN TG_OP = 'UPDATE' AND NEW.last_skips <> OLD.last_skips THEN NEW.last_skips ELSE '[]' END) skipped
  ) told ORDER BY told.place;
  RETURN NULL;
END
$$;


--
-- Name: send_correlated(text, text, jsonb, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.send_correlated(name text, correlation text, payload jsonb DEFAULT NULL::jsonb, key text DEFAULT NULL::text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
BEGIN
  PERFORM pgworkflows.refuse_event($1, $4, $2, $3);
  IF $2 IS NULL THEN
    RAISE EXCEPTION 'event %: the correlation must not be null', $1 USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN 'early' <> pgworkflows.post_correlated($1, $2, pgworkflows.escaped($3), $4, COALESCE(NULLIF(pgworkflows.setting('actor'), ''), session_user));
END
$_$;


--
-- Name: send_event(uuid, text, jsonb, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.send_event(workflow uuid, name text, payload jsonb DEFAULT NULL::jsonb, key text DEFAULT NULL::text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE outcome text;
BEGIN
  PERFORM pgworkflows.refuse_event($2, $4, NULL, $3);
  outcome := pgworkflows.post_event($1, $2, pgworkflows.escaped($3), $4, COALESCE(NULLIF(pgworkflows.setting('actor'), ''), session_user));
  IF outcome = 'unknown' THEN
    RAISE EXCEPTION 'no workflow %', $1 USING ERRCODE = 'no_data_found';
  ELSIF outcome NOT IN ('sent', 'early', 'again') THEN
    RAISE EXCEPTION 'workflow % is %: it takes no more events', $1, outcome USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  RETURN outcome <> 'early';
END
$_$;


--
-- Name: setting(text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.setting(name text) RETURNS text
    LANGUAGE sql STABLE
    AS $$
SELECT COALESCE(current_setting('pgworkflows.' || name, true), '')
$$;


--
-- Name: standing(bigint, text, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.standing(approval bigint, username text, on_behalf_of text, OUT refusal text, OUT person_id integer, OUT principal_id integer, OUT principal_name text) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
#variable_conflict use_column
DECLARE
  a pgworkflows_approval; wanted text; others integer := 0; person_name text;
BEGIN
  SELECT p.* INTO a FROM pgworkflows_approval p WHERE p.id = $1;
  SELECT p.id, p.username INTO person_id, person_name FROM pgworkflows.people() p
  WHERE p.id = pgworkflows.person($2) AND p.active;
  IF NOT FOUND THEN
    refusal := 'nobody';
    RETURN;
  END IF;
  wanted := NULLIF(NULLIF($3, ''), person_name);
  IF wanted IS NOT NULL OR NOT EXISTS (SELECT FROM pgworkflows.asked($1) s WHERE s.id = person_id) THEN
    -- The requester comes last: taken only where there is nobody else, and refused then.
    SELECT count(*) FILTER (WHERE NOT s.own_request), (array_agg(s.id ORDER BY s.own_request))[1],
           (array_agg(s.username ORDER BY s.own_request))[1]
    INTO others, principal_id, principal_name
    FROM pgworkflows.stands_in_for($1, person_id) s WHERE wanted IS NULL OR s.username = wanted;
    IF principal_id IS NULL THEN
      refusal := CASE WHEN wanted IS NOT NULL THEN 'no_delegation' ELSE 'unnamed' END;
      RETURN;
    END IF;
  END IF;
  -- Who was never named does not learn how it stands.
  IF NOT pgworkflows.takes_decisions(a) THEN
    refusal := CASE a.status WHEN 'PENDING' THEN 'expired' ELSE a.status END;
    RETURN;
  END IF;
  IF others > 1 THEN
    refusal := 'ambiguous';
    RETURN;
  END IF;
  SELECT k.why INTO refusal FROM pgworkflows.kept_out(a) k
  WHERE k.id IN (person_id, principal_id) OR k.username IN (person_name, principal_name)
  ORDER BY array_position('{self,reassigned,twice,elsewhere}', k.why) LIMIT 1;
  refusal := COALESCE(refusal, '');
END
$_$;


--
-- Name: stands_in_for(bigint, integer); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.stands_in_for(approval bigint, delegate integer) RETURNS TABLE(id integer, username text, own_request boolean)
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
SELECT DISTINCT s.id, s.username, EXISTS (
  SELECT FROM pgworkflows.kept_out(a) k WHERE k.why = 'self' AND (k.id = s.id OR k.username = s.username))
FROM pgworkflows_approval a, pgworkflows.asked(a.id) s JOIN pgworkflows_delegation d ON d.delegator_id = s.id
WHERE a.id = $1 AND d.delegate_id = $2 AND d.starts_at <= pgworkflows.now() AND d.ends_at > pgworkflows.now()
  AND (d.kinds = '[]' OR d.kinds ? a.kind)
$_$;


--
-- Name: start(text, jsonb, text, text, timestamp with time zone, text, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.start(name text, kwargs jsonb DEFAULT '{}'::jsonb, key text DEFAULT NULL::text, queue text DEFAULT NULL::text, run_after timestamp with time zone DEFAULT NULL::timestamp with time zone, subject text DEFAULT NULL::text, requested_by text DEFAULT NULL::text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
#variable_conflict use_column
DECLARE
  wanted_name ALIAS FOR $1; wanted_kwargs ALIAS FOR $2; wanted_key ALIAS FOR $3; wanted_queue ALIAS FOR $4;
  wanted_run_after ALIAS FOR $5; wanted_subject ALIAS FOR $6; wanted_requester ALIAS FOR $7;
  definition record; wrong text; started record; full_kwargs jsonb; label text; row_id text;
  own uuid := pgworkflows.uuid7();
BEGIN
  SELECT d.* INTO definition FROM pgworkflows_workflowdefinition d
  WHERE d.name = wanted_name ORDER BY d.version DESC LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no workflow definition named %', quote_nullable(wanted_name)
      USING ERRCODE = 'no_data_found', HINT = 'Definitions are written by `manage.py migrate` and by a starting worker.';
  END IF;
  IF wanted_key = '' THEN
    RAISE EXCEPTION '%: the key must not be empty', wanted_name
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Pass NULL for none.';
  END IF;
  PERFORM pgworkflows.refuse_long(wanted_name || ': the key', wanted_key),
          pgworkflows.refuse_long(wanted_name || ': the queue', wanted_queue),
          pgworkflows.refuse_long(wanted_name || ': the subject', wanted_subject),
          pgworkflows.refuse_long(wanted_name || ': the name of who asks', wanted_requester),
          pgworkflows.refuse_far(wanted_name || ': run_after', wanted_run_after);
  IF wanted_subject NOT LIKE '%_.%_:%_' THEN
    RAISE EXCEPTION '%: % is no subject', wanted_name, quote_literal(wanted_subject)
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Pass app_label.model:primary_key, as in shop.order:7.';
  END IF;
  label := lower(split_part(wanted_subject, ':', 1));
  row_id := substr(wanted_subject, strpos(wanted_subject, ':') + 1);
  IF wanted_kwargs IS NULL OR jsonb_typeof(wanted_kwargs) <> 'object' THEN
    RAISE EXCEPTION '%: kwargs must be a JSON object of the arguments by name', wanted_name USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF octet_length(wanted_kwargs::text) > (definition.options ->> 'largest')::integer THEN
    RAISE EXCEPTION '%: the arguments are larger than MAX_PAYLOAD_BYTES (%)', wanted_name, definition.options ->> 'largest'
      USING ERRCODE = 'program_limit_exceeded', HINT = 'Store what is large in a row and pass its key.';
  END IF;
  SELECT string_agg(k, ', ') INTO wrong FROM jsonb_object_keys(wanted_kwargs) k WHERE NOT definition.parameters ? k;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION '%: unknown argument %', wanted_name, wrong
      USING ERRCODE = 'invalid_parameter_value', HINT = 'It takes ' || (
        SELECT COALESCE(string_agg(p, ', '), 'none') FROM jsonb_array_elements_text(definition.parameters) p) || '.';
  END IF;
  full_kwargs := definition.defaults || wanted_kwargs;
  SELECT string_agg(p, ', ') INTO wrong FROM jsonb_array_elements_text(definition.parameters) p WHERE NOT full_kwargs ? p;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION '%: missing argument %', wanted_name, wrong USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT i.* INTO started FROM pgworkflows.insert_workflows(
    actor => COALESCE(NULLIF(pgworkflows.setting('actor'), ''), wanted_requester, session_user), channel => 'sql',
    ids => ARRAY[own], arguments => ARRAY[wanted_kwargs], run_after => wanted_run_after,
    timeout => (definition.options ->> 'timeout')::double precision, parent => NULL, root => NULL, name => definition.name, version => definition.version, key => wanted_key,
    queue => COALESCE(wanted_queue, definition.options ->> 'queue'), priority => (definition.options ->> 'priority')::smallint,
    attributes => '{}', subject_type_id => (SELECT c.id FROM django_content_type c WHERE c.app_label || '.' || c.model = label),
    subject_id => COALESCE(row_id, ''), subject_label => COALESCE(label, ''), subject_text => '',
    requested_by_id => pgworkflows.person(wanted_requester), requested_by_name => COALESCE(wanted_requester, ''),
    fingerprint => definition.fingerprint, format => 0::smallint, schedule => NULL,
    scheduled_for => NULL) i;
  IF started.holder IS NOT NULL AND definition.defaults || started.holder_kwargs::jsonb <> full_kwargs THEN
    RAISE EXCEPTION 'key % of % belongs to workflow % with other arguments', quote_literal(wanted_key), wanted_name, started.holder
      USING ERRCODE = 'unique_violation', HINT = 'Use another key, or the same arguments.';
  END IF;
  RETURN COALESCE(started.holder, own);
END
$_$;


--
-- Name: status(uuid); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.status(workflow uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
SELECT w.status FROM pgworkflows_workflow w WHERE w.id = $1
$_$;


--
-- Name: stuck_approvals(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.stuck_approvals() RETURNS TABLE(id bigint)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
SELECT a.id FROM pgworkflows_approval a
WHERE a.status = 'PENDING' AND a.quorum > (
    SELECT count(*) FROM pgworkflows_decision d WHERE d.approval_id = a.id AND d.verdict = 'approve'
  ) + (SELECT count(*) FROM (
    SELECT FROM pgworkflows.asked(a.id) s
    WHERE NOT EXISTS (SELECT FROM pgworkflows.kept_out(a) k WHERE k.id = s.id OR k.username = s.username) LIMIT a.quorum) c)
UNION ALL
SELECT a.id FROM pgworkflows_approval a
WHERE a.status = 'CHANGES_REQUESTED' AND a.resubmitted_at IS NULL
  AND NOT EXISTS (SELECT FROM pgworkflows.people() p WHERE p.id = a.requested_by_id AND p.active)
$$;


--
-- Name: takes_decisions(public.pgworkflows_approval); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.takes_decisions(a public.pgworkflows_approval) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
SELECT a.status = 'PENDING'
  AND (a.due_at IS NULL OR a.due_at > pgworkflows.now() OR (a.on_timeout = 'escalate' AND a.escalated_at IS NULL))
$$;


--
-- Name: task_event(text, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.task_event(from_status text, to_status text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
SELECT CASE from_status || '>' || to_status
    WHEN 'CANCELLED>PENDING' THEN 'task_retry'
    WHEN 'CANCELLED>WAITING' THEN 'task_retry'
    WHEN 'COMPLETED>WAITING' THEN 'task_retry'
    WHEN 'FAILED>PENDING' THEN 'task_retry'
    WHEN 'FAILED>WAITING' THEN 'task_retry'
    WHEN 'PENDING>CANCELLED' THEN 'task_cancel'
    WHEN 'PENDING>COMPLETED' THEN 'task_complete'
    WHEN 'PENDING>FAILED' THEN 'task_fail'
    WHEN 'PENDING>RUNNING' THEN 'attempt'
    WHEN 'PENDING>WAITING' THEN 'task_wait'
    WHEN 'RUNNING>CANCELLED' THEN 'task_cancel'
    WHEN 'RUNNING>COMPLETED' THEN 'task_complete'
    WHEN 'RUNNING>FAILED' THEN 'task_fail'
    WHEN 'RUNNING>PENDING' THEN 'attempt_failed'
    WHEN 'RUNNING>WAITING' THEN 'task_wait'
    WHEN 'WAITING>CANCELLED' THEN 'task_cancel'
    WHEN 'WAITING>COMPLETED' THEN 'task_complete'
    WHEN 'WAITING>FAILED' THEN 'task_fail'
    WHEN 'WAITING>PENDING' THEN 'attempt_failed'
    WHEN 'WAITING>RUNNING' THEN 'attempt'
    WHEN 'PENDING>PENDING' THEN 'attempt_failed'
END
$$;


--
-- Name: task_inserted(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.task_inserted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE
  moment timestamptz := pgworkflows.now(); began timestamptz := transaction_timestamp();
  actor text := pgworkflows.setting('actor');
  channel text := COALESCE(NULLIF(pgworkflows.setting('channel'), ''), 'sql');
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_task');
  -- Each state counts, also of several that share a transaction.
  INSERT INTO pgworkflows_history
    (workflow, task, event, from_status, to_status, state, attempt, at, actor, "session_user", channel, note)
  SELECT n.workflow_id, CASE WHEN n.kind <> 'STATE' THEN n.id END,
         CASE WHEN n.kind = 'STATE' THEN 'state' ELSE
           CASE n.status WHEN 'COMPLETED' THEN 'task_complete' WHEN 'FAILED' THEN 'task_fail' WHEN 'WAITING' THEN 'task_wait'
                         WHEN 'RUNNING' THEN 'attempt' WHEN 'CANCELLED' THEN 'task_cancel' ELSE 'attempt_failed' END END,
         CASE WHEN n.kind = 'STATE' THEN (SELECT w.status FROM pgworkflows_workflow w WHERE w.id = n.workflow_id) ELSE '' END,
         CASE WHEN n.kind = 'STATE' THEN (SELECT w.status FROM pgworkflows_workflow w WHERE w.id = n.workflow_id) ELSE n.status END,
         CASE WHEN n.kind = 'STATE' THEN n.name ELSE '' END, CASE WHEN n.kind <> 'STATE' THEN n.attempt END,
         LEAST(GREATEST(CASE WHEN n.status IN ('COMPLETED', 'FAILED') THEN n.finished_at ELSE moment END, began), moment),
         actor, session_user, channel, CASE WHEN n.kind = 'STATE' THEN '' ELSE n.kind || ' ' || n.name END
  FROM new_rows n WHERE NOT (n.status = 'PENDING' AND n.attempt = 0)  -- what was snoozed is no attempt
  ORDER BY n.workflow_id, n.branch, n.seq;
  RETURN NULL;
END
$$;


--
-- Name: task_updated(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.task_updated() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET jit TO 'off'
    SET enable_nestloop TO 'off'
    SET enable_hashjoin TO 'on'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE
  moment timestamptz := pgworkflows.now(); began timestamptz := transaction_timestamp();
  actor text := pgworkflows.setting('actor');
  channel text := COALESCE(NULLIF(pgworkflows.setting('channel'), ''), 'sql');
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_task');
  INSERT INTO pgworkflows_history
    (workflow, task, event, from_status, to_status, state, attempt, at, actor, "session_user", channel, note)
  SELECT n.workflow_id, n.id, pgworkflows.task_event(o.status, n.status), o.status, n.status, '', n.attempt,
         LEAST(GREATEST(CASE WHEN n.status IN ('COMPLETED', 'FAILED') THEN n.finished_at ELSE moment END, began), moment),
         actor, session_user, channel, n.kind || ' ' || n.name
  FROM old_rows o JOIN new_rows n ON n.id = o.id
  WHERE n.status <> o.status OR (n.status = 'PENDING' AND n.attempt > o.attempt)
  ORDER BY n.workflow_id, n.branch, n.seq;
  RETURN NULL;
END
$$;


--
-- Name: tell_asker(uuid, text, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.tell_asker(workflow uuid, key text, sender text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
BEGIN
  INSERT INTO pgworkflows_event (workflow_id, name, key, sent_at, sent_by, parked)
  VALUES ($1, '$approval', $2, pgworkflows.now(), COALESCE($3, ''), false) ON CONFLICT DO NOTHING;
  PERFORM pgworkflows.wake();
END
$_$;


--
-- Name: update_tasks(xid8, uuid[], bigint[], text[], integer[], jsonb[], jsonb[], timestamp with time zone[], timestamp with time zone[], timestamp with time zone[], integer[]); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.update_tasks(claim xid8, workflows uuid[], ids bigint[], statuses text[], attempts integer[], results jsonb[], errors jsonb[], dues timestamp with time zone[], starts timestamp with time zone[], ends timestamp with time zone[], places integer[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE written integer := 0;
BEGIN
  IF pg_current_xact_id() = claim THEN
    UPDATE pgworkflows_task t
    SET status = u.status, attempt = u.attempt, result = u.result, error = u.error, due_at = u.due_at,
      started_at = u.started_at, finished_at = u.finished_at, ended = u.ended
    FROM unnest(workflows, ids, statuses, attempts, results, errors, dues, starts, ends, places)
      AS u(workflow, id, status, attempt, result, error, due_at, started_at, finished_at, ended)
    WHERE t.id = u.id AND t.workflow_id = u.workflow AND t.id = ANY (ids) AND t.workflow_id = ANY (workflows);
    GET DIAGNOSTICS written = ROW_COUNT;
  END IF;
  RETURN written;
END
$$;


--
-- Name: update_workflows(xid8, uuid[], character varying[], text[], jsonb[], jsonb[], jsonb[], timestamp with time zone[], timestamp with time zone[], timestamp with time zone[], jsonb[], bigint[], timestamp with time zone[], integer[], smallint[], jsonb[], timestamp with time zone[]); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.update_workflows(claim xid8, id uuid[], status character varying[], state text[], result jsonb[], error jsonb[], attributes jsonb[], available_at timestamp with time zone[], started_at timestamp with time zone[], finished_at timestamp with time zone[], waiting_for jsonb[], owner_id bigint[], wake_at timestamp with time zone[], epoch integer[], crashes smallint[], cancel_request jsonb[], cancel_requested_at timestamp with time zone[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE written integer := 0;
BEGIN
  IF pg_current_xact_id() = claim THEN
    UPDATE pgworkflows_workflow w SET status = u.status, state = u.state, result = u.result, error = u.error, attributes = u.attributes, available_at = u.available_at, started_at = u.started_at, finished_at = u.finished_at, waiting_for = u.waiting_for, owner_id = u.owner_id, wake_at = u.wake_at, epoch = u.epoch, crashes = u.crashes, cancel_request = u.cancel_request, cancel_requested_at = u.cancel_requested_at
    FROM unnest(update_workflows.id, update_workflows.status, update_workflows.state, update_workflows.result, update_workflows.error, update_workflows.attributes, update_workflows.available_at, update_workflows.started_at, update_workflows.finished_at, update_workflows.waiting_for, update_workflows.owner_id, update_workflows.wake_at, update_workflows.epoch, update_workflows.crashes, update_workflows.cancel_request, update_workflows.cancel_requested_at) AS u(id, status, state, result, error, attributes, available_at, started_at, finished_at, waiting_for, owner_id, wake_at, epoch, crashes, cancel_request, cancel_requested_at)
    WHERE w.id = u.id AND w.id = ANY (update_workflows.id);
    GET DIAGNOSTICS written = ROW_COUNT;
  END IF;
  RETURN written;
END
$$;


--
-- Name: uuid7(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.uuid7() RETURNS uuid
    LANGUAGE sql
    AS $$
SELECT encode(
  set_bit(set_bit(
    overlay(uuid_send(gen_random_uuid())
      PLACING substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
      FROM 1 FOR 6),
    52, 1), 53, 1),
  'hex')::uuid
$$;


--
-- Name: pgworkflows_event; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgworkflows_event (
    id bigint NOT NULL,
    name text NOT NULL,
    correlation text,
    key text,
    payload jsonb,
    sent_at timestamp with time zone NOT NULL,
    sent_by text NOT NULL,
    delivered_at timestamp with time zone,
    parked boolean NOT NULL,
    task_id bigint,
    workflow_id uuid,
    CONSTRAINT pgworkflows_event_has_address CHECK (((workflow_id IS NOT NULL) OR (correlation IS NOT NULL))),
    CONSTRAINT pgworkflows_event_moments_in_reach CHECK (((LEAST(sent_at, delivered_at) >= '0002-01-01 00:00:00+00'::timestamp with time zone) AND (GREATEST(sent_at, delivered_at) <= '9998-12-31 00:00:00+00'::timestamp with time zone)))
)
WITH (autovacuum_vacuum_scale_factor='0.01', autovacuum_vacuum_threshold='1000', autovacuum_vacuum_cost_limit='2000', autovacuum_analyze_scale_factor='0.02', autovacuum_analyze_threshold='1000');


--
-- Name: waiting_events(uuid[]); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.waiting_events(workflows uuid[]) RETURNS SETOF public.pgworkflows_event
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
  -- The fence keeps the planner from reading the whole table in the order of its ids.
  RETURN QUERY SELECT w.* FROM (
    SELECT e.* FROM pgworkflows_event e WHERE e.workflow_id = ANY (workflows) AND e.task_id IS NULL OFFSET 0) w
  ORDER BY w.id;
END
$$;


--
-- Name: waits_for(text, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.waits_for(name text, correlation text) RETURNS TABLE(task bigint, workflow uuid, any_of jsonb)
    LANGUAGE sql STABLE
    AS $_$
SELECT t.id, t.workflow_id, t.any_of FROM "public".pgworkflows_task t
WHERE t.kind = 'EVENT' AND t.status = 'WAITING' AND t.any_of IS NULL AND t.name = $1 AND t.correlation = $2
UNION ALL
SELECT t.id, t.workflow_id, t.any_of FROM "public".pgworkflows_task t
WHERE t.kind = 'EVENT' AND t.status = 'WAITING' AND t.any_of IS NOT NULL AND t.any_of ? $1 AND t.correlation = $2
$_$;


--
-- Name: wake(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.wake() RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF NOT pg_try_advisory_xact_lock_shared(1885828966, 0) THEN
    PERFORM pg_notify('pgworkflows', '');
  END IF;
END
$$;


--
-- Name: wake_for_rows(bigint[]); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.wake_for_rows(changed bigint[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
DECLARE waiting uuid[]; locked uuid[]; done integer := 0;
BEGIN
  SELECT array_agg(DISTINCT t.workflow_id) INTO waiting FROM pgworkflows_event e
  JOIN pgworkflows_task t ON t.kind = 'ROW' AND t.status = 'WAITING' AND t.name = e.correlation WHERE e.id = ANY (changed);
  SELECT array_agg(w.id) INTO locked
  FROM (SELECT id FROM pgworkflows_workflow WHERE id = ANY (waiting) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED) w;
  PERFORM pgworkflows.wake_workflows(locked);
  IF COALESCE(array_length(locked, 1), 0) = COALESCE(array_length(waiting, 1), 0) THEN
    DELETE FROM pgworkflows_event WHERE id = ANY (changed);
    GET DIAGNOSTICS done = ROW_COUNT;
  END IF;
  RETURN done;
END
$$;


--
-- Name: wake_waits(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.wake_waits() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $_$
BEGIN
  IF EXISTS (SELECT FROM pgworkflows_task t WHERE t.kind = 'ROW' AND t.status = 'WAITING' AND t.name = TG_ARGV[0]) THEN
    INSERT INTO pgworkflows_event (name, correlation, key, sent_at, sent_by, parked)
    VALUES ('$row', TG_ARGV[0], pg_current_xact_id()::text, pgworkflows.now(), '', false) ON CONFLICT DO NOTHING;
    PERFORM pgworkflows.wake();
  END IF;
  RETURN NULL;
END
$_$;


--
-- Name: wake_workflows(uuid[]); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.wake_workflows(woken uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
BEGIN
  UPDATE pgworkflows_workflow w SET available_at = pgworkflows.now()
  WHERE w.id = ANY (woken) AND w.status = 'WAITING' AND (w.available_at IS NULL OR w.available_at > pgworkflows.now());
  UPDATE pgworkflows_workflow w SET wake_at = pgworkflows.now()
  WHERE w.id = ANY (woken) AND w.status = 'RUNNING' AND (w.wake_at IS NULL OR w.wake_at > pgworkflows.now());
  IF FOUND THEN
    PERFORM pgworkflows.wake();
  END IF;
END
$$;


--
-- Name: workflow_event(text, text); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.workflow_event(from_status text, to_status text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
SELECT CASE from_status || '>' || to_status
    WHEN 'BLOCKED>CANCELLED' THEN 'cancel'
    WHEN 'BLOCKED>COMPENSATING' THEN 'compensate'
    WHEN 'BLOCKED>PENDING' THEN 'retry'
    WHEN 'COMPENSATING>BLOCKED' THEN 'block'
    WHEN 'COMPENSATING>CANCELLED' THEN 'cancel'
    WHEN 'COMPENSATING>COMPENSATED' THEN 'finish_compensation'
    WHEN 'COMPENSATING>FAILED' THEN 'fail'
    WHEN 'FAILED>COMPENSATING' THEN 'compensate'
    WHEN 'FAILED>PENDING' THEN 'retry'
    WHEN 'PENDING>BLOCKED' THEN 'block'
    WHEN 'PENDING>CANCELLED' THEN 'cancel'
    WHEN 'PENDING>COMPENSATING' THEN 'compensate'
    WHEN 'PENDING>COMPLETED' THEN 'complete'
    WHEN 'PENDING>FAILED' THEN 'fail'
    WHEN 'PENDING>RUNNING' THEN 'run'
    WHEN 'PENDING>WAITING' THEN 'wait'
    WHEN 'RUNNING>BLOCKED' THEN 'block'
    WHEN 'RUNNING>CANCELLED' THEN 'cancel'
    WHEN 'RUNNING>COMPENSATING' THEN 'compensate'
    WHEN 'RUNNING>COMPLETED' THEN 'complete'
    WHEN 'RUNNING>FAILED' THEN 'fail'
    WHEN 'RUNNING>PENDING' THEN 'requeue'
    WHEN 'RUNNING>WAITING' THEN 'wait'
    WHEN 'WAITING>BLOCKED' THEN 'block'
    WHEN 'WAITING>CANCELLED' THEN 'cancel'
    WHEN 'WAITING>COMPENSATING' THEN 'compensate'
    WHEN 'WAITING>COMPLETED' THEN 'complete'
    WHEN 'WAITING>FAILED' THEN 'fail'
    WHEN 'WAITING>PENDING' THEN 'requeue'
    WHEN 'WAITING>RUNNING' THEN 'run'
END
$$;


--
-- Name: workflow_inserted(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.workflow_inserted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_workflow');
  INSERT INTO pgworkflows_history
    (workflow, event, from_status, to_status, state, at, actor, "session_user", channel, note)
  SELECT n.id, 'start', '', n.status, n.state, pgworkflows.now(), pgworkflows.setting('actor'), session_user,
         COALESCE(NULLIF(pgworkflows.setting('channel'), ''), 'sql'), pgworkflows.setting('note')
  FROM new_rows n;
  RETURN NULL;
END
$$;


--
-- Name: workflow_updated(); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.workflow_updated() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_nestloop TO 'off'
    SET enable_hashjoin TO 'on'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE
  actor text := pgworkflows.setting('actor');
  channel text := COALESCE(NULLIF(pgworkflows.setting('channel'), ''), 'sql');
  note text := pgworkflows.setting('note');
  renamed boolean; closed uuid[];
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_workflow');
  WITH changed AS MATERIALIZED (
    SELECT n.id, o.status AS was, n.status, n.state, n.state <> o.state AS renamed, n.error, n.cancel_request,
           -- A worker that carries out a cancel does it for the one who asked.
           channel = 'worker' AND n.cancel_requested_at IS NOT NULL AND n.status IN ('COMPENSATING', 'CANCELLED') AS carried_out,
           -- What was to be tried again later is tried now, as a person asked.
           channel <> 'worker' AND n.status = o.status AND n.status IN ('PENDING', 'COMPENSATING') AND o.available_at > pgworkflows.now() AND n.available_at < o.available_at
             AND n.cancel_requested_at IS NULL AS hurried
    FROM old_rows o JOIN new_rows n ON n.id = o.id
    WHERE n.status <> o.status OR n.state <> o.state 
       OR (channel <> 'worker' AND n.status IN ('PENDING', 'COMPENSATING') AND n.available_at < o.available_at)
  ), written AS (
    INSERT INTO pgworkflows_history
      (workflow, event, from_status, to_status, state, at, actor, "session_user", channel, note)
    SELECT c.id, CASE WHEN c.hurried THEN 'retry' ELSE pgworkflows.workflow_event(c.was, c.status) END, c.was, c.status, c.state, pgworkflows.now(),
           COALESCE(CASE WHEN c.carried_out THEN NULLIF(c.cancel_request ->> 'by', '') END, actor), session_user, channel,
           COALESCE(NULLIF(note, ''), CASE WHEN c.carried_out THEN c.cancel_request ->> 'reason' END,
                    CASE WHEN c.status IN ('FAILED', 'BLOCKED', 'COMPENSATING') THEN c.error ->> 'type' END, '')
    FROM changed c
    WHERE c.status <> c.was OR c.hurried
  )
  SELECT bool_or(c.renamed),
         array_agg(c.id) FILTER (WHERE c.status <> c.was
           AND c.status IN ('COMPLETED', 'FAILED', 'COMPENSATED', 'CANCELLED', 'COMPENSATING'))
  INTO renamed, closed
  FROM changed c;

  -- What set_state() did is told with its task.
  IF renamed THEN
    INSERT INTO pgworkflows_history
      (workflow, event, from_status, to_status, state, at, actor, "session_user", channel, note)
    SELECT n.id, 'state', n.status, n.status, n.state, pgworkflows.now(), actor, session_user, channel, note
    FROM old_rows o JOIN new_rows n ON n.id = o.id
    WHERE n.state <> o.state AND n.state IS DISTINCT FROM (
      SELECT h.state FROM pgworkflows_history h WHERE h.workflow = n.id AND h.event = 'state' ORDER BY h.id DESC LIMIT 1)
    ORDER BY n.id;
  END IF;

  IF closed IS NOT NULL THEN
    PERFORM pgworkflows.close_workflows(closed);
  END IF;
  RETURN NULL;
END
$$;


--
-- Name: written_here(xid); Type: FUNCTION; Schema: pgworkflows; Owner: -
--

CREATE FUNCTION pgworkflows.written_here(writer xid) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE
  own bigint := pg_current_xact_id_if_assigned()::text::bigint;
  younger bigint := (writer::text::bigint - own) & 4294967295;
BEGIN
  RETURN COALESCE(younger < 2147483648 AND pg_xact_status((own + younger)::text::xid8) = 'in progress', false);
EXCEPTION WHEN invalid_parameter_value THEN  -- a row so old that its writer's id has come round
  RETURN false;
END
$$;


--
-- Name: auth_group; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.auth_group (
    id integer NOT NULL,
    name character varying(150) NOT NULL
);


--
-- Name: auth_group_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.auth_group ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_group_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: auth_group_permissions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.auth_group_permissions (
    id bigint NOT NULL,
    group_id integer NOT NULL,
    permission_id integer NOT NULL
);


--
-- Name: auth_group_permissions_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.auth_group_permissions ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_group_permissions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: auth_permission; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.auth_permission (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    content_type_id integer NOT NULL,
    codename character varying(100) NOT NULL
);


--
-- Name: auth_permission_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.auth_permission ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_permission_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: auth_user; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.auth_user (
    id integer NOT NULL,
    password character varying(128) NOT NULL,
    last_login timestamp with time zone,
    is_superuser boolean NOT NULL,
    username character varying(150) NOT NULL,
    first_name character varying(150) NOT NULL,
    last_name character varying(150) NOT NULL,
    email character varying(254) NOT NULL,
    is_staff boolean NOT NULL,
    is_active boolean NOT NULL,
    date_joined timestamp with time zone NOT NULL
);


--
-- Name: auth_user_groups; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.auth_user_groups (
    id bigint NOT NULL,
    user_id integer NOT NULL,
    group_id integer NOT NULL
);


--
-- Name: auth_user_groups_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.auth_user_groups ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_user_groups_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: auth_user_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.auth_user ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_user_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: auth_user_user_permissions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.auth_user_user_permissions (
    id bigint NOT NULL,
    user_id integer NOT NULL,
    permission_id integer NOT NULL
);


--
-- Name: auth_user_user_permissions_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.auth_user_user_permissions ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_user_user_permissions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: django_content_type; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.django_content_type (
    id integer NOT NULL,
    app_label character varying(100) NOT NULL,
    model character varying(100) NOT NULL
);


--
-- Name: django_content_type_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.django_content_type ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_content_type_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: django_migrations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.django_migrations (
    id bigint NOT NULL,
    app character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    applied timestamp with time zone NOT NULL
);


--
-- Name: django_migrations_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.django_migrations ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_migrations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pgworkflows_approval_groups; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgworkflows_approval_groups (
    id bigint NOT NULL,
    approval_id bigint NOT NULL,
    group_id integer NOT NULL
);


--
-- Name: pgworkflows_approval_groups_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.pgworkflows_approval_groups ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgworkflows_approval_groups_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pgworkflows_approval_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.pgworkflows_approval ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgworkflows_approval_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pgworkflows_approval_users; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgworkflows_approval_users (
    id bigint NOT NULL,
    approval_id bigint NOT NULL,
    user_id integer NOT NULL
);


--
-- Name: pgworkflows_approval_users_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.pgworkflows_approval_users ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgworkflows_approval_users_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pgworkflows_approvalaction; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgworkflows_approvalaction (
    id bigint NOT NULL,
    verb text NOT NULL,
    username text NOT NULL,
    note text NOT NULL,
    channel text NOT NULL,
    keeps_out boolean NOT NULL,
    at timestamp with time zone NOT NULL,
    approval_id bigint NOT NULL,
    user_id integer
);


--
-- Name: pgworkflows_approvalaction_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.pgworkflows_approvalaction ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgworkflows_approvalaction_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pgworkflows_approvalpolicy; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgworkflows_approvalpolicy (
    id bigint NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    description text NOT NULL,
    status character varying(10) NOT NULL,
    restart text NOT NULL,
    allow_self_approval boolean NOT NULL,
    allow_same_person boolean NOT NULL,
    edited_by_name text NOT NULL,
    editors jsonb NOT NULL,
    published_by_name text NOT NULL,
    published_at timestamp with time zone,
    edited_by_id integer,
    fallback_group_id integer NOT NULL,
    published_by_id integer,
    CONSTRAINT pgworkflows_policy_published_by_another CHECK ((((status)::text = 'DRAFT'::text) OR ((NOT (published_by_name = ''::text)) AND (NOT (published_by_name = edited_by_name)))))
);


--
-- Name: pgworkflows_approvalpolicy_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.pgworkflows_approvalpolicy ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgworkflows_approvalpolicy_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pgworkflows_approvalstage; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgworkflows_approvalstage (
    id bigint NOT NULL,
    "position" smallint NOT NULL,
    name text NOT NULL,
    resolver text NOT NULL,
    quorum smallint NOT NULL,
    time_limit interval,
    on_timeout text NOT NULL,
    remind_every interval,
    skip_if_none boolean NOT NULL,
    policy_id bigint NOT NULL,
    CONSTRAINT pgworkflows_stage_durations_bounded CHECK (((LEAST(time_limit, remind_every) >= '00:00:00'::interval) AND (GREATEST(time_limit, remind_every) <= '36500 days'::interval))),
    CONSTRAINT pgworkflows_stage_quorum_positive CHECK ((quorum >= 1))
);


--
-- Name: pgworkflows_approvalstage_escalate_to; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgworkflows_approvalstage_escalate_to (
    id bigint NOT NULL,
    approvalstage_id bigint NOT NULL,
    group_id integer NOT NULL
);


--
-- Name: pgworkflows_approvalstage_escalate_to_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.pgworkflows_approvalstage_escalate_to ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgworkflows_approvalstage_escalate_to_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pgworkflows_approvalstage_groups; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgworkflows_approvalstage_groups (
    id bigint NOT NULL,
    approvalstage_id bigint NOT NULL,
    group_id integer NOT NULL
);


--
-- Name: pgworkflows_approvalstage_groups_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.pgworkflows_approvalstage_groups ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgworkflows_approvalstage_groups_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pgworkflows_approvalstage_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.pgworkflows_approvalstage ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgworkflows_approvalstage_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pgworkflows_approvalstage_users; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgworkflows_approvalstage_users (
    id bigint NOT NULL,
    approvalstage_id bigint NOT NULL,
    user_id integer NOT NULL
);


--
-- Name: pgworkflows_approvalstage_users_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.pgworkflows_approvalstage_users ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgworkflows_approvalstage_users_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pgworkflows_decision; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgworkflows_decision (
    id bigint NOT NULL,
    username text NOT NULL,
    on_behalf_of_name text NOT NULL,
    verdict text NOT NULL,
    comment text NOT NULL,
    data jsonb,
    channel text NOT NULL,
    snapshot_hash text NOT NULL,
    at timestamp with time zone NOT NULL,
    approval_id bigint NOT NULL,
    on_behalf_of_id integer,
    user_id integer
);


--
-- Name: pgworkflows_decision_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.pgworkflows_decision ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgworkflows_decision_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pgworkflows_delegation; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgworkflows_delegation (
    id bigint NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    kinds jsonb NOT NULL,
    reason text NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    delegate_id integer NOT NULL,
    delegator_id integer NOT NULL,
    CONSTRAINT pgworkflows_delegation_ends_after_start CHECK ((ends_at >= starts_at)),
    CONSTRAINT pgworkflows_delegation_moments_in_reach CHECK (((LEAST(starts_at, ends_at, created_at) >= '0002-01-01 00:00:00+00'::timestamp with time zone) AND (GREATEST(starts_at, ends_at, created_at) <= '9998-12-31 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT pgworkflows_delegation_to_another CHECK ((NOT (delegator_id = delegate_id)))
);


--
-- Name: pgworkflows_delegation_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.pgworkflows_delegation ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgworkflows_delegation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pgworkflows_event_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.pgworkflows_event ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgworkflows_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pgworkflows_history; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgworkflows_history (
    id bigint NOT NULL,
    workflow uuid,
    task bigint,
    approval bigint,
    event text NOT NULL,
    from_status text NOT NULL,
    to_status text NOT NULL,
    state text NOT NULL,
    attempt integer,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    "session_user" text NOT NULL,
    channel text NOT NULL,
    note text NOT NULL,
    data jsonb,
    xact bigint DEFAULT ((pg_current_xact_id())::text)::bigint
)
WITH (autovacuum_vacuum_insert_scale_factor='0.02', autovacuum_analyze_scale_factor='0.02');


--
-- Name: pgworkflows_history_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.pgworkflows_history ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgworkflows_history_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pgworkflows_idempotencykey; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgworkflows_idempotencykey (
    id bigint NOT NULL,
    key text NOT NULL,
    method text NOT NULL,
    path text NOT NULL,
    body_hash text NOT NULL,
    status smallint,
    response jsonb,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    user_id integer NOT NULL
);


--
-- Name: pgworkflows_idempotencykey_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.pgworkflows_idempotencykey ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgworkflows_idempotencykey_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pgworkflows_request; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgworkflows_request (
    id bigint NOT NULL,
    name text NOT NULL,
    payload jsonb,
    asked_at timestamp with time zone NOT NULL,
    asked_by text NOT NULL,
    answered_at timestamp with time zone,
    answer jsonb,
    refusal text,
    task_id bigint,
    workflow_id uuid NOT NULL,
    CONSTRAINT pgworkflows_request_answered_then CHECK (((answered_at IS NOT NULL) OR ((answer IS NULL) AND (refusal IS NULL)))),
    CONSTRAINT pgworkflows_request_moments_in_reach CHECK (((LEAST(asked_at, answered_at) >= '0002-01-01 00:00:00+00'::timestamp with time zone) AND (GREATEST(asked_at, answered_at) <= '9998-12-31 00:00:00+00'::timestamp with time zone)))
);


--
-- Name: pgworkflows_request_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.pgworkflows_request ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgworkflows_request_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pgworkflows_schedule; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgworkflows_schedule (
    id bigint NOT NULL,
    name text NOT NULL,
    workflow text NOT NULL,
    kwargs jsonb NOT NULL,
    format smallint NOT NULL,
    cron text NOT NULL,
    tz text NOT NULL,
    every interval,
    "offset" interval NOT NULL,
    starts_at timestamp with time zone,
    ends_at timestamp with time zone,
    jitter interval NOT NULL,
    overlap text NOT NULL,
    missed text NOT NULL,
    catch_up interval NOT NULL,
    queue text NOT NULL,
    priority smallint,
    declared jsonb,
    overridden boolean NOT NULL,
    edited_by_id integer,
    edited_by_name text NOT NULL,
    paused_at timestamp with time zone,
    pause_reason text NOT NULL,
    next_at timestamp with time zone,
    due_at timestamp with time zone,
    queued_for timestamp with time zone,
    last_skips jsonb NOT NULL,
    CONSTRAINT pgworkflows_schedule_cron_or_every CHECK ((((NOT (cron = ''::text)) AND (every IS NULL)) OR ((cron = ''::text) AND (every IS NOT NULL)))),
    CONSTRAINT pgworkflows_schedule_durations_bounded CHECK (((LEAST(every, "offset", jitter, catch_up) >= '00:00:00'::interval) AND (GREATEST(every, "offset", jitter, catch_up) <= '36500 days'::interval))),
    CONSTRAINT pgworkflows_schedule_moments_in_reach CHECK (((LEAST(starts_at, ends_at, paused_at, next_at, due_at, queued_for) >= '0002-01-01 00:00:00+00'::timestamp with time zone) AND (GREATEST(starts_at, ends_at, paused_at, next_at, due_at, queued_for) <= '9998-12-31 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT pgworkflows_schedule_priority_range CHECK (((priority IS NULL) OR ((priority >= '-100'::integer) AND (priority <= 100))))
);


--
-- Name: pgworkflows_schedule_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.pgworkflows_schedule ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgworkflows_schedule_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pgworkflows_stagecondition; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgworkflows_stagecondition (
    id bigint NOT NULL,
    attribute text NOT NULL,
    operator text NOT NULL,
    value text NOT NULL,
    stage_id bigint NOT NULL
);


--
-- Name: pgworkflows_stagecondition_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.pgworkflows_stagecondition ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgworkflows_stagecondition_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pgworkflows_task; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgworkflows_task (
    id bigint NOT NULL,
    branch text NOT NULL,
    seq integer NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    status character varying(12) NOT NULL,
    attempt integer NOT NULL,
    correlation text,
    any_of jsonb,
    compensates_id bigint,
    payload jsonb,
    result jsonb,
    error jsonb,
    due_at timestamp with time zone,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    ended integer,
    digest text,
    workflow_id uuid NOT NULL,
    child_id uuid,
    CONSTRAINT pgworkflows_task_moments_in_reach CHECK (((LEAST(due_at, started_at, finished_at) >= '0002-01-01 00:00:00+00'::timestamp with time zone) AND (GREATEST(due_at, started_at, finished_at) <= '9998-12-31 00:00:00+00'::timestamp with time zone)))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='1000', autovacuum_vacuum_cost_limit='2000', autovacuum_analyze_scale_factor='0.02', autovacuum_analyze_threshold='1000');


--
-- Name: pgworkflows_task_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.pgworkflows_task ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgworkflows_task_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pgworkflows_worker; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgworkflows_worker (
    id bigint NOT NULL,
    name text NOT NULL,
    queues jsonb NOT NULL,
    definitions jsonb NOT NULL,
    direct boolean NOT NULL,
    lease interval NOT NULL,
    started_at timestamp with time zone NOT NULL,
    connected_at timestamp with time zone NOT NULL,
    beat_at timestamp with time zone NOT NULL,
    stopped_at timestamp with time zone,
    CONSTRAINT pgworkflows_worker_durations_bounded CHECK (((lease >= '00:00:00'::interval) AND (lease <= '36500 days'::interval))),
    CONSTRAINT pgworkflows_worker_moments_in_reach CHECK (((LEAST(started_at, connected_at, beat_at, stopped_at) >= '0002-01-01 00:00:00+00'::timestamp with time zone) AND (GREATEST(started_at, connected_at, beat_at, stopped_at) <= '9998-12-31 00:00:00+00'::timestamp with time zone)))
)
WITH (fillfactor='20', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='200');


--
-- Name: pgworkflows_worker_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.pgworkflows_worker ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgworkflows_worker_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: pgworkflows_workflowdefinition; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pgworkflows_workflowdefinition (
    id bigint NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    fingerprint text NOT NULL,
    parameters jsonb NOT NULL,
    defaults jsonb NOT NULL,
    options jsonb NOT NULL,
    steps jsonb NOT NULL
);


--
-- Name: pgworkflows_workflowdefinition_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.pgworkflows_workflowdefinition ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgworkflows_workflowdefinition_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: upgrade_effect; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.upgrade_effect (
    id bigint NOT NULL,
    name text NOT NULL
);


--
-- Name: upgrade_effect_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.upgrade_effect ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.upgrade_effect_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Data for Name: auth_group; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: auth_group_permissions; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: auth_permission; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.auth_permission VALUES (1, 'Can add permission', 2, 'add_permission');
INSERT INTO public.auth_permission VALUES (2, 'Can change permission', 2, 'change_permission');
INSERT INTO public.auth_permission VALUES (3, 'Can delete permission', 2, 'delete_permission');
INSERT INTO public.auth_permission VALUES (4, 'Can view permission', 2, 'view_permission');
INSERT INTO public.auth_permission VALUES (5, 'Can add group', 1, 'add_group');
INSERT INTO public.auth_permission VALUES (6, 'Can change group', 1, 'change_group');
INSERT INTO public.auth_permission VALUES (7, 'Can delete group', 1, 'delete_group');
INSERT INTO public.auth_permission VALUES (8, 'Can view group', 1, 'view_group');
INSERT INTO public.auth_permission VALUES (9, 'Can add user', 3, 'add_user');
INSERT INTO public.auth_permission VALUES (10, 'Can change user', 3, 'change_user');
INSERT INTO public.auth_permission VALUES (11, 'Can delete user', 3, 'delete_user');
INSERT INTO public.auth_permission VALUES (12, 'Can view user', 3, 'view_user');
INSERT INTO public.auth_permission VALUES (13, 'Can add content type', 4, 'add_contenttype');
INSERT INTO public.auth_permission VALUES (14, 'Can change content type', 4, 'change_contenttype');
INSERT INTO public.auth_permission VALUES (15, 'Can delete content type', 4, 'delete_contenttype');
INSERT INTO public.auth_permission VALUES (16, 'Can view content type', 4, 'view_contenttype');
INSERT INTO public.auth_permission VALUES (17, 'Can add task', 17, 'add_task');
INSERT INTO public.auth_permission VALUES (18, 'Can change task', 17, 'change_task');
INSERT INTO public.auth_permission VALUES (19, 'Can delete task', 17, 'delete_task');
INSERT INTO public.auth_permission VALUES (20, 'Can view task', 17, 'view_task');
INSERT INTO public.auth_permission VALUES (21, 'Can add worker', 18, 'add_worker');
INSERT INTO public.auth_permission VALUES (22, 'Can change worker', 18, 'change_worker');
INSERT INTO public.auth_permission VALUES (23, 'Can delete worker', 18, 'delete_worker');
INSERT INTO public.auth_permission VALUES (24, 'Can view worker', 18, 'view_worker');
INSERT INTO public.auth_permission VALUES (25, 'Can add approval', 5, 'add_approval');
INSERT INTO public.auth_permission VALUES (26, 'Can change approval', 5, 'change_approval');
INSERT INTO public.auth_permission VALUES (27, 'Can delete approval', 5, 'delete_approval');
INSERT INTO public.auth_permission VALUES (28, 'Can view approval', 5, 'view_approval');
INSERT INTO public.auth_permission VALUES (29, 'Can have somebody else asked', 5, 'reassign_approval');
INSERT INTO public.auth_permission VALUES (30, 'Can add approval action', 6, 'add_approvalaction');
INSERT INTO public.auth_permission VALUES (31, 'Can change approval action', 6, 'change_approvalaction');
INSERT INTO public.auth_permission VALUES (32, 'Can delete approval action', 6, 'delete_approvalaction');
INSERT INTO public.auth_permission VALUES (33, 'Can view approval action', 6, 'view_approvalaction');
INSERT INTO public.auth_permission VALUES (34, 'Can add approval policy', 7, 'add_approvalpolicy');
INSERT INTO public.auth_permission VALUES (35, 'Can change approval policy', 7, 'change_approvalpolicy');
INSERT INTO public.auth_permission VALUES (36, 'Can delete approval policy', 7, 'delete_approvalpolicy');
INSERT INTO public.auth_permission VALUES (37, 'Can view approval policy', 7, 'view_approvalpolicy');
INSERT INTO public.auth_permission VALUES (38, 'Can publish a policy that somebody else edited', 7, 'publish_policy');
INSERT INTO public.auth_permission VALUES (39, 'Can add approval stage', 8, 'add_approvalstage');
INSERT INTO public.auth_permission VALUES (40, 'Can change approval stage', 8, 'change_approvalstage');
INSERT INTO public.auth_permission VALUES (41, 'Can delete approval stage', 8, 'delete_approvalstage');
INSERT INTO public.auth_permission VALUES (42, 'Can view approval stage', 8, 'view_approvalstage');
INSERT INTO public.auth_permission VALUES (43, 'Can add decision', 9, 'add_decision');
INSERT INTO public.auth_permission VALUES (44, 'Can change decision', 9, 'change_decision');
INSERT INTO public.auth_permission VALUES (45, 'Can delete decision', 9, 'delete_decision');
INSERT INTO public.auth_permission VALUES (46, 'Can view decision', 9, 'view_decision');
INSERT INTO public.auth_permission VALUES (47, 'Can add delegation', 10, 'add_delegation');
INSERT INTO public.auth_permission VALUES (48, 'Can change delegation', 10, 'change_delegation');
INSERT INTO public.auth_permission VALUES (49, 'Can delete delegation', 10, 'delete_delegation');
INSERT INTO public.auth_permission VALUES (50, 'Can view delegation', 10, 'view_delegation');
INSERT INTO public.auth_permission VALUES (51, 'Can add history entry', 12, 'add_history');
INSERT INTO public.auth_permission VALUES (52, 'Can change history entry', 12, 'change_history');
INSERT INTO public.auth_permission VALUES (53, 'Can delete history entry', 12, 'delete_history');
INSERT INTO public.auth_permission VALUES (54, 'Can view history entry', 12, 'view_history');
INSERT INTO public.auth_permission VALUES (55, 'Can add idempotency key', 13, 'add_idempotencykey');
INSERT INTO public.auth_permission VALUES (56, 'Can change idempotency key', 13, 'change_idempotencykey');
INSERT INTO public.auth_permission VALUES (57, 'Can delete idempotency key', 13, 'delete_idempotencykey');
INSERT INTO public.auth_permission VALUES (58, 'Can view idempotency key', 13, 'view_idempotencykey');
INSERT INTO public.auth_permission VALUES (59, 'Can add condition', 16, 'add_stagecondition');
INSERT INTO public.auth_permission VALUES (60, 'Can change condition', 16, 'change_stagecondition');
INSERT INTO public.auth_permission VALUES (61, 'Can delete condition', 16, 'delete_stagecondition');
INSERT INTO public.auth_permission VALUES (62, 'Can view condition', 16, 'view_stagecondition');
INSERT INTO public.auth_permission VALUES (63, 'Can add workflow', 19, 'add_workflow');
INSERT INTO public.auth_permission VALUES (64, 'Can change workflow', 19, 'change_workflow');
INSERT INTO public.auth_permission VALUES (65, 'Can delete workflow', 19, 'delete_workflow');
INSERT INTO public.auth_permission VALUES (66, 'Can view workflow', 19, 'view_workflow');
INSERT INTO public.auth_permission VALUES (67, 'Can start workflows', 19, 'start_workflow');
INSERT INTO public.auth_permission VALUES (68, 'Can cancel workflows', 19, 'cancel_workflow');
INSERT INTO public.auth_permission VALUES (69, 'Can retry workflows', 19, 'retry_workflow');
INSERT INTO public.auth_permission VALUES (70, 'Can have workflows undone', 19, 'compensate_workflow');
INSERT INTO public.auth_permission VALUES (71, 'Can send events to workflows', 19, 'send_event');
INSERT INTO public.auth_permission VALUES (72, 'Can ask workflows', 19, 'ask_workflow');
INSERT INTO public.auth_permission VALUES (73, 'Can add request', 14, 'add_request');
INSERT INTO public.auth_permission VALUES (74, 'Can change request', 14, 'change_request');
INSERT INTO public.auth_permission VALUES (75, 'Can delete request', 14, 'delete_request');
INSERT INTO public.auth_permission VALUES (76, 'Can view request', 14, 'view_request');
INSERT INTO public.auth_permission VALUES (77, 'Can add event', 11, 'add_event');
INSERT INTO public.auth_permission VALUES (78, 'Can change event', 11, 'change_event');
INSERT INTO public.auth_permission VALUES (79, 'Can delete event', 11, 'delete_event');
INSERT INTO public.auth_permission VALUES (80, 'Can view event', 11, 'view_event');
INSERT INTO public.auth_permission VALUES (81, 'Can add workflow definition', 20, 'add_workflowdefinition');
INSERT INTO public.auth_permission VALUES (82, 'Can change workflow definition', 20, 'change_workflowdefinition');
INSERT INTO public.auth_permission VALUES (83, 'Can delete workflow definition', 20, 'delete_workflowdefinition');
INSERT INTO public.auth_permission VALUES (84, 'Can view workflow definition', 20, 'view_workflowdefinition');
INSERT INTO public.auth_permission VALUES (85, 'Can add schedule', 15, 'add_schedule');
INSERT INTO public.auth_permission VALUES (86, 'Can change schedule', 15, 'change_schedule');
INSERT INTO public.auth_permission VALUES (87, 'Can delete schedule', 15, 'delete_schedule');
INSERT INTO public.auth_permission VALUES (88, 'Can view schedule', 15, 'view_schedule');
INSERT INTO public.auth_permission VALUES (89, 'Can start what a schedule starts, now and for times that are past', 15, 'trigger_schedule');
INSERT INTO public.auth_permission VALUES (90, 'Can add effect', 21, 'add_effect');
INSERT INTO public.auth_permission VALUES (91, 'Can change effect', 21, 'change_effect');
INSERT INTO public.auth_permission VALUES (92, 'Can delete effect', 21, 'delete_effect');
INSERT INTO public.auth_permission VALUES (93, 'Can view effect', 21, 'view_effect');


--
-- Data for Name: auth_user; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.auth_user VALUES (1, '!pZiNEFFvH3afefFeik2APB6XMNjpwHcGvykJ7v8X', NULL, false, 'ann', '', '', '', false, true, '2026-11-28 16:31:23.329205+00');


--
-- Data for Name: auth_user_groups; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: auth_user_user_permissions; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: django_content_type; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.django_content_type VALUES (1, 'auth', 'group');
INSERT INTO public.django_content_type VALUES (2, 'auth', 'permission');
INSERT INTO public.django_content_type VALUES (3, 'auth', 'user');
INSERT INTO public.django_content_type VALUES (4, 'contenttypes', 'contenttype');
INSERT INTO public.django_content_type VALUES (5, 'pgworkflows', 'approval');
INSERT INTO public.django_content_type VALUES (6, 'pgworkflows', 'approvalaction');
INSERT INTO public.django_content_type VALUES (7, 'pgworkflows', 'approvalpolicy');
INSERT INTO public.django_content_type VALUES (8, 'pgworkflows', 'approvalstage');
INSERT INTO public.django_content_type VALUES (9, 'pgworkflows', 'decision');
INSERT INTO public.django_content_type VALUES (10, 'pgworkflows', 'delegation');
INSERT INTO public.django_content_type VALUES (11, 'pgworkflows', 'event');
INSERT INTO public.django_content_type VALUES (12, 'pgworkflows', 'history');
INSERT INTO public.django_content_type VALUES (13, 'pgworkflows', 'idempotencykey');
INSERT INTO public.django_content_type VALUES (14, 'pgworkflows', 'request');
INSERT INTO public.django_content_type VALUES (15, 'pgworkflows', 'schedule');
INSERT INTO public.django_content_type VALUES (16, 'pgworkflows', 'stagecondition');
INSERT INTO public.django_content_type VALUES (17, 'pgworkflows', 'task');
INSERT INTO public.django_content_type VALUES (18, 'pgworkflows', 'worker');
INSERT INTO public.django_content_type VALUES (19, 'pgworkflows', 'workflow');
INSERT INTO public.django_content_type VALUES (20, 'pgworkflows', 'workflowdefinition');
INSERT INTO public.django_content_type VALUES (21, 'upgrade', 'effect');


--
-- Data for Name: django_migrations; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.django_migrations VALUES (1, 'contenttypes', '0001_initial', '2026-11-28 16:31:20.962641+00');
INSERT INTO public.django_migrations VALUES (2, 'contenttypes', '0002_remove_content_type_name', '2026-11-28 16:31:20.968649+00');
INSERT INTO public.django_migrations VALUES (3, 'auth', '0001_initial', '2026-11-28 16:31:20.993275+00');
INSERT INTO public.django_migrations VALUES (4, 'auth', '0002_alter_permission_name_max_length', '2026-11-28 16:31:20.996726+00');
INSERT INTO public.django_migrations VALUES (5, 'auth', '0003_alter_user_email_max_length', '2026-11-28 16:31:21.000018+00');
INSERT INTO public.django_migrations VALUES (6, 'auth', '0004_alter_user_username_opts', '2026-11-28 16:31:21.002778+00');
INSERT INTO public.django_migrations VALUES (7, 'auth', '0005_alter_user_last_login_null', '2026-11-28 16:31:21.006045+00');
INSERT INTO public.django_migrations VALUES (8, 'auth', '0006_require_contenttypes_0002', '2026-11-28 16:31:21.006531+00');
INSERT INTO public.django_migrations VALUES (9, 'auth', '0007_alter_validators_add_error_messages', '2026-11-28 16:31:21.009062+00');
INSERT INTO public.django_migrations VALUES (10, 'auth', '0008_alter_user_username_max_length', '2026-11-28 16:31:21.016474+00');
INSERT INTO public.django_migrations VALUES (11, 'auth', '0009_alter_user_last_name_max_length', '2026-11-28 16:31:21.02155+00');
INSERT INTO public.django_migrations VALUES (12, 'auth', '0010_alter_group_name_max_length', '2026-11-28 16:31:21.025181+00');
INSERT INTO public.django_migrations VALUES (13, 'auth', '0011_update_proxy_permissions', '2026-11-28 16:31:21.028278+00');
INSERT INTO public.django_migrations VALUES (14, 'auth', '0012_alter_user_first_name_max_length', '2026-11-28 16:31:21.031508+00');
INSERT INTO public.django_migrations VALUES (15, 'pgworkflows', '0001_tables', '2026-11-28 16:31:22.378805+00');
INSERT INTO public.django_migrations VALUES (16, 'pgworkflows', '0002_functions_and_guards', '2026-11-28 16:31:22.427319+00');


--
-- Data for Name: pgworkflows_approval; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.pgworkflows_approval VALUES (1, '', 2, 2, 1, 'upgrade.asks', 'Release', '', '', '', '', '["ann"]', 'PENDING', 1, false, false, '{}', NULL, NULL, '', '', '2026-11-28 16:31:23.3674+00', NULL, NULL, 'expire', '{"users": [], "groups": []}', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '01a222ff-40dd-737b-8492-f38a4f8d4ed7');


--
-- Data for Name: pgworkflows_approval_groups; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: pgworkflows_approval_users; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.pgworkflows_approval_users VALUES (1, 1, 1);


--
-- Data for Name: pgworkflows_approvalaction; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: pgworkflows_approvalpolicy; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: pgworkflows_approvalstage; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: pgworkflows_approvalstage_escalate_to; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: pgworkflows_approvalstage_groups; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: pgworkflows_approvalstage_users; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: pgworkflows_decision; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: pgworkflows_delegation; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: pgworkflows_event; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: pgworkflows_history; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.pgworkflows_history VALUES (1, '01a222ff-40d2-7628-b946-a65132d9017d', NULL, NULL, 'start', '', 'PENDING', '', NULL, '2026-11-28 16:31:23.346655+00', '', 'owner', 'python', '', NULL, 794);
INSERT INTO public.pgworkflows_history VALUES (2, '01a222ff-40da-77af-935f-d31fd395003c', NULL, NULL, 'start', '', 'PENDING', '', NULL, '2026-11-28 16:31:23.354826+00', '', 'owner', 'python', '', NULL, 795);
INSERT INTO public.pgworkflows_history VALUES (3, '01a222ff-40dc-7128-8297-f24d4157e749', NULL, NULL, 'start', '', 'PENDING', '', NULL, '2026-11-28 16:31:23.357003+00', '', 'owner', 'python', '', NULL, 796);
INSERT INTO public.pgworkflows_history VALUES (4, '01a222ff-40dd-737b-8492-f38a4f8d4ed7', NULL, NULL, 'start', '', 'PENDING', '', NULL, '2026-11-28 16:31:23.357694+00', '', 'owner', 'python', '', NULL, 797);
INSERT INTO public.pgworkflows_history VALUES (5, '01a222ff-40de-7980-8668-44d2a2116301', NULL, NULL, 'start', '', 'PENDING', '', NULL, '2026-11-28 16:31:23.358252+00', '', 'owner', 'python', '', NULL, 798);
INSERT INTO public.pgworkflows_history VALUES (6, '01a222ff-40de-7f66-a89d-9562b8eb7074', NULL, NULL, 'start', '', 'PENDING', '', NULL, '2026-11-28 16:31:23.35878+00', '', 'owner', 'python', '', NULL, 799);
INSERT INTO public.pgworkflows_history VALUES (7, '01a222ff-40df-7ec5-95e3-414e0ebeda6d', NULL, NULL, 'start', '', 'PENDING', '', NULL, '2026-11-28 16:31:23.359721+00', '', 'owner', 'python', '', NULL, 800);
INSERT INTO public.pgworkflows_history VALUES (8, '01a222ff-40dd-737b-8492-f38a4f8d4ed7', NULL, 1, 'request', '', 'PENDING', '', NULL, '2026-11-28 16:31:23.38101+00', 'testing', 'owner', 'worker', 'Release', '{"round": 1, "stage": null, "policy": null, "quorum": 1, "request": 2, "could_decide": ["ann"], "requested_by": null, "snapshot_hash": ""}', 802);
INSERT INTO public.pgworkflows_history VALUES (9, '01a222ff-40dd-737b-8492-f38a4f8d4ed7', NULL, 1, 'ask', 'PENDING', 'PENDING', '', NULL, '2026-11-28 16:31:23.384096+00', 'testing', 'owner', 'worker', 'ann', '{"user": "ann"}', 802);
INSERT INTO public.pgworkflows_history VALUES (10, '01a222ff-40fa-79a4-82b3-361546927f14', NULL, NULL, 'start', '', 'PENDING', '', NULL, '2026-11-28 16:31:23.386663+00', '', 'owner', 'worker', '', NULL, 802);
INSERT INTO public.pgworkflows_history VALUES (11, '01a222ff-40d2-7628-b946-a65132d9017d', 2, NULL, 'task_complete', '', 'COMPLETED', '', 1, '2026-11-28 16:31:23.365821+00', 'testing', 'owner', 'worker', 'STEP upgrade.begin', NULL, 802);
INSERT INTO public.pgworkflows_history VALUES (12, '01a222ff-40d2-7628-b946-a65132d9017d', 3, NULL, 'task_wait', '', 'WAITING', '', 0, '2026-11-28 16:31:23.391916+00', 'testing', 'owner', 'worker', 'TIMER sleep', NULL, 802);
INSERT INTO public.pgworkflows_history VALUES (13, '01a222ff-40da-77af-935f-d31fd395003c', 4, NULL, 'task_complete', '', 'COMPLETED', '', 1, '2026-11-28 16:31:23.366525+00', 'testing', 'owner', 'worker', 'STEP upgrade.begin', NULL, 802);
INSERT INTO public.pgworkflows_history VALUES (14, '01a222ff-40da-77af-935f-d31fd395003c', 5, NULL, 'task_wait', '', 'WAITING', '', 0, '2026-11-28 16:31:23.391916+00', 'testing', 'owner', 'worker', 'EVENT go', NULL, 802);
INSERT INTO public.pgworkflows_history VALUES (15, '01a222ff-40dc-7128-8297-f24d4157e749', 6, NULL, 'task_complete', '', 'COMPLETED', '', 1, '2026-11-28 16:31:23.366977+00', 'testing', 'owner', 'worker', 'STEP upgrade.begin', NULL, 802);
INSERT INTO public.pgworkflows_history VALUES (16, '01a222ff-40dc-7128-8297-f24d4157e749', 7, NULL, 'task_wait', '', 'WAITING', '', 0, '2026-11-28 16:31:23.391916+00', 'testing', 'owner', 'worker', 'EVENT delivered', NULL, 802);
INSERT INTO public.pgworkflows_history VALUES (17, '01a222ff-40dd-737b-8492-f38a4f8d4ed7', 8, NULL, 'task_complete', '', 'COMPLETED', '', 1, '2026-11-28 16:31:23.367293+00', 'testing', 'owner', 'worker', 'STEP upgrade.begin', NULL, 802);
INSERT INTO public.pgworkflows_history VALUES (18, '01a222ff-40dd-737b-8492-f38a4f8d4ed7', 9, NULL, 'task_wait', '', 'WAITING', '', 0, '2026-11-28 16:31:23.391916+00', 'testing', 'owner', 'worker', 'APPROVAL Release', NULL, 802);
INSERT INTO public.pgworkflows_history VALUES (19, '01a222ff-40de-7980-8668-44d2a2116301', 10, NULL, 'task_complete', '', 'COMPLETED', '', 1, '2026-11-28 16:31:23.379618+00', 'testing', 'owner', 'worker', 'STEP upgrade.begin', NULL, 802);
INSERT INTO public.pgworkflows_history VALUES (20, '01a222ff-40de-7980-8668-44d2a2116301', 1, NULL, 'task_wait', '', 'WAITING', '', 0, '2026-11-28 16:31:23.391916+00', 'testing', 'owner', 'worker', 'CHILD upgrade.waits', NULL, 802);
INSERT INTO public.pgworkflows_history VALUES (21, '01a222ff-40de-7f66-a89d-9562b8eb7074', 11, NULL, 'task_complete', '', 'COMPLETED', '', 1, '2026-11-28 16:31:23.381024+00', 'testing', 'owner', 'worker', 'STEP upgrade.begin', NULL, 802);
INSERT INTO public.pgworkflows_history VALUES (22, '01a222ff-40de-7f66-a89d-9562b8eb7074', 12, NULL, 'attempt_failed', '', 'PENDING', '', 1, '2026-11-28 16:31:23.391916+00', 'testing', 'owner', 'worker', 'STEP upgrade.fail_at_first', NULL, 802);
INSERT INTO public.pgworkflows_history VALUES (23, '01a222ff-40df-7ec5-95e3-414e0ebeda6d', 13, NULL, 'task_complete', '', 'COMPLETED', '', 1, '2026-11-28 16:31:23.383617+00', 'testing', 'owner', 'worker', 'STEP upgrade.begin', NULL, 802);
INSERT INTO public.pgworkflows_history VALUES (24, '01a222ff-40df-7ec5-95e3-414e0ebeda6d', 14, NULL, 'task_complete', '', 'COMPLETED', '', 1, '2026-11-28 16:31:23.383617+00', 'testing', 'owner', 'worker', 'STEP upgrade.book', NULL, 802);
INSERT INTO public.pgworkflows_history VALUES (25, '01a222ff-40df-7ec5-95e3-414e0ebeda6d', 15, NULL, 'task_fail', '', 'FAILED', '', 1, '2026-11-28 16:31:23.384036+00', 'testing', 'owner', 'worker', 'STEP upgrade.refuse', NULL, 802);
INSERT INTO public.pgworkflows_history VALUES (26, '01a222ff-40d2-7628-b946-a65132d9017d', NULL, NULL, 'wait', 'PENDING', 'WAITING', '', NULL, '2026-11-28 16:31:23.394436+00', 'testing', 'owner', 'worker', '', NULL, 802);
INSERT INTO public.pgworkflows_history VALUES (27, '01a222ff-40da-77af-935f-d31fd395003c', NULL, NULL, 'wait', 'PENDING', 'WAITING', '', NULL, '2026-11-28 16:31:23.394436+00', 'testing', 'owner', 'worker', '', NULL, 802);
INSERT INTO public.pgworkflows_history VALUES (28, '01a222ff-40dc-7128-8297-f24d4157e749', NULL, NULL, 'wait', 'PENDING', 'WAITING', '', NULL, '2026-11-28 16:31:23.394436+00', 'testing', 'owner', 'worker', '', NULL, 802);
INSERT INTO public.pgworkflows_history VALUES (29, '01a222ff-40dd-737b-8492-f38a4f8d4ed7', NULL, NULL, 'wait', 'PENDING', 'WAITING', '', NULL, '2026-11-28 16:31:23.394436+00', 'testing', 'owner', 'worker', '', NULL, 802);
INSERT INTO public.pgworkflows_history VALUES (30, '01a222ff-40de-7980-8668-44d2a2116301', NULL, NULL, 'wait', 'PENDING', 'WAITING', '', NULL, '2026-11-28 16:31:23.394436+00', 'testing', 'owner', 'worker', '', NULL, 802);
INSERT INTO public.pgworkflows_history VALUES (31, '01a222ff-40df-7ec5-95e3-414e0ebeda6d', NULL, NULL, 'compensate', 'PENDING', 'COMPENSATING', '', NULL, '2026-11-28 16:31:23.394436+00', 'testing', 'owner', 'worker', 'builtins:ValueError', NULL, 802);
INSERT INTO public.pgworkflows_history VALUES (32, '01a222ff-40df-7ec5-95e3-414e0ebeda6d', 16, NULL, 'attempt_failed', '', 'PENDING', '', 1, '2026-11-28 16:31:23.407298+00', 'testing', 'owner', 'worker', 'COMPENSATION upgrade.book.compensation', NULL, 810);
INSERT INTO public.pgworkflows_history VALUES (33, '01a222ff-40fa-79a4-82b3-361546927f14', 17, NULL, 'task_complete', '', 'COMPLETED', '', 1, '2026-11-28 16:31:23.406023+00', 'testing', 'owner', 'worker', 'STEP upgrade.begin', NULL, 810);
INSERT INTO public.pgworkflows_history VALUES (34, '01a222ff-40fa-79a4-82b3-361546927f14', 18, NULL, 'task_wait', '', 'WAITING', '', 0, '2026-11-28 16:31:23.407298+00', 'testing', 'owner', 'worker', 'EVENT go', NULL, 810);
INSERT INTO public.pgworkflows_history VALUES (35, '01a222ff-40fa-79a4-82b3-361546927f14', NULL, NULL, 'wait', 'PENDING', 'WAITING', '', NULL, '2026-11-28 16:31:23.407852+00', 'testing', 'owner', 'worker', '', NULL, 810);
INSERT INTO public.pgworkflows_history VALUES (36, '01a222ff-4115-7864-b0b4-1eb65be4b8a4', NULL, NULL, 'start', '', 'PENDING', '', NULL, '2026-11-28 16:31:23.41412+00', '', 'owner', 'python', '', NULL, 813);
INSERT INTO public.pgworkflows_history VALUES (37, '01a222ff-4116-7248-811c-3e4a5702e83c', NULL, NULL, 'start', '', 'PENDING', '', NULL, '2026-11-28 16:31:23.414861+00', '', 'owner', 'python', '', NULL, 814);
INSERT INTO public.pgworkflows_history VALUES (38, '01a222ff-4116-7248-811c-3e4a5702e83c', 19, NULL, 'task_complete', '', 'COMPLETED', '', 1, '2026-11-28 16:31:24.29412+00', 'recorded', 'owner', 'worker', 'STEP upgrade.begin', NULL, 828);
INSERT INTO public.pgworkflows_history VALUES (39, '01a222ff-4116-7248-811c-3e4a5702e83c', 20, NULL, 'attempt', '', 'RUNNING', '', 1, '2026-11-28 16:31:24.294997+00', 'recorded', 'owner', 'worker', 'STEP upgrade.call', NULL, 828);
INSERT INTO public.pgworkflows_history VALUES (40, '01a222ff-4116-7248-811c-3e4a5702e83c', NULL, NULL, 'run', 'PENDING', 'RUNNING', '', NULL, '2026-11-28 16:31:24.297499+00', 'recorded', 'owner', 'worker', '', NULL, 828);
INSERT INTO public.pgworkflows_history VALUES (41, '01a222ff-4115-7864-b0b4-1eb65be4b8a4', 21, NULL, 'task_complete', '', 'COMPLETED', '', 1, '2026-11-28 16:31:24.306862+00', 'recorded', 'owner', 'worker', 'STEP upgrade.begin', NULL, 831);
INSERT INTO public.pgworkflows_history VALUES (42, '01a222ff-4115-7864-b0b4-1eb65be4b8a4', 22, NULL, 'task_wait', '', 'WAITING', '', 0, '2026-11-28 16:31:24.307554+00', 'recorded', 'owner', 'worker', 'EVENT go', NULL, 831);
INSERT INTO public.pgworkflows_history VALUES (43, '01a222ff-4115-7864-b0b4-1eb65be4b8a4', NULL, NULL, 'wait', 'PENDING', 'WAITING', '', NULL, '2026-11-28 16:31:24.308166+00', 'recorded', 'owner', 'worker', '', NULL, 831);


--
-- Data for Name: pgworkflows_idempotencykey; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: pgworkflows_request; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: pgworkflows_schedule; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: pgworkflows_stagecondition; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: pgworkflows_task; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.pgworkflows_task VALUES (2, '', 1, 'STEP', 'upgrade.begin', 'COMPLETED', 1, NULL, NULL, NULL, NULL, 'null', NULL, NULL, '2026-11-28 16:31:23.364338+00', '2026-11-28 16:31:23.365821+00', 1, NULL, '01a222ff-40d2-7628-b946-a65132d9017d', NULL);
INSERT INTO public.pgworkflows_task VALUES (3, '', 2, 'TIMER', 'sleep', 'WAITING', 0, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-28 16:31:24.365821+00', '2026-11-28 16:31:23.365821+00', NULL, NULL, NULL, '01a222ff-40d2-7628-b946-a65132d9017d', NULL);
INSERT INTO public.pgworkflows_task VALUES (4, '', 1, 'STEP', 'upgrade.begin', 'COMPLETED', 1, NULL, NULL, NULL, NULL, 'null', NULL, NULL, '2026-11-28 16:31:23.366073+00', '2026-11-28 16:31:23.366525+00', 1, NULL, '01a222ff-40da-77af-935f-d31fd395003c', NULL);
INSERT INTO public.pgworkflows_task VALUES (5, '', 2, 'EVENT', 'go', 'WAITING', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-28 16:31:23.366525+00', NULL, NULL, NULL, '01a222ff-40da-77af-935f-d31fd395003c', NULL);
INSERT INTO public.pgworkflows_task VALUES (6, '', 1, 'STEP', 'upgrade.begin', 'COMPLETED', 1, NULL, NULL, NULL, NULL, 'null', NULL, NULL, '2026-11-28 16:31:23.366699+00', '2026-11-28 16:31:23.366977+00', 1, NULL, '01a222ff-40dc-7128-8297-f24d4157e749', NULL);
INSERT INTO public.pgworkflows_task VALUES (7, '', 2, 'EVENT', 'delivered', 'WAITING', 0, 'D7', NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-28 16:31:23.366977+00', NULL, NULL, NULL, '01a222ff-40dc-7128-8297-f24d4157e749', NULL);
INSERT INTO public.pgworkflows_task VALUES (8, '', 1, 'STEP', 'upgrade.begin', 'COMPLETED', 1, NULL, NULL, NULL, NULL, 'null', NULL, NULL, '2026-11-28 16:31:23.366977+00', '2026-11-28 16:31:23.367293+00', 1, NULL, '01a222ff-40dd-737b-8492-f38a4f8d4ed7', NULL);
INSERT INTO public.pgworkflows_task VALUES (9, '', 2, 'APPROVAL', 'Release', 'WAITING', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-28 16:31:23.367293+00', NULL, NULL, NULL, '01a222ff-40dd-737b-8492-f38a4f8d4ed7', NULL);
INSERT INTO public.pgworkflows_task VALUES (10, '', 1, 'STEP', 'upgrade.begin', 'COMPLETED', 1, NULL, NULL, NULL, NULL, 'null', NULL, NULL, '2026-11-28 16:31:23.379253+00', '2026-11-28 16:31:23.379618+00', 1, NULL, '01a222ff-40de-7980-8668-44d2a2116301', NULL);
INSERT INTO public.pgworkflows_task VALUES (1, '', 2, 'CHILD', 'upgrade.waits', 'WAITING', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-28 16:31:23.386663+00', NULL, NULL, NULL, '01a222ff-40de-7980-8668-44d2a2116301', '01a222ff-40fa-79a4-82b3-361546927f14');
INSERT INTO public.pgworkflows_task VALUES (11, '', 1, 'STEP', 'upgrade.begin', 'COMPLETED', 1, NULL, NULL, NULL, NULL, 'null', NULL, NULL, '2026-11-28 16:31:23.380683+00', '2026-11-28 16:31:23.381024+00', 1, NULL, '01a222ff-40de-7f66-a89d-9562b8eb7074', NULL);
INSERT INTO public.pgworkflows_task VALUES (12, '', 2, 'STEP', 'upgrade.fail_at_first', 'PENDING', 1, NULL, NULL, NULL, NULL, NULL, '{"args": ["not now"], "type": "builtins:ConnectionError", "message": "not now", "traceback": "Traceback (most recent call last):\n  File \"/project/tests/upgrade/workflows.py\", line 22, in fail_at_first\n    raise ConnectionError(\"not now\")\nConnectionError: not now\n", "fingerprint": "20fbe131f2e7df3f"}', '2026-11-28 16:31:24.158892+00', '2026-11-28 16:31:23.381024+00', NULL, NULL, NULL, '01a222ff-40de-7f66-a89d-9562b8eb7074', NULL);
INSERT INTO public.pgworkflows_task VALUES (13, '', 1, 'STEP', 'upgrade.begin', 'COMPLETED', 1, NULL, NULL, NULL, NULL, 'null', NULL, NULL, '2026-11-28 16:31:23.383074+00', '2026-11-28 16:31:23.383617+00', 1, NULL, '01a222ff-40df-7ec5-95e3-414e0ebeda6d', NULL);
INSERT INTO public.pgworkflows_task VALUES (14, '', 2, 'STEP', 'upgrade.book', 'COMPLETED', 1, NULL, NULL, NULL, '{}', 'null', NULL, NULL, '2026-11-28 16:31:23.383617+00', '2026-11-28 16:31:23.383617+00', 2, NULL, '01a222ff-40df-7ec5-95e3-414e0ebeda6d', NULL);
INSERT INTO public.pgworkflows_task VALUES (15, '', 3, 'STEP', 'upgrade.refuse', 'FAILED', 1, NULL, NULL, NULL, NULL, NULL, '{"args": ["no"], "type": "builtins:ValueError", "message": "no", "traceback": "Traceback (most recent call last):\n  File \"/project/tests/upgrade/workflows.py\", line 47, in refuse\n    raise ValueError(\"no\")\nValueError: no\n", "fingerprint": "ccf8f23fc33a3cc4"}', NULL, '2026-11-28 16:31:23.383617+00', '2026-11-28 16:31:23.384036+00', 3, NULL, '01a222ff-40df-7ec5-95e3-414e0ebeda6d', NULL);
INSERT INTO public.pgworkflows_task VALUES (16, '', 4, 'COMPENSATION', 'upgrade.book.compensation', 'PENDING', 1, NULL, NULL, 14, NULL, NULL, '{"args": ["not now"], "type": "builtins:ConnectionError", "message": "not now", "traceback": "Traceback (most recent call last):\n  File \"/project/tests/upgrade/workflows.py\", line 41, in unbook\n    raise ConnectionError(\"not now\")\nConnectionError: not now\n", "fingerprint": "f981687b1812b4b4"}', '2026-11-28 16:31:24.057828+00', '2026-11-28 16:31:23.403589+00', NULL, NULL, NULL, '01a222ff-40df-7ec5-95e3-414e0ebeda6d', NULL);
INSERT INTO public.pgworkflows_task VALUES (17, '', 1, 'STEP', 'upgrade.begin', 'COMPLETED', 1, NULL, NULL, NULL, NULL, 'null', NULL, NULL, '2026-11-28 16:31:23.405518+00', '2026-11-28 16:31:23.406023+00', 1, NULL, '01a222ff-40fa-79a4-82b3-361546927f14', NULL);
INSERT INTO public.pgworkflows_task VALUES (18, '', 2, 'EVENT', 'go', 'WAITING', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-28 16:31:23.406023+00', NULL, NULL, NULL, '01a222ff-40fa-79a4-82b3-361546927f14', NULL);
INSERT INTO public.pgworkflows_task VALUES (19, '', 1, 'STEP', 'upgrade.begin', 'COMPLETED', 1, NULL, NULL, NULL, NULL, 'null', NULL, NULL, '2026-11-28 16:31:24.292507+00', '2026-11-28 16:31:24.29412+00', 1, NULL, '01a222ff-4116-7248-811c-3e4a5702e83c', NULL);
INSERT INTO public.pgworkflows_task VALUES (20, '', 2, 'STEP', 'upgrade.call', 'RUNNING', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-28 16:31:24.29412+00', NULL, NULL, NULL, '01a222ff-4116-7248-811c-3e4a5702e83c', NULL);
INSERT INTO public.pgworkflows_task VALUES (21, '', 1, 'STEP', 'upgrade.begin', 'COMPLETED', 1, NULL, NULL, NULL, NULL, 'null', NULL, NULL, '2026-11-28 16:31:24.30455+00', '2026-11-28 16:31:24.306862+00', 1, NULL, '01a222ff-4115-7864-b0b4-1eb65be4b8a4', NULL);
INSERT INTO public.pgworkflows_task VALUES (22, '', 2, 'EVENT', 'go', 'WAITING', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-28 16:31:24.306862+00', NULL, NULL, NULL, '01a222ff-4115-7864-b0b4-1eb65be4b8a4', NULL);


--
-- Data for Name: pgworkflows_worker; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.pgworkflows_worker VALUES (1, 'testing', '[]', '{}', false, '00:00:30', '2026-11-28 16:31:23.360531+00', '2026-11-28 16:31:23.360531+00', '2026-11-28 16:31:23.360531+00', '2026-11-28 16:31:23.413502+00');
INSERT INTO public.pgworkflows_worker VALUES (2, 'recorded', '[]', '{"upgrade.asks:1": "b39430678d1afed266338039524b75e9", "upgrade.calls:1": "87c28fd95b78076bd2b1e6ab7b410796", "upgrade.waits:1": "d55b818c78fba12a0ab54f463c24188e", "upgrade.sleeps:1": "547affd6b8b7c54f39fb5cd8210ce671", "upgrade.undoes:1": "9f53a5c7cfdfd88c23868c4cd5a8f1eb", "pgworkflows.email:1": "f3dd66734961e263b5b07c5ddece5e8d", "upgrade.backs_off:1": "a0ed8b01915f184e18dc99b553a5b0e5", "upgrade.has_child:1": "064763ebf2d8501d531f78d39036cd3e", "upgrade.correlates:1": "2338d7ebe2ae7912545eec0e278c4bbb", "pgworkflows.announce:1": "01f395f99b0e577044642024c35246d9"}', true, '00:00:30', '2026-11-28 16:31:24.275682+00', '2026-11-28 16:31:24.275682+00', '2026-11-28 16:31:24.275682+00', NULL);


--
-- Data for Name: pgworkflows_workflow; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.pgworkflows_workflow VALUES ('01a222ff-40d2-7628-b946-a65132d9017d', 'upgrade.sleeps', 1, 'sleeps', true, 'WAITING', '', 'default', 0, '{}', NULL, NULL, '{}', '', '', '', '', NULL, '01a222ff-40d2-7628-b946-a65132d9017d', '2026-11-28 16:31:23.346655+00', '2026-11-28 16:31:23.384786+00', NULL, '2026-11-28 16:31:24.365821+00', NULL, '[{"kind": "TIMER", "since": "2026-11-28T16:31:23.365821+00:00", "title": "", "until": "2026-11-28T16:31:24.365821+00:00"}]', 0, 0, NULL, NULL, '547affd6b8b7c54f39fb5cd8210ce671', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.pgworkflows_workflow VALUES ('01a222ff-40da-77af-935f-d31fd395003c', 'upgrade.waits', 1, 'waits', true, 'WAITING', '', 'default', 0, '{}', NULL, NULL, '{}', '', '', '', '', NULL, '01a222ff-40da-77af-935f-d31fd395003c', '2026-11-28 16:31:23.354826+00', '2026-11-28 16:31:23.384786+00', NULL, NULL, NULL, '[{"kind": "EVENT", "since": "2026-11-28T16:31:23.366525+00:00", "title": "go"}]', 0, 0, NULL, NULL, 'd55b818c78fba12a0ab54f463c24188e', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.pgworkflows_workflow VALUES ('01a222ff-40dc-7128-8297-f24d4157e749', 'upgrade.correlates', 1, 'correlates', true, 'WAITING', '', 'default', 0, '{}', NULL, NULL, '{}', '', '', '', '', NULL, '01a222ff-40dc-7128-8297-f24d4157e749', '2026-11-28 16:31:23.357003+00', '2026-11-28 16:31:23.384786+00', NULL, NULL, NULL, '[{"kind": "EVENT", "since": "2026-11-28T16:31:23.366977+00:00", "title": "delivered", "correlation": "D7"}]', 0, 0, NULL, NULL, '2338d7ebe2ae7912545eec0e278c4bbb', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.pgworkflows_workflow VALUES ('01a222ff-40dd-737b-8492-f38a4f8d4ed7', 'upgrade.asks', 1, 'asks', true, 'WAITING', '', 'default', 0, '{}', NULL, NULL, '{}', '', '', '', '', NULL, '01a222ff-40dd-737b-8492-f38a4f8d4ed7', '2026-11-28 16:31:23.357694+00', '2026-11-28 16:31:23.384786+00', NULL, NULL, NULL, '[{"kind": "APPROVAL", "since": "2026-11-28T16:31:23.367400+00:00", "title": "Release", "approval": 1}]', 0, 0, NULL, NULL, 'b39430678d1afed266338039524b75e9', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.pgworkflows_workflow VALUES ('01a222ff-40de-7980-8668-44d2a2116301', 'upgrade.has_child', 1, 'has_child', true, 'WAITING', '', 'default', 0, '{}', NULL, NULL, '{}', '', '', '', '', NULL, '01a222ff-40de-7980-8668-44d2a2116301', '2026-11-28 16:31:23.358252+00', '2026-11-28 16:31:23.384786+00', NULL, NULL, NULL, '[{"kind": "CHILD", "since": "2026-11-28T16:31:23.386663+00:00", "title": "upgrade.waits", "workflow": "01a222ff-40fa-79a4-82b3-361546927f14"}]', 0, 0, NULL, NULL, '064763ebf2d8501d531f78d39036cd3e', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.pgworkflows_workflow VALUES ('01a222ff-40de-7f66-a89d-9562b8eb7074', 'upgrade.backs_off', 1, 'backs_off', true, 'PENDING', '', 'default', 0, '{}', NULL, NULL, '{}', '', '', '', '', NULL, '01a222ff-40de-7f66-a89d-9562b8eb7074', '2026-11-28 16:31:23.35878+00', '2026-11-28 16:31:23.384786+00', NULL, '2026-11-28 16:31:24.158892+00', NULL, '[{"kind": "ATTEMPT", "since": "2026-11-28T16:31:23.383074+00:00", "title": "upgrade.fail_at_first", "until": "2026-11-28T16:31:24.158892+00:00", "attempt": 2}]', 0, 0, NULL, NULL, 'a0ed8b01915f184e18dc99b553a5b0e5', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.pgworkflows_workflow VALUES ('01a222ff-40fa-79a4-82b3-361546927f14', 'upgrade.waits', 1, 'child', true, 'WAITING', '', 'default', 0, '{}', NULL, NULL, '{}', '', '', '', '', 'cancel', '01a222ff-40de-7980-8668-44d2a2116301', '2026-11-28 16:31:23.386663+00', '2026-11-28 16:31:23.406023+00', NULL, NULL, NULL, '[{"kind": "EVENT", "since": "2026-11-28T16:31:23.406023+00:00", "title": "go"}]', 0, 0, NULL, NULL, 'd55b818c78fba12a0ab54f463c24188e', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '01a222ff-40de-7980-8668-44d2a2116301', 1, NULL, NULL);
INSERT INTO public.pgworkflows_workflow VALUES ('01a222ff-4116-7248-811c-3e4a5702e83c', 'upgrade.calls', 1, 'calls', true, 'RUNNING', '', 'default', 1, '{}', NULL, NULL, '{}', '', '', '', '', NULL, '01a222ff-4116-7248-811c-3e4a5702e83c', '2026-11-28 16:31:23.414861+00', '2026-11-28 16:31:24.294298+00', NULL, NULL, NULL, '[{"kind": "CALL", "since": "2026-11-28T16:31:24.294120+00:00", "title": "upgrade.call", "attempt": 1}]', 1, 0, NULL, NULL, '87c28fd95b78076bd2b1e6ab7b410796', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 2, NULL, NULL, NULL, NULL);
INSERT INTO public.pgworkflows_workflow VALUES ('01a222ff-4115-7864-b0b4-1eb65be4b8a4', 'upgrade.waits', 1, 'new', true, 'WAITING', '', 'default', 0, '{}', NULL, NULL, '{}', '', '', '', '', NULL, '01a222ff-4115-7864-b0b4-1eb65be4b8a4', '2026-11-28 16:31:23.41412+00', '2026-11-28 16:31:24.307023+00', NULL, NULL, NULL, '[{"kind": "EVENT", "since": "2026-11-28T16:31:24.306862+00:00", "title": "go"}]', 0, 0, NULL, NULL, 'd55b818c78fba12a0ab54f463c24188e', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.pgworkflows_workflow VALUES ('01a222ff-40df-7ec5-95e3-414e0ebeda6d', 'upgrade.undoes', 1, 'undoes', true, 'COMPENSATING', '', 'default', 0, '{}', NULL, '{"args": ["no"], "type": "builtins:ValueError", "message": "no", "traceback": "Traceback (most recent call last):\n  File \"/project/tests/upgrade/workflows.py\", line 96, in undoes\n    refuse()\n    ~~~~~~^^\n  File \"/project/tests/upgrade/workflows.py\", line 47, in refuse\n    raise ValueError(\"no\")\nValueError: no\n", "fingerprint": "ccf8f23fc33a3cc4"}', '{}', '', '', '', '', NULL, '01a222ff-40df-7ec5-95e3-414e0ebeda6d', '2026-11-28 16:31:23.359721+00', '2026-11-28 16:31:23.384786+00', NULL, '2026-11-28 16:31:24.810817+00', NULL, '[{"kind": "ATTEMPT", "since": "2026-11-28T16:31:23.405350+00:00", "title": "upgrade.book.compensation", "until": "2026-11-28T16:31:24.057828+00:00", "attempt": 2}]', 0, 2, NULL, NULL, '9f53a5c7cfdfd88c23868c4cd5a8f1eb', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);


--
-- Data for Name: pgworkflows_workflowdefinition; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.pgworkflows_workflowdefinition VALUES (1, 'pgworkflows.announce', 1, '01f395f99b0e577044642024c35246d9', '["approval", "notification"]', '{}', '{"api": false, "queue": "default", "largest": 1000000, "timeout": null, "priority": 0}', '["pgworkflows.tell"]');
INSERT INTO public.pgworkflows_workflowdefinition VALUES (2, 'pgworkflows.email', 1, 'f3dd66734961e263b5b07c5ddece5e8d', '["person"]', '{}', '{"api": false, "queue": "default", "largest": 1000000, "timeout": null, "priority": 0}', '["pgworkflows.write"]');
INSERT INTO public.pgworkflows_workflowdefinition VALUES (3, 'upgrade.sleeps', 1, '547affd6b8b7c54f39fb5cd8210ce671', '[]', '{}', '{"api": false, "queue": "default", "largest": 1000000, "timeout": null, "priority": 0}', '["upgrade.begin"]');
INSERT INTO public.pgworkflows_workflowdefinition VALUES (4, 'upgrade.waits', 1, 'd55b818c78fba12a0ab54f463c24188e', '[]', '{}', '{"api": false, "queue": "default", "largest": 1000000, "timeout": null, "priority": 0}', '["upgrade.begin"]');
INSERT INTO public.pgworkflows_workflowdefinition VALUES (5, 'upgrade.correlates', 1, '2338d7ebe2ae7912545eec0e278c4bbb', '[]', '{}', '{"api": false, "queue": "default", "largest": 1000000, "timeout": null, "priority": 0}', '["upgrade.begin"]');
INSERT INTO public.pgworkflows_workflowdefinition VALUES (6, 'upgrade.asks', 1, 'b39430678d1afed266338039524b75e9', '[]', '{}', '{"api": false, "queue": "default", "largest": 1000000, "timeout": null, "priority": 0}', '["upgrade.begin"]');
INSERT INTO public.pgworkflows_workflowdefinition VALUES (7, 'upgrade.has_child', 1, '064763ebf2d8501d531f78d39036cd3e', '[]', '{}', '{"api": false, "queue": "default", "largest": 1000000, "timeout": null, "priority": 0}', '["upgrade.begin"]');
INSERT INTO public.pgworkflows_workflowdefinition VALUES (8, 'upgrade.backs_off', 1, 'a0ed8b01915f184e18dc99b553a5b0e5', '[]', '{}', '{"api": false, "queue": "default", "largest": 1000000, "timeout": null, "priority": 0}', '["upgrade.begin", "upgrade.fail_at_first"]');
INSERT INTO public.pgworkflows_workflowdefinition VALUES (9, 'upgrade.calls', 1, '87c28fd95b78076bd2b1e6ab7b410796', '[]', '{}', '{"api": false, "queue": "default", "largest": 1000000, "timeout": null, "priority": 0}', '["upgrade.begin", "upgrade.call"]');
INSERT INTO public.pgworkflows_workflowdefinition VALUES (10, 'upgrade.undoes', 1, '9f53a5c7cfdfd88c23868c4cd5a8f1eb', '[]', '{}', '{"api": false, "queue": "default", "largest": 1000000, "timeout": null, "priority": 0}', '["upgrade.begin", "upgrade.book", "upgrade.refuse"]');


--
-- Data for Name: upgrade_effect; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.upgrade_effect VALUES (1, 'sleeps');
INSERT INTO public.upgrade_effect VALUES (2, 'waits');
INSERT INTO public.upgrade_effect VALUES (3, 'correlates');
INSERT INTO public.upgrade_effect VALUES (4, 'asks');
INSERT INTO public.upgrade_effect VALUES (5, 'has_child');
INSERT INTO public.upgrade_effect VALUES (6, 'backs_off');
INSERT INTO public.upgrade_effect VALUES (7, 'undoes');
INSERT INTO public.upgrade_effect VALUES (8, 'child');
INSERT INTO public.upgrade_effect VALUES (9, 'calls');
INSERT INTO public.upgrade_effect VALUES (10, 'new');
INSERT INTO public.upgrade_effect VALUES (11, '11b666b4-73c4-59ac-93c1-7a85aeebc560');


--
-- Name: auth_group_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.auth_group_id_seq', 1, false);


--
-- Name: auth_group_permissions_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.auth_group_permissions_id_seq', 1, false);


--
-- Name: auth_permission_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.auth_permission_id_seq', 93, true);


--
-- Name: auth_user_groups_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.auth_user_groups_id_seq', 1, false);


--
-- Name: auth_user_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.auth_user_id_seq', 1, true);


--
-- Name: auth_user_user_permissions_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.auth_user_user_permissions_id_seq', 1, false);


--
-- Name: django_content_type_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.django_content_type_id_seq', 21, true);


--
-- Name: django_migrations_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.django_migrations_id_seq', 16, true);


--
-- Name: pgworkflows_approval_groups_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgworkflows_approval_groups_id_seq', 1, false);


--
-- Name: pgworkflows_approval_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgworkflows_approval_id_seq', 1, true);


--
-- Name: pgworkflows_approval_users_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgworkflows_approval_users_id_seq', 1, true);


--
-- Name: pgworkflows_approvalaction_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgworkflows_approvalaction_id_seq', 1, false);


--
-- Name: pgworkflows_approvalpolicy_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgworkflows_approvalpolicy_id_seq', 1, false);


--
-- Name: pgworkflows_approvalstage_escalate_to_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgworkflows_approvalstage_escalate_to_id_seq', 1, false);


--
-- Name: pgworkflows_approvalstage_groups_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgworkflows_approvalstage_groups_id_seq', 1, false);


--
-- Name: pgworkflows_approvalstage_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgworkflows_approvalstage_id_seq', 1, false);


--
-- Name: pgworkflows_approvalstage_users_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgworkflows_approvalstage_users_id_seq', 1, false);


--
-- Name: pgworkflows_decision_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgworkflows_decision_id_seq', 1, false);


--
-- Name: pgworkflows_delegation_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgworkflows_delegation_id_seq', 1, false);


--
-- Name: pgworkflows_event_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgworkflows_event_id_seq', 1, false);


--
-- Name: pgworkflows_history_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgworkflows_history_id_seq', 44, true);


--
-- Name: pgworkflows_idempotencykey_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgworkflows_idempotencykey_id_seq', 1, false);


--
-- Name: pgworkflows_request_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgworkflows_request_id_seq', 1, false);


--
-- Name: pgworkflows_schedule_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgworkflows_schedule_id_seq', 1, false);


--
-- Name: pgworkflows_stagecondition_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgworkflows_stagecondition_id_seq', 1, false);


--
-- Name: pgworkflows_task_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgworkflows_task_id_seq', 22, true);


--
-- Name: pgworkflows_worker_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgworkflows_worker_id_seq', 2, true);


--
-- Name: pgworkflows_workflowdefinition_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.pgworkflows_workflowdefinition_id_seq', 20, true);


--
-- Name: upgrade_effect_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.upgrade_effect_id_seq', 11, true);


--
-- Name: auth_group auth_group_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.auth_group
    ADD CONSTRAINT auth_group_name_key UNIQUE (name);


--
-- Name: auth_group_permissions auth_group_permissions_group_id_permission_id_0cd325b0_uniq; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_group_id_permission_id_0cd325b0_uniq UNIQUE (group_id, permission_id);


--
-- Name: auth_group_permissions auth_group_permissions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_pkey PRIMARY KEY (id);


--
-- Name: auth_group auth_group_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.auth_group
    ADD CONSTRAINT auth_group_pkey PRIMARY KEY (id);


--
-- Name: auth_permission auth_permission_content_type_id_codename_01ab375a_uniq; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_content_type_id_codename_01ab375a_uniq UNIQUE (content_type_id, codename);


--
-- Name: auth_permission auth_permission_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_pkey PRIMARY KEY (id);


--
-- Name: auth_user_groups auth_user_groups_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.auth_user_groups
    ADD CONSTRAINT auth_user_groups_pkey PRIMARY KEY (id);


--
-- Name: auth_user_groups auth_user_groups_user_id_group_id_94350c0c_uniq; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.auth_user_groups
    ADD CONSTRAINT auth_user_groups_user_id_group_id_94350c0c_uniq UNIQUE (user_id, group_id);


--
-- Name: auth_user auth_user_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.auth_user
    ADD CONSTRAINT auth_user_pkey PRIMARY KEY (id);


--
-- Name: auth_user_user_permissions auth_user_user_permissions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.auth_user_user_permissions
    ADD CONSTRAINT auth_user_user_permissions_pkey PRIMARY KEY (id);


--
-- Name: auth_user_user_permissions auth_user_user_permissions_user_id_permission_id_14a6b632_uniq; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.auth_user_user_permissions
    ADD CONSTRAINT auth_user_user_permissions_user_id_permission_id_14a6b632_uniq UNIQUE (user_id, permission_id);


--
-- Name: auth_user auth_user_username_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.auth_user
    ADD CONSTRAINT auth_user_username_key UNIQUE (username);


--
-- Name: django_content_type django_content_type_app_label_model_76bd3d3b_uniq; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.django_content_type
    ADD CONSTRAINT django_content_type_app_label_model_76bd3d3b_uniq UNIQUE (app_label, model);


--
-- Name: django_content_type django_content_type_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.django_content_type
    ADD CONSTRAINT django_content_type_pkey PRIMARY KEY (id);


--
-- Name: django_migrations django_migrations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.django_migrations
    ADD CONSTRAINT django_migrations_pkey PRIMARY KEY (id);


--
-- Name: pgworkflows_approval_groups pgworkflows_approval_groups_approval_id_group_id_48e983af_uniq; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approval_groups
    ADD CONSTRAINT pgworkflows_approval_groups_approval_id_group_id_48e983af_uniq UNIQUE (approval_id, group_id);


--
-- Name: pgworkflows_approval_groups pgworkflows_approval_groups_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approval_groups
    ADD CONSTRAINT pgworkflows_approval_groups_pkey PRIMARY KEY (id);


--
-- Name: pgworkflows_approval pgworkflows_approval_one_per_position; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approval
    ADD CONSTRAINT pgworkflows_approval_one_per_position UNIQUE (workflow_id, branch, seq);


--
-- Name: pgworkflows_approval pgworkflows_approval_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approval
    ADD CONSTRAINT pgworkflows_approval_pkey PRIMARY KEY (id);


--
-- Name: pgworkflows_approval_users pgworkflows_approval_users_approval_id_user_id_ae8c7f45_uniq; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approval_users
    ADD CONSTRAINT pgworkflows_approval_users_approval_id_user_id_ae8c7f45_uniq UNIQUE (approval_id, user_id);


--
-- Name: pgworkflows_approval_users pgworkflows_approval_users_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approval_users
    ADD CONSTRAINT pgworkflows_approval_users_pkey PRIMARY KEY (id);


--
-- Name: pgworkflows_approvalaction pgworkflows_approvalaction_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalaction
    ADD CONSTRAINT pgworkflows_approvalaction_pkey PRIMARY KEY (id);


--
-- Name: pgworkflows_approvalpolicy pgworkflows_approvalpolicy_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalpolicy
    ADD CONSTRAINT pgworkflows_approvalpolicy_pkey PRIMARY KEY (id);


--
-- Name: pgworkflows_approvalstage_escalate_to pgworkflows_approvalstag_approvalstage_id_group_i_be990942_uniq; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalstage_escalate_to
    ADD CONSTRAINT pgworkflows_approvalstag_approvalstage_id_group_i_be990942_uniq UNIQUE (approvalstage_id, group_id);


--
-- Name: pgworkflows_approvalstage_groups pgworkflows_approvalstag_approvalstage_id_group_i_d25b3e2d_uniq; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalstage_groups
    ADD CONSTRAINT pgworkflows_approvalstag_approvalstage_id_group_i_d25b3e2d_uniq UNIQUE (approvalstage_id, group_id);


--
-- Name: pgworkflows_approvalstage_users pgworkflows_approvalstag_approvalstage_id_user_id_63a413d6_uniq; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalstage_users
    ADD CONSTRAINT pgworkflows_approvalstag_approvalstage_id_user_id_63a413d6_uniq UNIQUE (approvalstage_id, user_id);


--
-- Name: pgworkflows_approvalstage_escalate_to pgworkflows_approvalstage_escalate_to_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalstage_escalate_to
    ADD CONSTRAINT pgworkflows_approvalstage_escalate_to_pkey PRIMARY KEY (id);


--
-- Name: pgworkflows_approvalstage_groups pgworkflows_approvalstage_groups_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalstage_groups
    ADD CONSTRAINT pgworkflows_approvalstage_groups_pkey PRIMARY KEY (id);


--
-- Name: pgworkflows_approvalstage pgworkflows_approvalstage_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalstage
    ADD CONSTRAINT pgworkflows_approvalstage_pkey PRIMARY KEY (id);


--
-- Name: pgworkflows_approvalstage_users pgworkflows_approvalstage_users_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalstage_users
    ADD CONSTRAINT pgworkflows_approvalstage_users_pkey PRIMARY KEY (id);


--
-- Name: pgworkflows_decision pgworkflows_decision_one_per_person; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_decision
    ADD CONSTRAINT pgworkflows_decision_one_per_person UNIQUE (approval_id, username);


--
-- Name: pgworkflows_decision pgworkflows_decision_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_decision
    ADD CONSTRAINT pgworkflows_decision_pkey PRIMARY KEY (id);


--
-- Name: pgworkflows_workflowdefinition pgworkflows_definition_one_per_version; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_workflowdefinition
    ADD CONSTRAINT pgworkflows_definition_one_per_version UNIQUE (name, version);


--
-- Name: pgworkflows_delegation pgworkflows_delegation_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_delegation
    ADD CONSTRAINT pgworkflows_delegation_pkey PRIMARY KEY (id);


--
-- Name: pgworkflows_event pgworkflows_event_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_event
    ADD CONSTRAINT pgworkflows_event_pkey PRIMARY KEY (id);


--
-- Name: pgworkflows_history pgworkflows_history_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_history
    ADD CONSTRAINT pgworkflows_history_pkey PRIMARY KEY (id);


--
-- Name: pgworkflows_idempotencykey pgworkflows_idempotency_one_per_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_idempotencykey
    ADD CONSTRAINT pgworkflows_idempotency_one_per_key UNIQUE (user_id, key);


--
-- Name: pgworkflows_idempotencykey pgworkflows_idempotencykey_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_idempotencykey
    ADD CONSTRAINT pgworkflows_idempotencykey_pkey PRIMARY KEY (id);


--
-- Name: pgworkflows_approvalpolicy pgworkflows_policy_one_per_version; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalpolicy
    ADD CONSTRAINT pgworkflows_policy_one_per_version UNIQUE (name, version);


--
-- Name: pgworkflows_request pgworkflows_request_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_request
    ADD CONSTRAINT pgworkflows_request_pkey PRIMARY KEY (id);


--
-- Name: pgworkflows_schedule pgworkflows_schedule_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_schedule
    ADD CONSTRAINT pgworkflows_schedule_name_key UNIQUE (name);


--
-- Name: pgworkflows_schedule pgworkflows_schedule_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_schedule
    ADD CONSTRAINT pgworkflows_schedule_pkey PRIMARY KEY (id);


--
-- Name: pgworkflows_approvalstage pgworkflows_stage_one_per_position; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalstage
    ADD CONSTRAINT pgworkflows_stage_one_per_position UNIQUE (policy_id, "position");


--
-- Name: pgworkflows_stagecondition pgworkflows_stagecondition_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_stagecondition
    ADD CONSTRAINT pgworkflows_stagecondition_pkey PRIMARY KEY (id);


--
-- Name: pgworkflows_task pgworkflows_task_one_per_position; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_task
    ADD CONSTRAINT pgworkflows_task_one_per_position UNIQUE (workflow_id, branch, seq);


--
-- Name: pgworkflows_task pgworkflows_task_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_task
    ADD CONSTRAINT pgworkflows_task_pkey PRIMARY KEY (id);


--
-- Name: pgworkflows_worker pgworkflows_worker_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_worker
    ADD CONSTRAINT pgworkflows_worker_pkey PRIMARY KEY (id);


--
-- Name: pgworkflows_workflow pgworkflows_workflow_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_workflow
    ADD CONSTRAINT pgworkflows_workflow_pkey PRIMARY KEY (id);


--
-- Name: pgworkflows_workflowdefinition pgworkflows_workflowdefinition_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_workflowdefinition
    ADD CONSTRAINT pgworkflows_workflowdefinition_pkey PRIMARY KEY (id);


--
-- Name: upgrade_effect upgrade_effect_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.upgrade_effect
    ADD CONSTRAINT upgrade_effect_pkey PRIMARY KEY (id);


--
-- Name: auth_group_name_a6ea08ec_like; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX auth_group_name_a6ea08ec_like ON public.auth_group USING btree (name varchar_pattern_ops);


--
-- Name: auth_group_permissions_group_id_b120cbf9; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX auth_group_permissions_group_id_b120cbf9 ON public.auth_group_permissions USING btree (group_id);


--
-- Name: auth_group_permissions_permission_id_84c5c92e; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX auth_group_permissions_permission_id_84c5c92e ON public.auth_group_permissions USING btree (permission_id);


--
-- Name: auth_permission_content_type_id_2f476e4b; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX auth_permission_content_type_id_2f476e4b ON public.auth_permission USING btree (content_type_id);


--
-- Name: auth_user_groups_group_id_97559544; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX auth_user_groups_group_id_97559544 ON public.auth_user_groups USING btree (group_id);


--
-- Name: auth_user_groups_user_id_6a12ed8b; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX auth_user_groups_user_id_6a12ed8b ON public.auth_user_groups USING btree (user_id);


--
-- Name: auth_user_user_permissions_permission_id_1fbb5f2c; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX auth_user_user_permissions_permission_id_1fbb5f2c ON public.auth_user_user_permissions USING btree (permission_id);


--
-- Name: auth_user_user_permissions_user_id_a95ead1b; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX auth_user_user_permissions_user_id_a95ead1b ON public.auth_user_user_permissions USING btree (user_id);


--
-- Name: auth_user_username_6821ab7c_like; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX auth_user_username_6821ab7c_like ON public.auth_user USING btree (username varchar_pattern_ops);


--
-- Name: pgworkflows_approval_attributes; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approval_attributes ON public.pgworkflows_approval USING gin (attributes jsonb_path_ops) WHERE (attributes <> '{}'::jsonb);


--
-- Name: pgworkflows_approval_groups_approval_id_990996f2; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approval_groups_approval_id_990996f2 ON public.pgworkflows_approval_groups USING btree (approval_id);


--
-- Name: pgworkflows_approval_groups_group_id_c7bcd4b1; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approval_groups_group_id_c7bcd4b1 ON public.pgworkflows_approval_groups USING btree (group_id);


--
-- Name: pgworkflows_approval_kind; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approval_kind ON public.pgworkflows_approval USING btree (kind, id);


--
-- Name: pgworkflows_approval_pending; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approval_pending ON public.pgworkflows_approval USING btree (due_at, id) WHERE ((status)::text = 'PENDING'::text);


--
-- Name: pgworkflows_approval_requester; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approval_requester ON public.pgworkflows_approval USING btree (requested_by_id, id);


--
-- Name: pgworkflows_approval_status; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approval_status ON public.pgworkflows_approval USING btree (status, id);


--
-- Name: pgworkflows_approval_subject; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approval_subject ON public.pgworkflows_approval USING btree (subject_label, subject_id) WHERE (NOT (subject_label = ''::text));


--
-- Name: pgworkflows_approval_users_approval_id_f2898913; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approval_users_approval_id_f2898913 ON public.pgworkflows_approval_users USING btree (approval_id);


--
-- Name: pgworkflows_approval_users_user_id_156ff661; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approval_users_user_id_156ff661 ON public.pgworkflows_approval_users USING btree (user_id);


--
-- Name: pgworkflows_approval_words; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approval_words ON public.pgworkflows_approval USING gin (to_tsvector('simple'::regconfig, translate(title, '&+-./:<=>?@_~'::text, '             '::text)));


--
-- Name: pgworkflows_approvalaction_approval_id_d3d1ea48; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approvalaction_approval_id_d3d1ea48 ON public.pgworkflows_approvalaction USING btree (approval_id);


--
-- Name: pgworkflows_approvalaction_user_id_8b7c74df; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approvalaction_user_id_8b7c74df ON public.pgworkflows_approvalaction USING btree (user_id);


--
-- Name: pgworkflows_approvalpolicy_edited_by_id_d05f2e1e; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approvalpolicy_edited_by_id_d05f2e1e ON public.pgworkflows_approvalpolicy USING btree (edited_by_id);


--
-- Name: pgworkflows_approvalpolicy_fallback_group_id_7a5466a8; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approvalpolicy_fallback_group_id_7a5466a8 ON public.pgworkflows_approvalpolicy USING btree (fallback_group_id);


--
-- Name: pgworkflows_approvalpolicy_published_by_id_3918bf96; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approvalpolicy_published_by_id_3918bf96 ON public.pgworkflows_approvalpolicy USING btree (published_by_id);


--
-- Name: pgworkflows_approvalstage_escalate_to_approvalstage_id_7186eec9; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approvalstage_escalate_to_approvalstage_id_7186eec9 ON public.pgworkflows_approvalstage_escalate_to USING btree (approvalstage_id);


--
-- Name: pgworkflows_approvalstage_escalate_to_group_id_fa0332f3; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approvalstage_escalate_to_group_id_fa0332f3 ON public.pgworkflows_approvalstage_escalate_to USING btree (group_id);


--
-- Name: pgworkflows_approvalstage_groups_approvalstage_id_cc949d4c; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approvalstage_groups_approvalstage_id_cc949d4c ON public.pgworkflows_approvalstage_groups USING btree (approvalstage_id);


--
-- Name: pgworkflows_approvalstage_groups_group_id_412278ef; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approvalstage_groups_group_id_412278ef ON public.pgworkflows_approvalstage_groups USING btree (group_id);


--
-- Name: pgworkflows_approvalstage_policy_id_cdd43d4c; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approvalstage_policy_id_cdd43d4c ON public.pgworkflows_approvalstage USING btree (policy_id);


--
-- Name: pgworkflows_approvalstage_users_approvalstage_id_410c82d0; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approvalstage_users_approvalstage_id_410c82d0 ON public.pgworkflows_approvalstage_users USING btree (approvalstage_id);


--
-- Name: pgworkflows_approvalstage_users_user_id_e1bfbee5; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_approvalstage_users_user_id_e1bfbee5 ON public.pgworkflows_approvalstage_users USING btree (user_id);


--
-- Name: pgworkflows_decision_approval_id_c7afec09; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_decision_approval_id_c7afec09 ON public.pgworkflows_decision USING btree (approval_id);


--
-- Name: pgworkflows_decision_on_behalf_of_id_24db6bdc; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_decision_on_behalf_of_id_24db6bdc ON public.pgworkflows_decision USING btree (on_behalf_of_id);


--
-- Name: pgworkflows_decision_one_per_principal; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX pgworkflows_decision_one_per_principal ON public.pgworkflows_decision USING btree (approval_id, on_behalf_of_name) WHERE (NOT (on_behalf_of_name = ''::text));


--
-- Name: pgworkflows_decision_user_id_bdd5033e; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_decision_user_id_bdd5033e ON public.pgworkflows_decision USING btree (user_id);


--
-- Name: pgworkflows_delegation_delegate_id_4858b088; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_delegation_delegate_id_4858b088 ON public.pgworkflows_delegation USING btree (delegate_id);


--
-- Name: pgworkflows_delegation_given; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_delegation_given ON public.pgworkflows_delegation USING btree (delegator_id, ends_at);


--
-- Name: pgworkflows_event_of_workflow; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_event_of_workflow ON public.pgworkflows_event USING btree (workflow_id, task_id);


--
-- Name: pgworkflows_event_one_per_correlation_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX pgworkflows_event_one_per_correlation_key ON public.pgworkflows_event USING btree (correlation, name, key) WHERE ((correlation IS NOT NULL) AND (key IS NOT NULL));


--
-- Name: pgworkflows_event_one_per_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX pgworkflows_event_one_per_key ON public.pgworkflows_event USING btree (workflow_id, name, key) WHERE ((correlation IS NULL) AND (key IS NOT NULL));


--
-- Name: pgworkflows_event_unasked; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_event_unasked ON public.pgworkflows_event USING btree (name, correlation, id) WHERE ((delivered_at IS NULL) AND (workflow_id IS NULL));


--
-- Name: pgworkflows_event_undelivered; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_event_undelivered ON public.pgworkflows_event USING btree (id) WHERE ((delivered_at IS NULL) AND (NOT parked));


--
-- Name: pgworkflows_history_actor; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_history_actor ON public.pgworkflows_history USING btree (actor, id) WHERE ((NOT (actor = ''::text)) AND (NOT ((channel = 'worker'::text) AND (event = ANY (ARRAY['start'::text, 'run'::text, 'wait'::text, 'requeue'::text, 'complete'::text, 'state'::text, 'attempt'::text, 'attempt_failed'::text, 'task_wait'::text, 'task_complete'::text, 'task_fail'::text, 'task_cancel'::text])))));


--
-- Name: pgworkflows_history_approval; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_history_approval ON public.pgworkflows_history USING btree (approval, id) WHERE (approval IS NOT NULL);


--
-- Name: pgworkflows_history_channel; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_history_channel ON public.pgworkflows_history USING btree (channel, id) WHERE (NOT (channel = ANY (ARRAY['worker'::text, 'python'::text])));


--
-- Name: pgworkflows_history_event; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_history_event ON public.pgworkflows_history USING btree (event, id) WHERE (NOT (event = ANY (ARRAY['start'::text, 'run'::text, 'wait'::text, 'requeue'::text, 'complete'::text, 'state'::text, 'attempt'::text, 'attempt_failed'::text, 'task_wait'::text, 'task_complete'::text, 'task_fail'::text, 'task_cancel'::text])));


--
-- Name: pgworkflows_history_schedule; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_history_schedule ON public.pgworkflows_history USING btree (((data ->> 'schedule'::text)), id) WHERE (event = ANY (ARRAY['configure'::text, 'pause'::text, 'resume'::text, 'skip'::text]));


--
-- Name: pgworkflows_history_workflow; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_history_workflow ON public.pgworkflows_history USING btree (workflow, id);


--
-- Name: pgworkflows_policy_one_draft; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX pgworkflows_policy_one_draft ON public.pgworkflows_approvalpolicy USING btree (name) WHERE ((status)::text = 'DRAFT'::text);


--
-- Name: pgworkflows_policy_one_published; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX pgworkflows_policy_one_published ON public.pgworkflows_approvalpolicy USING btree (name) WHERE ((status)::text = 'PUBLISHED'::text);


--
-- Name: pgworkflows_request_of_wf; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_request_of_wf ON public.pgworkflows_request USING btree (workflow_id, id);


--
-- Name: pgworkflows_schedule_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_schedule_due ON public.pgworkflows_schedule USING btree (due_at) WHERE ((due_at IS NOT NULL) AND (paused_at IS NULL));


--
-- Name: pgworkflows_schedule_name_3c236e50_like; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_schedule_name_3c236e50_like ON public.pgworkflows_schedule USING btree (name text_pattern_ops);


--
-- Name: pgworkflows_stagecondition_stage_id_adbf4207; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_stagecondition_stage_id_adbf4207 ON public.pgworkflows_stagecondition USING btree (stage_id);


--
-- Name: pgworkflows_task_any_of; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_task_any_of ON public.pgworkflows_task USING btree (correlation, id) WHERE ((any_of IS NOT NULL) AND (kind = 'EVENT'::text) AND ((status)::text = 'WAITING'::text));


--
-- Name: pgworkflows_task_awaited_child; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_task_awaited_child ON public.pgworkflows_task USING btree (child_id) WHERE ((kind = 'CHILD'::text) AND ((status)::text = 'WAITING'::text));


--
-- Name: pgworkflows_task_awaited_event; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_task_awaited_event ON public.pgworkflows_task USING btree (name, correlation, id) WHERE ((kind = 'EVENT'::text) AND ((status)::text = 'WAITING'::text));


--
-- Name: pgworkflows_task_awaited_row; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_task_awaited_row ON public.pgworkflows_task USING btree (name) WHERE ((kind = 'ROW'::text) AND ((status)::text = 'WAITING'::text));


--
-- Name: pgworkflows_task_open; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_task_open ON public.pgworkflows_task USING btree (workflow_id) WHERE ((status)::text = ANY ((ARRAY['PENDING'::character varying, 'RUNNING'::character varying, 'WAITING'::character varying])::text[]));


--
-- Name: pgworkflows_task_waiting; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_task_waiting ON public.pgworkflows_task USING btree (kind, started_at) WHERE ((started_at IS NOT NULL) AND ((status)::text = 'WAITING'::text));


--
-- Name: pgworkflows_workflow_attributes; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_workflow_attributes ON public.pgworkflows_workflow USING gin (attributes jsonb_path_ops) WHERE (attributes <> '{}'::jsonb);


--
-- Name: pgworkflows_workflow_failure; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_workflow_failure ON public.pgworkflows_workflow USING btree (((error ->> 'fingerprint'::text)), id) WHERE ((error ? 'fingerprint'::text) AND ((status)::text = ANY ((ARRAY['FAILED'::character varying, 'COMPENSATING'::character varying, 'COMPENSATED'::character varying, 'CANCELLED'::character varying, 'BLOCKED'::character varying])::text[])));


--
-- Name: pgworkflows_workflow_key; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_workflow_key ON public.pgworkflows_workflow USING btree (key text_pattern_ops) WHERE (key IS NOT NULL);


--
-- Name: pgworkflows_workflow_named; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_workflow_named ON public.pgworkflows_workflow USING btree (name, id);


--
-- Name: pgworkflows_workflow_one_per_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX pgworkflows_workflow_one_per_key ON public.pgworkflows_workflow USING btree (name, key) WHERE holds_key;


--
-- Name: pgworkflows_workflow_open; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_workflow_open ON public.pgworkflows_workflow USING btree (name, version, queue, status) WHERE (finished_at IS NULL);


--
-- Name: pgworkflows_workflow_overlaps; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_workflow_overlaps ON public.pgworkflows_workflow USING btree (schedule) WHERE ((finished_at IS NULL) AND (schedule IS NOT NULL));


--
-- Name: pgworkflows_workflow_owned; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_workflow_owned ON public.pgworkflows_workflow USING btree (owner_id, wake_at) WHERE (owner_id IS NOT NULL);


--
-- Name: pgworkflows_workflow_parent; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_workflow_parent ON public.pgworkflows_workflow USING btree (parent_id) WHERE (parent_id IS NOT NULL);


--
-- Name: pgworkflows_workflow_queued; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_workflow_queued ON public.pgworkflows_workflow USING btree (queue, id) WHERE (NOT (queue = 'default'::text));


--
-- Name: pgworkflows_workflow_requester; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_workflow_requester ON public.pgworkflows_workflow USING btree (requested_by_id, id) WHERE (requested_by_id IS NOT NULL);


--
-- Name: pgworkflows_workflow_runnable; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_workflow_runnable ON public.pgworkflows_workflow USING btree (name, version, queue, priority, fingerprint, available_at) WHERE ((available_at IS NOT NULL) AND (crashes = 0) AND (gate IS NULL) AND (paused_at IS NULL));


--
-- Name: pgworkflows_workflow_scheduled; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_workflow_scheduled ON public.pgworkflows_workflow USING btree (schedule, id) WHERE (schedule IS NOT NULL);


--
-- Name: pgworkflows_workflow_state; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_workflow_state ON public.pgworkflows_workflow USING btree (state, id) WHERE (NOT (state = ''::text));


--
-- Name: pgworkflows_workflow_subject; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_workflow_subject ON public.pgworkflows_workflow USING btree (subject_label, subject_id) WHERE (NOT (subject_label = ''::text));


--
-- Name: pgworkflows_workflow_suspect; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_workflow_suspect ON public.pgworkflows_workflow USING btree (available_at) WHERE ((crashes > 0) AND (gate IS NULL) AND (paused_at IS NULL));


--
-- Name: pgworkflows_workflow_troubled; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_workflow_troubled ON public.pgworkflows_workflow USING btree (status, id) WHERE ((status)::text = ANY ((ARRAY['FAILED'::character varying, 'COMPENSATING'::character varying, 'COMPENSATED'::character varying, 'CANCELLED'::character varying, 'BLOCKED'::character varying])::text[]));


--
-- Name: pgworkflows_workflow_words; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX pgworkflows_workflow_words ON public.pgworkflows_workflow USING gin (to_tsvector('simple'::regconfig, translate(subject_text, '&+-./:<=>?@_~'::text, '             '::text))) WHERE (subject_text <> ''::text);


--
-- Name: pgworkflows_approvalaction action_inserted; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER action_inserted AFTER INSERT ON public.pgworkflows_approvalaction REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.action_inserted();


--
-- Name: pgworkflows_approvalaction action_keeps_keys; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER action_keeps_keys BEFORE UPDATE OF user_id ON public.pgworkflows_approvalaction FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('action', 'or null');


--
-- Name: pgworkflows_approvalaction action_kept; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER action_kept BEFORE DELETE ON public.pgworkflows_approvalaction FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_answer_change();


--
-- Name: pgworkflows_approvalaction action_stays; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER action_stays BEFORE UPDATE ON public.pgworkflows_approvalaction FOR EACH ROW WHEN (((to_jsonb(new.*) - 'user_id'::text) <> (to_jsonb(old.*) - 'user_id'::text))) EXECUTE FUNCTION pgworkflows.refuse_answer_change();


--
-- Name: pgworkflows_approval approval_begins; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER approval_begins BEFORE INSERT ON public.pgworkflows_approval FOR EACH ROW WHEN (((new.status)::text <> 'PENDING'::text)) EXECUTE FUNCTION pgworkflows.refuse_change('approval');


--
-- Name: pgworkflows_approval approval_changes; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER approval_changes BEFORE UPDATE ON public.pgworkflows_approval FOR EACH ROW WHEN (((new.id <> old.id) OR (((new.status)::text <> (old.status)::text) AND (pgworkflows.approval_event((old.status)::text, (new.status)::text) IS NULL)))) EXECUTE FUNCTION pgworkflows.refuse_change('approval');


--
-- Name: pgworkflows_approval approval_counts; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER approval_counts BEFORE UPDATE OF status ON public.pgworkflows_approval FOR EACH ROW WHEN ((((new.status)::text <> (old.status)::text) AND ((new.status)::text = ANY ((ARRAY['APPROVED'::character varying, 'REJECTED'::character varying, 'CHANGES_REQUESTED'::character varying])::text[])))) EXECUTE FUNCTION pgworkflows.refuse_uncounted();


--
-- Name: pgworkflows_approval_groups approval_groups_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER approval_groups_no_truncate BEFORE TRUNCATE ON public.pgworkflows_approval_groups FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_truncate();

ALTER TABLE public.pgworkflows_approval_groups ENABLE ALWAYS TRIGGER approval_groups_no_truncate;


--
-- Name: pgworkflows_approval approval_inserted; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER approval_inserted AFTER INSERT ON public.pgworkflows_approval REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.approval_inserted();


--
-- Name: pgworkflows_approval approval_keeps; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER approval_keeps BEFORE UPDATE OF workflow_id, branch, seq, request, round, policy_id, stage_id, kind, title, description, subject_label, subject_id, requested_by_name, could_decide, quorum, allow_self_approval, allow_same_person, attributes, snapshot, snapshot_keys, snapshot_hash, form, created_at, time_limit, on_timeout, escalate_to, remind_every ON public.pgworkflows_approval FOR EACH ROW WHEN ((new.branch !~~ (old.branch || '~%'::text))) EXECUTE FUNCTION pgworkflows.refuse_rewriting('approval');


--
-- Name: pgworkflows_approval approval_keeps_keys; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER approval_keeps_keys BEFORE UPDATE OF requested_by_id ON public.pgworkflows_approval FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('approval', 'or null');


--
-- Name: pgworkflows_approval approval_kept; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER approval_kept BEFORE DELETE ON public.pgworkflows_approval FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_removal('approval');


--
-- Name: pgworkflows_approval approval_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER approval_no_truncate BEFORE TRUNCATE ON public.pgworkflows_approval FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_truncate();

ALTER TABLE public.pgworkflows_approval ENABLE ALWAYS TRIGGER approval_no_truncate;


--
-- Name: pgworkflows_approval approval_updated; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER approval_updated AFTER UPDATE ON public.pgworkflows_approval REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.approval_updated();


--
-- Name: pgworkflows_approval_users approval_users_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER approval_users_no_truncate BEFORE TRUNCATE ON public.pgworkflows_approval_users FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_truncate();

ALTER TABLE public.pgworkflows_approval_users ENABLE ALWAYS TRIGGER approval_users_no_truncate;


--
-- Name: pgworkflows_approvalaction approvalaction_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER approvalaction_no_truncate BEFORE TRUNCATE ON public.pgworkflows_approvalaction FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_truncate();

ALTER TABLE public.pgworkflows_approvalaction ENABLE ALWAYS TRIGGER approvalaction_no_truncate;


--
-- Name: pgworkflows_approvalpolicy approvalpolicy_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER approvalpolicy_no_truncate BEFORE TRUNCATE ON public.pgworkflows_approvalpolicy FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_truncate();

ALTER TABLE public.pgworkflows_approvalpolicy ENABLE ALWAYS TRIGGER approvalpolicy_no_truncate;


--
-- Name: pgworkflows_approvalstage_escalate_to approvalstage_escalate_to_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER approvalstage_escalate_to_no_truncate BEFORE TRUNCATE ON public.pgworkflows_approvalstage_escalate_to FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_truncate();

ALTER TABLE public.pgworkflows_approvalstage_escalate_to ENABLE ALWAYS TRIGGER approvalstage_escalate_to_no_truncate;


--
-- Name: pgworkflows_approvalstage_groups approvalstage_groups_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER approvalstage_groups_no_truncate BEFORE TRUNCATE ON public.pgworkflows_approvalstage_groups FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_truncate();

ALTER TABLE public.pgworkflows_approvalstage_groups ENABLE ALWAYS TRIGGER approvalstage_groups_no_truncate;


--
-- Name: pgworkflows_approvalstage approvalstage_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER approvalstage_no_truncate BEFORE TRUNCATE ON public.pgworkflows_approvalstage FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_truncate();

ALTER TABLE public.pgworkflows_approvalstage ENABLE ALWAYS TRIGGER approvalstage_no_truncate;


--
-- Name: pgworkflows_approvalstage_users approvalstage_users_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER approvalstage_users_no_truncate BEFORE TRUNCATE ON public.pgworkflows_approvalstage_users FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_truncate();

ALTER TABLE public.pgworkflows_approvalstage_users ENABLE ALWAYS TRIGGER approvalstage_users_no_truncate;


--
-- Name: pgworkflows_approval_groups asked_groups_changed; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER asked_groups_changed AFTER INSERT OR DELETE ON public.pgworkflows_approval_groups FOR EACH ROW EXECUTE FUNCTION pgworkflows.asked_changed('group');


--
-- Name: pgworkflows_approval_groups asked_groups_keep; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER asked_groups_keep BEFORE UPDATE OF approval_id, group_id ON public.pgworkflows_approval_groups FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('asked group');


--
-- Name: pgworkflows_approval_users asked_users_changed; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER asked_users_changed AFTER INSERT OR DELETE ON public.pgworkflows_approval_users FOR EACH ROW EXECUTE FUNCTION pgworkflows.asked_changed('user');


--
-- Name: pgworkflows_approval_users asked_users_keep; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER asked_users_keep BEFORE UPDATE OF approval_id, user_id ON public.pgworkflows_approval_users FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('asked user');


--
-- Name: pgworkflows_stagecondition condition_stays; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER condition_stays BEFORE INSERT OR DELETE OR UPDATE ON public.pgworkflows_stagecondition FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_policy_change();


--
-- Name: pgworkflows_decision decision_counts; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER decision_counts BEFORE INSERT ON public.pgworkflows_decision FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_decision();


--
-- Name: pgworkflows_decision decision_inserted; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER decision_inserted AFTER INSERT ON public.pgworkflows_decision REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.decision_inserted();


--
-- Name: pgworkflows_decision decision_keeps_keys; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER decision_keeps_keys BEFORE UPDATE OF user_id, on_behalf_of_id ON public.pgworkflows_decision FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('decision', 'or null');


--
-- Name: pgworkflows_decision decision_kept; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER decision_kept BEFORE DELETE ON public.pgworkflows_decision FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_answer_change();


--
-- Name: pgworkflows_decision decision_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER decision_no_truncate BEFORE TRUNCATE ON public.pgworkflows_decision FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_truncate();

ALTER TABLE public.pgworkflows_decision ENABLE ALWAYS TRIGGER decision_no_truncate;


--
-- Name: pgworkflows_decision decision_stays; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER decision_stays BEFORE UPDATE ON public.pgworkflows_decision FOR EACH ROW WHEN (((to_jsonb(new.*) - '{user_id,on_behalf_of_id}'::text[]) <> (to_jsonb(old.*) - '{user_id,on_behalf_of_id}'::text[]))) EXECUTE FUNCTION pgworkflows.refuse_answer_change();


--
-- Name: pgworkflows_delegation delegation_changed; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER delegation_changed AFTER INSERT OR DELETE OR UPDATE ON public.pgworkflows_delegation FOR EACH ROW EXECUTE FUNCTION pgworkflows.delegation_changed();


--
-- Name: pgworkflows_delegation delegation_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER delegation_no_truncate BEFORE TRUNCATE ON public.pgworkflows_delegation FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_truncate();

ALTER TABLE public.pgworkflows_delegation ENABLE ALWAYS TRIGGER delegation_no_truncate;


--
-- Name: pgworkflows_event event_keeps; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER event_keeps BEFORE UPDATE OF name, correlation, key, payload, sent_at, sent_by ON public.pgworkflows_event FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('event');


--
-- Name: pgworkflows_event event_kept; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER event_kept BEFORE DELETE ON public.pgworkflows_event FOR EACH ROW WHEN ((old.name !~~ '$%'::text)) EXECUTE FUNCTION pgworkflows.refuse_removal('event');


--
-- Name: pgworkflows_event event_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON public.pgworkflows_event FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_truncate();

ALTER TABLE public.pgworkflows_event ENABLE ALWAYS TRIGGER event_no_truncate;


--
-- Name: pgworkflows_history history_append_only; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER history_append_only BEFORE DELETE OR UPDATE ON public.pgworkflows_history FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_history_change();

ALTER TABLE public.pgworkflows_history ENABLE ALWAYS TRIGGER history_append_only;


--
-- Name: pgworkflows_history history_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER history_no_truncate BEFORE TRUNCATE ON public.pgworkflows_history FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_truncate();

ALTER TABLE public.pgworkflows_history ENABLE ALWAYS TRIGGER history_no_truncate;


--
-- Name: pgworkflows_history history_only_by_trigger; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER history_only_by_trigger BEFORE INSERT ON public.pgworkflows_history FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_history_insert();

ALTER TABLE public.pgworkflows_history ENABLE ALWAYS TRIGGER history_only_by_trigger;


--
-- Name: pgworkflows_idempotencykey idempotencykey_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER idempotencykey_no_truncate BEFORE TRUNCATE ON public.pgworkflows_idempotencykey FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_truncate();

ALTER TABLE public.pgworkflows_idempotencykey ENABLE ALWAYS TRIGGER idempotencykey_no_truncate;


--
-- Name: pgworkflows_approvalpolicy policy_begins; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER policy_begins BEFORE INSERT ON public.pgworkflows_approvalpolicy FOR EACH ROW WHEN (((new.status)::text <> 'DRAFT'::text)) EXECUTE FUNCTION pgworkflows.refuse_change('policy');


--
-- Name: pgworkflows_approvalpolicy policy_changes; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER policy_changes BEFORE UPDATE ON public.pgworkflows_approvalpolicy FOR EACH ROW WHEN (((new.id <> old.id) OR (((new.status)::text <> (old.status)::text) AND (pgworkflows.policy_event((old.status)::text, (new.status)::text) IS NULL)))) EXECUTE FUNCTION pgworkflows.refuse_change('policy');


--
-- Name: pgworkflows_approvalpolicy policy_four_eyes; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER policy_four_eyes BEFORE UPDATE ON public.pgworkflows_approvalpolicy FOR EACH ROW WHEN ((((old.status)::text = 'DRAFT'::text) AND ((new.status)::text <> 'DRAFT'::text) AND (old.editors @> jsonb_build_array(jsonb_build_object('name', new.published_by_name))))) EXECUTE FUNCTION pgworkflows.refuse_editor();


--
-- Name: pgworkflows_approvalpolicy policy_keeps_keys; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER policy_keeps_keys BEFORE UPDATE OF edited_by_id, published_by_id ON public.pgworkflows_approvalpolicy FOR EACH ROW WHEN (((old.status)::text <> 'DRAFT'::text)) EXECUTE FUNCTION pgworkflows.refuse_rewriting('policy', 'or null');


--
-- Name: pgworkflows_approvalpolicy policy_kept; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER policy_kept BEFORE DELETE ON public.pgworkflows_approvalpolicy FOR EACH ROW WHEN (((old.status)::text <> 'DRAFT'::text)) EXECUTE FUNCTION pgworkflows.refuse_published_change();


--
-- Name: pgworkflows_approvalpolicy policy_stays; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER policy_stays BEFORE UPDATE ON public.pgworkflows_approvalpolicy FOR EACH ROW WHEN ((((old.status)::text <> 'DRAFT'::text) AND ((to_jsonb(new.*) - '{status,edited_by_id,published_by_id}'::text[]) <> (to_jsonb(old.*) - '{status,edited_by_id,published_by_id}'::text[])))) EXECUTE FUNCTION pgworkflows.refuse_published_change();


--
-- Name: pgworkflows_approvalpolicy policy_updated; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER policy_updated AFTER UPDATE ON public.pgworkflows_approvalpolicy FOR EACH ROW WHEN (((new.status)::text <> (old.status)::text)) EXECUTE FUNCTION pgworkflows.policy_updated();


--
-- Name: pgworkflows_request request_inserted; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER request_inserted AFTER INSERT ON public.pgworkflows_request REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.request_inserted();


--
-- Name: pgworkflows_request request_keeps; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER request_keeps BEFORE UPDATE OF workflow_id, name, payload, asked_at, asked_by ON public.pgworkflows_request FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('request');


--
-- Name: pgworkflows_request request_keeps_answer; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER request_keeps_answer BEFORE UPDATE OF answered_at, answer, refusal ON public.pgworkflows_request FOR EACH ROW WHEN ((old.answered_at IS NOT NULL)) EXECUTE FUNCTION pgworkflows.refuse_rewriting('request');


--
-- Name: pgworkflows_request request_kept; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER request_kept BEFORE DELETE ON public.pgworkflows_request FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_removal('request');


--
-- Name: pgworkflows_request request_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER request_no_truncate BEFORE TRUNCATE ON public.pgworkflows_request FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_truncate();

ALTER TABLE public.pgworkflows_request ENABLE ALWAYS TRIGGER request_no_truncate;


--
-- Name: pgworkflows_request request_updated; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER request_updated AFTER UPDATE ON public.pgworkflows_request REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.request_updated();


--
-- Name: pgworkflows_schedule schedule_changed; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER schedule_changed AFTER INSERT OR DELETE ON public.pgworkflows_schedule FOR EACH ROW EXECUTE FUNCTION pgworkflows.schedule_changed();


--
-- Name: pgworkflows_schedule schedule_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER schedule_no_truncate BEFORE TRUNCATE ON public.pgworkflows_schedule FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_truncate();

ALTER TABLE public.pgworkflows_schedule ENABLE ALWAYS TRIGGER schedule_no_truncate;


--
-- Name: pgworkflows_schedule schedule_updated; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER schedule_updated AFTER UPDATE ON public.pgworkflows_schedule FOR EACH ROW WHEN (((to_jsonb(new.*) - '{next_at,due_at,queued_for}'::text[]) <> (to_jsonb(old.*) - '{next_at,due_at,queued_for}'::text[]))) EXECUTE FUNCTION pgworkflows.schedule_changed();


--
-- Name: pgworkflows_approvalstage_escalate_to stage_escalation_stays; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER stage_escalation_stays BEFORE INSERT OR UPDATE ON public.pgworkflows_approvalstage_escalate_to FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_policy_change();


--
-- Name: pgworkflows_approvalstage_groups stage_groups_stay; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER stage_groups_stay BEFORE INSERT OR UPDATE ON public.pgworkflows_approvalstage_groups FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_policy_change();


--
-- Name: pgworkflows_approvalstage stage_stays; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER stage_stays BEFORE INSERT OR DELETE OR UPDATE ON public.pgworkflows_approvalstage FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_policy_change();


--
-- Name: pgworkflows_approvalstage_users stage_users_stay; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER stage_users_stay BEFORE INSERT OR UPDATE ON public.pgworkflows_approvalstage_users FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_policy_change();


--
-- Name: pgworkflows_stagecondition stagecondition_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER stagecondition_no_truncate BEFORE TRUNCATE ON public.pgworkflows_stagecondition FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_truncate();

ALTER TABLE public.pgworkflows_stagecondition ENABLE ALWAYS TRIGGER stagecondition_no_truncate;


--
-- Name: pgworkflows_task task_begins; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER task_begins BEFORE INSERT ON public.pgworkflows_task FOR EACH ROW WHEN (((new.status)::text <> ALL ((ARRAY['PENDING'::character varying, 'RUNNING'::character varying, 'WAITING'::character varying, 'COMPLETED'::character varying, 'FAILED'::character varying, 'CANCELLED'::character varying])::text[]))) EXECUTE FUNCTION pgworkflows.refuse_change('task');


--
-- Name: pgworkflows_task task_changes; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER task_changes BEFORE UPDATE ON public.pgworkflows_task FOR EACH ROW WHEN (((new.id <> old.id) OR (((new.status)::text <> (old.status)::text) AND (pgworkflows.task_event((old.status)::text, (new.status)::text) IS NULL)) OR (((old.status)::text = 'COMPLETED'::text) AND ((new.status)::text <> 'COMPLETED'::text) AND (old.kind <> 'GATHER'::text)))) EXECUTE FUNCTION pgworkflows.refuse_change('task');


--
-- Name: pgworkflows_task task_inserted; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER task_inserted AFTER INSERT ON public.pgworkflows_task REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.task_inserted();


--
-- Name: pgworkflows_task task_keeps; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER task_keeps BEFORE UPDATE OF workflow_id, branch, seq, kind, name, correlation, any_of, child_id, compensates_id ON public.pgworkflows_task FOR EACH ROW WHEN ((new.branch !~~ (old.branch || '~%'::text))) EXECUTE FUNCTION pgworkflows.refuse_rewriting('task');


--
-- Name: pgworkflows_task task_keeps_record; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER task_keeps_record BEFORE UPDATE OF attempt, payload, result, error, started_at, finished_at ON public.pgworkflows_task FOR EACH ROW WHEN ((((old.status)::text = 'COMPLETED'::text) AND (old.kind <> 'GATHER'::text))) EXECUTE FUNCTION pgworkflows.refuse_rewriting('task');


--
-- Name: pgworkflows_task task_kept; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER task_kept BEFORE DELETE ON public.pgworkflows_task FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_removal('task');


--
-- Name: pgworkflows_task task_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER task_no_truncate BEFORE TRUNCATE ON public.pgworkflows_task FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_truncate();

ALTER TABLE public.pgworkflows_task ENABLE ALWAYS TRIGGER task_no_truncate;


--
-- Name: pgworkflows_task task_updated; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER task_updated AFTER UPDATE ON public.pgworkflows_task REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.task_updated();


--
-- Name: pgworkflows_worker worker_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER worker_no_truncate BEFORE TRUNCATE ON public.pgworkflows_worker FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_truncate();

ALTER TABLE public.pgworkflows_worker ENABLE ALWAYS TRIGGER worker_no_truncate;


--
-- Name: pgworkflows_workflow workflow_begins; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER workflow_begins BEFORE INSERT ON public.pgworkflows_workflow FOR EACH ROW WHEN (((new.status)::text <> 'PENDING'::text)) EXECUTE FUNCTION pgworkflows.refuse_change('workflow');


--
-- Name: pgworkflows_workflow workflow_changes; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER workflow_changes BEFORE UPDATE ON public.pgworkflows_workflow FOR EACH ROW WHEN (((new.id <> old.id) OR (((new.status)::text <> (old.status)::text) AND (pgworkflows.workflow_event((old.status)::text, (new.status)::text) IS NULL)))) EXECUTE FUNCTION pgworkflows.refuse_change('workflow');


--
-- Name: pgworkflows_workflow workflow_inserted; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER workflow_inserted AFTER INSERT ON public.pgworkflows_workflow REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.workflow_inserted();


--
-- Name: pgworkflows_workflow workflow_keeps; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER workflow_keeps BEFORE UPDATE OF key, kwargs, format, subject_id, subject_label, requested_by_name, root, created_at, schedule, scheduled_for ON public.pgworkflows_workflow FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('workflow');


--
-- Name: pgworkflows_workflow workflow_keeps_keys; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER workflow_keeps_keys BEFORE UPDATE OF requested_by_id, subject_type_id, parent_id, parent_task_id ON public.pgworkflows_workflow FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('workflow', 'or null');


--
-- Name: pgworkflows_workflow workflow_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER workflow_no_truncate BEFORE TRUNCATE ON public.pgworkflows_workflow FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_truncate();

ALTER TABLE public.pgworkflows_workflow ENABLE ALWAYS TRIGGER workflow_no_truncate;


--
-- Name: pgworkflows_workflow workflow_no_unfinished_delete; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER workflow_no_unfinished_delete BEFORE DELETE ON public.pgworkflows_workflow FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_unfinished_delete();


--
-- Name: pgworkflows_workflow workflow_updated; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER workflow_updated AFTER UPDATE ON public.pgworkflows_workflow REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.workflow_updated();


--
-- Name: pgworkflows_workflowdefinition workflowdefinition_no_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER workflowdefinition_no_truncate BEFORE TRUNCATE ON public.pgworkflows_workflowdefinition FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_truncate();

ALTER TABLE public.pgworkflows_workflowdefinition ENABLE ALWAYS TRIGGER workflowdefinition_no_truncate;


--
-- Name: auth_group_permissions auth_group_permissio_permission_id_84c5c92e_fk_auth_perm; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissio_permission_id_84c5c92e_fk_auth_perm FOREIGN KEY (permission_id) REFERENCES public.auth_permission(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: auth_group_permissions auth_group_permissions_group_id_b120cbf9_fk_auth_group_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_group_id_b120cbf9_fk_auth_group_id FOREIGN KEY (group_id) REFERENCES public.auth_group(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: auth_permission auth_permission_content_type_id_2f476e4b_fk_django_co; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_content_type_id_2f476e4b_fk_django_co FOREIGN KEY (content_type_id) REFERENCES public.django_content_type(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: auth_user_groups auth_user_groups_group_id_97559544_fk_auth_group_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.auth_user_groups
    ADD CONSTRAINT auth_user_groups_group_id_97559544_fk_auth_group_id FOREIGN KEY (group_id) REFERENCES public.auth_group(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: auth_user_groups auth_user_groups_user_id_6a12ed8b_fk_auth_user_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.auth_user_groups
    ADD CONSTRAINT auth_user_groups_user_id_6a12ed8b_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: auth_user_user_permissions auth_user_user_permi_permission_id_1fbb5f2c_fk_auth_perm; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.auth_user_user_permissions
    ADD CONSTRAINT auth_user_user_permi_permission_id_1fbb5f2c_fk_auth_perm FOREIGN KEY (permission_id) REFERENCES public.auth_permission(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: auth_user_user_permissions auth_user_user_permissions_user_id_a95ead1b_fk_auth_user_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.auth_user_user_permissions
    ADD CONSTRAINT auth_user_user_permissions_user_id_a95ead1b_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_approval_groups pgworkflows_approval_approval_id_990996f2_fk_pgworkflo; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approval_groups
    ADD CONSTRAINT pgworkflows_approval_approval_id_990996f2_fk_pgworkflo FOREIGN KEY (approval_id) REFERENCES public.pgworkflows_approval(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_approvalaction pgworkflows_approval_approval_id_d3d1ea48_fk_pgworkflo; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalaction
    ADD CONSTRAINT pgworkflows_approval_approval_id_d3d1ea48_fk_pgworkflo FOREIGN KEY (approval_id) REFERENCES public.pgworkflows_approval(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_approval_users pgworkflows_approval_approval_id_f2898913_fk_pgworkflo; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approval_users
    ADD CONSTRAINT pgworkflows_approval_approval_id_f2898913_fk_pgworkflo FOREIGN KEY (approval_id) REFERENCES public.pgworkflows_approval(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_approvalstage_users pgworkflows_approval_approvalstage_id_410c82d0_fk_pgworkflo; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalstage_users
    ADD CONSTRAINT pgworkflows_approval_approvalstage_id_410c82d0_fk_pgworkflo FOREIGN KEY (approvalstage_id) REFERENCES public.pgworkflows_approvalstage(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_approvalstage_escalate_to pgworkflows_approval_approvalstage_id_7186eec9_fk_pgworkflo; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalstage_escalate_to
    ADD CONSTRAINT pgworkflows_approval_approvalstage_id_7186eec9_fk_pgworkflo FOREIGN KEY (approvalstage_id) REFERENCES public.pgworkflows_approvalstage(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_approvalstage_groups pgworkflows_approval_approvalstage_id_cc949d4c_fk_pgworkflo; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalstage_groups
    ADD CONSTRAINT pgworkflows_approval_approvalstage_id_cc949d4c_fk_pgworkflo FOREIGN KEY (approvalstage_id) REFERENCES public.pgworkflows_approvalstage(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_approvalpolicy pgworkflows_approval_edited_by_id_d05f2e1e_fk_auth_user; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalpolicy
    ADD CONSTRAINT pgworkflows_approval_edited_by_id_d05f2e1e_fk_auth_user FOREIGN KEY (edited_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_approvalpolicy pgworkflows_approval_fallback_group_id_7a5466a8_fk_auth_grou; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalpolicy
    ADD CONSTRAINT pgworkflows_approval_fallback_group_id_7a5466a8_fk_auth_grou FOREIGN KEY (fallback_group_id) REFERENCES public.auth_group(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_approvalstage_groups pgworkflows_approval_group_id_412278ef_fk_auth_grou; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalstage_groups
    ADD CONSTRAINT pgworkflows_approval_group_id_412278ef_fk_auth_grou FOREIGN KEY (group_id) REFERENCES public.auth_group(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_approvalstage_escalate_to pgworkflows_approval_group_id_fa0332f3_fk_auth_grou; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalstage_escalate_to
    ADD CONSTRAINT pgworkflows_approval_group_id_fa0332f3_fk_auth_grou FOREIGN KEY (group_id) REFERENCES public.auth_group(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_approval_groups pgworkflows_approval_groups_group_id_c7bcd4b1_fk_auth_group_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approval_groups
    ADD CONSTRAINT pgworkflows_approval_groups_group_id_c7bcd4b1_fk_auth_group_id FOREIGN KEY (group_id) REFERENCES public.auth_group(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_approval pgworkflows_approval_policy_id_441efe62_fk_pgworkflo; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approval
    ADD CONSTRAINT pgworkflows_approval_policy_id_441efe62_fk_pgworkflo FOREIGN KEY (policy_id) REFERENCES public.pgworkflows_approvalpolicy(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_approvalstage pgworkflows_approval_policy_id_cdd43d4c_fk_pgworkflo; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalstage
    ADD CONSTRAINT pgworkflows_approval_policy_id_cdd43d4c_fk_pgworkflo FOREIGN KEY (policy_id) REFERENCES public.pgworkflows_approvalpolicy(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_approvalpolicy pgworkflows_approval_published_by_id_3918bf96_fk_auth_user; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalpolicy
    ADD CONSTRAINT pgworkflows_approval_published_by_id_3918bf96_fk_auth_user FOREIGN KEY (published_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_approval pgworkflows_approval_requested_by_id_430e5794_fk_auth_user_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approval
    ADD CONSTRAINT pgworkflows_approval_requested_by_id_430e5794_fk_auth_user_id FOREIGN KEY (requested_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_approval pgworkflows_approval_stage_id_798c843d_fk_pgworkflo; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approval
    ADD CONSTRAINT pgworkflows_approval_stage_id_798c843d_fk_pgworkflo FOREIGN KEY (stage_id) REFERENCES public.pgworkflows_approvalstage(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_approvalstage_users pgworkflows_approval_user_id_e1bfbee5_fk_auth_user; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalstage_users
    ADD CONSTRAINT pgworkflows_approval_user_id_e1bfbee5_fk_auth_user FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_approval_users pgworkflows_approval_users_user_id_156ff661_fk_auth_user_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approval_users
    ADD CONSTRAINT pgworkflows_approval_users_user_id_156ff661_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_approval pgworkflows_approval_workflow_id_10e60ade_fk_pgworkflo; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approval
    ADD CONSTRAINT pgworkflows_approval_workflow_id_10e60ade_fk_pgworkflo FOREIGN KEY (workflow_id) REFERENCES public.pgworkflows_workflow(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_approvalaction pgworkflows_approvalaction_user_id_8b7c74df_fk_auth_user_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_approvalaction
    ADD CONSTRAINT pgworkflows_approvalaction_user_id_8b7c74df_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_decision pgworkflows_decision_approval_id_c7afec09_fk_pgworkflo; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_decision
    ADD CONSTRAINT pgworkflows_decision_approval_id_c7afec09_fk_pgworkflo FOREIGN KEY (approval_id) REFERENCES public.pgworkflows_approval(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_decision pgworkflows_decision_on_behalf_of_id_24db6bdc_fk_auth_user_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_decision
    ADD CONSTRAINT pgworkflows_decision_on_behalf_of_id_24db6bdc_fk_auth_user_id FOREIGN KEY (on_behalf_of_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_decision pgworkflows_decision_user_id_bdd5033e_fk_auth_user_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_decision
    ADD CONSTRAINT pgworkflows_decision_user_id_bdd5033e_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_delegation pgworkflows_delegation_delegate_id_4858b088_fk_auth_user_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_delegation
    ADD CONSTRAINT pgworkflows_delegation_delegate_id_4858b088_fk_auth_user_id FOREIGN KEY (delegate_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_delegation pgworkflows_delegation_delegator_id_92dc69ed_fk_auth_user_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_delegation
    ADD CONSTRAINT pgworkflows_delegation_delegator_id_92dc69ed_fk_auth_user_id FOREIGN KEY (delegator_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_event pgworkflows_event_workflow_id_e8a377ff_fk_pgworkflo; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_event
    ADD CONSTRAINT pgworkflows_event_workflow_id_e8a377ff_fk_pgworkflo FOREIGN KEY (workflow_id) REFERENCES public.pgworkflows_workflow(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_idempotencykey pgworkflows_idempotencykey_user_id_1dfb365a_fk_auth_user_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_idempotencykey
    ADD CONSTRAINT pgworkflows_idempotencykey_user_id_1dfb365a_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_request pgworkflows_request_workflow_id_d58036db_fk_pgworkflo; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_request
    ADD CONSTRAINT pgworkflows_request_workflow_id_d58036db_fk_pgworkflo FOREIGN KEY (workflow_id) REFERENCES public.pgworkflows_workflow(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_schedule pgworkflows_schedule_edited_by_id_1dd2b87d_fk_auth_user_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_schedule
    ADD CONSTRAINT pgworkflows_schedule_edited_by_id_1dd2b87d_fk_auth_user_id FOREIGN KEY (edited_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_stagecondition pgworkflows_stagecon_stage_id_adbf4207_fk_pgworkflo; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_stagecondition
    ADD CONSTRAINT pgworkflows_stagecon_stage_id_adbf4207_fk_pgworkflo FOREIGN KEY (stage_id) REFERENCES public.pgworkflows_approvalstage(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_task pgworkflows_task_workflow_id_6f05fba3_fk_pgworkflo; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_task
    ADD CONSTRAINT pgworkflows_task_workflow_id_6f05fba3_fk_pgworkflo FOREIGN KEY (workflow_id) REFERENCES public.pgworkflows_workflow(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_workflow pgworkflows_workflow_owner_id_97d724cf_fk_pgworkflows_worker_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_workflow
    ADD CONSTRAINT pgworkflows_workflow_owner_id_97d724cf_fk_pgworkflows_worker_id FOREIGN KEY (owner_id) REFERENCES public.pgworkflows_worker(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_workflow pgworkflows_workflow_parent_id_d1aed3a0_fk_pgworkflo; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_workflow
    ADD CONSTRAINT pgworkflows_workflow_parent_id_d1aed3a0_fk_pgworkflo FOREIGN KEY (parent_id) REFERENCES public.pgworkflows_workflow(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_workflow pgworkflows_workflow_requested_by_id_3585af3b_fk_auth_user_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_workflow
    ADD CONSTRAINT pgworkflows_workflow_requested_by_id_3585af3b_fk_auth_user_id FOREIGN KEY (requested_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: pgworkflows_workflow pgworkflows_workflow_subject_type_id_7c952be3_fk_django_co; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pgworkflows_workflow
    ADD CONSTRAINT pgworkflows_workflow_subject_type_id_7c952be3_fk_django_co FOREIGN KEY (subject_type_id) REFERENCES public.django_content_type(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: FUNCTION act_as(actor text, channel text, note text); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.act_as(actor text, channel text, note text) FROM PUBLIC;


--
-- Name: FUNCTION action_inserted(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.action_inserted() FROM PUBLIC;


--
-- Name: FUNCTION actor(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.actor() FROM PUBLIC;


--
-- Name: FUNCTION admit(approval bigint, username text, on_behalf_of text, OUT refusal text, OUT person_id integer, OUT principal_id integer, OUT principal_name text); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.admit(approval bigint, username text, on_behalf_of text, OUT refusal text, OUT person_id integer, OUT principal_id integer, OUT principal_name text) FROM PUBLIC;


--
-- Name: FUNCTION answer_of(request bigint); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.answer_of(request bigint) FROM PUBLIC;


--
-- Name: FUNCTION approval_inserted(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.approval_inserted() FROM PUBLIC;


--
-- Name: FUNCTION approval_updated(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.approval_updated() FROM PUBLIC;


--
-- Name: FUNCTION ask(workflow uuid, name text, payload jsonb); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.ask(workflow uuid, name text, payload jsonb) FROM PUBLIC;


--
-- Name: FUNCTION asked(approval bigint); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.asked(approval bigint) FROM PUBLIC;


--
-- Name: FUNCTION asked_changed(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.asked_changed() FROM PUBLIC;


--
-- Name: FUNCTION assign_events(candidates bigint[]); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.assign_events(candidates bigint[]) FROM PUBLIC;


--
-- Name: FUNCTION cancel(workflow uuid, reason text, compensate boolean); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.cancel(workflow uuid, reason text, compensate boolean) FROM PUBLIC;


--
-- Name: FUNCTION claim(names text[], versions integer[], queues text[], most integer, fingerprints text[]); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.claim(names text[], versions integer[], queues text[], most integer, fingerprints text[]) FROM PUBLIC;


--
-- Name: FUNCTION claim_from(name text, version integer, queue text, priority smallint, fingerprint text, skip integer, looked_at integer, most integer); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.claim_from(name text, version integer, queue text, priority smallint, fingerprint text, skip integer, looked_at integer, most integer) FROM PUBLIC;


--
-- Name: FUNCTION close_branches(workflows uuid[], branches text[], seqs integer[], children uuid[], events bigint[]); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.close_branches(workflows uuid[], branches text[], seqs integer[], children uuid[], events bigint[]) FROM PUBLIC;


--
-- Name: FUNCTION close_workflows(closed uuid[]); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.close_workflows(closed uuid[]) FROM PUBLIC;


--
-- Name: FUNCTION compensate(workflow uuid, reason text); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.compensate(workflow uuid, reason text) FROM PUBLIC;


--
-- Name: FUNCTION decide(approval bigint, username text, verdict text, comment text); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.decide(approval bigint, username text, verdict text, comment text) FROM PUBLIC;


--
-- Name: FUNCTION decision_inserted(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.decision_inserted() FROM PUBLIC;


--
-- Name: FUNCTION delegation_changed(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.delegation_changed() FROM PUBLIC;


--
-- Name: FUNCTION deliver(most integer); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.deliver(most integer) FROM PUBLIC;


--
-- Name: FUNCTION deliver_window(behind bigint, most integer, OUT seen integer, OUT last bigint, OUT done integer); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.deliver_window(behind bigint, most integer, OUT seen integer, OUT last bigint, OUT done integer) FROM PUBLIC;


--
-- Name: FUNCTION escaped(value jsonb); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.escaped(value jsonb) FROM PUBLIC;


--
-- Name: FUNCTION gather_of(branch text, OUT outer_branch text, OUT seq integer, OUT index integer); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.gather_of(branch text, OUT outer_branch text, OUT seq integer, OUT index integer) FROM PUBLIC;


--
-- Name: FUNCTION go_on(workflow uuid, reason text, undo boolean, verb text); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.go_on(workflow uuid, reason text, undo boolean, verb text) FROM PUBLIC;


--
-- Name: FUNCTION insert_tasks(claim xid8, ids bigint[], workflows uuid[], branches text[], seqs integer[], kinds text[], names text[], statuses text[], attempts integer[], correlations text[], any_ofs jsonb[], children uuid[], compensated bigint[], payloads jsonb[], results jsonb[], errors jsonb[], dues timestamp with time zone[], starts timestamp with time zone[], ends timestamp with time zone[], places integer[], digests text[]); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.insert_tasks(claim xid8, ids bigint[], workflows uuid[], branches text[], seqs integer[], kinds text[], names text[], statuses text[], attempts integer[], correlations text[], any_ofs jsonb[], children uuid[], compensated bigint[], payloads jsonb[], results jsonb[], errors jsonb[], dues timestamp with time zone[], starts timestamp with time zone[], ends timestamp with time zone[], places integer[], digests text[]) FROM PUBLIC;


--
-- Name: FUNCTION insert_workflows(actor text, channel text, ids uuid[], arguments jsonb[], run_after timestamp with time zone, timeout double precision, parent uuid, root uuid, name text, version integer, queue text, priority smallint, key text, attributes jsonb, subject_type_id integer, subject_id text, subject_label text, subject_text text, requested_by_id integer, requested_by_name text, fingerprint text, format smallint, schedule bigint, scheduled_for timestamp with time zone); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.insert_workflows(actor text, channel text, ids uuid[], arguments jsonb[], run_after timestamp with time zone, timeout double precision, parent uuid, root uuid, name text, version integer, queue text, priority smallint, key text, attributes jsonb, subject_type_id integer, subject_id text, subject_label text, subject_text text, requested_by_id integer, requested_by_name text, fingerprint text, format smallint, schedule bigint, scheduled_for timestamp with time zone) FROM PUBLIC;


--
-- Name: FUNCTION kept_out(a public.pgworkflows_approval); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.kept_out(a public.pgworkflows_approval) FROM PUBLIC;


--
-- Name: FUNCTION lanes(names text[], versions integer[], fingerprints text[], queues text[]); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.lanes(names text[], versions integer[], fingerprints text[], queues text[]) FROM PUBLIC;


--
-- Name: FUNCTION left_to_others(name text, version integer, queue text, fingerprint text, own text); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.left_to_others(name text, version integer, queue text, fingerprint text, own text) FROM PUBLIC;


--
-- Name: FUNCTION look_again(workflows uuid[]); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.look_again(workflows uuid[]) FROM PUBLIC;


--
-- Name: FUNCTION memberships(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.memberships() FROM PUBLIC;


--
-- Name: FUNCTION now(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.now() FROM PUBLIC;


--
-- Name: FUNCTION people(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.people() FROM PUBLIC;


--
-- Name: FUNCTION person(name text); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.person(name text) FROM PUBLIC;


--
-- Name: FUNCTION policy_updated(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.policy_updated() FROM PUBLIC;


--
-- Name: FUNCTION post_correlated(name text, correlation text, payload jsonb, key text, actor text); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.post_correlated(name text, correlation text, payload jsonb, key text, actor text) FROM PUBLIC;


--
-- Name: FUNCTION post_event(workflow uuid, name text, payload jsonb, key text, actor text); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.post_event(workflow uuid, name text, payload jsonb, key text, actor text) FROM PUBLIC;


--
-- Name: FUNCTION post_request(workflow uuid, name text, payload jsonb, actor text, channel text, OUT request bigint, OUT outcome text); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.post_request(workflow uuid, name text, payload jsonb, actor text, channel text, OUT request bigint, OUT outcome text) FROM PUBLIC;


--
-- Name: FUNCTION record_decision(approval bigint, username text, verdict text, comment text, channel text, on_behalf_of text, data jsonb); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.record_decision(approval bigint, username text, verdict text, comment text, channel text, on_behalf_of text, data jsonb) FROM PUBLIC;


--
-- Name: FUNCTION refusal_text(outcome text); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.refusal_text(outcome text) FROM PUBLIC;


--
-- Name: FUNCTION refuse_answer_change(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.refuse_answer_change() FROM PUBLIC;


--
-- Name: FUNCTION refuse_change(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.refuse_change() FROM PUBLIC;


--
-- Name: FUNCTION refuse_decision(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.refuse_decision() FROM PUBLIC;


--
-- Name: FUNCTION refuse_editor(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.refuse_editor() FROM PUBLIC;


--
-- Name: FUNCTION refuse_elsewhere(relation oid, its_own regclass); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.refuse_elsewhere(relation oid, its_own regclass) FROM PUBLIC;


--
-- Name: FUNCTION refuse_event(name text, key text, correlation text, payload jsonb); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.refuse_event(name text, key text, correlation text, payload jsonb) FROM PUBLIC;


--
-- Name: FUNCTION refuse_far(what text, given timestamp with time zone); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.refuse_far(what text, given timestamp with time zone) FROM PUBLIC;


--
-- Name: FUNCTION refuse_history_change(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.refuse_history_change() FROM PUBLIC;


--
-- Name: FUNCTION refuse_history_insert(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.refuse_history_insert() FROM PUBLIC;


--
-- Name: FUNCTION refuse_large(what text, given text); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.refuse_large(what text, given text) FROM PUBLIC;


--
-- Name: FUNCTION refuse_long(what text, given text, most integer); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.refuse_long(what text, given text, most integer) FROM PUBLIC;


--
-- Name: FUNCTION refuse_policy_change(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.refuse_policy_change() FROM PUBLIC;


--
-- Name: FUNCTION refuse_published_change(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.refuse_published_change() FROM PUBLIC;


--
-- Name: FUNCTION refuse_removal(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.refuse_removal() FROM PUBLIC;


--
-- Name: FUNCTION refuse_requests(closed uuid[]); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.refuse_requests(closed uuid[]) FROM PUBLIC;


--
-- Name: FUNCTION refuse_rewriting(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.refuse_rewriting() FROM PUBLIC;


--
-- Name: FUNCTION refuse_truncate(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.refuse_truncate() FROM PUBLIC;


--
-- Name: FUNCTION refuse_uncounted(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.refuse_uncounted() FROM PUBLIC;


--
-- Name: FUNCTION refuse_unfinished_delete(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.refuse_unfinished_delete() FROM PUBLIC;


--
-- Name: FUNCTION reopen_branches(gather bigint, aside text); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.reopen_branches(gather bigint, aside text) FROM PUBLIC;


--
-- Name: FUNCTION reopen_last_failure(workflow uuid); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.reopen_last_failure(workflow uuid) FROM PUBLIC;


--
-- Name: FUNCTION reopen_tasks(tasks bigint[]); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.reopen_tasks(tasks bigint[]) FROM PUBLIC;


--
-- Name: FUNCTION reply(claim xid8, requests bigint[], workflows uuid[], branches text[], seqs integer[], ended boolean[], answers jsonb[], refusals text[]); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.reply(claim xid8, requests bigint[], workflows uuid[], branches text[], seqs integer[], ended boolean[], answers jsonb[], refusals text[]) FROM PUBLIC;


--
-- Name: FUNCTION request_cancel(workflow uuid, reason text, compensate boolean, actor text, channel text, later boolean); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.request_cancel(workflow uuid, reason text, compensate boolean, actor text, channel text, later boolean) FROM PUBLIC;


--
-- Name: FUNCTION request_inserted(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.request_inserted() FROM PUBLIC;


--
-- Name: FUNCTION request_retry(workflow uuid, reason text, undo boolean, actor text, channel text); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.request_retry(workflow uuid, reason text, undo boolean, actor text, channel text) FROM PUBLIC;


--
-- Name: FUNCTION request_updated(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.request_updated() FROM PUBLIC;


--
-- Name: FUNCTION retry(workflow uuid, reason text); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.retry(workflow uuid, reason text) FROM PUBLIC;


--
-- Name: FUNCTION schedule_changed(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.schedule_changed() FROM PUBLIC;


--
-- Name: FUNCTION send_correlated(name text, correlation text, payload jsonb, key text); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.send_correlated(name text, correlation text, payload jsonb, key text) FROM PUBLIC;


--
-- Name: FUNCTION send_event(workflow uuid, name text, payload jsonb, key text); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.send_event(workflow uuid, name text, payload jsonb, key text) FROM PUBLIC;


--
-- Name: FUNCTION setting(name text); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.setting(name text) FROM PUBLIC;


--
-- Name: FUNCTION standing(approval bigint, username text, on_behalf_of text, OUT refusal text, OUT person_id integer, OUT principal_id integer, OUT principal_name text); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.standing(approval bigint, username text, on_behalf_of text, OUT refusal text, OUT person_id integer, OUT principal_id integer, OUT principal_name text) FROM PUBLIC;


--
-- Name: FUNCTION stands_in_for(approval bigint, delegate integer); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.stands_in_for(approval bigint, delegate integer) FROM PUBLIC;


--
-- Name: FUNCTION start(name text, kwargs jsonb, key text, queue text, run_after timestamp with time zone, subject text, requested_by text); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.start(name text, kwargs jsonb, key text, queue text, run_after timestamp with time zone, subject text, requested_by text) FROM PUBLIC;


--
-- Name: FUNCTION status(workflow uuid); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.status(workflow uuid) FROM PUBLIC;


--
-- Name: FUNCTION stuck_approvals(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.stuck_approvals() FROM PUBLIC;


--
-- Name: FUNCTION takes_decisions(a public.pgworkflows_approval); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.takes_decisions(a public.pgworkflows_approval) FROM PUBLIC;


--
-- Name: FUNCTION task_inserted(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.task_inserted() FROM PUBLIC;


--
-- Name: FUNCTION task_updated(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.task_updated() FROM PUBLIC;


--
-- Name: FUNCTION tell_asker(workflow uuid, key text, sender text); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.tell_asker(workflow uuid, key text, sender text) FROM PUBLIC;


--
-- Name: FUNCTION update_tasks(claim xid8, workflows uuid[], ids bigint[], statuses text[], attempts integer[], results jsonb[], errors jsonb[], dues timestamp with time zone[], starts timestamp with time zone[], ends timestamp with time zone[], places integer[]); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.update_tasks(claim xid8, workflows uuid[], ids bigint[], statuses text[], attempts integer[], results jsonb[], errors jsonb[], dues timestamp with time zone[], starts timestamp with time zone[], ends timestamp with time zone[], places integer[]) FROM PUBLIC;


--
-- Name: FUNCTION update_workflows(claim xid8, id uuid[], status character varying[], state text[], result jsonb[], error jsonb[], attributes jsonb[], available_at timestamp with time zone[], started_at timestamp with time zone[], finished_at timestamp with time zone[], waiting_for jsonb[], owner_id bigint[], wake_at timestamp with time zone[], epoch integer[], crashes smallint[], cancel_request jsonb[], cancel_requested_at timestamp with time zone[]); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.update_workflows(claim xid8, id uuid[], status character varying[], state text[], result jsonb[], error jsonb[], attributes jsonb[], available_at timestamp with time zone[], started_at timestamp with time zone[], finished_at timestamp with time zone[], waiting_for jsonb[], owner_id bigint[], wake_at timestamp with time zone[], epoch integer[], crashes smallint[], cancel_request jsonb[], cancel_requested_at timestamp with time zone[]) FROM PUBLIC;


--
-- Name: FUNCTION uuid7(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.uuid7() FROM PUBLIC;


--
-- Name: FUNCTION waiting_events(workflows uuid[]); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.waiting_events(workflows uuid[]) FROM PUBLIC;


--
-- Name: FUNCTION waits_for(name text, correlation text); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.waits_for(name text, correlation text) FROM PUBLIC;


--
-- Name: FUNCTION wake(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.wake() FROM PUBLIC;


--
-- Name: FUNCTION wake_for_rows(changed bigint[]); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.wake_for_rows(changed bigint[]) FROM PUBLIC;


--
-- Name: FUNCTION wake_waits(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.wake_waits() FROM PUBLIC;


--
-- Name: FUNCTION wake_workflows(woken uuid[]); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.wake_workflows(woken uuid[]) FROM PUBLIC;


--
-- Name: FUNCTION workflow_inserted(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.workflow_inserted() FROM PUBLIC;


--
-- Name: FUNCTION workflow_updated(); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.workflow_updated() FROM PUBLIC;


--
-- Name: FUNCTION written_here(writer xid); Type: ACL; Schema: pgworkflows; Owner: -
--

REVOKE ALL ON FUNCTION pgworkflows.written_here(writer xid) FROM PUBLIC;


--
-- PostgreSQL database dump complete
--


