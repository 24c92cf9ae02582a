// name: two-active-links-per-stay
// question: Which stays have more than one accepted link, cases merged by the hospital aside?
// for: epidemiologist, auditor
// parameters:
// columns: stay_key, n_links
// expects: no rows
MATCH (s:Stay)<-[:LEFT|RIGHT]-(c:CandidatePair)<-[:WAS_DERIVED_FROM]-(d:LinkDecision)
WHERE s.system_to IS NULL AND c.system_to IS NULL AND d.system_to IS NULL
  AND c.pair_type = 'stay' AND d.judgement = 'link' AND NOT d.reason_code STARTS WITH 'merged'
WITH s, count(DISTINCT d) AS n_links
WHERE n_links > 1
RETURN s.key AS stay_key, n_links AS n_links
ORDER BY stay_key
