// name: doses-using-table
// question: Which dose estimates, and whose, used this coefficient table?
// for: dosimetrist
// parameters: table (string, required), version (string, optional)
// columns: table_name, table_version, table_sha256, dose_key, dose_event_key, performed_on, room, person_key
// expects: rows
MATCH (t:CoefficientTable)<-[:WAS_DERIVED_FROM]-(e:DoseEstimate)
WHERE (t.name = $table OR t.sha256 = $table OR t.key = $table) AND ($version IS NULL OR t.version = $version)
  AND e.system_to IS NULL
MATCH (e)-[:WAS_DERIVED_FROM]->(v:DoseEvent)
OPTIONAL MATCH (e)-[:WAS_DERIVED_FROM]->(:LinkDecision)-[:WAS_DERIVED_FROM]->(:CandidatePair)
      -[:RIGHT]->()-[:HAD_ENCOUNTER|HAD_SUBJECT*1..2]->(:PersonRecord)<-[:HAD_MEMBER]-(o:Person)
WHERE o.system_to IS NULL
WITH t, e, v, min(o.key) AS through_stay
OPTIONAL MATCH (v)-[:HAD_SUBJECT]->(:PersonRecord)<-[:HAD_MEMBER]-(p:Person)
WHERE p.system_to IS NULL
WITH t, e, v, through_stay, min(p.key) AS own
OPTIONAL MATCH (e)-[:WAS_DERIVED_FROM]->(:LinkDecision)-[:WAS_DERIVED_FROM]->(:CandidatePair)-[:RIGHT]->(x:Procedure)
WHERE through_stay IS NULL AND NOT EXISTS { MATCH (x)-[:HAD_ENCOUNTER]->(:Stay) }
OPTIONAL MATCH (x)<-[:LEFT]-(k:CandidatePair)-[:RIGHT]->(:Stay)-[:HAD_SUBJECT]->(:PersonRecord)<-[:HAD_MEMBER]-(u:Person),
      (k)<-[:WAS_DERIVED_FROM]-(j:LinkDecision)
WHERE u.system_to IS NULL AND k.pair_type = 'exam' AND k.system_to IS NULL
  AND j.system_to IS NULL AND j.judgement = 'link'
WITH t, e, v, through_stay, own, min(u.key) AS through_exam
RETURN t.name AS table_name, t.version AS table_version, t.sha256 AS table_sha256, e.key AS dose_key,
       v.key AS dose_event_key, v.performed_on AS performed_on, v.room AS room,
       coalesce(through_stay, through_exam, own) AS person_key
ORDER BY table_name, table_version, performed_on, dose_key
