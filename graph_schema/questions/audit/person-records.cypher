// name: person-records
// question: Which records of which data holders are held together as this person, and from which rows?
// for: auditor, data protection officer
// parameters: person (string, required)
// columns: record_key, side, source, sex, birth_year, file_name, sha256, source_row
// expects: rows
MATCH (p:Person {key: $person})-[:HAD_MEMBER]->(r:PersonRecord)
WHERE p.system_to IS NULL
OPTIONAL MATCH (r)-[:WAS_DERIVED_FROM]->(:SourceRecord)-[at:HAD_PRIMARY_SOURCE]->(f:SourceFile)
RETURN r.key AS record_key, r.side AS side, r.source AS source, r.sex AS sex, r.birth_year AS birth_year,
       f.name AS file_name, f.sha256 AS sha256, at.row AS source_row
ORDER BY side, record_key, file_name, sha256, source_row
