-- What is read of the project's users. Run again after a `migrate` that finds another USERNAME_FIELD, or other columns, than
-- the comment on people() stands for.
--
--   people()       every user: key, name as text, and whether they are active
--   memberships()  who is in which group
--   person(name)   the key of the user of that name, null where there is none

-- No SET and no STRICT, so that the planner writes them into the statement that asks, and sees the indexes.
CREATE OR REPLACE FUNCTION pgworkflows.people() RETURNS TABLE (id {{user_pk_type}}, username text, active boolean)
LANGUAGE sql STABLE AS $$
{{people}}
$$;

CREATE OR REPLACE FUNCTION pgworkflows.memberships() RETURNS TABLE (user_id {{user_pk_type}}, group_id integer)
LANGUAGE sql STABLE AS $$
{{memberships}}
$$;

-- Compared as the column's own type, along its index; what is no such number or UUID is nobody's name.
CREATE OR REPLACE FUNCTION pgworkflows.person(name text) RETURNS {{user_pk_type}}
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, {{tables}}, pg_temp AS $$
DECLARE wanted {{user_name_table}}.{{user_name}}%TYPE; found {{user_pk_type}};
BEGIN
  wanted := $1;
  SELECT u.{{user_name_key}} INTO found FROM {{user_name_table}} u JOIN pgworkflows.people() p ON p.id = u.{{user_name_key}}
  WHERE u.{{user_name}} = wanted;
  RETURN found;
EXCEPTION WHEN data_exception THEN
  RETURN NULL;
END
$$;

COMMENT ON FUNCTION pgworkflows.people() IS '{{people_digest}}';
