// name: link-without-run
// question: Which link decisions lack the run they were made in?
// for: auditor
// parameters:
// columns: breach_key, judgement
// expects: no rows
MATCH (d:LinkDecision)
WHERE d.system_to IS NULL AND NOT EXISTS { MATCH (d)-[:WAS_GENERATED_BY]->(:Run) }
RETURN d.key AS breach_key, d.judgement AS judgement
ORDER BY breach_key
