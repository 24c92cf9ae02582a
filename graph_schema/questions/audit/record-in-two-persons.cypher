// name: record-in-two-persons
// question: Which person records are held in more than one person?
// for: auditor, epidemiologist
// parameters:
// columns: record_key, n_persons
// expects: no rows
MATCH (r:PersonRecord)<-[:HAD_MEMBER]-(p:Person)
WHERE r.system_to IS NULL AND p.system_to IS NULL
WITH r, count(DISTINCT p) AS n_persons
WHERE n_persons > 1
RETURN r.key AS record_key, n_persons AS n_persons
ORDER BY record_key
