-- What a batch has done, written in one statement a table. Pinned plans: see claims.sql.
--
--   insert_tasks()      write what came new
--   update_tasks()      write what was recorded before
--   update_workflows()  write where workflows stand

-- Inserts tasks, given by column. No ON CONFLICT: (workflow, branch, seq) is the last fence. Writes nothing for a
-- transaction that is gone; returns how many rows were written.
CREATE OR REPLACE FUNCTION pgworkflows.insert_tasks(
  claim xid8, ids bigint[], workflows uuid[], branches text[], seqs integer[], kinds text[], names text[], statuses text[],
  attempts integer[], correlations text[], any_ofs jsonb[], children uuid[], compensated bigint[], payloads jsonb[], results jsonb[],
  errors jsonb[], dues timestamptz[], starts timestamptz[], ends timestamptz[], places integer[], digests text[])
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp
  SET plan_cache_mode = force_generic_plan AS $$
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

-- Updates tasks, given by column, each named by its workflow and its id. Writes nothing for a transaction that is gone;
-- returns how many rows were written.
CREATE OR REPLACE FUNCTION pgworkflows.update_tasks(
  claim xid8, workflows uuid[], ids bigint[], statuses text[], attempts integer[], results jsonb[], errors jsonb[],
  dues timestamptz[], starts timestamptz[], ends timestamptz[], places integer[])
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp
  SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan AS $$
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

-- Updates workflows, given by column: models/workflow_row.py says which. Writes nothing for a transaction that is gone; returns
-- how many rows were written.
CREATE OR REPLACE FUNCTION pgworkflows.update_workflows(claim xid8, {{change_parameters}})
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp
  SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE written integer := 0;
BEGIN
  IF pg_current_xact_id() = claim THEN
    UPDATE pgworkflows_workflow w SET {{change_assignments}}
    FROM unnest({{change_values}}) AS u({{change_columns}})
    WHERE w.id = u.id AND w.id = ANY (update_workflows.id);
    GET DIAGNOSTICS written = ROW_COUNT;
  END IF;
  RETURN written;
END
$$;
