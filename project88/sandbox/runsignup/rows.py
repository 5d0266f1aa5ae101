"""Races, events and registrations as the objects that RunSignUp sends. Encodes nothing, knows no paging."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from project88.sandbox.registration.entities import Category, Edition, Registration
from project88.sandbox.runsignup.text import (
    day_text,
    flag,
    long_stamp,
    money,
    number_or_text,
    stamp,
    unpadded_day,
)
from project88.sandbox.service.rows import Row

FEE_CENTS = 5_500
PROCESSING_CENTS = 430
REMOVED_REASONS = {"cancelled": "removed"}


def race_row(editions: Sequence[Edition], today: date, shown: Sequence[Edition] | None) -> Row:
    """A race: all editions of a series. ``shown`` are those whose events are listed, None for no list."""
    latest = editions[-1]
    following = min((edition.day for edition in editions if edition.day >= today), default=None)
    last = max((edition.day for edition in editions if edition.day < today), default=None)
    row: Row = {
        "race_id": int(latest.series_id),
        "name": latest.name,
        "last_date": day_text(last) if last else None,
        "last_end_date": day_text(last) if last else None,
        "next_date": day_text(following) if following else None,
        "next_end_date": day_text(following) if following else None,
        "is_draft_race": flag(latest.is_draft),
        "is_private_race": flag(latest.is_private),
        "is_registration_open": flag(following is not None),
        "created": stamp(editions[0].created_s),
        "last_modified": stamp(max(edition.modified_s for edition in editions)),
        "description": f"<p>{latest.name}</p>",
        "url": f"https://runsignup.example.org/Race/{latest.series_id}",
        "external_race_url": None,
        "external_results_url": None,
        "fb_page_id": None,
        "fb_event_id": None,
        "address": {
            "street": "1 Example Street",
            "city": latest.city,
            "state": latest.state,
            "zipcode": "",
            "country_code": latest.country,
        },
        "timezone": latest.zone,
        "logo_url": None,
        "can_use_registration_api": "T",
        "real_time_notifications_enabled": "F",
    }
    if shown is not None:
        row["events"] = [event_row(category) for edition in shown for category in edition.categories]
    return row


def event_row(category: Category) -> Row:
    edition = category.edition
    opens = stamp(edition.created_s)
    return {
        "event_id": int(category.category_id),
        "race_event_days_id": int(edition.event_id),
        "name": category.name,
        "details": None,
        "start_time": stamp(category.start_s, edition.zone),
        "end_time": None,
        "age_calc_base_date": unpadded_day(edition.day),
        "registration_opens": opens,
        "event_type": "running_race",
        "distance": category.distance,
        "volunteer": "F",
        "require_dob": "T",
        "require_phone": "F",
        "registration_periods": [
            {
                "registration_opens": opens,
                "registration_closes": stamp(category.start_s),
                "race_fee": money(FEE_CENTS),
                "processing_fee": money(PROCESSING_CENTS),
            }
        ],
        "sub_event_ids": [],
        "giveaway": None,
    }


def participant_row(registration: Registration, shows_x: bool) -> Row:
    """A registration that stands. Without ``supports_nb`` a gender of "X" is not shown."""
    return {
        **_common(registration, shows_x),
        "registration_date": stamp(registration.registered_s),
        "last_modified": registration.modified_s,
    }


def removed_row(registration: Registration, shows_x: bool) -> Row:
    """A registration that has ended: other stamps, the reason, and the successor."""
    successor = registration.successor_id
    return {
        **_common(registration, shows_x),
        "registration_date": long_stamp(registration.registered_s),
        "last_modified": long_stamp(registration.modified_s),
        "last_modified_ts": registration.modified_s,
        "removed_reason": REMOVED_REASONS.get(registration.reason, registration.reason),
        "new_registration_id": int(successor) if successor else None,
    }


def _common(registration: Registration, shows_x: bool) -> Row:
    person = registration.person
    return {
        "user": _user(registration, shows_x),
        "registration_id": int(registration.registration_id),
        "event_id": int(registration.category.category_id),
        "rsu_transaction_id": int(registration.account_id) + 1,
        "transaction_id": None,
        "bib_num": number_or_text(registration.bib),
        "chip_num": registration.chip,
        "age": registration.age,
        "imported": "F",
        "team_id": None,
        "team_name": person.team or None,
        "team_type_id": None,
        "team_type": None,
        "team_gender": None,
        "team_bib_num": None,
        "race_fee": money(FEE_CENTS),
        "offline_payment_amount": money(0),
        "processing_fee": money(PROCESSING_CENTS),
        "processing_fee_paid_by_user": money(PROCESSING_CENTS),
        "processing_fee_paid_by_race": money(0),
        "partner_fee": money(0),
        "affiliate_profit": money(0),
        "extra_fees": money(0),
        "amount_paid": money(FEE_CENTS + PROCESSING_CENTS),
        "usatf_discount_amount_in_cents": None,
        "usatf_discount_additional_field": None,
        "giveaway": "",
        "giveaway_option_id": None,
    }


def _user(registration: Registration, shows_x: bool) -> Row:
    person = registration.person
    return {
        "user_id": int(registration.account_id),
        "first_name": person.first_name,
        "middle_name": person.middle_name or None,
        "last_name": person.last_name,
        "email": person.email or None,
        "address": {
            "street": person.street,
            "city": person.city,
            "state": person.state,
            "zipcode": person.zip_code,
            "country_code": person.country,
        },
        "dob": f"{person.dob:%Y-%m-%d}" if person.dob else None,
        "gender": person.gender if shows_x or person.gender != "X" else None,
        "phone": person.phone or None,
        "profile_image_url": None,
    }
