"""The admin's answers: one frozen `Site`, loaded from and saved to site.toml."""

from wizard.site.answers import Given, build, changed, check_field, value_of
from wizard.site.fields import FIELDS, Field
from wizard.site.files import dumps, load, loads, read, save
from wizard.site.kinds import DomainClass, SubscriptionPolicy
from wizard.site.model import CheckAnswers, ListAnswers, MailAnswers, MailmanAnswers, Site
from wizard.site.names import RESERVED, SUBADDRESSES
from wizard.site.places import HostPort

__all__ = [
    "FIELDS",
    "RESERVED",
    "SUBADDRESSES",
    "CheckAnswers",
    "DomainClass",
    "Field",
    "Given",
    "HostPort",
    "ListAnswers",
    "MailAnswers",
    "MailmanAnswers",
    "Site",
    "SubscriptionPolicy",
    "build",
    "changed",
    "check_field",
    "dumps",
    "load",
    "loads",
    "read",
    "save",
    "value_of",
]
