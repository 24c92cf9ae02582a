// name: persons-with-doses
// question: Which children have organ doses, those with most first?
// for: epidemiologist, auditor
// parameters: limit (integer, default 20)
// columns: person_key, n_doses, n_claims_records, n_hospital_records, link_probability
// expects: rows
CALL {
  MATCH (p:Person)-[:HAD_MEMBER]->(:PersonRecord)<-[:HAD_SUBJECT]-(:DoseEvent)<-[:WAS_DERIVED_FROM]-(e:DoseEstimate)
  WHERE p.system_to IS NULL AND e.system_to IS NULL
  RETURN p, e
  UNION
  MATCH (e:DoseEstimate)-[:WAS_DERIVED_FROM]->(:LinkDecision)-[:WAS_DERIVED_FROM]->(:CandidatePair)
        -[:RIGHT]->()-[:HAD_ENCOUNTER|HAD_SUBJECT*1..2]->(:PersonRecord)<-[:HAD_MEMBER]-(p:Person)
  WHERE p.system_to IS NULL AND e.system_to IS NULL
  RETURN p, e
  UNION
  MATCH (e:DoseEstimate)-[:WAS_DERIVED_FROM]->(:LinkDecision)-[:WAS_DERIVED_FROM]->(:CandidatePair)-[:RIGHT]->(x:Procedure)
        <-[:LEFT]-(k:CandidatePair)-[:RIGHT]->(:Stay)-[:HAD_SUBJECT]->(:PersonRecord)<-[:HAD_MEMBER]-(p:Person),
        (k)<-[:WAS_DERIVED_FROM]-(j:LinkDecision)
  WHERE p.system_to IS NULL AND e.system_to IS NULL
    AND k.pair_type = 'exam' AND k.system_to IS NULL AND j.system_to IS NULL AND j.judgement = 'link'
    AND NOT EXISTS { MATCH (x)-[:HAD_ENCOUNTER]->(:Stay) }
  RETURN p, e
}
WITH p, count(DISTINCT e) AS n_doses
RETURN p.key AS person_key, n_doses AS n_doses, p.n_claims_records AS n_claims_records,
       p.n_hospital_records AS n_hospital_records, p.link_probability AS link_probability
ORDER BY n_doses DESC, person_key
LIMIT $limit
