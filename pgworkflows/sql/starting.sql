-- Starting workflows, from Python and from SQL.

-- Inserts workflows in key order. ON CONFLICT DO NOTHING and then a second statement: one statement can return no row
-- in the race of two starts with one key. Where a key was taken, its holder is returned with its arguments; where the
-- holder is gone by then, it starts over. `asked` is the id that the row was given with.
CREATE OR REPLACE FUNCTION pgworkflows.insert_workflows(given jsonb, actor text, channel text)
RETURNS TABLE (asked uuid, workflow uuid, created boolean, at timestamptz, task bigint, kwargs text, format smallint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
#variable_conflict use_column
DECLARE
  moment timestamptz := pgworkflows.now();
  before text[] := pgworkflows.act_as(actor, channel);
  missing jsonb := given;
  again jsonb;
  held record;
  inserted_now integer;
BEGIN
  LOOP
    RETURN QUERY
    WITH wanted AS MATERIALIZED (
      SELECT r.*, CASE WHEN r.allocate_task THEN nextval(pg_get_serial_sequence('pgworkflows_task', 'id')) END AS task
      FROM jsonb_to_recordset(missing) AS r(
        id uuid, name text, version integer, key text, queue text, priority smallint, kwargs jsonb, attributes jsonb,
        subject_type integer, subject_id text, subject_label text, subject_text text, requested_by text, requested_by_name text, parent uuid, root uuid, run_after timestamptz, timeout double precision,
        fingerprint text, format smallint, allocate_task boolean,
        schedule bigint, scheduled_for timestamptz)
    ), inserted AS (
      INSERT INTO pgworkflows_workflow
        (id, name, version, key, holds_key, status, state, queue, priority, kwargs, attributes, subject_type_id, subject_id,
         subject_label, subject_text, requested_by_id, requested_by_name, parent_id, parent_task_id, parent_close, root, created_at, available_at,
         deadline, waiting_for, epoch, crashes, fingerprint, format, schedule, scheduled_for)
      SELECT w.id, w.name, w.version, w.key, w.key IS NOT NULL, 'PENDING', '', w.queue, w.priority, w.kwargs, COALESCE(w.attributes, '{}'),
             w.subject_type, COALESCE(w.subject_id, ''), COALESCE(w.subject_label, ''), COALESCE(w.subject_text, ''),
             w.requested_by::{{user_pk_type}}, COALESCE(w.requested_by_name, ''), w.parent, w.task, CASE WHEN w.parent IS NOT NULL THEN 'cancel' END, COALESCE(w.root, w.id), moment,
             GREATEST(w.run_after, moment), COALESCE(w.run_after, moment) + w.timeout * interval '1 second', '[]', 0, 0,
             COALESCE(w.fingerprint, ''), w.format, w.schedule, w.scheduled_for
      FROM wanted w
      ORDER BY w.name, w.key, w.id
      ON CONFLICT (name, key) WHERE holds_key DO NOTHING
      RETURNING id
    )
    SELECT w.id, w.id, true, moment, w.task, NULL::text, NULL::smallint FROM wanted w JOIN inserted i ON i.id = w.id;
    GET DIAGNOSTICS inserted_now = ROW_COUNT;
    EXIT WHEN inserted_now = jsonb_array_length(missing);

    again := '[]';
    -- Planned at each call: a plan that was made on an empty table would read a full one to its end.
    FOR held IN EXECUTE $query$
      SELECT g.value AS given, h.id, h.kwargs::text, h.format
      FROM jsonb_array_elements($1) g
      LEFT JOIN pgworkflows_workflow h ON h.name = g.value ->> 'name' AND h.key = g.value ->> 'key' AND h.holds_key
      WHERE NOT EXISTS (SELECT FROM pgworkflows_workflow own WHERE own.id = (g.value ->> 'id')::uuid)
    $query$ USING missing
    LOOP
      IF held.id IS NULL THEN
        again := again || held.given;
      ELSE
        asked := (held.given ->> 'id')::uuid; workflow := held.id; created := false; at := moment; task := NULL;
        kwargs := held.kwargs; format := held.format;
        RETURN NEXT;
      END IF;
    END LOOP;
    EXIT WHEN again = '[]';
    missing := again;
  END LOOP;
  PERFORM pgworkflows.act_as(before[1], before[2], before[3]);
  PERFORM pgworkflows.wake();
END
$$;

-- The public verb: the highest version of a definition, with its defaults. The subject is 'app.model:pk'.
CREATE OR REPLACE FUNCTION pgworkflows.start(
  name text, kwargs jsonb DEFAULT '{}', key text DEFAULT NULL, queue text DEFAULT NULL,
  run_after timestamptz DEFAULT NULL, subject text DEFAULT NULL, requested_by text DEFAULT NULL)
RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
#variable_conflict use_column
DECLARE
  wanted_name ALIAS FOR $1; wanted_kwargs ALIAS FOR $2; wanted_key ALIAS FOR $3; wanted_queue ALIAS FOR $4;
  wanted_run_after ALIAS FOR $5; wanted_subject ALIAS FOR $6; wanted_requester ALIAS FOR $7;
  definition record; wrong text; started record; full_kwargs jsonb; label text; row_id text;
BEGIN
  SELECT d.* INTO definition FROM pgworkflows_workflowdefinition d
  WHERE d.name = wanted_name ORDER BY d.version DESC LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no workflow definition named %', quote_nullable(wanted_name)
      USING ERRCODE = 'no_data_found', HINT = 'Definitions are written by `manage.py migrate` and by a starting worker.';
  END IF;
  IF wanted_key = '' THEN
    RAISE EXCEPTION '%: the key must not be empty', wanted_name
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Pass NULL for none.';
  END IF;
  PERFORM pgworkflows.refuse_long(wanted_name || ': the key', wanted_key),
          pgworkflows.refuse_long(wanted_name || ': the queue', wanted_queue),
          pgworkflows.refuse_long(wanted_name || ': the subject', wanted_subject),
          pgworkflows.refuse_long(wanted_name || ': the name of who asks', wanted_requester),
          pgworkflows.refuse_far(wanted_name || ': run_after', wanted_run_after);
  IF wanted_subject NOT LIKE '%_.%_:%_' THEN
    RAISE EXCEPTION '%: % is no subject', wanted_name, quote_literal(wanted_subject)
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Pass app_label.model:primary_key, as in shop.order:7.';
  END IF;
  label := lower(split_part(wanted_subject, ':', 1));
  row_id := substr(wanted_subject, strpos(wanted_subject, ':') + 1);
  IF wanted_kwargs IS NULL OR jsonb_typeof(wanted_kwargs) <> 'object' THEN
    RAISE EXCEPTION '%: kwargs must be a JSON object of the arguments by name', wanted_name USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF octet_length(wanted_kwargs::text) > (definition.options ->> 'largest')::integer THEN
    RAISE EXCEPTION '%: the arguments are larger than MAX_PAYLOAD_BYTES (%)', wanted_name, definition.options ->> 'largest'
      USING ERRCODE = 'program_limit_exceeded', HINT = 'Store what is large in a row and pass its key.';
  END IF;
  SELECT string_agg(k, ', ') INTO wrong FROM jsonb_object_keys(wanted_kwargs) k WHERE NOT definition.parameters ? k;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION '%: unknown argument %', wanted_name, wrong
      USING ERRCODE = 'invalid_parameter_value', HINT = 'It takes ' || (
        SELECT COALESCE(string_agg(p, ', '), 'none') FROM jsonb_array_elements_text(definition.parameters) p) || '.';
  END IF;
  full_kwargs := definition.defaults || wanted_kwargs;
  SELECT string_agg(p, ', ') INTO wrong FROM jsonb_array_elements_text(definition.parameters) p WHERE NOT full_kwargs ? p;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION '%: missing argument %', wanted_name, wrong USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT i.* INTO started FROM pgworkflows.insert_workflows(
    jsonb_build_array(jsonb_build_object(
      'id', pgworkflows.uuid7(), 'name', definition.name, 'version', definition.version, 'key', wanted_key,
      'queue', COALESCE(wanted_queue, definition.options ->> 'queue'), 'priority', definition.options -> 'priority',
      'kwargs', wanted_kwargs, 'subject_label', label, 'subject_id', row_id,
      'subject_type', (SELECT c.id FROM django_content_type c WHERE c.app_label || '.' || c.model = label),
      'requested_by', pgworkflows.person(wanted_requester)::text,
      'requested_by_name', wanted_requester, 'run_after', wanted_run_after, 'timeout', definition.options -> 'timeout',
      'fingerprint', definition.fingerprint, 'format', 0)),
    COALESCE(NULLIF(pgworkflows.setting('actor'), ''), wanted_requester, session_user), 'sql') i;
  IF NOT started.created AND definition.defaults || started.kwargs::jsonb <> full_kwargs THEN
    RAISE EXCEPTION 'key % of % belongs to workflow % with other arguments', quote_literal(wanted_key), wanted_name, started.workflow
      USING ERRCODE = 'unique_violation', HINT = 'Use another key, or the same arguments.';
  END IF;
  RETURN started.workflow;
END
$$;
