-- How the server keeps the tables tidy. Its defaults wait until a fifth of a table is dead: too late for a table of millions,
-- of which the same few thousand rows change all day and leave dead entries in front of the index that workers claim by.

ALTER TABLE pgworkflows_workflow SET (
  autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_limit = 2000,
  autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 1000);
ALTER TABLE pgworkflows_event SET (
  autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_limit = 2000,
  autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 1000);
ALTER TABLE pgworkflows_task SET (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_limit = 2000,
  autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 1000);

-- Only ever inserted into: frozen in small doses, not all of it when its transaction ids grow old.
ALTER TABLE pgworkflows_history SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- A few rows, each updated at every beat: with room on the page and no index on what changes, in place.
ALTER TABLE pgworkflows_worker SET (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
