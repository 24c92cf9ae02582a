// name: two-current-revisions
// question: Which things have more than one current revision?
// for: auditor
// parameters:
// columns: label, breach_key, n_current
// expects: no rows
CALL {
  MATCH (x:SourceFile)
  WHERE x.system_to IS NULL
  RETURN 'SourceFile' AS label, x.key AS breach_key, count(x) AS n_current
  UNION
  MATCH (x:SourceRecord)
  WHERE x.system_to IS NULL
  RETURN 'SourceRecord' AS label, x.key AS breach_key, count(x) AS n_current
  UNION
  MATCH (x:PersonRecord)
  WHERE x.system_to IS NULL
  RETURN 'PersonRecord' AS label, x.key AS breach_key, count(x) AS n_current
  UNION
  MATCH (x:Stay)
  WHERE x.system_to IS NULL
  RETURN 'Stay' AS label, x.key AS breach_key, count(x) AS n_current
  UNION
  MATCH (x:Procedure)
  WHERE x.system_to IS NULL
  RETURN 'Procedure' AS label, x.key AS breach_key, count(x) AS n_current
  UNION
  MATCH (x:DoseEvent)
  WHERE x.system_to IS NULL
  RETURN 'DoseEvent' AS label, x.key AS breach_key, count(x) AS n_current
  UNION
  MATCH (x:CandidatePair)
  WHERE x.system_to IS NULL
  RETURN 'CandidatePair' AS label, x.key AS breach_key, count(x) AS n_current
  UNION
  MATCH (x:LinkDecision)
  WHERE x.system_to IS NULL
  RETURN 'LinkDecision' AS label, x.key AS breach_key, count(x) AS n_current
  UNION
  MATCH (x:Person)
  WHERE x.system_to IS NULL
  RETURN 'Person' AS label, x.key AS breach_key, count(x) AS n_current
  UNION
  MATCH (x:DoseEstimate)
  WHERE x.system_to IS NULL
  RETURN 'DoseEstimate' AS label, x.key AS breach_key, count(x) AS n_current
  UNION
  MATCH (x:Cohort)
  WHERE x.system_to IS NULL
  RETURN 'Cohort' AS label, x.key AS breach_key, count(x) AS n_current
}
WITH label, breach_key, n_current
WHERE n_current > 1
RETURN label AS label, breach_key AS breach_key, n_current AS n_current
ORDER BY label, breach_key
