// name: person-without-record
// question: Which persons hold no record of any data holder?
// for: auditor, data protection officer
// parameters:
// columns: breach_key
// expects: no rows
MATCH (p:Person)
WHERE p.system_to IS NULL AND NOT EXISTS { MATCH (p)-[:HAD_MEMBER]->(:PersonRecord) }
RETURN p.key AS breach_key
ORDER BY breach_key
