// name: dose-without-derivation
// question: Which dose estimates lack their dose event, their realisations or the run that derived them?
// for: auditor
// parameters:
// columns: breach_key, lacks
// expects: no rows
CALL {
  MATCH (e:DoseEstimate)
  WHERE e.system_to IS NULL AND NOT EXISTS { MATCH (e)-[:WAS_DERIVED_FROM]->(:DoseEvent) }
  RETURN e.key AS breach_key, 'dose event' AS lacks
  UNION
  MATCH (e:DoseEstimate)
  WHERE e.system_to IS NULL AND NOT EXISTS { MATCH (e)-[:STORED_IN]->(:RealisationBlock) }
  RETURN e.key AS breach_key, 'realisations' AS lacks
  UNION
  MATCH (e:DoseEstimate)
  WHERE e.system_to IS NULL AND NOT EXISTS { MATCH (e)-[:WAS_GENERATED_BY]->(:Run) }
  RETURN e.key AS breach_key, 'run' AS lacks
}
RETURN breach_key AS breach_key, lacks AS lacks
ORDER BY breach_key, lacks
