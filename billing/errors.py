"""Everything billing raises on purpose.

BillingError
├── MeteringDown            the call cannot be recorded durably in time: answer 503, give no data
├── InvocationRefused       the row itself is impossible (a programming error): answer 500, give no data
├── PriceBookError          a plan file is wrong, missing or was edited after it was used
├── UsageFileError          a file of quantities to be priced is wrong
├── AccountUnknown          the organization has no billing account
├── AccountExists           it already has one
├── PeriodNotClosable       not over yet, out of order, or a writer holds the ledger
├── SealedPeriodChanged     a closed period no longer gives the invoice it gave: an alarm, never repaired quietly
├── InvoiceUnknown          no such invoice of this organization
├── InvoiceStateError       the invoice's state does not allow it: paying a void one, say
├── CreditRefused           a credit note that would exceed its invoice
├── PaymentRefused          money that is not owed, was not paid, or has another payment's reference
├── BudgetUnknown           no such budget
├── SpendCapReached         (billing.caps_guard) the next call could cost more than a budget has left: answer 402
└── CapsDown                budgets cannot be read or reserved from: answer 503, call nobody
"""


class BillingError(Exception):
    """The root of all of them."""


class MeteringDown(BillingError):  # noqa: N818 - a state of the world, named as the API's problem is
    """Nothing may be given away and nothing may be charged: the caller is answered 503 and does not pay."""


class InvocationRefused(BillingError):  # noqa: N818
    """PostgreSQL will never take this row, whatever its company; the other rows of its batch are not affected."""


class PriceBookError(BillingError):
    """Names the plan file and, where there is one, the field."""


class UsageFileError(BillingError):
    """Names the file and the meter."""


class AccountUnknown(BillingError):  # noqa: N818
    """Open one with `open_account`."""


class AccountExists(BillingError):  # noqa: N818
    """An account is opened once; change its plan with `pin_plan`."""


class PeriodNotClosable(BillingError):  # noqa: N818
    """Says which instant or which earlier period to wait for."""


class SealedPeriodChanged(BillingError):  # noqa: N818
    """The ledger or the plan differs from what the sealed period was billed from."""


class InvoiceUnknown(BillingError):  # noqa: N818
    """Also for another organization's invoice: whoever may not know of it gets the answer of a missing one."""


class InvoiceStateError(BillingError):
    """Says the state the invoice is in."""


class CreditRefused(BillingError):  # noqa: N818
    """Says how much of the invoice can still be credited."""


class PaymentRefused(BillingError, ValueError):  # noqa: N818
    """Says what is due and what was paid."""


class BudgetUnknown(BillingError):  # noqa: N818
    """No budget of that scope and span."""


class CapsDown(BillingError):  # noqa: N818
    """What cannot be checked is not let through."""


class UnreadableAmountError(BillingError):
    """What was typed is no amount of money; the message says what would be."""
