-- What the history says of policies, who may publish them, and what nobody may change of them afterwards.

CREATE OR REPLACE FUNCTION pgworkflows.policy_event(from_status text, to_status text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE from_status || '>' || to_status
{{approvalpolicy_transitions}}
END
$$;

CREATE OR REPLACE FUNCTION pgworkflows.policy_updated() RETURNS trigger
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

CREATE OR REPLACE TRIGGER policy_updated AFTER UPDATE ON pgworkflows_approvalpolicy
  FOR EACH ROW WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION pgworkflows.policy_updated();

CREATE OR REPLACE TRIGGER policy_begins BEFORE INSERT ON pgworkflows_approvalpolicy
  FOR EACH ROW WHEN (NEW.status <> 'DRAFT') EXECUTE FUNCTION pgworkflows.refuse_change('policy');
CREATE OR REPLACE TRIGGER policy_changes BEFORE UPDATE ON pgworkflows_approvalpolicy
  FOR EACH ROW WHEN (NEW.id <> OLD.id OR NEW.status <> OLD.status AND pgworkflows.policy_event(OLD.status, NEW.status) IS NULL)
  EXECUTE FUNCTION pgworkflows.refuse_change('policy');

CREATE OR REPLACE FUNCTION pgworkflows.refuse_editor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'policy % v% cannot be published by %, who edited it', OLD.name, OLD.version, NEW.published_by_name
    USING ERRCODE = 'check_violation', HINT = 'Another person must.';
END
$$;

CREATE OR REPLACE TRIGGER policy_four_eyes BEFORE UPDATE ON pgworkflows_approvalpolicy FOR EACH ROW
  WHEN (OLD.status = 'DRAFT' AND NEW.status <> 'DRAFT'
        AND OLD.editors @> jsonb_build_array(jsonb_build_object('name', NEW.published_by_name)))
  EXECUTE FUNCTION pgworkflows.refuse_editor();

-- A version that was published never changes, so that a request ends under the rules that it began with.
CREATE OR REPLACE FUNCTION pgworkflows.refuse_policy_change() RETURNS trigger
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

CREATE OR REPLACE FUNCTION pgworkflows.refuse_published_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'policy % v% is % and cannot be changed', OLD.name, OLD.version, OLD.status
    USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Make a new draft and publish that.';
END
$$;

CREATE OR REPLACE TRIGGER policy_stays BEFORE UPDATE ON pgworkflows_approvalpolicy FOR EACH ROW
  WHEN (OLD.status <> 'DRAFT' AND to_jsonb(NEW) - '{status,edited_by_id,published_by_id}'::text[]
                               <> to_jsonb(OLD) - '{status,edited_by_id,published_by_id}'::text[])
  EXECUTE FUNCTION pgworkflows.refuse_published_change();
CREATE OR REPLACE TRIGGER policy_kept BEFORE DELETE ON pgworkflows_approvalpolicy FOR EACH ROW
  WHEN (OLD.status <> 'DRAFT') EXECUTE FUNCTION pgworkflows.refuse_published_change();
CREATE OR REPLACE TRIGGER stage_stays BEFORE INSERT OR UPDATE OR DELETE ON pgworkflows_approvalstage
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_policy_change();
CREATE OR REPLACE TRIGGER condition_stays BEFORE INSERT OR UPDATE OR DELETE ON pgworkflows_stagecondition
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_policy_change();
-- Rows go with a user or a group that is deleted; nobody is added.
CREATE OR REPLACE TRIGGER stage_users_stay BEFORE INSERT OR UPDATE ON pgworkflows_approvalstage_users
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_policy_change();
CREATE OR REPLACE TRIGGER stage_groups_stay BEFORE INSERT OR UPDATE ON pgworkflows_approvalstage_groups
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_policy_change();
CREATE OR REPLACE TRIGGER stage_escalation_stays BEFORE INSERT OR UPDATE ON pgworkflows_approvalstage_escalate_to
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_policy_change();
