"""What `manage.py demo` shows: a shop's day, with a crash in the middle, reconciled at the end."""
