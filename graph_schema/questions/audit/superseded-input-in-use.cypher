// name: superseded-input-in-use
// question: Which current things rest on something that has been corrected or withdrawn?
// for: auditor
// parameters:
// columns: breach_key, superseded_id
// expects: no rows
CALL {
  MATCH (new:SourceRecord)-[:WAS_REVISION_OF]->(old:SourceRecord)<-[:WAS_DERIVED_FROM]-(x)
  WHERE new.system_to IS NULL AND x.system_to IS NULL AND new.key <> old.key
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (x)-[:UNDER_PERMIT]->(old:Permit)
  WHERE old.system_to IS NOT NULL AND x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (x)-[:WAS_DERIVED_FROM]->(old:LinkageModel)
  WHERE old.system_to IS NOT NULL AND x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (x)-[:STORED_IN]->(old:RealisationBlock)
  WHERE old.system_to IS NOT NULL AND x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (x)-[:WAS_DERIVED_FROM]->(old:CalibrationFactor)
  WHERE old.system_to IS NOT NULL AND x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (x)-[:WAS_DERIVED_FROM]->(old:CoefficientTable)
  WHERE old.system_to IS NOT NULL AND x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (x)-[:HAD_PRIMARY_SOURCE]->(old:SourceFile)
  WHERE old.system_to IS NOT NULL AND x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (x)-[:WAS_DERIVED_FROM]->(old:SourceRecord)
  WHERE old.system_to IS NOT NULL AND x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (x)-[:HAD_MEMBER|HAD_SUBJECT|LEFT|RIGHT]->(old:PersonRecord)
  WHERE old.system_to IS NOT NULL AND x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (x)-[:HAD_ENCOUNTER|LEFT|RIGHT]->(old:Stay)
  WHERE old.system_to IS NOT NULL AND x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (x)-[:LEFT|RIGHT]->(old:Procedure)
  WHERE old.system_to IS NOT NULL AND x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (x)-[:LEFT|RIGHT|WAS_DERIVED_FROM]->(old:DoseEvent)
  WHERE old.system_to IS NOT NULL AND x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (x)-[:WAS_DERIVED_FROM]->(old:CandidatePair)
  WHERE old.system_to IS NOT NULL AND x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
  UNION
  MATCH (x)-[:WAS_DERIVED_FROM]->(old:LinkDecision)
  WHERE old.system_to IS NOT NULL AND x.system_to IS NULL
  RETURN x.key AS breach_key, old.id AS superseded_id
}
RETURN breach_key AS breach_key, superseded_id AS superseded_id
ORDER BY breach_key, superseded_id
