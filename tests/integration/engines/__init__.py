"""A site whose bulk jobs run on real engines: django-tasks-db, and Celery over RabbitMQ and over Redis.

``make test-engines`` runs these tests, with the settings that are here; ``make test`` leaves them out.
"""
