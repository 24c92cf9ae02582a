// name: conflicts
// question: Which records contradict each other: kept apart for it, or held together in spite of it?
// for: epidemiologist, auditor
// parameters:
// columns: kind, rule, left_key, right_key, match_probability
// expects: rows
CALL {
  MATCH (d:LinkDecision)-[:WAS_DERIVED_FROM]->(c:CandidatePair), (c)-[:LEFT]->(x), (c)-[:RIGHT]->(y)
  WHERE d.system_to IS NULL AND d.reason_code STARTS WITH 'conflict'
  RETURN 'kept apart' AS kind, d.reason_code AS rule, x.key AS left_key, y.key AS right_key,
         d.match_probability AS match_probability
  UNION
  MATCH (x:PersonRecord)<-[:HAD_MEMBER]-(p:Person)-[:HAD_MEMBER]->(y:PersonRecord)
  WHERE p.system_to IS NULL AND x.key < y.key AND x.sex <> y.sex AND x.sex <> 'unknown' AND y.sex <> 'unknown'
  RETURN 'held together' AS kind, 'sex differs' AS rule, x.key AS left_key, y.key AS right_key,
         p.link_probability AS match_probability
  UNION
  MATCH (x:PersonRecord)<-[:HAD_MEMBER]-(p:Person)-[:HAD_MEMBER]->(y:PersonRecord)
  WHERE p.system_to IS NULL AND x.key < y.key AND x.birth_year <> y.birth_year
  RETURN 'held together' AS kind, 'birth year differs' AS rule, x.key AS left_key, y.key AS right_key,
         p.link_probability AS match_probability
}
RETURN kind AS kind, rule AS rule, left_key AS left_key, right_key AS right_key, match_probability AS match_probability
ORDER BY kind, rule, left_key, right_key
