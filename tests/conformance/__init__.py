"""The rules of Cognito, each written once and tried on our sandbox and on others' emulators.

``rules`` has them, ``pools`` what they are tried on, ``table`` who keeps which. The sandbox is tried here, inside the
process and over HTTP; the AWS CLI and the emulators are in ``tests.integration.emulators``.
"""
