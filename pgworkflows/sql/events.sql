-- Sending and delivering events. A sender only inserts; workers deliver. Nobody here ever waits for a workflow's row.

-- Returns 'sent', 'early' (sent, and it waits for no such event yet), 'again' (this key was sent before), 'unknown', or
-- the status of the finished workflow.
CREATE OR REPLACE FUNCTION pgworkflows.post_event(
  workflow uuid, name text, payload jsonb, key text, actor text)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
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
$$;

-- The open waits for an event under a correlation: for it alone, and for any of several.
CREATE OR REPLACE FUNCTION pgworkflows.waits_for(name text, correlation text)
RETURNS TABLE (task bigint, workflow uuid, any_of jsonb) LANGUAGE sql STABLE AS $$
SELECT t.id, t.workflow_id, t.any_of FROM {{schema}}.pgworkflows_task t
WHERE t.kind = 'EVENT' AND t.status = 'WAITING' AND t.any_of IS NULL AND t.name = $1 AND t.correlation = $2
UNION ALL
SELECT t.id, t.workflow_id, t.any_of FROM {{schema}}.pgworkflows_task t
WHERE t.kind = 'EVENT' AND t.status = 'WAITING' AND t.any_of IS NOT NULL AND t.any_of ? $1 AND t.correlation = $2
$$;

-- Returns 'sent', 'early' or 'again'.
CREATE OR REPLACE FUNCTION pgworkflows.post_correlated(name text, correlation text, payload jsonb, key text, actor text)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
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
$$;

CREATE OR REPLACE FUNCTION pgworkflows.refuse_event(name text, key text, correlation text, payload jsonb) RETURNS void LANGUAGE plpgsql AS $$
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
$$;

-- Payloads from SQL are plain JSON: a key that begins with $ is the sender's own, never a tag of Python's encoding.
CREATE OR REPLACE FUNCTION pgworkflows.escaped(value jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
SELECT CASE
  WHEN value::text NOT LIKE '%"$%' THEN value
  WHEN jsonb_typeof(value) = 'object' THEN (
    SELECT jsonb_object_agg(CASE WHEN k LIKE '$%' THEN '$' || k ELSE k END, pgworkflows.escaped(v)) FROM jsonb_each(value) AS e(k, v))
  WHEN jsonb_typeof(value) = 'array' THEN (
    SELECT jsonb_agg(pgworkflows.escaped(v) ORDER BY n) FROM jsonb_array_elements(value) WITH ORDINALITY AS e(v, n))
  ELSE value
END
$$;

-- Returns whether the workflow waits for it, or got it before by this key.
CREATE OR REPLACE FUNCTION pgworkflows.send_event(workflow uuid, name text, payload jsonb DEFAULT NULL, key text DEFAULT NULL)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
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
$$;

-- Returns whether somebody waits for it, or it was sent before by this key.
CREATE OR REPLACE FUNCTION pgworkflows.send_correlated(name text, correlation text, payload jsonb DEFAULT NULL, key text DEFAULT NULL)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
BEGIN
  PERFORM pgworkflows.refuse_event($1, $4, $2, $3);
  IF $2 IS NULL THEN
    RAISE EXCEPTION 'event %: the correlation must not be null', $1 USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN 'early' <> pgworkflows.post_correlated($1, $2, pgworkflows.escaped($3), $4, COALESCE(NULLIF(pgworkflows.setting('actor'), ''), session_user));
END
$$;

-- Has waiting workflows, which are locked, looked at again: by whoever claims them, or by who owns their calls in flight, and
-- may not have been told by the sender that something came.
CREATE OR REPLACE FUNCTION pgworkflows.wake_workflows(woken uuid[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, {{tables}}, pg_temp
  SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
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

-- Gives events of these names and correlations, the oldest first, to the oldest wait for them that has none yet. An event
-- that nobody waits for is parked; one whose workflow is locked is left for the next loop, and later ones behind it.
-- Returns how many are dealt with.
CREATE OR REPLACE FUNCTION pgworkflows.assign_events(candidates bigint[]) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, {{tables}}, pg_temp
  SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
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

-- Looks again at open waits, of the given workflows or with null of all: for correlated events, and for children that
-- ended before the wait for them was committed, or that are gone.
-- A plan for both cases would read every wait for one workflow, and every event for all.
CREATE OR REPLACE FUNCTION pgworkflows.look_again(workflows uuid[]) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, {{tables}}, pg_temp SET plan_cache_mode = force_custom_plan AS $$
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

-- Takes undelivered events, locks their workflows without waiting, and makes those runnable that wait for them.
-- Returns how many are dealt with, not counting those whose workflow is locked; where those fill the line's front, it
-- looks behind them.
CREATE OR REPLACE FUNCTION pgworkflows.deliver(most integer) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
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

CREATE OR REPLACE FUNCTION pgworkflows.deliver_window(behind bigint, most integer, OUT seen integer, OUT last bigint, OUT done integer)
LANGUAGE plpgsql SET search_path = pg_catalog, {{tables}}, pg_temp
  SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
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
$$;
