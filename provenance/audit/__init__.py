"""Questions that must come back empty, asked all at once."""

from provenance.audit.integrity import AuditBreach, Finding, ask, ask_all, refuse_breaches

__all__ = ["AuditBreach", "Finding", "ask", "ask_all", "refuse_breaches"]
