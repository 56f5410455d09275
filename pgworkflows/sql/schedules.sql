-- What the history says of schedules: who changed what of them and why, and which times were left out.

CREATE OR REPLACE FUNCTION pgworkflows.schedule_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
DECLARE
  s record;
  bookkeeping text[] := '{next_at,due_at,queued_for,last_skips,paused_at,pause_reason,edited_by_id,edited_by_name}';
  was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - bookkeeping ELSE '{}' END;
  now_is jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - bookkeeping ELSE '{}' END;
  about jsonb;
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_schedule');
  s := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
  about := jsonb_build_object('schedule', s.id, 'name', s.name);
  INSERT INTO pgworkflows_history
    (event, from_status, to_status, state, at, actor, "session_user", channel, note, data)
  SELECT told.event, '', '', '', pgworkflows.now(), pgworkflows.setting('actor'), session_user,
         COALESCE(NULLIF(pgworkflows.setting('channel'), ''), 'sql'), told.note, about || told.data
  FROM (
    SELECT 1 AS place, 'configure' AS event, pgworkflows.setting('note') AS note, jsonb_build_object('changed', COALESCE((
      -- Arguments are no part of the history.
      SELECT jsonb_object_agg(c.key, CASE WHEN c.key IN ('kwargs', 'declared') THEN '[]' ELSE jsonb_build_array(was -> c.key, c.value) END)
      FROM jsonb_each(now_is) c WHERE TG_OP = 'UPDATE' AND c.value IS DISTINCT FROM was -> c.key), '{}')) ||
      jsonb_build_object('deed', lower(TG_OP)) AS data
    WHERE was <> now_is
    UNION ALL
    SELECT 2, CASE WHEN NEW.paused_at IS NULL THEN 'resume' ELSE 'pause' END,
           CASE WHEN NEW.paused_at IS NULL THEN pgworkflows.setting('note') ELSE NEW.pause_reason END, '{}'
    WHERE TG_OP = 'UPDATE' AND (NEW.paused_at IS NULL) <> (OLD.paused_at IS NULL)
    UNION ALL
    SELECT 3, 'skip', skipped ->> 'reason', skipped - 'reason'
    FROM jsonb_array_elements(CASE WHEN TG_OP = 'UPDATE' AND NEW.last_skips <> OLD.last_skips THEN NEW.last_skips ELSE '[]' END) skipped
  ) told ORDER BY told.place;
  RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER schedule_changed AFTER INSERT OR DELETE ON pgworkflows_schedule
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.schedule_changed();
-- Not at each firing, which moves the times only.
CREATE OR REPLACE TRIGGER schedule_updated AFTER UPDATE ON pgworkflows_schedule FOR EACH ROW
  WHEN (to_jsonb(NEW) - '{next_at,due_at,queued_for}'::text[] <> to_jsonb(OLD) - '{next_at,due_at,queued_for}'::text[])
  EXECUTE FUNCTION pgworkflows.schedule_changed();
