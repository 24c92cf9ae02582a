// name: candidates-of-person
// question: Which candidates were compared with the records, stays and doses of this person, and how sure was each?
// for: epidemiologist, auditor
// parameters: person (string, required)
// columns: pair_type, left_key, right_key, judgement, reason_code, match_weight, match_probability
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
WHERE d.system_to IS NULL
RETURN DISTINCT c.pair_type AS pair_type, left.key AS left_key, right.key AS right_key, d.judgement AS judgement,
       d.reason_code AS reason_code, c.match_weight AS match_weight, d.match_probability AS match_probability
ORDER BY match_probability DESC, pair_type, left_key, right_key
