-- Says whether this very transaction wrote a row, by the row's xmin. The ids of savepoints count up from the transaction's.
CREATE OR REPLACE FUNCTION pgworkflows.written_here(writer xid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  own bigint := pg_current_xact_id_if_assigned()::text::bigint;
  younger bigint := (writer::text::bigint - own) & 4294967295;
BEGIN
  RETURN COALESCE(younger < 2147483648 AND pg_xact_status((own + younger)::text::xid8) = 'in progress', false);
EXCEPTION WHEN invalid_parameter_value THEN  -- a row so old that its writer's id has come round
  RETURN false;
END
$$;

-- Says that a table has changed whose rows workflows wait for, once a transaction; where none does, that is one look into an
-- index. Workers do the rest.
CREATE OR REPLACE FUNCTION pgworkflows.wake_waits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp
  SET jit = off SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  IF EXISTS (SELECT FROM pgworkflows_task t WHERE t.kind = 'ROW' AND t.status = 'WAITING' AND t.name = TG_ARGV[0]) THEN
    INSERT INTO pgworkflows_event (name, correlation, key, sent_at, sent_by, parked)
    VALUES ('$row', TG_ARGV[0], pg_current_xact_id()::text, pgworkflows.now(), '', false) ON CONFLICT DO NOTHING;
    PERFORM pgworkflows.wake();
  END IF;
  RETURN NULL;
END
$$;

-- Makes those runnable that wait for rows of the tables that these events name, and drops the events; where a workflow is
-- locked, which may have looked too early, they stay for the next loop. Returns how many are dealt with.
CREATE OR REPLACE FUNCTION pgworkflows.wake_for_rows(changed bigint[]) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, {{tables}}, pg_temp
  SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
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
