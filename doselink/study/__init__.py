"""The study file: what is delivered, what is known, what is wanted; read, validated and located."""

from doselink.study.files import folder_paths, source_files, table_path
from doselink.study.models import Source, Study
from doselink.study.read import StudyFileError, read_study
from doselink.study.readers import cathlab_source, claims_source, crosswalk_of, named_rooms, rooms_of, section21_source

__all__ = ["Source", "Study", "StudyFileError", "cathlab_source", "claims_source", "crosswalk_of", "folder_paths",
           "named_rooms", "read_study", "rooms_of", "section21_source", "source_files", "table_path"]  # fmt: skip
