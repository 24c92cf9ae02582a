"""Saved questions an auditor can ask of the graph."""

from graph_schema.questions.loader import Question, QuestionUnknown, find_question, load_questions
from graph_schema.questions.parameters import Parameter, ParameterWrong

__all__ = ["Parameter", "ParameterWrong", "Question", "QuestionUnknown", "find_question", "load_questions"]
