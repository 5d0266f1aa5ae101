"""Registrations of organisers' events, as the stand-ins of all registration services show them."""

from __future__ import annotations

from project88.sandbox.registration.build import registration_world, start_list_world
from project88.sandbox.registration.edits import (
    AddEvent,
    AssignBib,
    Cancel,
    ChangePerson,
    ChangeResult,
    NewCategory,
    PostResults,
    Register,
    Remove,
    RemoveResult,
    Timed,
    Transfer,
)
from project88.sandbox.registration.entities import Category, Edition, Person, Registration, Result
from project88.sandbox.registration.world import RegistrationWorld

__all__ = [
    "AddEvent",
    "AssignBib",
    "Cancel",
    "Category",
    "ChangePerson",
    "ChangeResult",
    "Edition",
    "NewCategory",
    "Person",
    "PostResults",
    "Register",
    "Registration",
    "RegistrationWorld",
    "Remove",
    "RemoveResult",
    "Result",
    "Timed",
    "Transfer",
    "registration_world",
    "start_list_world",
]
