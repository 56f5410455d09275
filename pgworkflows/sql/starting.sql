-- Starting workflows, from Python and from SQL.

-- Inserts workflows that have all but id and kwargs in common: models/workflow_row.py says what. One that has a key comes
-- alone, and so does a child, which is returned with the id of its task. ON CONFLICT DO NOTHING and then a second statement:
-- one statement can return no row in the race of two starts with one key. Where the key was taken, its holder is returned
-- with its arguments; where the holder is gone by then, it starts over.
CREATE OR REPLACE FUNCTION pgworkflows.insert_workflows(
  actor text, channel text, ids uuid[], arguments jsonb[], run_after timestamptz, timeout double precision, parent uuid,
  root uuid, {{start_parameters}})
RETURNS TABLE (at timestamptz, task bigint, holder uuid, holder_kwargs text, holder_format smallint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
#variable_conflict use_column
DECLARE
  before text[] := pgworkflows.act_as(actor, channel);
BEGIN
  at := pgworkflows.now();
  task := CASE WHEN parent IS NOT NULL THEN nextval('pgworkflows_task_id_seq') END;
  LOOP
    INSERT INTO pgworkflows_workflow
      (id, root, kwargs, {{start_columns}}, holds_key, status, state, created_at, available_at, deadline, parent_id, parent_task_id,
       parent_close, waiting_for, epoch, crashes)
    SELECT g.id, COALESCE(root, g.id), g.kwargs, {{start_values}}, key IS NOT NULL, 'PENDING', '', at, GREATEST(run_after, at),
      COALESCE(run_after, at) + timeout * interval '1 second', parent, task, CASE WHEN parent IS NOT NULL THEN 'cancel' END,
      '[]', 0, 0
    FROM unnest(ids, arguments) AS g(id, kwargs)
    ON CONFLICT (name, key) WHERE holds_key DO NOTHING;
    EXIT WHEN FOUND;
    -- Planned at each call: a plan that was made on an empty table would read a full one to its end.
    EXECUTE 'SELECT h.id, h.kwargs::text, h.format FROM pgworkflows_workflow h WHERE h.name = $1 AND h.key = $2 AND h.holds_key'
    INTO holder, holder_kwargs, holder_format USING name, key;
    EXIT WHEN holder IS NOT NULL;
  END LOOP;
  PERFORM pgworkflows.act_as(before[1], before[2], before[3]);
  PERFORM pgworkflows.wake();
  RETURN NEXT;
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
  own uuid := pgworkflows.uuid7();
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
    actor => COALESCE(NULLIF(pgworkflows.setting('actor'), ''), wanted_requester, session_user), channel => 'sql',
    ids => ARRAY[own], arguments => ARRAY[wanted_kwargs], run_after => wanted_run_after,
    timeout => (definition.options ->> 'timeout')::double precision, parent => NULL, root => NULL, name => definition.name, version => definition.version, key => wanted_key,
    queue => COALESCE(wanted_queue, definition.options ->> 'queue'), priority => (definition.options ->> 'priority')::smallint,
    attributes => '{}', subject_type_id => (SELECT c.id FROM django_content_type c WHERE c.app_label || '.' || c.model = label),
    subject_id => COALESCE(row_id, ''), subject_label => COALESCE(label, ''), subject_text => '',
    requested_by_id => pgworkflows.person(wanted_requester), requested_by_name => COALESCE(wanted_requester, ''),
    fingerprint => definition.fingerprint, format => 0::smallint, schedule => NULL,
    scheduled_for => NULL) i;
  IF started.holder IS NOT NULL AND definition.defaults || started.holder_kwargs::jsonb <> full_kwargs THEN
    RAISE EXCEPTION 'key % of % belongs to workflow % with other arguments', quote_literal(wanted_key), wanted_name, started.holder
      USING ERRCODE = 'unique_violation', HINT = 'Use another key, or the same arguments.';
  END IF;
  RETURN COALESCE(started.holder, own);
END
$$;
