-- Takes everything away that the other files made, for migrating to zero.
DROP SCHEMA IF EXISTS pgworkflows CASCADE;
DROP INDEX IF EXISTS pgworkflows_workflow_attributes, pgworkflows_workflow_key, pgworkflows_approval_attributes, pgworkflows_approval_words,
  pgworkflows_workflow_words;
