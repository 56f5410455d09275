-- Says whether this very transaction wrote a row, by the row's xmin. The ids of savepoints count up from the transaction's.
CREATE OR REPLACE FUNCTION pgworkflows.written_here(writer xid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  own bigint := pg_current_xact_id_if_assigned()::text::bigint;
  younger bigint := (writer::text::bigint - own) & 4294967295;
BEGIN
  RETURN COALESCE(younger < 2147483648 AND pg_xact_status((own + younger)::text::xid8) = 'in progress', false);
EXCEPTION WHEN invalid_parameter_value THEN  -- a row so old that its writer's id has come round
  RETURN false;
END
$$;
