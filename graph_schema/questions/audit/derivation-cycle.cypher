// name: derivation-cycle
// question: Which derivations or revisions point to something that is not earlier, as every cycle must somewhere?
// for: auditor
// parameters:
// columns: edge_type, from_id, to_id
// expects: no rows
CALL {
  MATCH (x:Agent)-[:WAS_DERIVED_FROM]->(y)
  RETURN 'WAS_DERIVED_FROM' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:ParameterSet)-[:WAS_DERIVED_FROM]->(y)
  RETURN 'WAS_DERIVED_FROM' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:Permit)-[:WAS_DERIVED_FROM]->(y)
  RETURN 'WAS_DERIVED_FROM' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:Run)-[:WAS_DERIVED_FROM]->(y)
  RETURN 'WAS_DERIVED_FROM' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:CalibrationFactor)-[:WAS_DERIVED_FROM]->(y)
  RETURN 'WAS_DERIVED_FROM' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:CoefficientTable)-[:WAS_DERIVED_FROM]->(y)
  RETURN 'WAS_DERIVED_FROM' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:LinkageModel)-[:WAS_DERIVED_FROM]->(y)
  RETURN 'WAS_DERIVED_FROM' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:RealisationBlock)-[:WAS_DERIVED_FROM]->(y)
  RETURN 'WAS_DERIVED_FROM' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:SourceFile)-[:WAS_DERIVED_FROM]->(y)
  RETURN 'WAS_DERIVED_FROM' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:SourceRecord)-[:WAS_DERIVED_FROM]->(y)
  RETURN 'WAS_DERIVED_FROM' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:PersonRecord)-[:WAS_DERIVED_FROM]->(y)
  WHERE NOT (y:SourceRecord)
  RETURN 'WAS_DERIVED_FROM' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:Stay)-[:WAS_DERIVED_FROM]->(y)
  WHERE NOT (y:SourceRecord)
  RETURN 'WAS_DERIVED_FROM' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:Procedure)-[:WAS_DERIVED_FROM]->(y)
  WHERE NOT (y:SourceRecord)
  RETURN 'WAS_DERIVED_FROM' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:DoseEvent)-[:WAS_DERIVED_FROM]->(y)
  WHERE NOT (y:SourceRecord)
  RETURN 'WAS_DERIVED_FROM' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:CandidatePair)-[:WAS_DERIVED_FROM]->(y)
  RETURN 'WAS_DERIVED_FROM' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:LinkDecision)-[:WAS_DERIVED_FROM]->(y)
  WHERE NOT (y:CandidatePair OR y:LinkageModel)
  RETURN 'WAS_DERIVED_FROM' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:Person)-[:WAS_DERIVED_FROM]->(y)
  WHERE NOT (y:LinkDecision)
  RETURN 'WAS_DERIVED_FROM' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:DoseEstimate)-[:WAS_DERIVED_FROM]->(y)
  WHERE NOT (y:DoseEvent OR y:CoefficientTable OR y:CalibrationFactor OR y:LinkDecision)
  RETURN 'WAS_DERIVED_FROM' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:Cohort)-[:WAS_DERIVED_FROM]->(y)
  RETURN 'WAS_DERIVED_FROM' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:Agent)-[:WAS_REVISION_OF]->(y)
  WHERE NOT y:Agent OR x.system_from < y.system_from OR (x.key = y.key AND x.revision <= y.revision)
    OR EXISTS { MATCH (y)-[:WAS_REVISION_OF]->(x) }
  RETURN 'WAS_REVISION_OF' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:ParameterSet)-[:WAS_REVISION_OF]->(y)
  WHERE NOT y:ParameterSet OR x.system_from < y.system_from OR (x.key = y.key AND x.revision <= y.revision)
    OR EXISTS { MATCH (y)-[:WAS_REVISION_OF]->(x) }
  RETURN 'WAS_REVISION_OF' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:Permit)-[:WAS_REVISION_OF]->(y)
  WHERE NOT y:Permit OR x.system_from < y.system_from OR (x.key = y.key AND x.revision <= y.revision)
    OR EXISTS { MATCH (y)-[:WAS_REVISION_OF]->(x) }
  RETURN 'WAS_REVISION_OF' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:Run)-[:WAS_REVISION_OF]->(y)
  WHERE NOT y:Run OR x.system_from < y.system_from OR (x.key = y.key AND x.revision <= y.revision)
    OR EXISTS { MATCH (y)-[:WAS_REVISION_OF]->(x) }
  RETURN 'WAS_REVISION_OF' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:CalibrationFactor)-[:WAS_REVISION_OF]->(y)
  WHERE NOT y:CalibrationFactor OR x.system_from < y.system_from OR (x.key = y.key AND x.revision <= y.revision)
    OR EXISTS { MATCH (y)-[:WAS_REVISION_OF]->(x) }
  RETURN 'WAS_REVISION_OF' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:CoefficientTable)-[:WAS_REVISION_OF]->(y)
  WHERE NOT y:CoefficientTable OR x.system_from < y.system_from OR (x.key = y.key AND x.revision <= y.revision)
    OR EXISTS { MATCH (y)-[:WAS_REVISION_OF]->(x) }
  RETURN 'WAS_REVISION_OF' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:LinkageModel)-[:WAS_REVISION_OF]->(y)
  WHERE NOT y:LinkageModel OR x.system_from < y.system_from OR (x.key = y.key AND x.revision <= y.revision)
    OR EXISTS { MATCH (y)-[:WAS_REVISION_OF]->(x) }
  RETURN 'WAS_REVISION_OF' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:RealisationBlock)-[:WAS_REVISION_OF]->(y)
  WHERE NOT y:RealisationBlock OR x.system_from < y.system_from OR (x.key = y.key AND x.revision <= y.revision)
    OR EXISTS { MATCH (y)-[:WAS_REVISION_OF]->(x) }
  RETURN 'WAS_REVISION_OF' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:SourceFile)-[:WAS_REVISION_OF]->(y)
  WHERE NOT y:SourceFile OR x.system_from < y.system_from OR (x.key = y.key AND x.revision <= y.revision)
    OR EXISTS { MATCH (y)-[:WAS_REVISION_OF]->(x) }
  RETURN 'WAS_REVISION_OF' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:SourceRecord)-[:WAS_REVISION_OF]->(y)
  WHERE NOT y:SourceRecord OR x.system_from < y.system_from OR (x.key = y.key AND x.revision <= y.revision)
    OR EXISTS { MATCH (y)-[:WAS_REVISION_OF]->(x) }
  RETURN 'WAS_REVISION_OF' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:PersonRecord)-[:WAS_REVISION_OF]->(y)
  WHERE NOT y:PersonRecord OR x.system_from < y.system_from OR (x.key = y.key AND x.revision <= y.revision)
    OR EXISTS { MATCH (y)-[:WAS_REVISION_OF]->(x) }
  RETURN 'WAS_REVISION_OF' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:Stay)-[:WAS_REVISION_OF]->(y)
  WHERE NOT y:Stay OR x.system_from < y.system_from OR (x.key = y.key AND x.revision <= y.revision)
    OR EXISTS { MATCH (y)-[:WAS_REVISION_OF]->(x) }
  RETURN 'WAS_REVISION_OF' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:Procedure)-[:WAS_REVISION_OF]->(y)
  WHERE NOT y:Procedure OR x.system_from < y.system_from OR (x.key = y.key AND x.revision <= y.revision)
    OR EXISTS { MATCH (y)-[:WAS_REVISION_OF]->(x) }
  RETURN 'WAS_REVISION_OF' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:DoseEvent)-[:WAS_REVISION_OF]->(y)
  WHERE NOT y:DoseEvent OR x.system_from < y.system_from OR (x.key = y.key AND x.revision <= y.revision)
    OR EXISTS { MATCH (y)-[:WAS_REVISION_OF]->(x) }
  RETURN 'WAS_REVISION_OF' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:CandidatePair)-[:WAS_REVISION_OF]->(y)
  WHERE NOT y:CandidatePair OR x.system_from < y.system_from OR (x.key = y.key AND x.revision <= y.revision)
    OR EXISTS { MATCH (y)-[:WAS_REVISION_OF]->(x) }
  RETURN 'WAS_REVISION_OF' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:LinkDecision)-[:WAS_REVISION_OF]->(y)
  WHERE NOT y:LinkDecision OR x.system_from < y.system_from OR (x.key = y.key AND x.revision <= y.revision)
    OR EXISTS { MATCH (y)-[:WAS_REVISION_OF]->(x) }
  RETURN 'WAS_REVISION_OF' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:Person)-[:WAS_REVISION_OF]->(y)
  WHERE NOT y:Person OR x.system_from < y.system_from OR (x.key = y.key AND x.revision <= y.revision)
    OR EXISTS { MATCH (y)-[:WAS_REVISION_OF]->(x) }
  RETURN 'WAS_REVISION_OF' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:DoseEstimate)-[:WAS_REVISION_OF]->(y)
  WHERE NOT y:DoseEstimate OR x.system_from < y.system_from OR (x.key = y.key AND x.revision <= y.revision)
    OR EXISTS { MATCH (y)-[:WAS_REVISION_OF]->(x) }
  RETURN 'WAS_REVISION_OF' AS edge_type, x.id AS from_id, y.id AS to_id
  UNION
  MATCH (x:Cohort)-[:WAS_REVISION_OF]->(y)
  WHERE NOT y:Cohort OR x.system_from < y.system_from OR (x.key = y.key AND x.revision <= y.revision)
    OR EXISTS { MATCH (y)-[:WAS_REVISION_OF]->(x) }
  RETURN 'WAS_REVISION_OF' AS edge_type, x.id AS from_id, y.id AS to_id
}
RETURN edge_type AS edge_type, from_id AS from_id, to_id AS to_id
ORDER BY edge_type, from_id, to_id
