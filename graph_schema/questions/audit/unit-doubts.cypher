// name: unit-doubts
// question: Which dose events are doubtful: unit inferred, totals that disagree, planes or kerma-area product missing?
// for: dosimetrist
// parameters: room (string, optional)
// columns: room, performed_on, dose_event_key, kap_gycm2, kap_basis, kap_unit_as_found, flags
// expects: rows
MATCH (v:DoseEvent)
WHERE v.system_to IS NULL AND ($room IS NULL OR v.room = $room)
  AND (coalesce(size(v.flags), 0) > 0 OR v.kap_gycm2 IS NULL)
RETURN v.room AS room, v.performed_on AS performed_on, v.key AS dose_event_key, v.kap_gycm2 AS kap_gycm2,
       v.kap_basis AS kap_basis, v.kap_unit_as_found AS kap_unit_as_found, v.flags AS flags
ORDER BY room, performed_on, dose_event_key
