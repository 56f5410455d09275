-- What stays as it was written: what a workflow was started with, what a task has recorded, what was sent, what was asked
-- and who was told so. The engine and the verbs change only the rest; `workflows forget` and `prune` lift this, as the owner.

-- The columns that the trigger names. With a second argument they may become null: what they named was deleted.
CREATE FUNCTION pgworkflows.refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE old_row jsonb := to_jsonb(OLD); new_row jsonb := to_jsonb(NEW); changed text;
BEGIN
  SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) INTO changed
  FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.tgrelid AND a.attnum = ANY (t.tgattr)
  WHERE t.tgrelid = TG_RELID AND t.tgname = TG_NAME AND new_row -> a.attname <> old_row -> a.attname
    AND NOT (TG_NARGS = 2 AND new_row -> a.attname = 'null');
  IF changed IS NULL THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% % cannot be rewritten: its % stays as it was', TG_ARGV[0], OLD.id, changed
    USING ERRCODE = 'insufficient_privilege', HINT = 'Start, ask, send or decide anew. Use the verbs, in Python or in SQL.';
END
$$;

-- Name and version may change: a definition that was renamed has runs to move.
CREATE TRIGGER workflow_keeps BEFORE UPDATE
  OF key, kwargs, format, subject_id, subject_label, requested_by_name, root, created_at ON pgworkflows_workflow
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('workflow');
CREATE TRIGGER workflow_keeps_keys BEFORE UPDATE OF requested_by_id, subject_type_id, parent_id, parent_task_id ON pgworkflows_workflow
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('workflow', 'or null');
CREATE TRIGGER task_keeps BEFORE UPDATE OF workflow_id, branch, seq, kind, name ON pgworkflows_task
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('task');
CREATE TRIGGER task_keeps_record BEFORE UPDATE OF attempt, payload, result, error, started_at, finished_at ON pgworkflows_task
  FOR EACH ROW WHEN (OLD.status = 'COMPLETED') EXECUTE FUNCTION pgworkflows.refuse_rewriting('task');
CREATE TRIGGER event_keeps BEFORE UPDATE OF name, correlation, key, payload, sent_at, sent_by ON pgworkflows_event
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('event');
CREATE TRIGGER approval_keeps BEFORE UPDATE
  OF workflow_id, seq, request, round, policy_id, stage_id, kind, title, description, subject_label, subject_id,
     requested_by_name, could_decide, quorum, allow_self_approval, allow_same_person, attributes, snapshot, snapshot_keys, snapshot_hash,
     form, created_at, time_limit, on_timeout, escalate_to, remind_every ON pgworkflows_approval
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('approval');
CREATE TRIGGER approval_keeps_keys BEFORE UPDATE OF requested_by_id ON pgworkflows_approval
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('approval', 'or null');
CREATE TRIGGER asked_users_keep BEFORE UPDATE OF approval_id, {{approval_user}} ON pgworkflows_approval_users
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('asked user');
CREATE TRIGGER asked_groups_keep BEFORE UPDATE OF approval_id, group_id ON pgworkflows_approval_groups
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('asked group');
CREATE TRIGGER decision_keeps_keys BEFORE UPDATE OF user_id, on_behalf_of_id ON pgworkflows_decision
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('decision', 'or null');
CREATE TRIGGER action_keeps_keys BEFORE UPDATE OF user_id ON pgworkflows_approvalaction
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('action', 'or null');
CREATE TRIGGER policy_keeps_keys BEFORE UPDATE OF edited_by_id, published_by_id ON pgworkflows_approvalpolicy
  FOR EACH ROW WHEN (OLD.status <> 'DRAFT') EXECUTE FUNCTION pgworkflows.refuse_rewriting('policy', 'or null');

-- What an unfinished workflow has done, asked or was sent; a FAILED one can be retried. retry() drops what came after a failure.
CREATE FUNCTION pgworkflows.refuse_removal() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
DECLARE w record; r jsonb := to_jsonb(OLD);
BEGIN
  SELECT f.id, f.status, f.finished_at INTO w FROM pgworkflows_workflow f WHERE f.id = OLD.workflow_id;
  IF w.finished_at IS NOT NULL AND w.status <> 'FAILED'
     OR w.status IN ('FAILED', 'BLOCKED') AND r ->> 'kind' IN ('STATE', 'VALUE')
     OR w.id IS NULL AND COALESCE((r ->> 'parked')::boolean, true) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION '% % cannot be deleted: % needs it', TG_ARGV[0], OLD.id, COALESCE('workflow ' || w.id || ', which is ' || w.status || ',', 'whoever waits for it')
    USING ERRCODE = 'insufficient_privilege', HINT = 'Cancel the workflow, or let `manage.py workflows prune` remove it when it has ended.';
END
$$;

CREATE TRIGGER task_kept BEFORE DELETE ON pgworkflows_task
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_removal('task');
CREATE TRIGGER approval_kept BEFORE DELETE ON pgworkflows_approval
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_removal('approval');
-- The engine drops its own, whose names begin with $, once they were seen.
CREATE TRIGGER event_kept BEFORE DELETE ON pgworkflows_event
  FOR EACH ROW WHEN (OLD.name NOT LIKE '$%') EXECUTE FUNCTION pgworkflows.refuse_removal('event');

CREATE FUNCTION pgworkflows.refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'TRUNCATE of % is refused: it holds what workflows have done, and who decided', TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege', HINT = 'Ended workflows are removed by `manage.py workflows prune`.';
END
$$;

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY[{{names}}] LOOP
    EXECUTE format('CREATE TRIGGER %1$s_no_truncate BEFORE TRUNCATE ON pgworkflows_%1$s EXECUTE FUNCTION pgworkflows.refuse_truncate()', name);
    EXECUTE format('ALTER TABLE pgworkflows_%1$s ENABLE ALWAYS TRIGGER %1$s_no_truncate', name);
  END LOOP;
END
$$;
