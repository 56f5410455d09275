-- What every batch of a worker does, as functions: planned once a session, also behind a pooler, where planning would cost
-- more than running. A plan made while the tables were small must not read them whole for ever, so what the planner may
-- choose is pinned: by settings, by fences, and by naming rows as an array beside the join that finds them. What a setting
-- forbids is only made to look dear, and the server would compile for it: so no jit.
--
--   lanes()             where a worker's runnable workflows stand
--   claim()             lock some of them
--   waiting_events()    the events that no wait has taken

-- A lane is a (name, version, queue, priority). Each is found with one probe of the index; a probe that lands on what this
-- worker does not know jumps to the next that it knows. So neither that nor what is not yet due is read, however much of it
-- stands in front. Null queues are all. One plain SELECT, which the planner puts into its caller's.
CREATE OR REPLACE FUNCTION pgworkflows.lanes(names text[], versions integer[], queues text[])
RETURNS TABLE (name text, version integer, queue text, priority smallint, available_at timestamptz)
LANGUAGE sql STABLE AS $$
WITH RECURSIVE known AS MATERIALIZED (
  SELECT k.name, k.version FROM unnest($1, $2) AS k(name, version)
), lane AS (
  SELECT f.*, EXISTS (SELECT FROM known k WHERE (k.name, k.version) = (f.name, f.version)) AS ours
  FROM (SELECT k.name, k.version FROM known k ORDER BY k.name, k.version LIMIT 1) k CROSS JOIN LATERAL (
    SELECT w.name, w.version, w.queue, w.priority, w.available_at FROM {{schema}}.pgworkflows_workflow w
    WHERE w.available_at IS NOT NULL AND w.crashes = 0 AND (w.name, w.version) >= (k.name, k.version)
    ORDER BY w.name, w.version, w.queue, w.priority, w.available_at
    LIMIT 1) f
  UNION ALL
  SELECT f.*, EXISTS (SELECT FROM known k WHERE (k.name, k.version) = (f.name, f.version))
  FROM lane l CROSS JOIN LATERAL (
    SELECT l.name, l.version, l.queue, l.priority WHERE l.ours
    UNION ALL
    (SELECT k.name, k.version, '', (-101)::smallint FROM known k
     WHERE NOT l.ours AND (k.name, k.version) > (l.name, l.version) ORDER BY 1, 2 LIMIT 1)
  ) AS after(name, version, queue, priority) CROSS JOIN LATERAL (
    SELECT w.name, w.version, w.queue, w.priority, w.available_at FROM {{schema}}.pgworkflows_workflow w
    WHERE w.available_at IS NOT NULL AND w.crashes = 0
      AND (w.name, w.version, w.queue, w.priority) > (after.name, after.version, after.queue, after.priority)
    ORDER BY w.name, w.version, w.queue, w.priority, w.available_at
    LIMIT 1) f
)
SELECT l.name, l.version, l.queue, l.priority, l.available_at FROM lane l
WHERE l.ours AND ($3 IS NULL OR l.queue = ANY ($3))
$$;

-- Locks up to `most` of one lane, from the `skip`th on. The candidates are read without a lock first and locked by their
-- place, so that LIMIT counts what is looked at: a lock that is refused costs as much as one that is got.
CREATE OR REPLACE FUNCTION pgworkflows.claim_from(
  name text, version integer, queue text, priority smallint, skip integer, looked_at integer, most integer)
RETURNS SETOF pgworkflows_workflow LANGUAGE plpgsql SET search_path = pg_catalog, {{tables}}, pg_temp
  SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  RETURN QUERY
  SELECT w.*
  FROM (
    SELECT c.ctid AS place FROM pgworkflows_workflow c
    WHERE c.name = $1 AND c.version = $2 AND c.queue = $3 AND c.priority = $4 AND c.crashes = 0 AND c.available_at <= pgworkflows.now()
    ORDER BY c.available_at
    OFFSET skip LIMIT looked_at) f
  JOIN pgworkflows_workflow w ON w.ctid = f.place AND w.crashes = 0 AND w.available_at <= pgworkflows.now()
  FOR NO KEY UPDATE OF w SKIP LOCKED
  LIMIT most;
END
$$;

-- What was tried in vain (crashes > 0) is none of this: it is tried apart, and not found here.
-- Locks runnable workflows, highest priority and longest ready first. Where the front of a lane is locked by others it
-- looks further back, in strides, and at last from the other end, where it sees every row.
CREATE OR REPLACE FUNCTION pgworkflows.claim(names text[], versions integer[], queues text[], most integer)
RETURNS SETOF pgworkflows_workflow LANGUAGE plpgsql SET search_path = pg_catalog, {{tables}}, pg_temp
  SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE l record; missing integer := most; found_now integer; skip integer; before integer;
BEGIN
  FOR l IN SELECT * FROM pgworkflows.lanes($1, $2, $3) k WHERE k.available_at <= pgworkflows.now()
           ORDER BY k.priority DESC, k.available_at
  LOOP
    skip := 0; before := 0;
    WHILE skip <= 8 * most AND NOT EXISTS (SELECT FROM pgworkflows.claim_from(l.name, l.version, l.queue, l.priority, skip, 1, 1)) LOOP
      before := skip;
      skip := GREATEST(4 * skip, most);
    END LOOP;
    IF skip = 0 THEN
      RETURN QUERY
      SELECT c.* FROM pgworkflows_workflow c
      WHERE c.name = l.name AND c.version = l.version AND c.queue = l.queue AND c.priority = l.priority
        AND c.crashes = 0 AND c.available_at <= pgworkflows.now()
      ORDER BY c.available_at
      LIMIT missing
      FOR NO KEY UPDATE SKIP LOCKED;
    ELSIF skip <= 8 * most THEN
      RETURN QUERY SELECT * FROM pgworkflows.claim_from(l.name, l.version, l.queue, l.priority, before, most + skip - before, missing);
    ELSE
      RETURN QUERY
      SELECT c.* FROM pgworkflows_workflow c
      WHERE c.name = l.name AND c.version = l.version AND c.queue = l.queue AND c.priority = l.priority
        AND c.crashes = 0 AND c.available_at <= pgworkflows.now()
      ORDER BY c.available_at DESC
      LIMIT missing
      FOR NO KEY UPDATE SKIP LOCKED;
    END IF;
    GET DIAGNOSTICS found_now = ROW_COUNT;
    missing := missing - found_now;
    EXIT WHEN missing <= 0;
  END LOOP;
END
$$;

-- Called after the claim, in a statement of its own, so that it sees what was committed before the lock was won.
CREATE OR REPLACE FUNCTION pgworkflows.waiting_events(workflows uuid[]) RETURNS SETOF pgworkflows_event
LANGUAGE plpgsql SET search_path = pg_catalog, {{tables}}, pg_temp
  SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  -- The fence keeps the planner from reading the whole table in the order of its ids.
  RETURN QUERY SELECT w.* FROM (
    SELECT e.* FROM pgworkflows_event e WHERE e.workflow_id = ANY (workflows) AND e.task_id IS NULL OFFSET 0) w
  ORDER BY w.id;
END
$$;
