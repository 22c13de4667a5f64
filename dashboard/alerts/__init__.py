"""Price alerts as people meet them: rules they make, an inbox, and a toast on whatever page they are."""

from dashboard.alerts.toasts import toasts

__all__ = ["toasts"]
