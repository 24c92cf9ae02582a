// name: file-without-permit
// question: Which delivered files are there without a permit?
// for: data protection officer
// parameters:
// columns: file_name, sha256, source
// expects: no rows
MATCH (f:SourceFile)
WHERE f.system_to IS NULL AND NOT EXISTS { MATCH (f)-[:UNDER_PERMIT]->(:Permit) }
RETURN f.name AS file_name, f.sha256 AS sha256, f.source AS source
ORDER BY file_name, sha256
