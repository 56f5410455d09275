-- What stays as it was written: what a workflow was started with, what a task has recorded, what was sent, what was asked
-- and who was told so. The engine and the verbs change only the rest; `workflows forget` and `prune` lift this, as the owner.
-- Nor is history changed, removed or written by hand, or deleted what has not ended. Those of history, and against TRUNCATE,
-- are ENABLE ALWAYS: session_replication_role does not switch them off, only DDL by the owner does. So they fire on a
-- subscriber too, and let the server's own processes of a subscription pass: those write what was allowed, or lifted, where
-- it comes from.

-- The columns that the trigger names. With a second argument they may become null: what they named was deleted.
CREATE OR REPLACE FUNCTION pgworkflows.refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE OR REPLACE TRIGGER workflow_keeps BEFORE UPDATE
  OF key, kwargs, format, subject_id, subject_label, requested_by_name, root, created_at, schedule, scheduled_for ON pgworkflows_workflow
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('workflow');
CREATE OR REPLACE TRIGGER workflow_keeps_keys BEFORE UPDATE OF requested_by_id, subject_type_id, parent_id, parent_task_id ON pgworkflows_workflow
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('workflow', 'or null');
CREATE OR REPLACE TRIGGER task_keeps BEFORE UPDATE
  OF workflow_id, branch, seq, kind, name, correlation, any_of, child_id, compensates_id ON pgworkflows_task
  FOR EACH ROW WHEN (NEW.branch NOT LIKE OLD.branch || '~%') EXECUTE FUNCTION pgworkflows.refuse_rewriting('task');
CREATE OR REPLACE TRIGGER task_keeps_record BEFORE UPDATE OF attempt, payload, result, error, started_at, finished_at ON pgworkflows_task
  FOR EACH ROW WHEN (OLD.status = 'COMPLETED' AND OLD.kind <> 'GATHER') EXECUTE FUNCTION pgworkflows.refuse_rewriting('task');
CREATE OR REPLACE TRIGGER event_keeps BEFORE UPDATE OF name, correlation, key, payload, sent_at, sent_by ON pgworkflows_event
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('event');
CREATE OR REPLACE TRIGGER request_keeps BEFORE UPDATE OF workflow_id, name, payload, asked_at, asked_by ON pgworkflows_request
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('request');
CREATE OR REPLACE TRIGGER request_keeps_answer BEFORE UPDATE OF answered_at, answer, refusal ON pgworkflows_request
  FOR EACH ROW WHEN (OLD.answered_at IS NOT NULL) EXECUTE FUNCTION pgworkflows.refuse_rewriting('request');
CREATE OR REPLACE TRIGGER approval_keeps BEFORE UPDATE
  OF workflow_id, branch, seq, request, round, policy_id, stage_id, kind, title, description, subject_label, subject_id,
     requested_by_name, could_decide, quorum, allow_self_approval, allow_same_person, attributes, snapshot, snapshot_keys, snapshot_hash,
     form, created_at, time_limit, on_timeout, escalate_to, remind_every ON pgworkflows_approval
  FOR EACH ROW WHEN (NEW.branch NOT LIKE OLD.branch || '~%') EXECUTE FUNCTION pgworkflows.refuse_rewriting('approval');
CREATE OR REPLACE TRIGGER approval_keeps_keys BEFORE UPDATE OF requested_by_id ON pgworkflows_approval
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('approval', 'or null');
CREATE OR REPLACE TRIGGER asked_users_keep BEFORE UPDATE OF approval_id, {{approval_user}} ON pgworkflows_approval_users
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('asked user');
CREATE OR REPLACE TRIGGER asked_groups_keep BEFORE UPDATE OF approval_id, group_id ON pgworkflows_approval_groups
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('asked group');
CREATE OR REPLACE TRIGGER decision_keeps_keys BEFORE UPDATE OF user_id, on_behalf_of_id ON pgworkflows_decision
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('decision', 'or null');
CREATE OR REPLACE TRIGGER action_keeps_keys BEFORE UPDATE OF user_id ON pgworkflows_approvalaction
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_rewriting('action', 'or null');
CREATE OR REPLACE TRIGGER policy_keeps_keys BEFORE UPDATE OF edited_by_id, published_by_id ON pgworkflows_approvalpolicy
  FOR EACH ROW WHEN (OLD.status <> 'DRAFT') EXECUTE FUNCTION pgworkflows.refuse_rewriting('policy', 'or null');

-- What an unfinished workflow has done, asked or was sent; a FAILED one can be retried. retry() drops what came after a failure.
CREATE OR REPLACE FUNCTION pgworkflows.refuse_removal() RETURNS trigger
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

CREATE OR REPLACE TRIGGER task_kept BEFORE DELETE ON pgworkflows_task
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_removal('task');
CREATE OR REPLACE TRIGGER approval_kept BEFORE DELETE ON pgworkflows_approval
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_removal('approval');
CREATE OR REPLACE TRIGGER request_kept BEFORE DELETE ON pgworkflows_request
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_removal('request');
-- The engine drops its own, whose names begin with $, once they were seen.
CREATE OR REPLACE TRIGGER event_kept BEFORE DELETE ON pgworkflows_event
  FOR EACH ROW WHEN (OLD.name NOT LIKE '$%') EXECUTE FUNCTION pgworkflows.refuse_removal('event');

CREATE OR REPLACE FUNCTION pgworkflows.refuse_history_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_stat_get_subscription(NULL) s WHERE s.pid = pg_backend_pid()) THEN
    RETURN COALESCE(NEW, OLD);
  END IF;
  RAISE EXCEPTION '% on pgworkflows_history is refused: history is append-only', TG_OP
    USING ERRCODE = 'insufficient_privilege', HINT = 'Only the tables'' owner can remove old history, by DDL that lifts this trigger.';
END
$$;

-- Ours insert from inside a trigger and as the owner; a right to INSERT and a trigger of one's own are not enough.
CREATE OR REPLACE FUNCTION pgworkflows.refuse_history_insert() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF (pg_trigger_depth() < 2 OR quote_ident(current_user)::regrole IS DISTINCT FROM (
        SELECT p.proowner FROM pg_proc p WHERE p.oid = 'pgworkflows.workflow_inserted()'::regprocedure))
     AND NOT EXISTS (SELECT FROM pg_stat_get_subscription(NULL) s WHERE s.pid = pg_backend_pid()) THEN
    RAISE EXCEPTION 'INSERT into pgworkflows_history is refused: only the triggers write it'
      USING ERRCODE = 'insufficient_privilege', HINT = 'Change the workflow, the task or the approval; its history follows. '
        'To move a whole project restore a pg_dump, or leave ours out: dumpdata --exclude pgworkflows.';
  END IF;
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION pgworkflows.refuse_unfinished_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.finished_at IS NULL THEN
    RAISE EXCEPTION 'workflow % cannot be deleted: it is %', OLD.id, OLD.status
      USING ERRCODE = 'insufficient_privilege', HINT = 'Cancel it first.';
  END IF;
  RETURN OLD;
END
$$;

CREATE OR REPLACE TRIGGER history_append_only BEFORE UPDATE OR DELETE ON pgworkflows_history
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_history_change();
CREATE OR REPLACE TRIGGER history_only_by_trigger BEFORE INSERT ON pgworkflows_history
  FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_history_insert();
CREATE OR REPLACE TRIGGER workflow_no_unfinished_delete BEFORE DELETE ON pgworkflows_workflow
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_unfinished_delete();

ALTER TABLE pgworkflows_history ENABLE ALWAYS TRIGGER history_append_only;
ALTER TABLE pgworkflows_history ENABLE ALWAYS TRIGGER history_only_by_trigger;

-- What was decided or said stays; only a deleted user's key goes.
CREATE OR REPLACE FUNCTION pgworkflows.refuse_answer_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' AND NOT EXISTS (
    SELECT FROM pgworkflows_approval a JOIN pgworkflows_workflow w ON w.id = a.workflow_id
    WHERE a.id = OLD.approval_id AND w.finished_at IS NULL) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION '% on % is refused: what was decided or said is never changed', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE OR REPLACE TRIGGER decision_stays BEFORE UPDATE ON pgworkflows_decision FOR EACH ROW
  WHEN (to_jsonb(NEW) - '{user_id,on_behalf_of_id}'::text[] <> to_jsonb(OLD) - '{user_id,on_behalf_of_id}'::text[])
  EXECUTE FUNCTION pgworkflows.refuse_answer_change();
CREATE OR REPLACE TRIGGER decision_kept BEFORE DELETE ON pgworkflows_decision FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_answer_change();
CREATE OR REPLACE TRIGGER action_stays BEFORE UPDATE ON pgworkflows_approvalaction FOR EACH ROW
  WHEN (to_jsonb(NEW) - 'user_id' <> to_jsonb(OLD) - 'user_id') EXECUTE FUNCTION pgworkflows.refuse_answer_change();
CREATE OR REPLACE TRIGGER action_kept BEFORE DELETE ON pgworkflows_approvalaction FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_answer_change();

CREATE OR REPLACE FUNCTION pgworkflows.refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'TRUNCATE of % is refused: it holds what workflows have done, and who decided', TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege', HINT = 'Ended workflows are removed by `manage.py workflows prune`.';
END
$$;

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY[{{names}}] LOOP
    CONTINUE WHEN to_regclass('pgworkflows_' || name) IS NULL;  -- of a later migration
    EXECUTE format('CREATE OR REPLACE TRIGGER %1$s_no_truncate BEFORE TRUNCATE ON pgworkflows_%1$s EXECUTE FUNCTION pgworkflows.refuse_truncate()', name);
    EXECUTE format('ALTER TABLE pgworkflows_%1$s ENABLE ALWAYS TRIGGER %1$s_no_truncate', name);
  END LOOP;
END
$$;
