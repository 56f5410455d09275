-- Indexes of a kind that Django declares only with django.contrib.postgres installed.

-- Rows without attributes are left out: a GIN index would keep an entry for each.
CREATE INDEX IF NOT EXISTS pgworkflows_workflow_attributes ON pgworkflows_workflow USING gin (attributes jsonb_path_ops)
  WHERE attributes <> '{}';

-- Keys by their beginnings, whatever the collation.
CREATE INDEX IF NOT EXISTS pgworkflows_workflow_key ON pgworkflows_workflow (key text_pattern_ops) WHERE key IS NOT NULL;

CREATE INDEX IF NOT EXISTS pgworkflows_approval_attributes ON pgworkflows_approval USING gin (attributes jsonb_path_ops)
  WHERE attributes <> '{}';

-- Whole words and their beginnings, as people search for titles; presentation/search.py asks in the same words.
CREATE INDEX IF NOT EXISTS pgworkflows_approval_words ON pgworkflows_approval
  USING gin (to_tsvector('simple', translate(title, '&+-./:<=>?@_~', '             ')));
CREATE INDEX IF NOT EXISTS pgworkflows_workflow_words ON pgworkflows_workflow
  USING gin (to_tsvector('simple', translate(subject_text, '&+-./:<=>?@_~', '             ')))
  WHERE subject_text <> '';

-- Failures of one cause, by the fingerprint of their error.
CREATE INDEX IF NOT EXISTS pgworkflows_workflow_failure ON pgworkflows_workflow ((error ->> 'fingerprint'), id)
  WHERE error ? 'fingerprint' AND status IN ('FAILED', 'COMPENSATING', 'COMPENSATED', 'CANCELLED', 'BLOCKED');
