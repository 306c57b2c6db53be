-- Whether a credit note gives back what was paid too much, rather than keeping it as prepaid money.

ALTER TABLE billing.credit_notes ADD COLUMN refund boolean NOT NULL DEFAULT false;
