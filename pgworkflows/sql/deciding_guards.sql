-- Who may decide, and what becomes of it, also of rows that are written by hand.

-- A decision is made now, by who acts and may decide, on what was shown. The same function says so to everybody.
CREATE FUNCTION pgworkflows.refuse_decision() RETURNS trigger
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

CREATE TRIGGER decision_counts BEFORE INSERT ON pgworkflows_decision
  FOR EACH ROW EXECUTE FUNCTION pgworkflows.refuse_decision();

-- An approval is decided by decisions.
CREATE FUNCTION pgworkflows.refuse_uncounted() RETURNS trigger
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

CREATE TRIGGER approval_counts BEFORE UPDATE OF status ON pgworkflows_approval
  FOR EACH ROW WHEN (NEW.status <> OLD.status AND NEW.status IN ('APPROVED', 'REJECTED', 'CHANGES_REQUESTED'))
  EXECUTE FUNCTION pgworkflows.refuse_uncounted();
