// name: files-behind-organ-dose
// question: Which delivered files contributed to this person's dose to this organ, and by which way?
// for: auditor
// parameters: person (string, required), organ (string, required)
// columns: file_name, sha256, source_row, contributed, performed_on, dose_event_key, dose_key, mean_mgy
// expects: rows
CALL {
  MATCH (p:Person {key: $person})-[:HAD_MEMBER]->(:PersonRecord)<-[:HAD_SUBJECT]-(v:DoseEvent)
  WHERE p.system_to IS NULL AND v.system_to IS NULL
  RETURN v
  UNION
  MATCH (p:Person {key: $person})-[:HAD_MEMBER]->(:PersonRecord)
        <-[:HAD_ENCOUNTER|HAD_SUBJECT*1..2]-()<-[:RIGHT]-(c:CandidatePair)-[:LEFT]->(v:DoseEvent),
        (c)<-[:WAS_DERIVED_FROM]-(d:LinkDecision)
  WHERE p.system_to IS NULL AND c.system_to IS NULL AND v.system_to IS NULL
    AND d.system_to IS NULL AND d.judgement = 'link'
  RETURN v
  UNION
  MATCH (p:Person {key: $person})-[:HAD_MEMBER]->(:PersonRecord)<-[:HAD_SUBJECT]-(:Stay)<-[:RIGHT]-(k:CandidatePair)
        -[:LEFT]->(x:Procedure)<-[:RIGHT]-(c:CandidatePair)-[:LEFT]->(v:DoseEvent),
        (k)<-[:WAS_DERIVED_FROM]-(j:LinkDecision), (c)<-[:WAS_DERIVED_FROM]-(d:LinkDecision)
  WHERE p.system_to IS NULL AND c.system_to IS NULL AND v.system_to IS NULL
    AND d.system_to IS NULL AND d.judgement = 'link'
    AND k.pair_type = 'exam' AND k.system_to IS NULL AND j.system_to IS NULL AND j.judgement = 'link'
    AND NOT EXISTS { MATCH (x)-[:HAD_ENCOUNTER]->(:Stay) }
  RETURN v
}
MATCH (e:DoseEstimate)-[:WAS_DERIVED_FROM]->(v)
WHERE e.system_to IS NULL AND $organ IN e.organs
CALL {
  WITH e, v
  MATCH (v)-[:WAS_DERIVED_FROM]->(s:SourceRecord)
  RETURN s, 'dose' AS contributed
  UNION
  WITH e, v
  MATCH (v)-[:HAD_SUBJECT]->(:PersonRecord)-[:WAS_DERIVED_FROM]->(s:SourceRecord)
  RETURN s, 'whose dose it is' AS contributed
  UNION
  WITH e, v
  MATCH (e)-[:WAS_DERIVED_FROM]->(:LinkDecision)-[:WAS_DERIVED_FROM]->(:CandidatePair)
        -[:RIGHT]->()-[:HAD_ENCOUNTER|HAD_SUBJECT*0..2]->()-[:WAS_DERIVED_FROM]->(s:SourceRecord)
  RETURN s, 'whose dose it is' AS contributed
  UNION
  WITH e, v
  MATCH (e)-[:WAS_DERIVED_FROM]->(:LinkDecision)-[:WAS_DERIVED_FROM]->(:CandidatePair)-[:RIGHT]->(x:Procedure)
        <-[:LEFT]-(k:CandidatePair)-[:RIGHT]->()-[:HAD_SUBJECT*0..1]->()-[:WAS_DERIVED_FROM]->(s:SourceRecord),
        (k)<-[:WAS_DERIVED_FROM]-(j:LinkDecision)
  WHERE k.pair_type = 'exam' AND k.system_to IS NULL AND j.system_to IS NULL AND j.judgement = 'link'
    AND NOT EXISTS { MATCH (x)-[:HAD_ENCOUNTER]->(:Stay) }
  RETURN s, 'whose dose it is' AS contributed
}
MATCH (s)-[at:HAD_PRIMARY_SOURCE]->(f:SourceFile)
RETURN f.name AS file_name, f.sha256 AS sha256, at.row AS source_row, contributed AS contributed,
       v.performed_on AS performed_on, v.key AS dose_event_key, e.key AS dose_key,
       [i IN range(0, size(e.organs) - 1) WHERE e.organs[i] = $organ | e.mean_mgy[i]][0] AS mean_mgy
ORDER BY performed_on, dose_event_key, contributed, file_name, sha256, source_row
