// name: permit-expired
// question: Which delivered files lie under a permit that has run out?
// for: data protection officer
// parameters: today (date, required)
// columns: permit_id, valid_until, file_name, sha256
// expects: no rows
MATCH (f:SourceFile)-[:UNDER_PERMIT]->(m:Permit)
WHERE f.system_to IS NULL AND m.valid_until < $today
RETURN m.permit_id AS permit_id, m.valid_until AS valid_until, f.name AS file_name, f.sha256 AS sha256
ORDER BY permit_id, file_name, sha256
