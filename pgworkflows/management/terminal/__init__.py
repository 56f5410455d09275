"""What `manage.py workflows` prints."""
