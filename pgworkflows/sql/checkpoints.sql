-- What a batch has done, written in one statement a table. Pinned plans: see claims.sql.
--
--   insert_tasks()      write what came new
--   update_tasks()      write what was recorded before
--   update_workflows()  write where workflows stand

-- Inserts tasks, given by column. No ON CONFLICT: (workflow, branch, seq) is the last fence. Writes nothing for a
-- transaction that is gone; returns how many rows were written.
CREATE OR REPLACE FUNCTION pgworkflows.insert_tasks(
  claim xid8, ids bigint[], workflows uuid[], branches text[], seqs integer[], kinds text[], names text[], statuses text[],
  attempts integer[], correlations text[], children uuid[], compensated bigint[], payloads jsonb[], results jsonb[],
  errors jsonb[], dues timestamptz[], starts timestamptz[], ends timestamptz[])
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp
  SET plan_cache_mode = force_generic_plan AS $$
DECLARE written integer := 0;
BEGIN
  IF pg_current_xact_id() = claim THEN
    INSERT INTO pgworkflows_task
      (id, workflow_id, branch, seq, kind, name, status, attempt, correlation, child_id, compensates_id, payload, result, error,
       due_at, started_at, finished_at)
    SELECT COALESCE(t.id, nextval('pgworkflows_task_id_seq')), t.workflow, t.branch, t.seq, t.kind, t.name, t.status, t.attempt,
      t.correlation, t.child, t.compensates, t.payload, t.result, t.error, t.due_at, t.started_at, t.finished_at
    FROM unnest(ids, workflows, branches, seqs, kinds, names, statuses, attempts, correlations, children, compensated, payloads,
                results, errors, dues, starts, ends)
      AS t(id, workflow, branch, seq, kind, name, status, attempt, correlation, child, compensates, payload, result, error,
           due_at, started_at, finished_at);
    GET DIAGNOSTICS written = ROW_COUNT;
  END IF;
  RETURN written;
END
$$;

-- Updates tasks, given by column, each named by its workflow and its id. Writes nothing for a transaction that is gone; returns how many rows were written.
CREATE OR REPLACE FUNCTION pgworkflows.update_tasks(
  claim xid8, workflows uuid[], ids bigint[], statuses text[], attempts integer[], results jsonb[], errors jsonb[],
  dues timestamptz[], starts timestamptz[], ends timestamptz[])
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp
  SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE written integer := 0;
BEGIN
  IF pg_current_xact_id() = claim THEN
    UPDATE pgworkflows_task t
    SET status = u.status, attempt = u.attempt, result = u.result, error = u.error, due_at = u.due_at,
      started_at = u.started_at, finished_at = u.finished_at
    FROM unnest(workflows, ids, statuses, attempts, results, errors, dues, starts, ends)
      AS u(workflow, id, status, attempt, result, error, due_at, started_at, finished_at)
    WHERE t.id = u.id AND t.workflow_id = u.workflow AND t.id = ANY (ids) AND t.workflow_id = ANY (workflows);
    GET DIAGNOSTICS written = ROW_COUNT;
  END IF;
  RETURN written;
END
$$;

-- Updates workflows, given by column. Writes nothing for a transaction that is gone; returns how many rows were written.
CREATE OR REPLACE FUNCTION pgworkflows.update_workflows(
  claim xid8, moment timestamptz, ids uuid[], statuses text[], states text[], results jsonb[], errors jsonb[],
  labels jsonb[], dues timestamptz[], finished boolean[], waits jsonb[], owners bigint[], epochs integer[],
  deaths smallint[], cancels jsonb[], cancelled timestamptz[])
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp
  SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE written integer := 0;
BEGIN
  IF pg_current_xact_id() = claim THEN
    UPDATE pgworkflows_workflow w
    SET status = u.status, state = u.state, result = u.result, error = u.error, attributes = u.attributes,
      available_at = u.available_at, started_at = COALESCE(w.started_at, moment),
      finished_at = CASE WHEN u.finished THEN pgworkflows.now() END, waiting_for = u.waiting_for, owner_id = u.owner,
      epoch = u.epoch, crashes = u.crashes, cancel_request = u.cancel_request, cancel_requested_at = u.cancel_requested_at
    FROM unnest(ids, statuses, states, results, errors, labels, dues, finished, waits, owners, epochs, deaths, cancels, cancelled)
      AS u(id, status, state, result, error, attributes, available_at, finished, waiting_for, owner, epoch, crashes,
           cancel_request, cancel_requested_at)
    WHERE w.id = u.id AND w.id = ANY (ids);
    GET DIAGNOSTICS written = ROW_COUNT;
  END IF;
  RETURN written;
END
$$;
