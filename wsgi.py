"""The door for any WSGI server: `gunicorn wsgi:app`."""

from companion import create_app

app = create_app()
