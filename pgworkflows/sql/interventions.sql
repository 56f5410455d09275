-- What people do to a workflow or an approval, for Python and for psql alike.

-- Returns 'cancelled', 'requested' (a worker does the rest), 'unknown', or the status of the finished workflow.
-- Never waits: what runs just now is left a request. So is everything with `later`, which steps pass: their own
-- transaction holds the rows of the whole batch, and writes them once more at its end.
CREATE FUNCTION pgworkflows.request_cancel(
  workflow uuid, reason text, compensate boolean, actor text, channel text, later boolean)
RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, {{tables}}, pg_temp
  SET pgworkflows.actor = '' SET pgworkflows.channel = '' SET pgworkflows.note = '' AS $$
DECLARE
  w record;
  undo boolean := COALESCE($3, true);
  request jsonb := jsonb_build_object('reason', $2, 'compensate', undo, 'by', $4);
BEGIN
  PERFORM pgworkflows.act_as($4, $5, $2);
  SELECT c.status, c.finished_at, c.owner_id INTO w FROM pgworkflows_workflow c
  WHERE c.id = $1 AND NOT later FOR NO KEY UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    SELECT c.status, c.finished_at INTO w FROM pgworkflows_workflow c WHERE c.id = $1;
    IF NOT FOUND THEN
      RETURN 'unknown';
    ELSIF w.finished_at IS NOT NULL THEN
      RETURN w.status;
    END IF;
    INSERT INTO pgworkflows_event (workflow_id, name, payload, sent_at, sent_by, parked)
    VALUES ($1, '$cancel', request, pgworkflows.now(), COALESCE($4, ''), false);
    PERFORM pgworkflows.wake();
    RETURN 'requested';
  END IF;
  IF w.finished_at IS NOT NULL THEN
    RETURN w.status;
  END IF;
  IF w.owner_id IS NULL AND w.status <> 'COMPENSATING' AND (NOT undo OR NOT EXISTS (
       SELECT FROM pgworkflows_task t WHERE t.workflow_id = $1 AND t.kind = 'STEP')) THEN
    PERFORM pgworkflows.wake();  -- for its children, and whoever waits for it
    UPDATE pgworkflows_workflow c
    SET status = 'CANCELLED', cancel_requested_at = pgworkflows.now(), cancel_request = request,
        finished_at = pgworkflows.now(), available_at = NULL, waiting_for = ''
    WHERE c.id = $1;
    RETURN 'cancelled';
  END IF;
  UPDATE pgworkflows_workflow c
  SET status = CASE WHEN w.status = 'BLOCKED' THEN 'COMPENSATING' ELSE c.status END,
      cancel_requested_at = pgworkflows.now(), cancel_request = request,
      available_at = CASE WHEN c.owner_id IS NULL THEN pgworkflows.now() END
  WHERE c.id = $1;
  PERFORM pgworkflows.wake();
  RETURN 'requested';
END
$$;

CREATE FUNCTION pgworkflows.cancel(workflow uuid, reason text, compensate boolean DEFAULT true)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
DECLARE outcome text;
BEGIN
  outcome := pgworkflows.request_cancel(
    $1, $2, $3, COALESCE(NULLIF(pgworkflows.setting('actor'), ''), session_user), 'sql', pgworkflows.setting('channel') = 'worker');
  IF outcome = 'unknown' THEN
    RAISE EXCEPTION 'no workflow %', $1 USING ERRCODE = 'no_data_found';
  ELSIF outcome NOT IN ('cancelled', 'requested') THEN
    RAISE EXCEPTION 'workflow % is already %', $1, outcome USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
END
$$;

CREATE FUNCTION pgworkflows.status(workflow uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
SELECT w.status FROM pgworkflows_workflow w WHERE w.id = $1
$$;

-- Records one decision. Returns 'decided', 'unknown', 'expired', 'self', 'unnamed', 'twice', 'nobody' (no such active
-- user), or the status of the approval that is no longer pending. Locks the approval only.
CREATE FUNCTION pgworkflows.record_decision(approval bigint, username text, verdict text, comment text, channel text)
RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, {{tables}}, pg_temp
  SET pgworkflows.actor = '' SET pgworkflows.channel = '' SET pgworkflows.note = '' AS $$
#variable_conflict use_column
DECLARE a record; person record; outcome text; yes integer;
BEGIN
  PERFORM pgworkflows.act_as($2, $5, $4);
  SELECT p.* INTO a FROM pgworkflows_approval p WHERE p.id = $1 FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN 'unknown';
  END IF;
  IF a.status <> 'PENDING' THEN
    RETURN a.status;
  END IF;
  IF a.due_at <= pgworkflows.now() THEN
    RETURN 'expired';
  END IF;
  SELECT u.{{user_pk}} AS id, {{user_is_active}} AS is_active INTO person FROM {{user_table}} u WHERE u.{{user_name}} = $2;
  IF NOT FOUND OR NOT person.is_active THEN
    RETURN 'nobody';
  END IF;
  IF NOT EXISTS (SELECT FROM pgworkflows_approval_users x WHERE x.approval_id = $1 AND x.{{approval_user}} = person.id)
     AND NOT EXISTS (SELECT FROM pgworkflows_approval_groups x JOIN ({{memberships}}) m ON m.group_id = x.group_id
                     WHERE x.approval_id = $1 AND m.user_id = person.id) THEN
    RETURN 'unnamed';
  END IF;
  IF NOT a.allow_self_approval AND (a.requested_by_id = person.id OR a.requested_by_name = $2) THEN
    RETURN 'self';
  END IF;
  IF EXISTS (SELECT FROM pgworkflows_decision d WHERE d.approval_id = $1 AND d.username = $2) THEN
    RETURN 'twice';
  END IF;
  INSERT INTO pgworkflows_decision (approval_id, user_id, username, verdict, comment, channel, at)
  VALUES ($1, person.id, $2, $3, COALESCE($4, ''), $5, pgworkflows.now());
  SELECT count(*) INTO yes FROM pgworkflows_decision d WHERE d.approval_id = $1 AND d.verdict = 'approve';
  outcome := CASE WHEN $3 = 'reject' THEN 'REJECTED' WHEN yes >= a.quorum THEN 'APPROVED' END;
  IF outcome IS NOT NULL THEN
    UPDATE pgworkflows_approval SET status = outcome, decided_at = pgworkflows.now() WHERE id = $1;
    INSERT INTO pgworkflows_event (workflow_id, name, key, sent_at, sent_by, parked)
    VALUES (a.workflow_id, '$approval', a.id::text, pgworkflows.now(), $2, false) ON CONFLICT DO NOTHING;
    PERFORM pgworkflows.wake();
  END IF;
  RETURN 'decided';
END
$$;

CREATE FUNCTION pgworkflows.decide(approval bigint, username text, verdict text, comment text DEFAULT '')
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
DECLARE outcome text;
BEGIN
  IF $3 IS NULL OR $3 NOT IN ('approve', 'reject') THEN
    RAISE EXCEPTION 'verdict must be approve or reject, not %', quote_nullable($3) USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF $3 = 'reject' AND btrim(COALESCE($4, '')) = '' THEN
    RAISE EXCEPTION 'rejecting needs a comment' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  outcome := pgworkflows.record_decision($1, $2, $3, $4, 'sql');
  IF outcome <> 'decided' THEN
    RAISE EXCEPTION 'approval % cannot be decided by %: %', $1, $2,
      CASE outcome WHEN 'unknown' THEN 'there is no such approval' WHEN 'expired' THEN 'it has expired'
        WHEN 'self' THEN 'the requester cannot decide' WHEN 'unnamed' THEN 'not named as an approver'
        WHEN 'twice' THEN 'has decided before' WHEN 'nobody' THEN 'no such active user'
        ELSE 'it is already ' || outcome END
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
END
$$;
