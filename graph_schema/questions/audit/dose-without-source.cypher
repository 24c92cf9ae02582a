// name: dose-without-source
// question: Which dose events or dose estimates cannot be traced to a delivered file?
// for: auditor
// parameters:
// columns: label, breach_key
// expects: no rows
CALL {
  MATCH (v:DoseEvent)
  WHERE v.system_to IS NULL
    AND NOT EXISTS { MATCH (v)-[:WAS_DERIVED_FROM]->(:SourceRecord)-[:HAD_PRIMARY_SOURCE]->(:SourceFile) }
  RETURN 'DoseEvent' AS label, v.key AS breach_key
  UNION
  MATCH (e:DoseEstimate)
  WHERE e.system_to IS NULL
    AND NOT EXISTS { MATCH (e)-[:WAS_DERIVED_FROM]->(:DoseEvent)
                           -[:WAS_DERIVED_FROM]->(:SourceRecord)-[:HAD_PRIMARY_SOURCE]->(:SourceFile) }
  RETURN 'DoseEstimate' AS label, e.key AS breach_key
}
RETURN label AS label, breach_key AS breach_key
ORDER BY label, breach_key
