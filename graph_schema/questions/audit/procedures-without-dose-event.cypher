// name: procedures-without-dose-event
// question: Which coded procedures have no dose event of the same child within a day, and why?
// for: epidemiologist
// parameters: ops (string, optional)
// columns: procedure_key, ops_code, performed_on, side, person_key, reason
// expects: rows
MATCH (p:Person)
WHERE p.system_to IS NULL
OPTIONAL MATCH (p)-[:HAD_MEMBER]->(:PersonRecord)<-[:HAD_SUBJECT]-(v:DoseEvent)
WHERE v.system_to IS NULL
WITH p, collect(DISTINCT v.performed_on) AS told
OPTIONAL MATCH (p)-[:HAD_MEMBER]->(:PersonRecord)
      <-[:HAD_ENCOUNTER|HAD_SUBJECT*1..2]-()<-[:RIGHT]-(c:CandidatePair)-[:LEFT]->(w:DoseEvent),
      (c)<-[:WAS_DERIVED_FROM]-(d:LinkDecision)
WHERE c.system_to IS NULL AND w.system_to IS NULL AND d.system_to IS NULL AND d.judgement = 'link'
WITH p, told, collect(DISTINCT w.performed_on) AS linked
OPTIONAL MATCH (p)-[:HAD_MEMBER]->(:PersonRecord)<-[:HAD_SUBJECT]-(:Stay)<-[:RIGHT]-(k:CandidatePair)
      -[:LEFT]->(x:Procedure)<-[:RIGHT]-(c:CandidatePair)-[:LEFT]->(w:DoseEvent),
      (k)<-[:WAS_DERIVED_FROM]-(j:LinkDecision), (c)<-[:WAS_DERIVED_FROM]-(d:LinkDecision)
WHERE c.system_to IS NULL AND w.system_to IS NULL AND d.system_to IS NULL AND d.judgement = 'link'
  AND k.pair_type = 'exam' AND k.system_to IS NULL AND j.system_to IS NULL AND j.judgement = 'link'
  AND NOT EXISTS { MATCH (x)-[:HAD_ENCOUNTER]->(:Stay) }
WITH p, told, linked, collect(DISTINCT w.performed_on) AS through_exam
WITH p, told + linked + through_exam AS days
MATCH (p)-[:HAD_MEMBER]->(:PersonRecord)<-[:HAD_SUBJECT]-(q:Procedure)
WHERE q.system_to IS NULL AND q.ops_code IS NOT NULL AND ($ops IS NULL OR q.ops_code STARTS WITH $ops)
WITH p, q, size(days) AS n_days,
     size([day IN days WHERE day >= q.performed_on - duration({days: 1})
                         AND day <= q.performed_on + duration({days: 1})]) AS n_near
WHERE n_near = 0
RETURN q.key AS procedure_key, q.ops_code AS ops_code, q.performed_on AS performed_on, q.side AS side,
       p.key AS person_key,
       CASE WHEN n_days > 0 THEN 'no dose event near that day'
            WHEN p.n_hospital_records = 0 THEN 'not linked to a hospital'
            ELSE 'no dose event of this child' END AS reason
ORDER BY reason, performed_on, procedure_key
