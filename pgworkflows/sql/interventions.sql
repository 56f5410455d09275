-- What people do to a workflow or an approval, for Python and for psql alike.

-- Returns 'cancelled', 'requested' (a worker does the rest), 'unknown', or the status of the finished workflow.
-- Never waits: what runs just now is left a request. So is everything with `later`, which steps pass: their own
-- transaction holds the rows of the whole batch, and writes them once more at its end.
CREATE FUNCTION pgworkflows.request_cancel(
  workflow uuid, reason text, compensate boolean, actor text, channel text, later boolean)
RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
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
      waiting_for = CASE WHEN ends THEN '' ELSE c.waiting_for END
  WHERE c.id = $1;
  PERFORM pgworkflows.act_as(before[1], before[2], before[3]);
  PERFORM pgworkflows.wake();  -- for the worker that undoes it, or for its children, and whoever waits for it
  RETURN CASE WHEN ends THEN 'cancelled' ELSE 'requested' END;
END
$$;

CREATE FUNCTION pgworkflows.cancel(workflow uuid, reason text, compensate boolean DEFAULT true)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
DECLARE outcome text;
BEGIN
  outcome := pgworkflows.request_cancel(
    $1, $2, $3, COALESCE(NULLIF(pgworkflows.setting('actor'), ''), session_user), 'sql', pgworkflows.setting('channel') = 'worker');
  IF outcome = 'unknown' THEN
    RAISE EXCEPTION 'no workflow %', $1 USING ERRCODE = 'no_data_found';
  ELSIF outcome NOT IN ('cancelled', 'requested') THEN
    RAISE EXCEPTION 'workflow % is already %', $1, outcome USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
END
$$;

CREATE FUNCTION pgworkflows.status(workflow uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
SELECT w.status FROM pgworkflows_workflow w WHERE w.id = $1
$$;
