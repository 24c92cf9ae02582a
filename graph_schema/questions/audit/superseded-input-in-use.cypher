// name: superseded-input-in-use
// question: Which current things rest on something that has been corrected or withdrawn?
// for: auditor
// parameters:
// columns: breach_key, superseded_id
// expects: no rows
CALL {
  MATCH (new:SourceRecord)-[:WAS_REVISION_OF]->(old:SourceRecord)
  WHERE new.system_to IS NULL AND new.key <> old.key
  WITH old
  MATCH (x)-[:WAS_DERIVED_FROM]->(old)
  WHERE x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (old:Permit)
  WHERE old.system_to IS NOT NULL
  WITH old
  MATCH (x)-[:UNDER_PERMIT]->(old)
  WHERE x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (old:LinkageModel)
  WHERE old.system_to IS NOT NULL
  WITH old
  MATCH (x)-[:WAS_DERIVED_FROM]->(old)
  WHERE x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (old:RealisationBlock)
  WHERE old.system_to IS NOT NULL
  WITH old
  MATCH (x)-[:STORED_IN]->(old)
  WHERE x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (old:CalibrationFactor)
  WHERE old.system_to IS NOT NULL
  WITH old
  MATCH (x)-[:WAS_DERIVED_FROM]->(old)
  WHERE x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (old:CoefficientTable)
  WHERE old.system_to IS NOT NULL
  WITH old
  MATCH (x)-[:WAS_DERIVED_FROM]->(old)
  WHERE x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (old:SourceFile)
  WHERE old.system_to IS NOT NULL
  WITH old
  MATCH (x)-[:HAD_PRIMARY_SOURCE]->(old)
  WHERE x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (old:SourceRecord)
  WHERE old.system_to IS NOT NULL
  WITH old
  MATCH (x)-[:WAS_DERIVED_FROM]->(old)
  WHERE x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (old:PersonRecord)
  WHERE old.system_to IS NOT NULL
  WITH old
  MATCH (x)-[:HAD_MEMBER|HAD_SUBJECT|LEFT|RIGHT]->(old)
  WHERE x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (old:Stay)
  WHERE old.system_to IS NOT NULL
  WITH old
  MATCH (x)-[:HAD_ENCOUNTER|LEFT|RIGHT]->(old)
  WHERE x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (old:Procedure)
  WHERE old.system_to IS NOT NULL
  WITH old
  MATCH (x)-[:LEFT|RIGHT]->(old)
  WHERE x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (old:DoseEvent)
  WHERE old.system_to IS NOT NULL
  WITH old
  MATCH (x)-[:LEFT|RIGHT|WAS_DERIVED_FROM]->(old)
  WHERE x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (old:CandidatePair)
  WHERE old.system_to IS NOT NULL
  WITH old
  MATCH (x)-[:WAS_DERIVED_FROM]->(old)
  WHERE x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (old:LinkDecision)
  WHERE old.system_to IS NOT NULL
  WITH old
  MATCH (x)-[:WAS_DERIVED_FROM]->(old)
  WHERE x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
}
RETURN breach_key AS breach_key, superseded_id AS superseded_id
ORDER BY breach_key, superseded_id
