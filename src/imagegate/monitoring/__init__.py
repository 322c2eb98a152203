"""Watch a gate at work: pass rate, drift and feedback from its log, and when to train again."""

from imagegate.monitoring.page import write_page
from imagegate.monitoring.report import watch

__all__ = ["watch", "write_page"]
