-- What nobody may do: begin in, or go to, a status that django-fsm does not declare on the model.

-- Says what was tried; the triggers' WHEN has found that it is not allowed. Before the row is written, so that no
-- constraint speaks first.
CREATE OR REPLACE FUNCTION pgworkflows.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.id <> OLD.id THEN
    RAISE EXCEPTION '% % cannot get another id', TG_ARGV[0], OLD.id USING ERRCODE = 'check_violation';
  END IF;
  RAISE EXCEPTION '% % cannot go from % to %',
    TG_ARGV[0], NEW.id, CASE TG_OP WHEN 'UPDATE' THEN OLD.status ELSE 'nothing' END, NEW.status
    USING ERRCODE = 'check_violation',
          HINT = 'Statuses are the engine''s. Use pgworkflows.cancel(), retry(), compensate(), send_event() or decide(), or the verbs in Python.';
END
$$;

CREATE OR REPLACE TRIGGER workflow_begins BEFORE INSERT ON pgworkflows_workflow
  FOR EACH ROW WHEN (NEW.status <> 'PENDING') EXECUTE FUNCTION pgworkflows.refuse_change('workflow');
CREATE OR REPLACE TRIGGER workflow_changes BEFORE UPDATE ON pgworkflows_workflow
  FOR EACH ROW WHEN (NEW.id <> OLD.id OR NEW.status <> OLD.status AND pgworkflows.workflow_event(OLD.status, NEW.status) IS NULL)
  EXECUTE FUNCTION pgworkflows.refuse_change('workflow');
CREATE OR REPLACE TRIGGER task_begins BEFORE INSERT ON pgworkflows_task
  FOR EACH ROW WHEN (NEW.status NOT IN ('PENDING', 'RUNNING', 'WAITING', 'COMPLETED', 'FAILED', 'CANCELLED'))
  EXECUTE FUNCTION pgworkflows.refuse_change('task');
CREATE OR REPLACE TRIGGER task_changes BEFORE UPDATE ON pgworkflows_task
  FOR EACH ROW WHEN (NEW.id <> OLD.id OR NEW.status <> OLD.status AND pgworkflows.task_event(OLD.status, NEW.status) IS NULL
    OR OLD.status = 'COMPLETED' AND NEW.status <> 'COMPLETED' AND OLD.kind <> 'GATHER')
  EXECUTE FUNCTION pgworkflows.refuse_change('task');

CREATE OR REPLACE TRIGGER approval_begins BEFORE INSERT ON pgworkflows_approval
  FOR EACH ROW WHEN (NEW.status <> 'PENDING') EXECUTE FUNCTION pgworkflows.refuse_change('approval');
CREATE OR REPLACE TRIGGER approval_changes BEFORE UPDATE ON pgworkflows_approval
  FOR EACH ROW WHEN (NEW.id <> OLD.id OR NEW.status <> OLD.status AND pgworkflows.approval_event(OLD.status, NEW.status) IS NULL)
  EXECUTE FUNCTION pgworkflows.refuse_change('approval');
