from __future__ import annotations

from django.contrib import admin
from django.urls import path

from . import sites

urlpatterns = [
    path("admin/", admin.site.urls),
    path("plain/", sites.plain.urls),
    path("tenants/", sites.tenants.urls),
    path("bare/", sites.bare.urls),
]
