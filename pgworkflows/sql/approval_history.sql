-- What the history says of approvals, delegations and policies, and what nobody may change of them afterwards.

CREATE FUNCTION pgworkflows.approval_event(from_status text, to_status text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE from_status || '>' || to_status
{{approval_transitions}}
END
$$;

CREATE FUNCTION pgworkflows.policy_event(from_status text, to_status text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE from_status || '>' || to_status
{{approvalpolicy_transitions}}
END
$$;

CREATE FUNCTION pgworkflows.approval_inserted() RETURNS trigger
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

CREATE FUNCTION pgworkflows.approval_updated() RETURNS trigger
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
  WHERE n.status <> o.status AND w.status = 'WAITING' AND pgworkflows.setting('channel') = '';
  RETURN NULL;
END
$$;

CREATE FUNCTION pgworkflows.decision_inserted() RETURNS trigger
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

CREATE FUNCTION pgworkflows.action_inserted() RETURNS trigger
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
CREATE FUNCTION pgworkflows.asked_changed() RETURNS trigger
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

CREATE FUNCTION pgworkflows.delegation_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
DECLARE d record := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_delegation');
  INSERT INTO pgworkflows_history
    (event, from_status, to_status, state, at, actor, "session_user", channel, note, data)
  SELECT CASE TG_OP WHEN 'INSERT' THEN 'delegate' ELSE 'end_delegation' END, '', '', '', pgworkflows.now(),
         pgworkflows.setting('actor'), session_user, COALESCE(NULLIF(pgworkflows.setting('channel'), ''), 'sql'), d.reason,
         jsonb_build_object('delegation', d.id, 'starts_at', d.starts_at, 'ends_at', d.ends_at, 'kinds', d.kinds,
           'delegator', (SELECT p.username FROM pgworkflows.people() p WHERE p.id = d.delegator_id),
           'delegate', (SELECT p.username FROM pgworkflows.people() p WHERE p.id = d.delegate_id));
  RETURN NULL;
END
$$;

CREATE FUNCTION pgworkflows.policy_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_approvalpolicy');
  INSERT INTO pgworkflows_history
    (event, from_status, to_status, state, at, actor, "session_user", channel, note, data)
  VALUES (pgworkflows.policy_event(OLD.status, NEW.status), OLD.status, NEW.status, '', pgworkflows.now(),
          pgworkflows.setting('actor'), session_user, COALESCE(NULLIF(pgworkflows.setting('channel'), ''), 'sql'),
          NEW.name || ' v' || NEW.version,
          jsonb_build_object('policy', NEW.id, 'edited_by', NEW.edited_by_name, 'published_by', NEW.published_by_name));
  RETURN NULL;
END
$$;

CREATE TRIGGER approval_inserted AFTER INSERT ON pgworkflows_approval
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.approval_inserted();
CREATE TRIGGER approval_updated AFTER UPDATE ON pgworkflows_approval
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.approval_updated();
CREATE TRIGGER decision_inserted AFTER INSERT ON pgworkflows_decision
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.decision_inserted();
CREATE TRIGGER action_inserted AFTER INSERT ON pgworkflows_approvalaction
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.action_inserted();
CREATE TRIGGER asked_users_changed AFTER INSERT OR DELETE ON pgworkflows_approval_users
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.asked_changed('user');
CREATE TRIGGER asked_groups_changed AFTER INSERT OR DELETE ON pgworkflows_approval_groups
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.asked_changed('group');
CREATE TRIGGER delegation_changed AFTER INSERT OR UPDATE OR DELETE ON pgworkflows_delegation
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.delegation_changed();
CREATE TRIGGER policy_updated AFTER UPDATE ON pgworkflows_approvalpolicy
  FOR EACH ROW WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION pgworkflows.policy_updated();

CREATE TRIGGER approval_begins BEFORE INSERT ON pgworkflows_approval
  FOR EACH ROW WHEN (NEW.status <> 'PENDING') EXECUTE FUNCTION pgworkflows.refuse_change('approval');
CREATE TRIGGER approval_changes BEFORE UPDATE ON pgworkflows_approval
  FOR EACH ROW WHEN (NEW.id <> OLD.id OR NEW.status <> OLD.status AND pgworkflows.approval_event(OLD.status, NEW.status) IS NULL)
  EXECUTE FUNCTION pgworkflows.refuse_change('approval');
CREATE TRIGGER policy_begins BEFORE INSERT ON pgworkflows_approvalpolicy
  FOR EACH ROW WHEN (NEW.status <> 'DRAFT') EXECUTE FUNCTION pgworkflows.refuse_change('policy');
CREATE TRIGGER policy_changes BEFORE UPDATE ON pgworkflows_approvalpolicy
  FOR EACH ROW WHEN (NEW.id <> OLD.id OR NEW.status <> OLD.status AND pgworkflows.policy_event(OLD.status, NEW.status) IS NULL)
  EXECUTE FUNCTION pgworkflows.refuse_change('policy');

CREATE FUNCTION pgworkflows.refuse_editor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'policy % v% cannot be published by %, who edited it', OLD.name, OLD.version, NEW.published_by_name
    USING ERRCODE = 'check_violation', HINT = 'Another person must.';
END
$$;

CREATE TRIGGER policy_four_eyes BEFORE UPDATE ON pgworkflows_approvalpolicy FOR EACH ROW
  WHEN (OLD.status = 'DRAFT' AND NEW.status <> 'DRAFT'
        AND OLD.editors @> jsonb_build_array(jsonb_build_object('name', NEW.published_by_name)))
  EXECUTE FUNCTION pgworkflows.refuse_editor();

-- What was decided or said stays; only a deleted user's key goes.
CREATE FUNCTION pgworkflows.refuse_answer_change() RETURNS trigger
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

CREATE TRIGGER decision_stays BEFORE UPDATE ON pgworkflows_decision FOR EACH ROW
  WHEN (to_jsonb(NEW) - '{user_id,on_behalf_of_id}'::text[] <> to_jsonb(OLD) - '{user_id,on_behalf_of_id}'::text[])
  EXECUTE FUNCTION pgworkflows.refuse_answer_change();
CREATE TRIGGER decision_kept BEFORE DELETE ON pgworkflows_decision FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_answer_change();
CREATE TRIGGER action_stays BEFORE UPDATE ON pgworkflows_approvalaction FOR EACH ROW
  WHEN (to_jsonb(NEW) - 'user_id' <> to_jsonb(OLD) - 'user_id') EXECUTE FUNCTION pgworkflows.refuse_answer_change();
CREATE TRIGGER action_kept BEFORE DELETE ON pgworkflows_approvalaction FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_answer_change();

-- A version that was published never changes, so that a request ends under the rules that it began with.
CREATE FUNCTION pgworkflows.refuse_policy_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
DECLARE
  r jsonb := to_jsonb(CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END);
  stage bigint := COALESCE(r ->> 'approvalstage_id', r ->> 'stage_id')::bigint;
  version record;
BEGIN
  -- Locked, so that nothing is added while somebody publishes what they have read.
  SELECT p.name, p.version, p.status INTO version FROM pgworkflows_approvalpolicy p
  WHERE p.id = COALESCE((r ->> 'policy_id')::bigint, (SELECT s.policy_id FROM pgworkflows_approvalstage s WHERE s.id = stage))
  FOR SHARE;
  IF version.status <> 'DRAFT' THEN
    RAISE EXCEPTION 'policy % v% is % and cannot be changed', version.name, version.version, version.status
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Make a new draft and publish that.';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;

CREATE FUNCTION pgworkflows.refuse_published_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'policy % v% is % and cannot be changed', OLD.name, OLD.version, OLD.status
    USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Make a new draft and publish that.';
END
$$;

CREATE TRIGGER policy_stays BEFORE UPDATE ON pgworkflows_approvalpolicy FOR EACH ROW
  WHEN (OLD.status <> 'DRAFT' AND to_jsonb(NEW) - '{status,edited_by_id,published_by_id}'::text[]
                               <> to_jsonb(OLD) - '{status,edited_by_id,published_by_id}'::text[])
  EXECUTE FUNCTION pgworkflows.refuse_published_change();
CREATE TRIGGER policy_kept BEFORE DELETE ON pgworkflows_approvalpolicy FOR EACH ROW
  WHEN (OLD.status <> 'DRAFT') EXECUTE FUNCTION pgworkflows.refuse_published_change();
CREATE TRIGGER stage_stays BEFORE INSERT OR UPDATE OR DELETE ON pgworkflows_approvalstage
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_policy_change();
CREATE TRIGGER condition_stays BEFORE INSERT OR UPDATE OR DELETE ON pgworkflows_stagecondition
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_policy_change();
-- Rows go with a user or a group that is deleted; nobody is added.
CREATE TRIGGER stage_users_stay BEFORE INSERT OR UPDATE ON pgworkflows_approvalstage_users
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_policy_change();
CREATE TRIGGER stage_groups_stay BEFORE INSERT OR UPDATE ON pgworkflows_approvalstage_groups
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_policy_change();
CREATE TRIGGER stage_escalation_stays BEFORE INSERT OR UPDATE ON pgworkflows_approvalstage_escalate_to
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_policy_change();
