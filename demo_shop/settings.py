"""Settings of the demo shop: a project of its own on pgworkflows."""

import os
from decimal import Decimal
from pathlib import Path

import django

from demo_shop.database import shop_database
from demo_shop.state import state_dir

BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = state_dir()

# The demo serves one machine. A real shop takes its key from the environment.
SECRET_KEY = os.environ.get("SECRET_KEY", "demo-only-not-a-secret")
DEBUG = os.environ.get("DEBUG", "1") == "1"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "pgworkflows",
    "demo_shop",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "pgworkflows.middleware.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "demo_shop.urls"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": shop_database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"

LOGIN_REDIRECT_URL = "pgworkflows_site:list"
LOGOUT_REDIRECT_URL = "demo_shop:products"

MAIL_DIR = STATE_DIR / "mail"
if django.VERSION >= (6, 1):
    MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "OPTIONS": {"file_path": MAIL_DIR},
        },
    }
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = MAIL_DIR
DEFAULT_FROM_EMAIL = "shop@example.com"

# Orders over this need a manager.
SHOP_APPROVAL_LIMIT = 2000
SHOP_FREIGHT = Decimal("4.90")
SHOP_CARD_PROCESSOR_URL = os.environ.get("SHOP_CARD_PROCESSOR_URL", "http://127.0.0.1:8765")
# Seconds before the shop stops waiting for the processor's answer.
SHOP_CARD_PROCESSOR_TIMEOUT = float(os.environ.get("SHOP_CARD_PROCESSOR_TIMEOUT", "3"))
# The carrier sends it with each message; a real shop takes it from the environment too.
SHOP_CARRIER_SECRET = os.environ.get("SHOP_CARRIER_SECRET", "demo-only-carrier-secret")

# Without the address that links begin with, nobody is written to about approvals.
PGWORKFLOWS = {"BASE_URL": os.environ.get("SHOP_BASE_URL", "")}
