-- What retry() opens again, so that the body comes there once more.
--
--   reopen_last_failure()   the task that failed last, what it decided, and whom that cancelled
--   reopen_branches()       the branches that a gather has cancelled
--   reopen_tasks()          the tasks themselves

-- Which branch of which gather this is, from 0; no row for the body itself and for what was set aside.
CREATE OR REPLACE FUNCTION pgworkflows.gather_of(branch text, OUT outer_branch text, OUT seq integer, OUT index integer)
RETURNS SETOF record LANGUAGE sql IMMUTABLE AS $$
SELECT COALESCE(m[1], ''), m[2]::integer, m[3]::integer - 1 FROM regexp_match(branch, '^(?:(.*)/)?(\d+)\.(\d+)$') AS m WHERE m IS NOT NULL
$$;

-- The attempts start afresh; the position, and with it the idempotency key, stays.
CREATE OR REPLACE FUNCTION pgworkflows.reopen_tasks(tasks bigint[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
UPDATE pgworkflows_task t
SET status = CASE WHEN t.kind IN ('STEP', 'COMPENSATION') THEN 'PENDING' ELSE 'WAITING' END,
    attempt = 0, error = NULL, ended = NULL,
    result = CASE WHEN t.kind = 'POLL' THEN t.result || jsonb_build_object('before', t.result -> 'calls') END,
    due_at = CASE WHEN t.kind NOT IN ('STEP', 'COMPENSATION') THEN pgworkflows.now() + (t.due_at - t.started_at) END,
    started_at = pgworkflows.now(), finished_at = NULL
WHERE t.id = ANY (tasks)
$$;

-- Opens again what was open where each branch was cut, a call that failed behind its back too. What its clean-up recorded is
-- set aside, under a branch that replay does not read, and who was asked then is asked anew: a second cancellation cleans up
-- again.
CREATE OR REPLACE FUNCTION pgworkflows.reopen_branches(gather bigint, aside text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
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

-- The last task that failed, the gathers around it, and within it the failure that decided it; unless a body or a branch went on
-- to something that is more than a note, or a gather has not been decided. What nobody waited for any more does not count.
CREATE OR REPLACE FUNCTION pgworkflows.reopen_last_failure(workflow uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
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
$$;
