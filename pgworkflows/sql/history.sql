-- Every change of status or state leaves one row, written here and nowhere else.
-- Statement-level: one call however many rows a flush writes. SECURITY DEFINER: the application needs no right to INSERT.
-- What ended within the transaction is dated then, so that what one commit brings can be told in order.
-- Planned once a session; a plan made for a single row must not compare all pairs of a thousand.

CREATE OR REPLACE FUNCTION pgworkflows.workflow_event(from_status text, to_status text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE from_status || '>' || to_status
{{workflow_transitions}}
END
$$;

CREATE OR REPLACE FUNCTION pgworkflows.task_event(from_status text, to_status text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE from_status || '>' || to_status
{{task_transitions}}
    WHEN 'PENDING>PENDING' THEN 'attempt_failed'
END
$$;

CREATE OR REPLACE FUNCTION pgworkflows.workflow_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
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

CREATE OR REPLACE FUNCTION pgworkflows.workflow_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp
  SET jit = off SET enable_seqscan = off SET enable_nestloop = off SET enable_hashjoin = on SET plan_cache_mode = force_generic_plan AS $$
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

CREATE OR REPLACE FUNCTION pgworkflows.task_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp
  SET jit = off SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
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

CREATE OR REPLACE FUNCTION pgworkflows.task_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp
  SET jit = off SET enable_nestloop = off SET enable_hashjoin = on SET plan_cache_mode = force_generic_plan AS $$
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

CREATE OR REPLACE TRIGGER workflow_inserted AFTER INSERT ON pgworkflows_workflow
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.workflow_inserted();
CREATE OR REPLACE TRIGGER workflow_updated AFTER UPDATE ON pgworkflows_workflow
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.workflow_updated();
CREATE OR REPLACE TRIGGER task_inserted AFTER INSERT ON pgworkflows_task
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.task_inserted();
CREATE OR REPLACE TRIGGER task_updated AFTER UPDATE ON pgworkflows_task
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.task_updated();

-- The transaction that wrote a row, for who looks for what is new.
ALTER TABLE pgworkflows_history ALTER xact SET DEFAULT pg_current_xact_id()::text::bigint;
