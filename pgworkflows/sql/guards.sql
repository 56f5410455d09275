-- What nobody may do: make a transition that is not declared, change or remove history, write it by hand, or delete
-- what has not ended. Those of history, and against TRUNCATE (in keeping.sql), are ENABLE ALWAYS:
-- session_replication_role does not switch them off, only DDL by the owner does. So they fire on a subscriber too, and let
-- the server's own processes of a subscription pass: those write what was allowed, or lifted, where it comes from.

-- Says what was tried; the triggers' WHEN has found that it is not allowed. Before the row is written, so that no
-- constraint speaks first.
CREATE FUNCTION pgworkflows.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.id <> OLD.id THEN
    RAISE EXCEPTION '% % cannot get another id', TG_ARGV[0], OLD.id USING ERRCODE = 'check_violation';
  END IF;
  RAISE EXCEPTION '% % cannot go from % to %',
    TG_ARGV[0], NEW.id, CASE TG_OP WHEN 'UPDATE' THEN OLD.status ELSE 'nothing' END, NEW.status
    USING ERRCODE = 'check_violation',
          HINT = 'Statuses are the engine''s. Use pgworkflows.cancel(), send_event() or decide(), or the verbs in Python.';
END
$$;

CREATE TRIGGER workflow_begins BEFORE INSERT ON pgworkflows_workflow
  FOR EACH ROW WHEN (NEW.status <> 'PENDING') EXECUTE FUNCTION pgworkflows.refuse_change('workflow');
CREATE TRIGGER workflow_changes BEFORE UPDATE ON pgworkflows_workflow
  FOR EACH ROW WHEN (NEW.id <> OLD.id OR NEW.status <> OLD.status AND pgworkflows.workflow_event(OLD.status, NEW.status) IS NULL)
  EXECUTE FUNCTION pgworkflows.refuse_change('workflow');
CREATE TRIGGER task_begins BEFORE INSERT ON pgworkflows_task
  FOR EACH ROW WHEN (NEW.status NOT IN ('PENDING', 'RUNNING', 'WAITING', 'COMPLETED', 'FAILED'))
  EXECUTE FUNCTION pgworkflows.refuse_change('task');
CREATE TRIGGER task_changes BEFORE UPDATE ON pgworkflows_task
  FOR EACH ROW WHEN (NEW.id <> OLD.id OR NEW.status <> OLD.status AND pgworkflows.task_event(OLD.status, NEW.status) IS NULL)
  EXECUTE FUNCTION pgworkflows.refuse_change('task');

CREATE FUNCTION pgworkflows.refuse_history_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_stat_get_subscription(NULL) s WHERE s.pid = pg_backend_pid()) THEN
    RETURN COALESCE(NEW, OLD);
  END IF;
  RAISE EXCEPTION '% on pgworkflows_history is refused: history is append-only', TG_OP
    USING ERRCODE = 'insufficient_privilege', HINT = 'Only the tables'' owner can remove old history, by DDL that lifts this trigger.';
END
$$;

-- Ours insert from inside a trigger and as the owner; a right to INSERT and a trigger of one's own are not enough.
CREATE FUNCTION pgworkflows.refuse_history_insert() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
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

CREATE FUNCTION pgworkflows.refuse_unfinished_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.finished_at IS NULL THEN
    RAISE EXCEPTION 'workflow % cannot be deleted: it is %', OLD.id, OLD.status
      USING ERRCODE = 'insufficient_privilege', HINT = 'Cancel it first.';
  END IF;
  RETURN OLD;
END
$$;

CREATE TRIGGER history_append_only BEFORE UPDATE OR DELETE ON pgworkflows_history
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_history_change();
CREATE TRIGGER history_only_by_trigger BEFORE INSERT ON pgworkflows_history
  FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_history_insert();
CREATE TRIGGER workflow_no_unfinished_delete BEFORE DELETE ON pgworkflows_workflow
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_unfinished_delete();

ALTER TABLE pgworkflows_history ENABLE ALWAYS TRIGGER history_append_only;
ALTER TABLE pgworkflows_history ENABLE ALWAYS TRIGGER history_only_by_trigger;
