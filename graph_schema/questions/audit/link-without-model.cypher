// name: link-without-model
// question: Which link decisions lack the model they were made with?
// for: auditor
// parameters:
// columns: breach_key, judgement
// expects: no rows
MATCH (d:LinkDecision)
WHERE d.system_to IS NULL AND NOT EXISTS { MATCH (d)-[:WAS_DERIVED_FROM]->(:LinkageModel) }
RETURN d.key AS breach_key, d.judgement AS judgement
ORDER BY breach_key
