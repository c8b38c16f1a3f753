package creatio

import (
	"context"
	"strings"
)

// emails reads the e-mail addresses of accounts, which have no column for them.
// Of several the first in the alphabet is taken, so that it is the same each
// time.
func (s *source) emails(ctx context.Context, st *site) (emails, error) {
	byAccount := emails{}
	t := st.model.sets[setCommunication]
	if !t.has("AccountId") || !t.has("Number") {
		return byAccount, nil
	}
	filter, err := s.emailTypes(ctx, st, t)
	if err != nil {
		return nil, err
	}
	err = s.sweep(ctx, st, setCommunication, communicationColumns(t), filter, func(records []record) error {
		byAccount.add(records)
		return nil
	})
	return byAccount, err
}

func communicationColumns(t *table) *selection {
	list := append(recordColumns(), column{field: "account", up: "AccountId", kind: link}, column{field: "text", up: "Number"})
	return &selection{columns: sidedColumns(t, setCommunication, list, nil)}
}

// emails are the addresses of accounts.
type emails map[string]string

func (byAccount emails) add(records []record) {
	for i := range records {
		id, text := records[i].cell("account").str, strings.TrimSpace(records[i].cell("text").str)
		if id == "" || !isEmail(text) {
			continue
		}
		if old := byAccount[id]; old == "" || text < old {
			byAccount[id] = text
		}
	}
}

// emailTypes is a filter for the kinds of communication that are e-mail, "" when
// the site's words for them are not known.
func (s *source) emailTypes(ctx context.Context, st *site, t *table) (string, error) {
	if t.lookups[setCommunicationType] != setCommunicationType {
		return "", nil
	}
	n, err := s.lookups.need(ctx, st, map[string][]string{setCommunicationType: nil}, nil)
	if err != nil {
		return "", err
	}
	var exprs []string
	types := n[setCommunicationType]
	for _, id := range types.ids {
		word := strings.ToLower(types.rows[id].text)
		if strings.Contains(word, "mail") || strings.Contains(word, "почт") || strings.Contains(word, "poșt") || strings.Contains(word, "пошт") {
			exprs = append(exprs, setCommunicationType+"/Id eq "+id)
		}
	}
	if len(exprs) == 0 || len(exprs) > maxChain/2 {
		return "", nil
	}
	return anyOf(exprs), nil
}

// isEmail tells an address from a telephone number or a link; it is no
// validation.
func isEmail(s string) bool {
	local, host, ok := strings.Cut(s, "@")
	return ok && local != "" && strings.Contains(host, ".") && !strings.ContainsAny(s, " \t/<>,;") && !strings.Contains(host, "@")
}
