"""Settings of the site, by environment. Safe where nothing is said; docs/operation.md lists every variable.

QUANHENG_HOME      folder of database, secret, uploads and runs           (quanheng-home)
QUANHENG_DATABASE  sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME (sqlite in QUANHENG_HOME)
QUANHENG_HOSTS     names that the site answers to, with commas            (localhost,127.0.0.1)
QUANHENG_ORIGIN    https://…, its address as people see it: turns on what needs HTTPS
QUANHENG_SECRET    secret of sessions and tokens                          (made once: QUANHENG_HOME/secret)
QUANHENG_PROXIES   number of trusted proxies before the site (0): whose X-Forwarded-For is believed
QUANHENG_SECOND_FACTOR  required (of city, institute and auditor) or optional; required, in a sample city optional
QUANHENG_METRICS_TOKEN  who has it may read /metrics; without one, this machine alone
QUANHENG_LAKES     further folders below which lakes may lie, with os.pathsep  (none; QUANHENG_HOME/lakes always)
QUANHENG_DEMO      1: a sample city whose sign-in page lists its roles; never in a real installation
"""

from __future__ import annotations

import os

from django.utils.translation import gettext_lazy as _

from quanheng.city.environment import choice, database, flag, home, number, secret

HOME = home()
DEMO = flag("QUANHENG_DEMO")
ORIGIN = os.environ.get("QUANHENG_ORIGIN", "")
METRICS_TOKEN = os.environ.get("QUANHENG_METRICS_TOKEN", "")
PROXIES = number("QUANHENG_PROXIES", 0)
SECOND_FACTOR = choice("QUANHENG_SECOND_FACTOR", ("required", "optional"), "optional" if DEMO else "required")
HTTPS = ORIGIN.startswith("https://")

SECRET_KEY = secret(HOME)
DEBUG = False
ALLOWED_HOSTS = [each for each in os.environ.get("QUANHENG_HOSTS", "localhost,127.0.0.1").split(",") if each]
CSRF_TRUSTED_ORIGINS = [ORIGIN] if ORIGIN else []

# Offices in their order: each knows only those below it.
OFFICES = [
    "quanheng.city.site",
    "quanheng.city.indicators",
    "quanheng.city.supervision",
    "quanheng.city.certificates",
    "quanheng.city.instruments",
    "quanheng.city.people",
]
INSTALLED_APPS = [
    *OFFICES,
    "quanheng.city.register",
    "quanheng.city.frame",
    "quanheng.city.queue",
    "quanheng.city.audit",
    "django_htmx",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "quanheng.city.frame.requests.observed",
    "django.middleware.security.SecurityMiddleware",
    "quanheng.city.frame.middleware.content_security_policy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "quanheng.city.frame.limits.api_limits",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "quanheng.city.people.signing_in.first_things_first",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "quanheng.city.frame.middleware.texts_that_can_be_kept",
    "quanheng.city.frame.middleware.faults_as_pages",
]
ROOT_URLCONF = "quanheng.city.site.urls"
WSGI_APPLICATION = "quanheng.city.site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "quanheng.city.site.menu.menu",
            ],
        },
    }
]

DATABASES = {"default": {**database(HOME), "ATOMIC_REQUESTS": False}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = HTTPS
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": HOME / "files"},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^metrics$"]  # asked for on this machine, past the proxy
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
SITE_NAME = _("权衡")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "quanheng.city.frame.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.server": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        # who looks at a sample city on his terminal wants to see what goes wrong, not every picture
        "quanheng.city.frame.requests": {"level": "WARNING" if DEMO else "INFO"},
    },
}
