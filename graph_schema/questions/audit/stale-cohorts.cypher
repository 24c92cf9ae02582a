// name: stale-cohorts
// question: Which cohorts hold persons that have changed or gone since they were selected?
// for: epidemiologist
// parameters:
// columns: cohort_key, cohort_name, n_persons, n_changed
// expects: rows
MATCH (h:Cohort)-[:HAD_MEMBER]->(p:Person)
WHERE h.system_to IS NULL AND p.system_to IS NOT NULL
RETURN h.key AS cohort_key, h.name AS cohort_name, h.n_persons AS n_persons, count(p) AS n_changed
ORDER BY cohort_key
