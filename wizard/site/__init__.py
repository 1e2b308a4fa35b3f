"""The admin's answers: one frozen `Site`, loaded from and saved to site.toml."""

from wizard.site.answers import build, changed, check_field
from wizard.site.fields import FIELDS, Field
from wizard.site.files import dumps, load, loads, save
from wizard.site.kinds import DomainClass, Interfaces, Mailbox, SubscriptionPolicy
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
    "HostPort",
    "Interfaces",
    "ListAnswers",
    "MailAnswers",
    "Mailbox",
    "MailmanAnswers",
    "Site",
    "SubscriptionPolicy",
    "build",
    "changed",
    "check_field",
    "dumps",
    "load",
    "loads",
    "save",
]
