// name: link-without-evidence
// question: Which link decisions lack the candidate pair they were made on?
// for: auditor
// parameters:
// columns: breach_key, judgement
// expects: no rows
MATCH (d:LinkDecision)
WHERE d.system_to IS NULL AND NOT EXISTS { MATCH (d)-[:WAS_DERIVED_FROM]->(:CandidatePair) }
RETURN d.key AS breach_key, d.judgement AS judgement
ORDER BY breach_key
