// name: doses-using-calibration
// question: Which dose estimates, and whose, used a calibration factor of this room?
// for: dosimetrist
// parameters: room (string, required), valid_on (date, optional)
// columns: calibration_key, room, factor, valid_from, valid_to, dose_key, dose_event_key, performed_on, kap_gycm2, person_key
// expects: rows
MATCH (k:CalibrationFactor)<-[:WAS_DERIVED_FROM]-(e:DoseEstimate)-[:WAS_DERIVED_FROM]->(v:DoseEvent)
WHERE k.room = $room AND e.system_to IS NULL
  AND ($valid_on IS NULL OR ((k.valid_from IS NULL OR k.valid_from <= $valid_on)
                             AND (k.valid_to IS NULL OR k.valid_to > $valid_on)))
OPTIONAL MATCH (v)-[:HAD_SUBJECT]->(:PersonRecord)<-[:HAD_MEMBER]-(p:Person)
WHERE p.system_to IS NULL
OPTIONAL MATCH (e)-[:WAS_DERIVED_FROM]->(:LinkDecision)-[:WAS_DERIVED_FROM]->(:CandidatePair)
      -[:RIGHT]->()-[:HAD_ENCOUNTER|HAD_SUBJECT*1..2]->(:PersonRecord)<-[:HAD_MEMBER]-(o:Person)
WHERE o.system_to IS NULL
OPTIONAL MATCH (e)-[:WAS_DERIVED_FROM]->(:LinkDecision)-[:WAS_DERIVED_FROM]->(:CandidatePair)-[:RIGHT]->(x:Procedure)
      <-[:LEFT]-(k:CandidatePair)-[:RIGHT]->(:Stay)-[:HAD_SUBJECT]->(:PersonRecord)<-[:HAD_MEMBER]-(u:Person),
      (k)<-[:WAS_DERIVED_FROM]-(j:LinkDecision)
WHERE u.system_to IS NULL AND k.pair_type = 'exam' AND k.system_to IS NULL
  AND j.system_to IS NULL AND j.judgement = 'link' AND NOT EXISTS { MATCH (x)-[:HAD_ENCOUNTER]->(:Stay) }
RETURN k.key AS calibration_key, k.room AS room, k.factor AS factor, k.valid_from AS valid_from, k.valid_to AS valid_to,
       e.key AS dose_key, v.key AS dose_event_key, v.performed_on AS performed_on, v.kap_gycm2 AS kap_gycm2,
       coalesce(min(o.key), min(u.key), min(p.key)) AS person_key
ORDER BY calibration_key, performed_on, dose_key
