"""The slots that need the database alone: logins, budget, duplicates, scheduler. Asks no service."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from project88.edges.unit_check import complaints
from project88.errors import ConfigError
from project88.providers.catalogue import provider
from project88.providers.chronotrack_live.doubts import doubts
from project88.providers.chronotrack_live.settings import read_settings
from project88.schedule.anchors import Anchors
from project88.schedule.plan import polls
from project88.store import budget, verification
from project88.store.cadence import CadenceRule, Kind, cadence_rules
from project88.store.partners import Credential
from project88.store.verification import DuplicateCase
from project88.sync.accounts import allowed_calls, collectable_credentials
from project88.sync.sealed_logins import has_plain_secret, unsealed
from project88.verification.report import Findings
from project88.verification.work import MIGRATE, PROVIDER, Trial, Work, each_account

#: What ChronoTrack Live allows a login in 60 seconds.
CALLS_PER_MINUTE = 1500
#: A heart that has not beaten for so long has stopped.
SILENT_SECONDS = 60.0

SAMPLE_NAME = "City Run"
SAMPLE_START = datetime(2026, 5, 2, 9, 0, tzinfo=UTC)
DUPLICATE_CASES = (
    DuplicateCase(event_name="CITY run", start_date=SAMPLE_START + timedelta(hours=23), is_duplicate=True),
    DuplicateCase(event_name="City - Run!", start_date=SAMPLE_START, is_duplicate=True),
    DuplicateCase(event_name="City Run", start_date=None, is_duplicate=True),
    DuplicateCase(event_name=None, start_date=SAMPLE_START, is_duplicate=True),
    DuplicateCase(event_name="City Run", start_date=SAMPLE_START + timedelta(hours=25), is_duplicate=False),
    DuplicateCase(event_name="Village Run", start_date=SAMPLE_START, is_duplicate=False),
)
KINDS: tuple[Kind, ...] = ("results", "participants", "discovery")


async def provider_credentials(work: Work, findings: Findings) -> None:
    wanted = work.options.timing_partner_id
    work.trials = [Trial(credential=each) for each in await collectable_credentials(work.db, wanted, PROVIDER)]
    if not work.trials:
        whose = "no timing partner has a" if wanted is None else f"timing partner {wanted} has no"
        findings.problems.append(
            f"{whose} login with ChronoTrack Live: run project88 credentials set --timing-partner-id {wanted or 'N'} "
            f"--provider {PROVIDER} --principal USER, or step 4 of the deployment page"
        )
    await each_account(work, findings, _login)


async def _login(work: Work, trial: Trial, own: Findings) -> None:
    """Whether the login can be used at all, and what of it the real service may not take."""
    plain = unsealed(trial.credential)
    _check_settings(plain)
    own.facts.append("the login can be used")
    own.warnings += doubts(plain.secret, read_settings(plain.additional_config))
    if has_plain_secret(trial.credential):
        own.warnings.append("the secret is stored in plain: run project88 credentials seal")


def _check_settings(plain: Credential) -> None:
    config: object = plain.additional_config
    if not isinstance(config, dict):
        raise ConfigError("additional_config must be a JSON object: store it anew with credentials set --config")
    provider(plain.provider_key, plain.principal, plain.secret, config).token_request()


async def rate_limiting(work: Work, findings: Findings) -> None:
    await _limiter(work, findings)
    if work.trials:
        await each_account(work, findings, _limit)


async def _limiter(work: Work, findings: Findings) -> None:
    if await verification.refuses_one_call_too_many(work.db, CALLS_PER_MINUTE):
        findings.facts.append(f"after {CALLS_PER_MINUTE} calls the budget grants none in the same 60 s")
    else:
        findings.problems.append(f"the budget grants more than {CALLS_PER_MINUTE} calls in 60 s; {MIGRATE}")
    if await verification.budget_is_shared(work.db, CALLS_PER_MINUTE):
        findings.facts.append("all processes take their calls from one budget")
    else:
        findings.problems.append(f"two processes do not take their calls from one budget; {MIGRATE}")


async def _limit(work: Work, trial: Trial, own: Findings) -> None:
    allowed = allowed_calls(trial.credential)
    if allowed is None:
        own.not_checked.append("its limit cannot be read: see provider_credentials")
        return
    if allowed > CALLS_PER_MINUTE:
        own.problems.append(
            f"rate_limit is {allowed:g}, but the service allows {CALLS_PER_MINUTE} calls in 60 s: set it in "
            "additional_config"
        )
    highest = await _highest_minute(work, trial.credential)
    own.facts.append(f"at most {allowed:g} calls in 60 s; the highest of the last day is {highest}")
    if highest > CALLS_PER_MINUTE:
        own.problems.append(f"{highest} calls went out in 60 s: see project88 budget")


async def _highest_minute(work: Work, credential: Credential) -> int:
    standings = await budget.standings(work.db, credential.timing_partner_id)
    own = (credential.provider_key, credential.account_name)
    return max((each.highest_calls for each in standings if (each.provider_key, each.account_name) == own), default=0)


async def duplicate_detection(work: Work, findings: Findings) -> None:
    wrong = await verification.wrong_answers(work.db, SAMPLE_NAME, SAMPLE_START, DUPLICATE_CASES)
    for case in wrong:
        findings.problems.append(
            f"check_duplicate_chronotrack_event does not say {str(case.is_duplicate).lower()} for "
            f"{case.event_name!r} at {case.start_date}; {MIGRATE}"
        )
    findings.facts.append(f"the duplicate function answers {len(DUPLICATE_CASES) - len(wrong)} cases rightly")
    found = await verification.duplicates(work.db)
    for row in found:
        findings.problems.append(
            f"timing partner {row['timing_partner_id']} has {row['event_name']!r} from both sources, as event "
            f"{row['live_event_id']} and as event {row['tcp_event_id']}: decide which one stays"
        )
    findings.facts.append(f"the deployment page's question for duplicates gives {len(found)} rows")


async def scheduler_functionality(work: Work, findings: Findings) -> None:
    rules = [rule for rule in await cadence_rules(work.db, PROVIDER) if rule.is_on]
    for kind in KINDS:
        _plan(kind, [rule for rule in rules if rule.kind == kind], findings)
    await _heartbeats(work, findings)
    await _unit(work, findings)


def _plan(kind: Kind, rules: list[CadenceRule], findings: Findings) -> None:
    """Whether a sample event, or an account, is asked when the rules say."""
    if not rules:
        findings.problems.append(f"the table cadence_rules has no rule that is on for {kind}")
    elif kind == "discovery":
        first = next(polls(rules, Anchors(), kind, SAMPLE_START))
        findings.facts.append(f"the list of events is asked for at {first.due:%H:%M} UTC after {SAMPLE_START:%H:%M}")
    else:
        end = SAMPLE_START + timedelta(hours=4)
        planned = {poll.due for poll in polls(rules, Anchors(start=SAMPLE_START, end=end), kind)}
        for due in sorted(_expected(rules, {"start": SAMPLE_START, "end": end}) - planned):
            findings.problems.append(f"no poll of {kind} is planned for {due:%Y-%m-%d %H:%M:%S} UTC of a sample event")
        findings.facts.append(f"{len(planned)} polls of {kind} are planned for a sample event")


def _expected(rules: list[CadenceRule], anchors: Mapping[str, datetime]) -> set[datetime]:
    """When each rule that follows the event must poll first."""
    return {anchors[rule.anchor] + rule.begins for rule in rules if rule.anchor in anchors and rule.begins is not None}


async def _heartbeats(work: Work, findings: Findings) -> None:
    beats = [each for each in await verification.heartbeats(work.db) if each.component != "listener"]
    if not beats:
        findings.not_checked.append("no scheduler is running")
    for beat in beats:
        text = f"{beat.component} {beat.instance} on {beat.host} told of itself {beat.seconds_ago:.0f} s ago"
        is_alone = not any(each.component == beat.component and _is_alive(each) for each in beats)
        if _is_alive(beat):
            findings.facts.append(text)
        elif is_alone:
            findings.problems.append(
                f"{text} and no other {beat.component} runs: start the scheduler, its log says why"
            )
        else:
            findings.warnings.append(text)


def _is_alive(beat: verification.Beat) -> bool:
    return beat.seconds_ago <= SILENT_SECONDS


async def _unit(work: Work, findings: Findings) -> None:
    unit = work.options.unit
    if not unit.is_file():
        findings.not_checked.append(f"{unit} is not there: see database_schema")
        return
    found = await complaints(unit)
    if found is None:
        findings.not_checked.append("systemd is not on this machine, so the unit was not verified")
        return
    findings.problems += [f"systemd says: {text}; write the unit anew: project88 unit write" for text in found]
    if not found:
        findings.facts.append("systemd finds no fault in the unit")
