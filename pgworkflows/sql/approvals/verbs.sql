-- Wakes the workflow that asked; a worker does the rest.
CREATE OR REPLACE FUNCTION pgworkflows.tell_asker(workflow uuid, key text, sender text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
BEGIN
  INSERT INTO pgworkflows_event (workflow_id, name, key, sent_at, sent_by, parked)
  VALUES ($1, '$approval', $2, pgworkflows.now(), COALESCE($3, ''), false) ON CONFLICT DO NOTHING;
  PERFORM pgworkflows.wake();
END
$$;
