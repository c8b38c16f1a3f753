// Package otrs fakes the Generic Interface REST web service of an OTRS family help desk over the sandbox's world.
//
// It is written from wire/otrs.md and the exchanges recorded from a real Znuny 6.5.1 and OTOBO 11 alone, and keeps what
// they do to a client, the unpleasant included: errors with status 200, unknown or empty filters that are dropped so that
// a search answers with everybody's tickets, invalid values that find nothing, ids that are strings in one answer and
// numbers in the other, one bad id that fails a whole batch, ties in no stable order. It must never look at the connector:
// that the two were written apart is what makes their agreement worth something.
//
// [New] returns an http.Handler; datasources/sandbox puts it behind a listener and a faults.Switch. Three variants are
// offered: Znuny 6.5, OTOBO 11 (random key order, keep-alive, no header authentication, no body content type rule) and an
// older one without CustomerIDRaw. Not faked: SOAP, services and SLAs, escalations, attachments on writes.
package otrs
