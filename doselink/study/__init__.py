"""The study file: what is delivered, what is known, what is wanted; read, validated and located."""

from doselink.study.files import folder_paths, source_files, table_path
from doselink.study.models import Source, Study
from doselink.study.read import StudyFileError, read_study

__all__ = ["Source", "Study", "StudyFileError", "folder_paths", "read_study", "source_files", "table_path"]
