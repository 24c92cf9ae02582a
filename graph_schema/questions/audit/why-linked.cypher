// name: why-linked
// question: Why are these two linked, or why not: levels, weights, decision, model and run?
// for: auditor, epidemiologist
// parameters: a (string, required), b (string, required)
// columns: pair_type, left_key, right_key, judgement, reason_code, match_weight, match_probability, threshold, match_key, levels, level_bits, model_sha256, settings_sha256, run_key
// expects: rows
CALL {
  MATCH (x:Stay {key: $a}) WHERE x.system_to IS NULL RETURN x
  UNION
  MATCH (x:PersonRecord {key: $a}) WHERE x.system_to IS NULL RETURN x
  UNION
  MATCH (x:DoseEvent {key: $a}) WHERE x.system_to IS NULL RETURN x
  UNION
  MATCH (x:Procedure {key: $a}) WHERE x.system_to IS NULL RETURN x
}
MATCH (x)<-[:LEFT|RIGHT]-(c:CandidatePair)-[:LEFT|RIGHT]->(y)
WHERE y.key = $b AND y.system_to IS NULL AND c.system_to IS NULL
MATCH (c)-[:LEFT]->(left), (c)-[:RIGHT]->(right), (d:LinkDecision)-[:WAS_DERIVED_FROM]->(c)
WHERE d.system_to IS NULL
OPTIONAL MATCH (d)-[:WAS_DERIVED_FROM]->(m:LinkageModel)
OPTIONAL MATCH (d)-[:WAS_GENERATED_BY]->(r:Run)
RETURN DISTINCT c.pair_type AS pair_type, left.key AS left_key, right.key AS right_key, d.judgement AS judgement,
       d.reason_code AS reason_code, c.match_weight AS match_weight, d.match_probability AS match_probability,
       d.threshold AS threshold, c.match_key AS match_key, c.levels AS levels, c.level_bits AS level_bits,
       m.sha256 AS model_sha256, m.settings_sha256 AS settings_sha256, r.key AS run_key
ORDER BY pair_type, left_key, right_key
