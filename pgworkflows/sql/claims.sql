-- What every batch of a worker does, as functions: planned once a session, also behind a pooler, where planning would cost
-- more than running. A plan made while the tables were small must not read them whole for ever, so what the planner may
-- choose is pinned: by settings, by fences, and by naming rows as an array beside the join that finds them. What a setting
-- forbids is only made to look dear, and the server would compile for it: so no jit.
--
-- A run may be claimed when it is due (available_at), not paused (paused_at) and waits for no permit (gate); what was tried
-- in vain (crashes > 0) is tried apart, and is in an index of its own. Among the runs of one lane the longest ready is first:
-- who shares the lane fairly is given available_at as a place in line.
--
--   left_to_others()    whether a run that began with another body belongs to workers that have that body
--   lanes()             where a worker's runnable workflows stand
--   claim()             lock some of them
--   waiting_events()    the events that no wait has taken

CREATE OR REPLACE FUNCTION pgworkflows.left_to_others(name text, version integer, queue text, fingerprint text, own text)
RETURNS boolean LANGUAGE sql STABLE AS $$
SELECT $4 NOT IN ('', $5) AND EXISTS (
  SELECT FROM {{schema}}.pgworkflows_worker o
  WHERE o.stopped_at IS NULL AND o.beat_at > pgworkflows.now() - o.lease
    AND o.definitions ->> ($1 || ':' || $2) = $4 AND (o.queues = '[]' OR o.queues ? $3))
$$;

-- A lane is a (name, version, queue, priority, fingerprint); null queues are all. Returned are the lanes in which something
-- is due, each with its oldest, and between them when the next of those that sleep is due. Each step is one probe of the
-- index. One that lands on what this worker does not know jumps to the next that it knows. One that starts from a lane that
-- sleeps passes over up to a hundred entries that sleep too, and then over the rest of the last one's lane. So neither what
-- is unknown nor what sleeps is read, however much of it stands in front, and a hundred lanes asleep cost as much as one.
CREATE OR REPLACE FUNCTION pgworkflows.lanes(names text[], versions integer[], fingerprints text[], queues text[])
RETURNS TABLE (name text, version integer, queue text, priority smallint, fingerprint text, available_at timestamptz)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, {{tables}}, pg_temp
  SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
  SET plan_cache_mode = force_generic_plan AS $$
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
$$;

-- Locks up to `most` of one lane, from the `skip`th on. The candidates are read without a lock first and locked by their
-- place, so that LIMIT counts what is looked at: a lock that is refused costs as much as one that is got.
CREATE OR REPLACE FUNCTION pgworkflows.claim_from(
  name text, version integer, queue text, priority smallint, fingerprint text, skip integer, looked_at integer, most integer)
RETURNS SETOF pgworkflows_workflow LANGUAGE plpgsql SET search_path = pg_catalog, {{tables}}, pg_temp
  SET plan_cache_mode = force_generic_plan AS $$
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
$$;

-- Locks runnable workflows: of the highest priority first, and within a priority as many of each lane. The lanes with the
-- fewest come first, so that what they leave goes to the others; of more lanes than places, those that are longest ready
-- take part. Where the front of a lane is locked by others it looks further back, in strides, and at last from the other
-- end, where it sees every row. Who gives no fingerprints has none of its own.
CREATE OR REPLACE FUNCTION pgworkflows.claim(
  names text[], versions integer[], queues text[], most integer, fingerprints text[] DEFAULT NULL)
RETURNS SETOF pgworkflows_workflow LANGUAGE plpgsql SET search_path = pg_catalog, {{tables}}, pg_temp
  SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan AS $$
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
