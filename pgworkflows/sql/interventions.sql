-- What people do to a workflow or an approval, for Python and for psql alike.

-- Returns 'cancelled', 'requested' (a worker does the rest), 'unknown', or the status of the finished workflow.
-- Never waits: what runs just now is left a request. So is everything with `later`, which steps pass: their own
-- transaction holds the rows of the whole batch, and writes them once more at its end.
CREATE OR REPLACE FUNCTION pgworkflows.request_cancel(
  workflow uuid, reason text, compensate boolean, actor text, channel text, later boolean)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
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
$$;

-- Lets a FAILED or BLOCKED workflow go on where it stopped, the undoing included, or with `undo` undoes what it did. Without
-- `undo` it has one that backs off tried now; what is in flight is left alone.
-- Returns 'accepted', 'unknown', or the status of a workflow that is neither.
CREATE OR REPLACE FUNCTION pgworkflows.request_retry(workflow uuid, reason text, undo boolean, actor text, channel text)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
DECLARE w record; undoing boolean := undo; before text[];
BEGIN
  SELECT c.status, c.status IN ('PENDING', 'COMPENSATING') AND c.owner_id IS NULL AND c.available_at > pgworkflows.now()
      AND c.waiting_for -> 0 ->> 'kind' IN ({{tried_now}}) AND NOT undo AS backs_off
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
$$;

CREATE OR REPLACE FUNCTION pgworkflows.cancel(workflow uuid, reason text, compensate boolean DEFAULT true)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
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
$$;

CREATE OR REPLACE FUNCTION pgworkflows.retry(workflow uuid, reason text DEFAULT '') RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
SELECT pgworkflows.go_on($1, $2, false, 'retry()')
$$;

CREATE OR REPLACE FUNCTION pgworkflows.compensate(workflow uuid, reason text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
SELECT pgworkflows.go_on($1, $2, true, 'compensate()')
$$;

CREATE OR REPLACE FUNCTION pgworkflows.go_on(workflow uuid, reason text, undo boolean, verb text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
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
$$;

CREATE OR REPLACE FUNCTION pgworkflows.status(workflow uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
SELECT w.status FROM pgworkflows_workflow w WHERE w.id = $1
$$;
