-- What the history says of approvals: asked and unasked, decided and acted upon.

CREATE OR REPLACE FUNCTION pgworkflows.approval_event(from_status text, to_status text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE from_status || '>' || to_status
{{approval_transitions}}
END
$$;

CREATE OR REPLACE FUNCTION pgworkflows.approval_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_approval');
  INSERT INTO pgworkflows_history
    (workflow, approval, event, from_status, to_status, state, at, actor, "session_user", channel, note, data)
  SELECT n.workflow_id, n.id, 'request', '', n.status, '', pgworkflows.now(), pgworkflows.setting('actor'), session_user,
         COALESCE(NULLIF(pgworkflows.setting('channel'), ''), 'sql'), n.title,
         jsonb_build_object('request', n.request, 'round', n.round, 'stage', n.stage_id, 'policy', n.policy_id,
           'requested_by', NULLIF(n.requested_by_name, ''),
           'quorum', n.quorum, 'could_decide', n.could_decide, 'snapshot_hash', n.snapshot_hash)
  FROM new_rows n;
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION pgworkflows.approval_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_approval');
  INSERT INTO pgworkflows_history
    (workflow, approval, event, from_status, to_status, state, at, actor, "session_user", channel, note)
  SELECT n.workflow_id, n.id, pgworkflows.approval_event(o.status, n.status), o.status, n.status, '', pgworkflows.now(),
         pgworkflows.setting('actor'), session_user, COALESCE(NULLIF(pgworkflows.setting('channel'), ''), 'sql'),
         pgworkflows.setting('note')
  FROM old_rows o JOIN new_rows n ON n.id = o.id
  WHERE n.status <> o.status;
  -- The verbs tell the asker themselves; what is changed by SQL is told here.
  PERFORM pgworkflows.tell_asker(n.workflow_id, n.id || '/' || n.round || '/' || n.status, pgworkflows.setting('actor'))
  FROM old_rows o JOIN new_rows n ON n.id = o.id JOIN pgworkflows_workflow w ON w.id = n.workflow_id
  WHERE n.status <> o.status AND w.status IN ('WAITING', 'RUNNING') AND pgworkflows.setting('channel') = '';
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION pgworkflows.decision_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_decision');
  INSERT INTO pgworkflows_history
    (workflow, approval, event, from_status, to_status, state, at, actor, "session_user", channel, note, data)
  SELECT a.workflow_id, a.id, 'decide', a.status, a.status, '', pgworkflows.now(), n.username, session_user,
         COALESCE(NULLIF(n.channel, ''), 'sql'), n.comment,
         jsonb_build_object('verdict', n.verdict, 'decision', n.id, 'on_behalf_of', n.on_behalf_of_name,
           'snapshot_hash', n.snapshot_hash, 'round', a.round, 'stage', a.stage_id)
  FROM new_rows n JOIN pgworkflows_approval a ON a.id = n.approval_id;
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION pgworkflows.action_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_approvalaction');
  INSERT INTO pgworkflows_history
    (workflow, approval, event, from_status, to_status, state, at, actor, "session_user", channel, note, data)
  SELECT a.workflow_id, a.id, n.verb, a.status, a.status, '', pgworkflows.now(), n.username, session_user,
         COALESCE(NULLIF(n.channel, ''), 'sql'), n.note, jsonb_build_object('action', n.id)
  FROM new_rows n JOIN pgworkflows_approval a ON a.id = n.approval_id;
  RETURN NULL;
END
$$;

-- Who is asked while an answer is open, one row for each user or group.
CREATE OR REPLACE FUNCTION pgworkflows.asked_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
DECLARE r record := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END; who text; what text := TG_ARGV[0];
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(
    TG_RELID, CASE what WHEN 'user' THEN 'pgworkflows_approval_users'::regclass ELSE 'pgworkflows_approval_groups' END);
  IF what = 'user' THEN
    SELECT COALESCE(min(p.username), r.{{approval_user}}::text) INTO who FROM pgworkflows.people() p WHERE p.id = r.{{approval_user}};
  ELSE
    SELECT COALESCE(min(g.name), r.group_id::text) INTO who FROM auth_group g WHERE g.id = r.group_id;
  END IF;
  INSERT INTO pgworkflows_history
    (workflow, approval, event, from_status, to_status, state, at, actor, "session_user", channel, note, data)
  SELECT a.workflow_id, a.id, CASE TG_OP WHEN 'INSERT' THEN 'ask' ELSE 'unask' END, a.status, a.status, '', pgworkflows.now(),
         pgworkflows.setting('actor'), session_user, COALESCE(NULLIF(pgworkflows.setting('channel'), ''), 'sql'), who,
         jsonb_build_object(what, who)
  FROM pgworkflows_approval a JOIN pgworkflows_workflow w ON w.id = a.workflow_id
  WHERE a.id = r.approval_id AND a.status IN ('PENDING', 'CHANGES_REQUESTED')
    AND (TG_OP = 'INSERT' OR w.finished_at IS NULL);  -- what is pruned goes without a word
  RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER approval_inserted AFTER INSERT ON pgworkflows_approval
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.approval_inserted();
CREATE OR REPLACE TRIGGER approval_updated AFTER UPDATE ON pgworkflows_approval
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.approval_updated();
CREATE OR REPLACE TRIGGER decision_inserted AFTER INSERT ON pgworkflows_decision
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.decision_inserted();
CREATE OR REPLACE TRIGGER action_inserted AFTER INSERT ON pgworkflows_approvalaction
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.action_inserted();
CREATE OR REPLACE TRIGGER asked_users_changed AFTER INSERT OR DELETE ON pgworkflows_approval_users
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.asked_changed('user');
CREATE OR REPLACE TRIGGER asked_groups_changed AFTER INSERT OR DELETE ON pgworkflows_approval_groups
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.asked_changed('group');
