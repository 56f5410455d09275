-- What the history says of delegations.

CREATE OR REPLACE FUNCTION pgworkflows.delegation_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
DECLARE d record := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
BEGIN
  PERFORM pgworkflows.refuse_elsewhere(TG_RELID, 'pgworkflows_delegation');
  INSERT INTO pgworkflows_history
    (event, from_status, to_status, state, at, actor, "session_user", channel, note, data)
  SELECT CASE TG_OP WHEN 'INSERT' THEN 'delegate' ELSE 'end_delegation' END, '', '', '', pgworkflows.now(),
         pgworkflows.setting('actor'), session_user, COALESCE(NULLIF(pgworkflows.setting('channel'), ''), 'sql'), d.reason,
         jsonb_build_object('delegation', d.id, 'starts_at', d.starts_at, 'ends_at', d.ends_at, 'kinds', d.kinds,
           'delegator', (SELECT p.username FROM pgworkflows.people() p WHERE p.id = d.delegator_id),
           'delegate', (SELECT p.username FROM pgworkflows.people() p WHERE p.id = d.delegate_id));
  RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER delegation_changed AFTER INSERT OR UPDATE OR DELETE ON pgworkflows_delegation
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.delegation_changed();
