-- What branches leave behind that were cancelled: nobody is asked, the children that they started stop, and what was given to
-- a wait goes to the next that waits.
CREATE OR REPLACE FUNCTION pgworkflows.close_branches(
  workflows uuid[], branches text[], seqs integer[], children uuid[], events bigint[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
BEGIN
  UPDATE pgworkflows_approval a SET status = 'CANCELLED', decided_at = pgworkflows.now()
  FROM unnest(workflows, branches, seqs) AS c(workflow, branch, seq)
  WHERE a.workflow_id = c.workflow AND a.branch = c.branch AND a.seq = c.seq AND a.status IN ('PENDING', 'CHANGES_REQUESTED');

  INSERT INTO pgworkflows_event (workflow_id, name, key, payload, sent_at, sent_by, parked)
  SELECT c.id, '$cancel', c.parent_id::text, jsonb_build_object('reason', 'the branch of its parent ' || c.parent_id || ' was cancelled'),
         pgworkflows.now(), pgworkflows.setting('actor'), false
  FROM pgworkflows_workflow c
  WHERE c.id = ANY (children) AND c.parent_close = 'cancel' AND c.finished_at IS NULL
  ON CONFLICT DO NOTHING;

  UPDATE pgworkflows_event e SET workflow_id = NULL, delivered_at = NULL, parked = false
  WHERE e.id = ANY (events) AND e.task_id IS NULL AND e.correlation IS NOT NULL;
END
$$;

-- What ends or turns back leaves no open task, asks nobody, stops its children, and tells whoever waits for it.
-- plpgsql keeps its plans for the session: one made while the tables were small must not read them whole for ever.
CREATE OR REPLACE FUNCTION pgworkflows.close_workflows(closed uuid[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, {{tables}}, pg_temp
  SET jit = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_nestloop = on
  SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  UPDATE pgworkflows_task t SET status = 'CANCELLED', finished_at = pgworkflows.now()
  FROM pgworkflows_workflow w
  WHERE w.id = ANY (closed) AND w.status <> 'FAILED' AND t.workflow_id = w.id AND t.workflow_id = ANY (closed)
    AND t.status IN ('PENDING', 'RUNNING', 'WAITING') AND t.kind <> 'COMPENSATION';

  IF EXISTS (SELECT FROM pgworkflows_approval a WHERE a.workflow_id = ANY (closed)) THEN
    UPDATE pgworkflows_approval a SET status = 'CANCELLED', decided_at = pgworkflows.now()
    FROM pgworkflows_workflow w
    WHERE w.id = ANY (closed) AND w.status <> 'FAILED' AND a.workflow_id = w.id AND a.workflow_id = ANY (closed)
      AND a.status IN ('PENDING', 'CHANGES_REQUESTED');
  END IF;

  IF EXISTS (SELECT FROM pgworkflows_request r WHERE r.workflow_id = ANY (closed) AND r.answered_at IS NULL) THEN
    PERFORM pgworkflows.refuse_requests(closed);
  END IF;

  -- What was given to a wait that is over without it goes to the next that waits.
  UPDATE pgworkflows_event e SET workflow_id = NULL, delivered_at = NULL, parked = false
  WHERE e.workflow_id = ANY (closed) AND e.task_id IS NULL AND e.correlation IS NOT NULL;

  -- The fence keeps the planner from reading all that is open.
  INSERT INTO pgworkflows_event (workflow_id, name, key, payload, sent_at, sent_by, parked)
  SELECT c.id, '$cancel', p.id::text,
         jsonb_build_object('reason', 'its parent ' || p.id || ' was cancelled',
                            'compensate', COALESCE((p.cancel_request ->> 'compensate')::boolean, true)),
         pgworkflows.now(), pgworkflows.setting('actor'), false
  FROM pgworkflows_workflow p
  JOIN (SELECT * FROM pgworkflows_workflow WHERE parent_id = ANY (closed) OFFSET 0) c ON c.parent_id = p.id
  WHERE p.id = ANY (closed) AND p.cancel_requested_at IS NOT NULL AND c.parent_close = 'cancel' AND c.finished_at IS NULL
  ON CONFLICT DO NOTHING;

  -- The fence has each looked for by itself: a list of ids looks dearer to the planner than all that is open.
  INSERT INTO pgworkflows_event (workflow_id, name, key, sent_at, sent_by, parked)
  SELECT t.workflow_id, '$child', w.id || '/' || w.epoch || '/' || w.finished_at, pgworkflows.now(), pgworkflows.setting('actor'), false
  FROM pgworkflows_workflow w
  CROSS JOIN LATERAL (
    SELECT * FROM pgworkflows_task WHERE kind = 'CHILD' AND status = 'WAITING' AND child_id = w.id OFFSET 0) t
  WHERE w.id = ANY (closed) AND w.finished_at IS NOT NULL
  ON CONFLICT DO NOTHING;
END
$$;
