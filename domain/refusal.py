"""Why somebody was not connected."""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """Every way in which connecting can fail. Values are stored, and are the words in logs."""

    # What Microsoft or the person decided.
    DECLINED = "declined"
    ADMIN_APPROVAL_NEEDED = "admin_approval_needed"
    BLOCKED_BY_POLICY = "blocked_by_policy"
    MORE_NEEDED = "more_needed"
    NEW_PASSWORD_NEEDED = "new_password_needed"  # noqa: S105 - a word
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_LOCKED = "account_locked"
    ACCOUNT_UNKNOWN = "account_unknown"
    SIGN_IN_TOO_OLD = "sign_in_too_old"
    EXPIRED = "expired"
    WRONG_RESPONSE = "wrong_response"
    MISSING_SCOPES = "missing_scopes"
    UNKNOWN = "unknown"
    # What we found ourselves.
    WRONG_ACCOUNT = "wrong_account"
    USED = "used"
    REPLACED = "replaced"
    ENDED = "ended"
    UNDER_WAY = "under_way"
    OTHER_BROWSER = "other_browser"
    INCOMPLETE = "incomplete"
    FOREIGN_FORM = "foreign_form"
    # Trouble that is not the person's.
    MICROSOFT_UNREACHABLE = "microsoft_unreachable"
    MICROSOFT_UNREACHABLE_YET = "microsoft_unreachable_yet"  # the link is not spent
    NOT_SET_UP = "not_set_up"
    OUR_FAULT = "our_fault"
