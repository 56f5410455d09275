-- What nobody may do: change or remove history, write it by hand, or delete what has not ended.
-- ENABLE ALWAYS: session_replication_role does not switch these off. Only DDL by the tables' owner does.

CREATE FUNCTION pgworkflows.refuse_history_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on pgworkflows_history is refused: history is append-only', TG_OP
    USING ERRCODE = 'insufficient_privilege', HINT = 'Removing old history is the tables'' owner''s act, through `manage.py workflows prune`.';
END
$$;

CREATE FUNCTION pgworkflows.refuse_history_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION 'INSERT into pgworkflows_history is refused: only the triggers write it'
      USING ERRCODE = 'insufficient_privilege', HINT = 'Change the workflow, the task or the approval; its history follows.';
  END IF;
  RETURN NULL;
END
$$;

CREATE FUNCTION pgworkflows.refuse_unfinished_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    RAISE EXCEPTION 'TRUNCATE of % is refused: it may hold unfinished workflows', TG_TABLE_NAME
      USING ERRCODE = 'insufficient_privilege', HINT = 'Use `manage.py workflows prune`.';
  END IF;
  IF OLD.finished_at IS NULL THEN
    RAISE EXCEPTION 'workflow % cannot be deleted: it is %', OLD.id, OLD.status
      USING ERRCODE = 'insufficient_privilege', HINT = 'Cancel it first.';
  END IF;
  RETURN OLD;
END
$$;

CREATE TRIGGER history_append_only BEFORE UPDATE OR DELETE ON pgworkflows_history
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_history_change();
CREATE TRIGGER history_no_truncate BEFORE TRUNCATE ON pgworkflows_history
  FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_history_change();
CREATE TRIGGER history_only_by_trigger BEFORE INSERT ON pgworkflows_history
  FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_history_insert();
CREATE TRIGGER workflow_no_unfinished_delete BEFORE DELETE ON pgworkflows_workflow
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_unfinished_delete();
CREATE TRIGGER workflow_no_truncate BEFORE TRUNCATE ON pgworkflows_workflow
  FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.refuse_unfinished_delete();

ALTER TABLE pgworkflows_history ENABLE ALWAYS TRIGGER history_append_only;
ALTER TABLE pgworkflows_history ENABLE ALWAYS TRIGGER history_no_truncate;
ALTER TABLE pgworkflows_history ENABLE ALWAYS TRIGGER history_only_by_trigger;
ALTER TABLE pgworkflows_workflow ENABLE ALWAYS TRIGGER workflow_no_truncate;

-- Labels are searched by containment. Django's GinIndex would ask every project for django.contrib.postgres.
CREATE INDEX pgworkflows_workflow_labels ON pgworkflows_workflow USING gin (attributes jsonb_path_ops);

-- What every function here does is the application's; that everybody may call it is not.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA pgworkflows FROM PUBLIC;
