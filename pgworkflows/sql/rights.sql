-- Comes last: who may call what the other files made.

-- What every function here does is the application's; that everybody may call it is not.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA pgworkflows FROM PUBLIC;
-- A trigger's WHEN is evaluated as whoever writes the row.
GRANT EXECUTE ON FUNCTION pgworkflows.workflow_event, pgworkflows.task_event, pgworkflows.approval_event,
  pgworkflows.policy_event TO PUBLIC;
