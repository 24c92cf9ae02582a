// name: estimate-without-table
// question: Which dose estimates do not rest on exactly one coefficient table?
// for: auditor, dosimetrist
// parameters:
// columns: breach_key, n_tables
// expects: no rows
MATCH (e:DoseEstimate)
WHERE e.system_to IS NULL
OPTIONAL MATCH (e)-[:WAS_DERIVED_FROM]->(t:CoefficientTable)
WITH e, count(DISTINCT t) AS n_tables
WHERE n_tables <> 1
RETURN e.key AS breach_key, n_tables AS n_tables
ORDER BY breach_key
