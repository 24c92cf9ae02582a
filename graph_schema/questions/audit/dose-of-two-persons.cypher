// name: dose-of-two-persons
// question: Which dose events would be the dose of two persons?
// for: auditor, dosimetrist
// parameters:
// columns: dose_event_key, first_person_key, last_person_key, n_persons
// expects: no rows
CALL {
  MATCH (v:DoseEvent)-[:HAD_SUBJECT]->(:PersonRecord)<-[:HAD_MEMBER]-(p:Person)
  WHERE v.system_to IS NULL AND p.system_to IS NULL
  RETURN v.key AS dose_event_key, p.key AS person_key
  UNION
  MATCH (v:DoseEvent)<-[:LEFT]-(c:CandidatePair)
        -[:RIGHT]->()-[:HAD_ENCOUNTER|HAD_SUBJECT*1..2]->(:PersonRecord)<-[:HAD_MEMBER]-(p:Person),
        (c)<-[:WAS_DERIVED_FROM]-(d:LinkDecision)
  WHERE v.system_to IS NULL AND c.system_to IS NULL AND p.system_to IS NULL
    AND d.system_to IS NULL AND d.judgement = 'link'
  RETURN v.key AS dose_event_key, p.key AS person_key
  UNION
  MATCH (v:DoseEvent)<-[:LEFT]-(c:CandidatePair)-[:RIGHT]->(x:Procedure)<-[:LEFT]-(k:CandidatePair)-[:RIGHT]->(:Stay)
        -[:HAD_SUBJECT]->(:PersonRecord)<-[:HAD_MEMBER]-(p:Person),
        (c)<-[:WAS_DERIVED_FROM]-(d:LinkDecision), (k)<-[:WAS_DERIVED_FROM]-(j:LinkDecision)
  WHERE v.system_to IS NULL AND c.system_to IS NULL AND p.system_to IS NULL
    AND d.system_to IS NULL AND d.judgement = 'link'
    AND k.pair_type = 'exam' AND k.system_to IS NULL AND j.system_to IS NULL AND j.judgement = 'link'
    AND NOT EXISTS { MATCH (x)-[:HAD_ENCOUNTER]->(:Stay) }
  RETURN v.key AS dose_event_key, p.key AS person_key
}
WITH dose_event_key, count(DISTINCT person_key) AS n_persons, min(person_key) AS first_person_key,
     max(person_key) AS last_person_key
WHERE n_persons > 1
RETURN dose_event_key AS dose_event_key, first_person_key AS first_person_key, last_person_key AS last_person_key,
       n_persons AS n_persons
ORDER BY dose_event_key
