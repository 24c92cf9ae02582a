// name: dose-events-without-stay
// question: Which dose events found neither an examination nor a stay, and why?
// for: epidemiologist
// parameters:
// columns: dose_event_key, performed_on, room, kap_gycm2, n_candidates, best_probability, reason
// expects: rows
MATCH (v:DoseEvent)
WHERE v.system_to IS NULL AND NOT EXISTS {
  MATCH (v)<-[:LEFT]-(a:CandidatePair)<-[:WAS_DERIVED_FROM]-(b:LinkDecision)
  WHERE a.system_to IS NULL AND b.system_to IS NULL AND b.judgement = 'link'
}
OPTIONAL MATCH (v)<-[:LEFT]-(c:CandidatePair)<-[:WAS_DERIVED_FROM]-(d:LinkDecision)
WHERE c.system_to IS NULL AND d.system_to IS NULL
WITH v, count(DISTINCT c) AS n_candidates, max(d.match_probability) AS best_probability
OPTIONAL MATCH (v)-[:HAD_SUBJECT]->(r:PersonRecord)
RETURN v.key AS dose_event_key, v.performed_on AS performed_on, v.room AS room, v.kap_gycm2 AS kap_gycm2,
       n_candidates AS n_candidates, best_probability AS best_probability,
       CASE WHEN count(r) > 0 THEN 'patient known, no examination accepted'
            WHEN n_candidates = 0 THEN 'no candidate'
            ELSE 'no candidate accepted' END AS reason
ORDER BY reason, performed_on, dose_event_key
