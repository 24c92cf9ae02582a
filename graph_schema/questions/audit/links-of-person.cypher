// name: links-of-person
// question: On which accepted links does this person rest, and on what evidence does each stand?
// for: auditor, epidemiologist
// parameters: person (string, required)
// columns: pair_type, left_key, right_key, judgement, reason_code, match_weight, match_probability, threshold, match_key, levels, level_bits, model_sha256, settings_sha256, run_key
// expects: rows
CALL {
  MATCH (p:Person {key: $person})-[:HAD_MEMBER]->(:PersonRecord)<-[:LEFT|RIGHT]-(c:CandidatePair)
  WHERE p.system_to IS NULL AND c.system_to IS NULL
  RETURN c
  UNION
  MATCH (p:Person {key: $person})-[:HAD_MEMBER]->(:PersonRecord)
        <-[:HAD_ENCOUNTER|HAD_SUBJECT*1..2]-()<-[:LEFT|RIGHT]-(c:CandidatePair)
  WHERE p.system_to IS NULL AND c.system_to IS NULL
  RETURN c
  UNION
  MATCH (p:Person {key: $person})-[:HAD_MEMBER]->(:PersonRecord)<-[:HAD_SUBJECT]-(:Stay)<-[:RIGHT]-(k:CandidatePair)
        -[:LEFT]->(x:Procedure)<-[:RIGHT]-(c:CandidatePair),
        (k)<-[:WAS_DERIVED_FROM]-(j:LinkDecision)
  WHERE p.system_to IS NULL AND c.system_to IS NULL
    AND k.pair_type = 'exam' AND k.system_to IS NULL AND j.system_to IS NULL AND j.judgement = 'link'
    AND NOT EXISTS { MATCH (x)-[:HAD_ENCOUNTER]->(:Stay) }
  RETURN c
}
MATCH (c)-[:LEFT]->(left), (c)-[:RIGHT]->(right), (d:LinkDecision)-[:WAS_DERIVED_FROM]->(c)
WHERE d.system_to IS NULL AND d.judgement = 'link'
OPTIONAL MATCH (d)-[:WAS_DERIVED_FROM]->(m:LinkageModel)
OPTIONAL MATCH (d)-[:WAS_GENERATED_BY]->(r:Run)
RETURN DISTINCT c.pair_type AS pair_type, left.key AS left_key, right.key AS right_key, d.judgement AS judgement,
       d.reason_code AS reason_code, c.match_weight AS match_weight, d.match_probability AS match_probability,
       d.threshold AS threshold, c.match_key AS match_key, c.levels AS levels, c.level_bits AS level_bits,
       m.sha256 AS model_sha256, m.settings_sha256 AS settings_sha256, r.key AS run_key
ORDER BY pair_type, left_key, right_key
