"""`python -m pgworkflows.executors FILE`: a process that makes calls, where no `manage.py` could be run again for it."""

import sys

import django

if __name__ == "__main__":
    django.setup()
    from pgworkflows.executors.children import serve

    serve(int(sys.argv[1]))
