"""A small site in processes of its own, made to be killed.

``Site`` starts it and ends its processes, ``Cognito`` is the pool that it talks to, ``Browser`` and ``Crowd`` are its
visitors, and ``account`` compares what became of everybody. The master process (``master``) has Django and boto3 loaded
and forks each worker and each sync, as gunicorn does with ``--preload``: a new one takes a fraction of a second.
``steps`` names the steps at which a process can be told to die.
"""
