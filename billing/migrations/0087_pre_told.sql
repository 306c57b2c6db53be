-- What happens to money is told where it happens: by functions of the service, which decides who hears of it.

CREATE TRIGGER tell AFTER INSERT ON billing.budget_alerts FOR EACH ROW EXECUTE FUNCTION public.tell_budget_alert();
CREATE TRIGGER tell AFTER INSERT ON billing.invoice_moves FOR EACH ROW EXECUTE FUNCTION public.tell_invoice_move();

-- What happened before this: told to nobody, but listed as it was.
SET LOCAL ROLE tickmark_operator;
INSERT INTO public.events
SELECT b.org_id, public.new_uuid_at(b.raised_at), 'budget.alert', 'live', b.raised_at,
       CASE b.scope WHEN 'organization' THEN 'org' WHEN 'key' THEN 'key' ELSE 'con' END, b.scope_id,
       jsonb_build_object('span', b.span, 'percent', b.percent, 'amount_minor', b.limit_minor, 'currency', a.currency)
FROM billing.budget_alerts b JOIN billing.accounts a ON a.org_id = b.org_id;
INSERT INTO public.events
SELECT m.org_id, public.new_uuid_at(m.moved_at), 'invoice.' || m.state, 'live', m.moved_at, 'bill', m.invoice_id,
       jsonb_build_object('amount_minor', i.total_minor, 'currency', a.currency)
FROM billing.invoice_moves m
JOIN billing.invoices i ON i.org_id = m.org_id AND i.invoice_id = m.invoice_id
JOIN billing.accounts a ON a.org_id = m.org_id;
RESET ROLE;
