-- Asking a running workflow. Who asks only inserts, and never waits for the workflow's row; the batch that took the request
-- writes its answer, with what the answer is about.

-- Returns the request's id, else 'unknown' or the status of the finished workflow.
CREATE OR REPLACE FUNCTION pgworkflows.post_request(
  workflow uuid, name text, payload jsonb, actor text, channel text, OUT request bigint, OUT outcome text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
DECLARE ended timestamptz; before text[];
BEGIN
  SELECT w.status, w.finished_at INTO outcome, ended FROM pgworkflows_workflow w WHERE w.id = $1;
  IF NOT FOUND THEN
    outcome := 'unknown';
  ELSIF ended IS NULL THEN
    before := pgworkflows.act_as($4, $5);
    INSERT INTO pgworkflows_request (workflow_id, name, payload, asked_at, asked_by)
    VALUES ($1, $2, $3, pgworkflows.now(), COALESCE($4, '')) RETURNING id INTO request;
    PERFORM pgworkflows.act_as(before[1], before[2], before[3]);
    INSERT INTO pgworkflows_event (workflow_id, name, sent_at, sent_by, parked)
    VALUES ($1, '$request', pgworkflows.now(), COALESCE($4, ''), false);
    PERFORM pgworkflows.wake();
  END IF;
END
$$;

-- Returns the request's id, for answer_of() once this is committed.
CREATE OR REPLACE FUNCTION pgworkflows.ask(workflow uuid, name text, payload jsonb DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
DECLARE asked record;
BEGIN
  IF name IS NULL OR name = '' THEN
    RAISE EXCEPTION 'ask(): a request needs a name' USING ERRCODE = 'invalid_parameter_value', HINT = 'Give one that is not empty.';
  END IF;
  PERFORM pgworkflows.refuse_long('the name of a request', $2),
          pgworkflows.refuse_large('request ' || $2 || ': the payload', $3::text);
  asked := pgworkflows.post_request(
    $1, $2, pgworkflows.escaped($3), COALESCE(NULLIF(pgworkflows.setting('actor'), ''), session_user), 'sql');
  IF asked.request IS NULL AND asked.outcome = 'unknown' THEN
    RAISE EXCEPTION 'no workflow %', $1 USING ERRCODE = 'no_data_found';
  ELSIF asked.request IS NULL THEN
    RAISE EXCEPTION 'workflow % is %: it takes no more requests', $1, asked.outcome USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  RETURN asked.request;
END
$$;

-- Returns how a request stands: whether a wait has taken it, pending, answered or refused, and the answer or the reason.
CREATE OR REPLACE FUNCTION pgworkflows.answer_of(request bigint)
RETURNS TABLE (taken boolean, status text, answer jsonb, refusal text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
SELECT r.task_id IS NOT NULL,
       CASE WHEN r.answered_at IS NULL THEN 'pending' WHEN r.refusal IS NULL THEN 'answered' ELSE 'refused' END, r.answer, r.refusal
FROM pgworkflows_request r WHERE r.id = $1
$$;

-- Notes which wait took which request, and what it was answered; what was refused meanwhile stays so. Writes nothing for a
-- transaction that is gone.
CREATE OR REPLACE FUNCTION pgworkflows.reply(
  claim xid8, requests bigint[], workflows uuid[], branches text[], seqs integer[], ended boolean[], answers jsonb[], refusals text[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp
  SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  IF pg_current_xact_id() = claim THEN
    UPDATE pgworkflows_request r
    SET task_id = t.id, answered_at = CASE WHEN u.ended THEN pgworkflows.now() END, answer = u.answer, refusal = u.refusal
    FROM unnest(requests, workflows, branches, seqs, ended, answers, refusals)
      AS u(id, workflow, branch, seq, ended, answer, refusal)
    JOIN pgworkflows_task t ON t.workflow_id = u.workflow AND t.branch = u.branch AND t.seq = u.seq
    WHERE r.id = u.id AND r.workflow_id = u.workflow AND r.answered_at IS NULL;
  END IF;
END
$$;

-- Refuses what workflows that have ended or turned back were asked and have not answered.
CREATE OR REPLACE FUNCTION pgworkflows.refuse_requests(closed uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp
  SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  UPDATE pgworkflows_request r SET answered_at = pgworkflows.now(), refusal = 'it is ' || w.status || ' and has not answered'
  FROM pgworkflows_workflow w
  WHERE w.id = ANY (closed) AND (w.finished_at IS NOT NULL OR w.status = 'COMPENSATING')
    AND r.workflow_id = w.id AND r.workflow_id = ANY (closed) AND r.answered_at IS NULL;
END
$$;

CREATE OR REPLACE FUNCTION pgworkflows.request_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_request');
  INSERT INTO pgworkflows_history (workflow, event, from_status, to_status, state, at, actor, "session_user", channel, note, data)
  SELECT n.workflow_id, 'ask_workflow', '', '', '', pgworkflows.now(), pgworkflows.setting('actor'), session_user,
         COALESCE(NULLIF(pgworkflows.setting('channel'), ''), 'sql'), n.name, jsonb_build_object('request', n.id)
  FROM new_rows n;
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION pgworkflows.request_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_request');
  INSERT INTO pgworkflows_history (workflow, event, from_status, to_status, state, at, actor, "session_user", channel, note, data)
  SELECT n.workflow_id, CASE WHEN n.refusal IS NULL THEN 'answer' ELSE 'refuse' END, '', '', '', pgworkflows.now(),
         pgworkflows.setting('actor'), session_user, COALESCE(NULLIF(pgworkflows.setting('channel'), ''), 'sql'), n.name,
         jsonb_build_object('request', n.id)
  FROM old_rows o JOIN new_rows n ON n.id = o.id WHERE o.answered_at IS NULL AND n.answered_at IS NOT NULL ORDER BY n.id;
  RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER request_inserted AFTER INSERT ON pgworkflows_request
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.request_inserted();
CREATE OR REPLACE TRIGGER request_updated AFTER UPDATE ON pgworkflows_request
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgworkflows.request_updated();
