-- Roles with no more rights than they need. Printed by `manage.py workflows roles`; run it as the role that runs `migrate`,
-- and again after a migration that adds tables. Nobody can log in as any of them: give each of your logins one of them,
-- as in GRANT {{worker}} TO shop_worker_login.
--
--   {{owner}}    owns the tables and functions: migrates, prunes, forgets. Only its DDL can change history.
--   {{worker}}   runs `runworkflows`
--   {{web}}      serves pages, the admin and the API: starts, decides, cancels, edits policies
--   {{reader}}   reads our tables, for reports
--   {{starter}}  has no table, only functions: starts workflows and sends events from SQL

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['{{owner}}', '{{worker}}', '{{web}}', '{{reader}}', '{{starter}}'] LOOP
    IF to_regrole(name) IS NULL THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', name);
    END IF;
  END LOOP;
  -- Whoever migrates has to be able to act as the owner.
  IF NOT pg_has_role(current_user, '{{owner}}', 'USAGE') THEN
    EXECUTE format('GRANT {{owner}} TO %I', current_user);
  END IF;
END
$$;

-- The owner, and what its functions read of other tables: users, their groups, and content types.
GRANT USAGE ON SCHEMA {{tables}} TO {{owner}};
GRANT CREATE ON SCHEMA {{schema}} TO {{owner}};
GRANT SELECT ON {{people}} TO {{owner}};
{{ownership}}
ALTER SCHEMA pgworkflows OWNER TO {{owner}};
DO $$
DECLARE routine regprocedure;
BEGIN
  FOR routine IN SELECT oid FROM pg_proc WHERE pronamespace = 'pgworkflows'::regnamespace LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO {{owner}}', routine);
  END LOOP;
END
$$;

-- From here on what each may do is said anew.
REVOKE ALL ON {{ours}} FROM {{worker}}, {{web}}, {{reader}}, {{starter}};
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA pgworkflows FROM {{worker}}, {{web}}, {{reader}}, {{starter}};
GRANT USAGE ON SCHEMA pgworkflows TO {{worker}}, {{web}}, {{reader}}, {{starter}};
GRANT USAGE ON SCHEMA {{tables}} TO {{worker}}, {{web}}, {{reader}};
GRANT SELECT ON {{ours}} TO {{worker}}, {{web}}, {{reader}};

-- What nobody below gets: to write history, tasks or decisions, to rewrite what was asked, to delete workflows or approvals.
-- The engine's functions, which are the owner's, do what the verbs need.
GRANT INSERT ON pgworkflows_approval TO {{worker}};
GRANT UPDATE (status, decided_at, due_at, escalated_at, revision) ON pgworkflows_approval TO {{worker}};
GRANT UPDATE (status, decided_at, resubmitted_at, revision) ON pgworkflows_approval TO {{web}};
GRANT INSERT ON pgworkflows_approvalaction TO {{worker}}, {{web}};
GRANT INSERT, DELETE ON pgworkflows_approval_users, pgworkflows_approval_groups TO {{worker}}, {{web}};
GRANT INSERT, UPDATE, DELETE ON pgworkflows_event TO {{worker}};
GRANT UPDATE (status, available_at, waiting_for, subject_text, owner_id, epoch, crashes, wake_at, cancel_request,
    cancel_requested_at) ON pgworkflows_workflow TO {{worker}};
-- A user or a content type that is deleted leaves no key behind, but stays by name.
GRANT UPDATE (requested_by_id, subject_type_id) ON pgworkflows_workflow TO {{web}};
GRANT UPDATE (requested_by_id) ON pgworkflows_approval TO {{web}};
GRANT UPDATE (user_id, on_behalf_of_id) ON pgworkflows_decision TO {{web}};
GRANT UPDATE (user_id) ON pgworkflows_approvalaction TO {{web}};

GRANT INSERT, UPDATE, DELETE ON pgworkflows_worker TO {{worker}};
-- Whether the tables are as new as the code.
GRANT SELECT ON django_migrations TO {{worker}};
GRANT INSERT, UPDATE ON pgworkflows_workflowdefinition, pgworkflows_schedule TO {{worker}};

GRANT INSERT, UPDATE, DELETE ON {{edited}} TO {{web}};

-- decide() lets its caller decide in anybody's name: grant it by hand, to whom you trust with that.
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pgworkflows TO {{worker}}, {{web}};
-- Firing a trigger takes no right, hanging its function on a table of one's own does.
DO $$
DECLARE routine regprocedure;
BEGIN
  FOR routine IN SELECT oid FROM pg_proc WHERE pronamespace = 'pgworkflows'::regnamespace AND prorettype = 'trigger'::regtype LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM {{worker}}, {{web}}', routine);
  END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION pgworkflows.decide FROM {{worker}}, {{web}};
REVOKE EXECUTE ON FUNCTION pgworkflows.record_decision FROM {{worker}};
REVOKE EXECUTE ON FUNCTION pgworkflows.insert_tasks, pgworkflows.update_tasks, pgworkflows.update_workflows, pgworkflows.deliver,
  pgworkflows.deliver_window, pgworkflows.assign_events, pgworkflows.waits_for, pgworkflows.look_again,
  pgworkflows.close_branches, pgworkflows.reply, pgworkflows.wake_for_rows FROM {{web}};
REVOKE EXECUTE ON FUNCTION pgworkflows.close_workflows, pgworkflows.refuse_requests, pgworkflows.reopen_last_failure,
  pgworkflows.reopen_branches, pgworkflows.reopen_tasks, pgworkflows.gather_of FROM {{worker}}, {{web}};
GRANT EXECUTE ON FUNCTION pgworkflows.now, pgworkflows.status TO {{reader}};
GRANT EXECUTE ON FUNCTION pgworkflows.start, pgworkflows.send_event, pgworkflows.send_correlated, pgworkflows.status,
  pgworkflows.ask, pgworkflows.answer_of TO {{starter}};

-- The project's own tables, which steps and pages write. Narrow this as you like.
GRANT SELECT, INSERT, UPDATE, DELETE ON {{theirs}} TO {{worker}}, {{web}};
{{sequences}}
