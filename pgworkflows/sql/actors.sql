-- Who acts, through what, and why: settings of the transaction, which the history triggers read.

CREATE OR REPLACE FUNCTION pgworkflows.setting(name text) RETURNS text LANGUAGE sql STABLE AS $$
SELECT COALESCE(current_setting('pgworkflows.' || name, true), '')
$$;

-- Who acts: by the comment that `acting_as` puts before what writes (a step's savepoint may be in front of it), else as the
-- session says; null where nobody is known. A worker is nobody.
CREATE OR REPLACE FUNCTION pgworkflows.actor() RETURNS text LANGUAGE sql STABLE AS $$
SELECT COALESCE(
  convert_from(decode(substring(current_query() FROM '^(?:SAVEPOINT \w+; )?/\*pgworkflows:((?:[0-9a-f]{2})+)\*/'), 'hex'), 'UTF8'),
  CASE WHEN pgworkflows.setting('channel') <> 'worker' THEN NULLIF(pgworkflows.setting('actor'), '') END)
$$;

-- Sets who acts, through what, and why, for the rest of the transaction. Returns what was said before, for who gives it back.
-- Not by SET at a function: a role that is no superuser may set what the server does not know, but not keep it with a function.
CREATE OR REPLACE FUNCTION pgworkflows.act_as(actor text, channel text, note text DEFAULT '') RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE before text[] := ARRAY[pgworkflows.setting('actor'), pgworkflows.setting('channel'), pgworkflows.setting('note')];
BEGIN
  PERFORM set_config('pgworkflows.actor', COALESCE(actor, ''), true),
          set_config('pgworkflows.channel', COALESCE(channel, ''), true),
          set_config('pgworkflows.note', COALESCE(note, ''), true);
  RETURN before;
END
$$;
