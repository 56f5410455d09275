-- Deciding, in Python and in psql alike.
--
--   kept_out(approval)                 who may not decide, whoever asks: four eyes
--   asked(approval)                    who is asked, being named and active
--   stuck_approvals()                  what nobody concerned can move
--   stands_in_for(approval, delegate)  whose delegate somebody is there
--   takes_decisions(approval)          whether it is still open
--   standing(approval, username, ...)  whether somebody may decide just now, and for whom
--   admit(approval, username, ...)     the same under a lock on the approval, and whether it still takes decisions
--   record_decision(...)               one decision, under a lock on the approval
--   decide(...)                        the same for psql

-- Four eyes, the one rule: who may not decide on an approval, and why. Opening one, listing what waits and deciding all ask
-- this: 'self' asked for it; 'reassigned' chose who decides; 'twice' has decided here; 'elsewhere' in another stage of the
-- request. By key or by name, so that who is deleted and made anew is the same. No SET, so that the planner looks inside.
CREATE OR REPLACE FUNCTION pgworkflows.kept_out(a {{schema}}.pgworkflows_approval) RETURNS TABLE (id {{user_pk_type}}, username text, why text)
LANGUAGE sql STABLE AS $$
SELECT a.requested_by_id, NULLIF(a.requested_by_name, ''), 'self' WHERE NOT a.allow_self_approval
UNION ALL
SELECT c.user_id, NULLIF(c.username, ''), 'reassigned' FROM {{schema}}.pgworkflows_approvalaction c
WHERE c.approval_id = a.id AND c.keeps_out
UNION ALL
SELECT v.id, NULLIF(v.username, ''), 'twice' FROM {{schema}}.pgworkflows_decision d,
  LATERAL (VALUES (d.user_id, d.username), (d.on_behalf_of_id, d.on_behalf_of_name)) v(id, username)
WHERE d.approval_id = a.id
UNION ALL
SELECT v.id, NULLIF(v.username, ''), 'elsewhere'
FROM {{schema}}.pgworkflows_approval o JOIN {{schema}}.pgworkflows_decision d ON d.approval_id = o.id,
  LATERAL (VALUES (d.user_id, d.username), (d.on_behalf_of_id, d.on_behalf_of_name)) v(id, username)
WHERE NOT a.allow_same_person AND a.stage_id IS NOT NULL
  AND o.workflow_id = a.workflow_id AND o.branch = a.branch AND o.request = a.request AND o.stage_id <> a.stage_id
$$;

-- Whether an approval still takes decisions, as listing, offering and deciding ask: it is pending, and its time is not over.
-- Past its due date only one takes them that has yet to escalate. No SET, so that the planner looks inside.
CREATE OR REPLACE FUNCTION pgworkflows.takes_decisions(a {{schema}}.pgworkflows_approval) RETURNS boolean
LANGUAGE sql STABLE AS $$
SELECT a.status = 'PENDING'
  AND (a.due_at IS NULL OR a.due_at > pgworkflows.now() OR (a.on_timeout = 'escalate' AND a.escalated_at IS NULL))
$$;

CREATE OR REPLACE FUNCTION pgworkflows.asked(approval bigint) RETURNS TABLE (id {{user_pk_type}}, username text)
LANGUAGE sql STABLE AS $$
SELECT p.id, p.username FROM pgworkflows.people() p
WHERE p.active AND p.id IN (
  SELECT x.{{approval_user}} FROM {{schema}}.pgworkflows_approval_users x WHERE x.approval_id = $1
  UNION ALL
  SELECT m.user_id FROM {{schema}}.pgworkflows_approval_groups x JOIN pgworkflows.memberships() m ON m.group_id = x.group_id
  WHERE x.approval_id = $1)
$$;

-- Open approvals that none of those concerned can move: fewer can still decide than have to agree, or it was sent back to
-- nobody. Who holds `reassign_approval` can.
CREATE OR REPLACE FUNCTION pgworkflows.stuck_approvals() RETURNS TABLE (id bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
SELECT a.id FROM pgworkflows_approval a
WHERE a.status = 'PENDING' AND a.quorum > (
    SELECT count(*) FROM pgworkflows_decision d WHERE d.approval_id = a.id AND d.verdict = 'approve'
  ) + (SELECT count(*) FROM (
    SELECT FROM pgworkflows.asked(a.id) s
    WHERE NOT EXISTS (SELECT FROM pgworkflows.kept_out(a) k WHERE k.id = s.id OR k.username = s.username) LIMIT a.quorum) c)
UNION ALL
SELECT a.id FROM pgworkflows_approval a
WHERE a.status = 'CHANGES_REQUESTED' AND a.resubmitted_at IS NULL
  AND NOT EXISTS (SELECT FROM pgworkflows.people() p WHERE p.id = a.requested_by_id AND p.active)
$$;

-- For whom of those asked a person stands in just now, the person who asked included. Only who is named can be stood in
-- for: a delegate of a delegate finds nobody here.
CREATE OR REPLACE FUNCTION pgworkflows.stands_in_for(approval bigint, delegate {{user_pk_type}})
RETURNS TABLE (id {{user_pk_type}}, username text, own_request boolean)
LANGUAGE sql VOLATILE SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
SELECT DISTINCT s.id, s.username, EXISTS (
  SELECT FROM pgworkflows.kept_out(a) k WHERE k.why = 'self' AND (k.id = s.id OR k.username = s.username))
FROM pgworkflows_approval a, pgworkflows.asked(a.id) s JOIN pgworkflows_delegation d ON d.delegator_id = s.id
WHERE a.id = $1 AND d.delegate_id = $2 AND d.starts_at <= pgworkflows.now() AND d.ends_at > pgworkflows.now()
  AND (d.kinds = '[]' OR d.kinds ? a.kind)
$$;

-- Says whether a person may decide, and for whom: `refusal` is '' or 'nobody' (no such active user), 'unnamed',
-- 'no_delegation', 'expired' or the status of what is no longer pending, 'ambiguous' (asked for several people, on_behalf_of
-- does not say for whom), or why one of the two is kept out.
-- Volatile, so that after the caller's lock it sees what the last holder committed.
CREATE OR REPLACE FUNCTION pgworkflows.standing(
  approval bigint, username text, on_behalf_of text,
  OUT refusal text, OUT person_id {{user_pk_type}}, OUT principal_id {{user_pk_type}}, OUT principal_name text)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
#variable_conflict use_column
DECLARE
  a pgworkflows_approval; wanted text; others integer := 0; person_name text;
BEGIN
  SELECT p.* INTO a FROM pgworkflows_approval p WHERE p.id = $1;
  SELECT p.id, p.username INTO person_id, person_name FROM pgworkflows.people() p
  WHERE p.id = pgworkflows.person($2) AND p.active;
  IF NOT FOUND THEN
    refusal := 'nobody';
    RETURN;
  END IF;
  wanted := NULLIF(NULLIF($3, ''), person_name);
  IF wanted IS NOT NULL OR NOT EXISTS (SELECT FROM pgworkflows.asked($1) s WHERE s.id = person_id) THEN
    -- The requester comes last: taken only where there is nobody else, and refused then.
    SELECT count(*) FILTER (WHERE NOT s.own_request), (array_agg(s.id ORDER BY s.own_request))[1],
           (array_agg(s.username ORDER BY s.own_request))[1]
    INTO others, principal_id, principal_name
    FROM pgworkflows.stands_in_for($1, person_id) s WHERE wanted IS NULL OR s.username = wanted;
    IF principal_id IS NULL THEN
      refusal := CASE WHEN wanted IS NOT NULL THEN 'no_delegation' ELSE 'unnamed' END;
      RETURN;
    END IF;
  END IF;
  -- Who was never named does not learn how it stands.
  IF NOT pgworkflows.takes_decisions(a) THEN
    refusal := CASE a.status WHEN 'PENDING' THEN 'expired' ELSE a.status END;
    RETURN;
  END IF;
  IF others > 1 THEN
    refusal := 'ambiguous';
    RETURN;
  END IF;
  SELECT k.why INTO refusal FROM pgworkflows.kept_out(a) k
  WHERE k.id IN (person_id, principal_id) OR k.username IN (person_name, principal_name)
  ORDER BY array_position('{self,reassigned,twice,elsewhere}', k.why) LIMIT 1;
  refusal := COALESCE(refusal, '');
END
$$;

-- Locks the approval, and nothing else, and says whether it takes this person's decision: '' or 'unknown', or what `standing`
-- refuses.
CREATE OR REPLACE FUNCTION pgworkflows.admit(
  approval bigint, username text, on_behalf_of text,
  OUT refusal text, OUT person_id {{user_pk_type}}, OUT principal_id {{user_pk_type}}, OUT principal_name text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
BEGIN
  PERFORM FROM pgworkflows_approval p WHERE p.id = $1 FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    refusal := 'unknown';
    RETURN;
  END IF;
  SELECT s.refusal, s.person_id, s.principal_id, s.principal_name INTO refusal, person_id, principal_id, principal_name
  FROM pgworkflows.standing($1, $2, $3) s;
END
$$;

-- Records one decision, by who acts. Returns 'decided', or why it was not admitted.
CREATE OR REPLACE FUNCTION pgworkflows.record_decision(
  approval bigint, username text, verdict text, comment text, channel text, on_behalf_of text, data jsonb)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
#variable_conflict use_column
DECLARE a record; may record; outcome text;
BEGIN
  SELECT * INTO may FROM pgworkflows.admit($1, $2, $6);
  IF may.refusal <> '' THEN
    RETURN may.refusal;
  END IF;
  SELECT p.* INTO a FROM pgworkflows_approval p WHERE p.id = $1;
  INSERT INTO pgworkflows_decision
    (approval_id, user_id, username, on_behalf_of_id, on_behalf_of_name, verdict, comment, data, channel, snapshot_hash, at)
  VALUES ($1, may.person_id, $2, may.principal_id, COALESCE(may.principal_name, ''), $3, COALESCE($4, ''), $7, $5,
          a.snapshot_hash, pgworkflows.now());
  outcome := CASE $3
    WHEN 'reject' THEN 'REJECTED'
    WHEN 'request_changes' THEN 'CHANGES_REQUESTED'
    ELSE (SELECT 'APPROVED' FROM pgworkflows_decision d WHERE d.approval_id = $1 AND d.verdict = 'approve' HAVING count(*) >= a.quorum)
  END;
  UPDATE pgworkflows_approval
  SET status = COALESCE(outcome, status), revision = revision + 1,
      decided_at = CASE WHEN outcome IS NOT NULL THEN pgworkflows.now() END
  WHERE id = $1;
  IF outcome IS NOT NULL THEN
    PERFORM pgworkflows.tell_asker(a.workflow_id, a.id::text, $2);
  END IF;
  RETURN 'decided';
END
$$;

-- What somebody is told; Python takes the words from here too.
CREATE OR REPLACE FUNCTION pgworkflows.refusal_text(outcome text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT CASE outcome
  WHEN 'unknown' THEN 'there is no such approval'
  WHEN 'nobody' THEN 'there is no active user of that name'
  WHEN 'unnamed' THEN 'only the users and groups that it names can decide'
  WHEN 'no_delegation' THEN 'nobody of that name is asked and has delegated to this person for now'
  WHEN 'expired' THEN 'it has expired'
  WHEN 'ambiguous' THEN 'this person stands in for several people; say on whose behalf'
  WHEN 'self' THEN 'who asked cannot decide; another person must'
  WHEN 'reassigned' THEN 'who has had somebody else asked cannot decide'
  WHEN 'twice' THEN 'this person has decided before'
  WHEN 'elsewhere' THEN 'this person has decided in another stage of this request'
END
$$;

CREATE OR REPLACE FUNCTION pgworkflows.decide(approval bigint, username text, verdict text, comment text DEFAULT '')
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
DECLARE
  outcome text; before text[];
  -- As the column has it, however the caller spelled it.
  person text := COALESCE((SELECT p.username FROM pgworkflows.people() p WHERE p.id = pgworkflows.person($2)), $2);
BEGIN
  IF $3 IS NULL OR $3 NOT IN ('approve', 'reject', 'request_changes') THEN
    RAISE EXCEPTION 'verdict must be approve, reject or request_changes, not %', quote_nullable($3)
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF $3 <> 'approve' AND btrim(COALESCE($4, '')) = '' THEN
    RAISE EXCEPTION 'verdict % needs a comment', $3 USING ERRCODE = 'invalid_parameter_value', HINT = 'Say why.';
  END IF;
  IF $3 = 'approve' AND EXISTS (SELECT FROM pgworkflows_approval a WHERE a.id = $1 AND a.form <> '') THEN
    RAISE EXCEPTION 'approval % has a form to fill in', $1
      USING ERRCODE = 'feature_not_supported', HINT = 'Approve it on its page, over the API, or in Python.';
  END IF;
  PERFORM pgworkflows.refuse_large('the comment on approval ' || $1, $4);
  before := pgworkflows.act_as(person, 'sql', $4);
  outcome := pgworkflows.record_decision($1, person, $3, $4, 'sql', NULL, NULL);
  PERFORM pgworkflows.act_as(before[1], before[2], before[3]);
  IF outcome <> 'decided' THEN
    RAISE EXCEPTION 'approval % cannot be decided by %: %', $1, $2,
      COALESCE(pgworkflows.refusal_text(outcome), 'it is already ' || outcome)
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
END
$$;

-- A decision is made now, by who acts and may decide, on what was shown. The same function says so to everybody.
CREATE OR REPLACE FUNCTION pgworkflows.refuse_decision() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
DECLARE may record; shown text; wrong text;
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_decision');
  SELECT * INTO may FROM pgworkflows.admit(NEW.approval_id, NEW.username, NULLIF(NEW.on_behalf_of_name, ''));
  SELECT a.snapshot_hash INTO shown FROM pgworkflows_approval a WHERE a.id = NEW.approval_id;
  wrong := CASE
    WHEN may.refusal <> '' THEN COALESCE(pgworkflows.refusal_text(may.refusal), 'it is ' || may.refusal)
    WHEN NEW.username <> pgworkflows.setting('actor') THEN 'who acts is ' || COALESCE(NULLIF(pgworkflows.setting('actor'), ''), 'nobody')
    WHEN NEW.user_id IS DISTINCT FROM may.person_id OR NEW.on_behalf_of_id IS DISTINCT FROM may.principal_id
      OR NEW.on_behalf_of_name <> COALESCE(may.principal_name, '') THEN 'its keys and its names are of different people'
    WHEN NEW.at <> pgworkflows.now() THEN 'it is dated ' || NEW.at
    WHEN NEW.snapshot_hash <> shown THEN 'it is on something else than was shown' END;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'a decision of % on approval % is refused: %', NEW.username, NEW.approval_id, wrong
      USING ERRCODE = 'insufficient_privilege', HINT = 'Use pgworkflows.decide(), or the verbs in Python.';
  END IF;
  RETURN NEW;
END
$$;

CREATE OR REPLACE TRIGGER decision_counts BEFORE INSERT ON pgworkflows_decision
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_decision();

-- An approval is decided by decisions.
CREATE OR REPLACE FUNCTION pgworkflows.refuse_uncounted() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
DECLARE counted integer; needed integer := CASE NEW.status WHEN 'APPROVED' THEN OLD.quorum ELSE 1 END;
BEGIN
  SELECT count(*) INTO counted FROM pgworkflows_decision d WHERE d.approval_id = NEW.id AND d.verdict =
    CASE NEW.status WHEN 'APPROVED' THEN 'approve' WHEN 'REJECTED' THEN 'reject' ELSE 'request_changes' END;
  IF counted >= needed THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'approval % cannot be %: that takes % decision(s), and there are %', NEW.id, NEW.status, needed, counted
    USING ERRCODE = 'insufficient_privilege', HINT = 'Use pgworkflows.decide(), or the verbs in Python.';
END
$$;

CREATE OR REPLACE TRIGGER approval_counts BEFORE UPDATE OF status ON pgworkflows_approval
  FOR EACH ROW WHEN (NEW.status <> OLD.status AND NEW.status IN ('APPROVED', 'REJECTED', 'CHANGES_REQUESTED'))
  EXECUTE FUNCTION pgworkflows.refuse_uncounted();
