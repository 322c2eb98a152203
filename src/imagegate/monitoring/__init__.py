"""Watch a gate at work: what its log says of drift, of feedback, and of when to train again."""

from imagegate.monitoring.monitor import watch
from imagegate.monitoring.page import write_page

__all__ = ["watch", "write_page"]
