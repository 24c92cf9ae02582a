// name: reach-of-file
// question: Which persons, dose estimates and cohorts does this delivered file reach?
// for: auditor, data protection officer
// parameters: file (string, required)
// columns: label, reached_key
// expects: rows
CALL {
  MATCH (f:SourceFile)<-[:HAD_PRIMARY_SOURCE]-(:SourceRecord)
        <-[:WAS_DERIVED_FROM]-(:PersonRecord)<-[:HAD_MEMBER]-(p:Person)
  WHERE (f.sha256 = $file OR f.key = $file) AND f.system_to IS NULL AND p.system_to IS NULL
  RETURN 'Person' AS label, p.key AS reached_key
  UNION
  MATCH (f:SourceFile)<-[:HAD_PRIMARY_SOURCE]-(:SourceRecord)
        <-[:WAS_DERIVED_FROM]-()-[:HAD_ENCOUNTER|HAD_SUBJECT*1..2]->(:PersonRecord)<-[:HAD_MEMBER]-(p:Person)
  WHERE (f.sha256 = $file OR f.key = $file) AND f.system_to IS NULL AND p.system_to IS NULL
  RETURN 'Person' AS label, p.key AS reached_key
  UNION
  MATCH (f:SourceFile)<-[:HAD_PRIMARY_SOURCE]-(:SourceRecord)
        <-[:WAS_DERIVED_FROM]-(:DoseEvent)<-[:LEFT]-(c:CandidatePair)-[:RIGHT]->()
        -[:HAD_ENCOUNTER|HAD_SUBJECT*1..2]->(:PersonRecord)<-[:HAD_MEMBER]-(p:Person),
        (c)<-[:WAS_DERIVED_FROM]-(d:LinkDecision)
  WHERE (f.sha256 = $file OR f.key = $file) AND f.system_to IS NULL AND p.system_to IS NULL
    AND d.system_to IS NULL AND d.judgement = 'link'
  RETURN 'Person' AS label, p.key AS reached_key
  UNION
  MATCH (f:SourceFile)<-[:HAD_PRIMARY_SOURCE]-(:SourceRecord)
        <-[:WAS_DERIVED_FROM]-(:PersonRecord)<-[:HAD_MEMBER]-(p:Person)<-[:HAD_MEMBER]-(h:Cohort)
  WHERE (f.sha256 = $file OR f.key = $file) AND f.system_to IS NULL AND p.system_to IS NULL AND h.system_to IS NULL
  RETURN 'Cohort' AS label, h.key AS reached_key
  UNION
  MATCH (f:SourceFile)<-[:HAD_PRIMARY_SOURCE]-(:SourceRecord)
        <-[:WAS_DERIVED_FROM]-()-[:HAD_ENCOUNTER|HAD_SUBJECT*1..2]->(:PersonRecord)<-[:HAD_MEMBER]-(p:Person)<-[:HAD_MEMBER]-(h:Cohort)
  WHERE (f.sha256 = $file OR f.key = $file) AND f.system_to IS NULL AND p.system_to IS NULL AND h.system_to IS NULL
  RETURN 'Cohort' AS label, h.key AS reached_key
  UNION
  MATCH (f:SourceFile)<-[:HAD_PRIMARY_SOURCE]-(:SourceRecord)
        <-[:WAS_DERIVED_FROM]-(:DoseEvent)<-[:LEFT]-(c:CandidatePair)-[:RIGHT]->()
        -[:HAD_ENCOUNTER|HAD_SUBJECT*1..2]->(:PersonRecord)<-[:HAD_MEMBER]-(p:Person)<-[:HAD_MEMBER]-(h:Cohort),
        (c)<-[:WAS_DERIVED_FROM]-(d:LinkDecision)
  WHERE (f.sha256 = $file OR f.key = $file) AND f.system_to IS NULL AND p.system_to IS NULL AND h.system_to IS NULL
    AND d.system_to IS NULL AND d.judgement = 'link'
  RETURN 'Cohort' AS label, h.key AS reached_key
  UNION
  MATCH (f:SourceFile)<-[:HAD_PRIMARY_SOURCE]-(:SourceRecord)
        <-[:WAS_DERIVED_FROM]-(:DoseEvent)<-[:WAS_DERIVED_FROM]-(e:DoseEstimate)
  WHERE (f.sha256 = $file OR f.key = $file) AND f.system_to IS NULL AND e.system_to IS NULL
  RETURN 'DoseEstimate' AS label, e.key AS reached_key
  UNION
  MATCH (f:SourceFile)<-[:HAD_PRIMARY_SOURCE]-(:SourceRecord)
        <-[:WAS_DERIVED_FROM]-(:PersonRecord)<-[:HAD_SUBJECT]-(:DoseEvent)<-[:WAS_DERIVED_FROM]-(e:DoseEstimate)
  WHERE (f.sha256 = $file OR f.key = $file) AND f.system_to IS NULL AND e.system_to IS NULL
  RETURN 'DoseEstimate' AS label, e.key AS reached_key
  UNION
  MATCH (f:SourceFile)<-[:HAD_PRIMARY_SOURCE]-(:SourceRecord)
        <-[:WAS_DERIVED_FROM]-()<-[:HAD_ENCOUNTER|HAD_SUBJECT*0..2]-()<-[:LEFT|RIGHT]-(:CandidatePair)
        <-[:WAS_DERIVED_FROM]-(:LinkDecision)<-[:WAS_DERIVED_FROM]-(e:DoseEstimate)
  WHERE (f.sha256 = $file OR f.key = $file) AND f.system_to IS NULL AND e.system_to IS NULL
  RETURN 'DoseEstimate' AS label, e.key AS reached_key
  UNION
  MATCH (f:SourceFile)<-[:HAD_PRIMARY_SOURCE]-(:SourceRecord)
        <-[:WAS_DERIVED_FROM]-(x:Procedure)<-[:LEFT]-(k:CandidatePair)-[:RIGHT]->(:Stay)
        -[:HAD_SUBJECT]->(:PersonRecord)<-[:HAD_MEMBER]-(p:Person),
        (k)<-[:WAS_DERIVED_FROM]-(j:LinkDecision)
  WHERE (f.sha256 = $file OR f.key = $file) AND f.system_to IS NULL AND p.system_to IS NULL
    AND k.pair_type = 'exam' AND k.system_to IS NULL AND j.system_to IS NULL AND j.judgement = 'link'
    AND NOT EXISTS { MATCH (x)-[:HAD_ENCOUNTER]->(:Stay) }
  RETURN 'Person' AS label, p.key AS reached_key
  UNION
  MATCH (f:SourceFile)<-[:HAD_PRIMARY_SOURCE]-(:SourceRecord)
        <-[:WAS_DERIVED_FROM]-(:DoseEvent)<-[:LEFT]-(c:CandidatePair)-[:RIGHT]->(x:Procedure)
        <-[:LEFT]-(k:CandidatePair)-[:RIGHT]->(:Stay)-[:HAD_SUBJECT]->(:PersonRecord)<-[:HAD_MEMBER]-(p:Person),
        (c)<-[:WAS_DERIVED_FROM]-(d:LinkDecision), (k)<-[:WAS_DERIVED_FROM]-(j:LinkDecision)
  WHERE (f.sha256 = $file OR f.key = $file) AND f.system_to IS NULL AND p.system_to IS NULL
    AND d.system_to IS NULL AND d.judgement = 'link'
    AND k.pair_type = 'exam' AND k.system_to IS NULL AND j.system_to IS NULL AND j.judgement = 'link'
    AND NOT EXISTS { MATCH (x)-[:HAD_ENCOUNTER]->(:Stay) }
  RETURN 'Person' AS label, p.key AS reached_key
  UNION
  MATCH (f:SourceFile)<-[:HAD_PRIMARY_SOURCE]-(:SourceRecord)
        <-[:WAS_DERIVED_FROM]-(x:Procedure)<-[:LEFT]-(k:CandidatePair)-[:RIGHT]->(:Stay)
        -[:HAD_SUBJECT]->(:PersonRecord)<-[:HAD_MEMBER]-(p:Person)<-[:HAD_MEMBER]-(h:Cohort),
        (k)<-[:WAS_DERIVED_FROM]-(j:LinkDecision)
  WHERE (f.sha256 = $file OR f.key = $file) AND f.system_to IS NULL AND p.system_to IS NULL AND h.system_to IS NULL
    AND k.pair_type = 'exam' AND k.system_to IS NULL AND j.system_to IS NULL AND j.judgement = 'link'
    AND NOT EXISTS { MATCH (x)-[:HAD_ENCOUNTER]->(:Stay) }
  RETURN 'Cohort' AS label, h.key AS reached_key
  UNION
  MATCH (f:SourceFile)<-[:HAD_PRIMARY_SOURCE]-(:SourceRecord)
        <-[:WAS_DERIVED_FROM]-(:DoseEvent)<-[:LEFT]-(c:CandidatePair)-[:RIGHT]->(x:Procedure)
        <-[:LEFT]-(k:CandidatePair)-[:RIGHT]->(:Stay)-[:HAD_SUBJECT]->(:PersonRecord)<-[:HAD_MEMBER]-(p:Person)<-[:HAD_MEMBER]-(h:Cohort),
        (c)<-[:WAS_DERIVED_FROM]-(d:LinkDecision), (k)<-[:WAS_DERIVED_FROM]-(j:LinkDecision)
  WHERE (f.sha256 = $file OR f.key = $file) AND f.system_to IS NULL AND p.system_to IS NULL AND h.system_to IS NULL
    AND d.system_to IS NULL AND d.judgement = 'link'
    AND k.pair_type = 'exam' AND k.system_to IS NULL AND j.system_to IS NULL AND j.judgement = 'link'
    AND NOT EXISTS { MATCH (x)-[:HAD_ENCOUNTER]->(:Stay) }
  RETURN 'Cohort' AS label, h.key AS reached_key
  UNION
  MATCH (f:SourceFile)<-[:HAD_PRIMARY_SOURCE]-(:SourceRecord)
        <-[:WAS_DERIVED_FROM]-()<-[:HAD_SUBJECT*0..1]-()<-[:RIGHT]-(k:CandidatePair)-[:LEFT]->(x:Procedure)
        <-[:RIGHT]-(:CandidatePair)<-[:WAS_DERIVED_FROM]-(:LinkDecision)<-[:WAS_DERIVED_FROM]-(e:DoseEstimate),
        (k)<-[:WAS_DERIVED_FROM]-(j:LinkDecision)
  WHERE (f.sha256 = $file OR f.key = $file) AND f.system_to IS NULL AND e.system_to IS NULL
    AND k.pair_type = 'exam' AND k.system_to IS NULL AND j.system_to IS NULL AND j.judgement = 'link'
    AND NOT EXISTS { MATCH (x)-[:HAD_ENCOUNTER]->(:Stay) }
  RETURN 'DoseEstimate' AS label, e.key AS reached_key
}
RETURN label AS label, reached_key AS reached_key
ORDER BY label, reached_key
