// name: last-run
// question: What did the last run do?
// for: operator, auditor
// parameters: run_type (string, optional)
// columns: run_key, run_type, status, code_version, seed, recorded_at, settings_sha256, derivation_key, counts_json, n_source_records, n_person_records, n_dose_events, n_candidate_pairs, n_link_decisions, n_persons, n_dose_estimates, n_cohorts
// expects: rows
MATCH (r:Run)
WHERE $run_type IS NULL OR r.run_type = $run_type
WITH r ORDER BY r.system_from DESC, r.key DESC LIMIT 1
OPTIONAL MATCH (r)-[:USED]->(s:ParameterSet)
WITH r, min(s.sha256) AS settings_sha256
OPTIONAL MATCH (r)<-[:WAS_GENERATED_BY]-(x)
RETURN r.key AS run_key, r.run_type AS run_type, r.status AS status, r.code_version AS code_version, r.seed AS seed,
       r.system_from AS recorded_at, settings_sha256 AS settings_sha256, r.derivation_key AS derivation_key,
       r.counts_json AS counts_json,
       sum(CASE WHEN x:SourceRecord THEN 1 ELSE 0 END) AS n_source_records,
       sum(CASE WHEN x:PersonRecord THEN 1 ELSE 0 END) AS n_person_records,
       sum(CASE WHEN x:DoseEvent THEN 1 ELSE 0 END) AS n_dose_events,
       sum(CASE WHEN x:CandidatePair THEN 1 ELSE 0 END) AS n_candidate_pairs,
       sum(CASE WHEN x:LinkDecision THEN 1 ELSE 0 END) AS n_link_decisions,
       sum(CASE WHEN x:Person THEN 1 ELSE 0 END) AS n_persons,
       sum(CASE WHEN x:DoseEstimate THEN 1 ELSE 0 END) AS n_dose_estimates,
       sum(CASE WHEN x:Cohort THEN 1 ELSE 0 END) AS n_cohorts
ORDER BY run_key
