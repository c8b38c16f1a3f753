package directory

import "strings"

// sharedBoxes are the names of mailboxes nobody has for himself: they say which
// office answers, and an accountant's answers for many companies.
const sharedBoxes = "info office contact contacts mail email post admin administrator contabil contabilitate contabilitatea buh buhgalter buhgalteria buhgalterija bux " +
	"accounting accounts compta comptabilite comptabilidade financeiro fiscal finance financiar factura facturi facturare invoice invoices invoicing billing secretariat " +
	"secretary reception receptie sales vanzari comenzi orders order commande commandes ventes vendas comercial commercial marketing support suport help helpdesk service " +
	"servicii hr resurse personal jobs noreply no-reply webmaster postmaster abuse root test anticamera zakaz zakupki prodaji director directia manager hello team shop store"

// freeMail are the domains where anybody has a mailbox.
const freeMail = "gmail.com googlemail.com yahoo.com yahoo.fr yahoo.ro yahoo.com.br yandex.ru yandex.com ya.ru mail.ru inbox.ru list.ru bk.ru internet.ru rambler.ru outlook.com outlook.fr " +
	"hotmail.com hotmail.fr live.com live.fr msn.com icloud.com me.com mac.com aol.com gmx.de gmx.com gmx.net web.de proton.me protonmail.com mail.md inbox.md inbox.lv ukr.net i.ua meta.ua " +
	"orange.fr wanadoo.fr free.fr sfr.fr laposte.net uol.com.br bol.com.br terra.com.br ig.com.br moldova.md mtc.md starnet.md mdl.net t-online.de seznam.cz wp.pl o2.pl abv.bg tut.by"

// mailboxes knows whose a mailbox can be.
type mailboxes struct{ shared, free map[string]bool }

func newMailboxes(c *Config) mailboxes {
	m := mailboxes{setOf(sharedBoxes), setOf(freeMail)}
	for _, s := range c.SharedBoxes {
		m.shared[strings.ToLower(s)] = true
	}
	for _, s := range c.FreeMail {
		m.free[strings.ToLower(s)] = true
	}
	return m
}

// own returns an address in the form it is compared in when it can be one person's
// own box, else "". Nothing is done about dots and pluses.
func (m *mailboxes) own(address string) string {
	box, domain := cutAddress(address)
	if box == "" || m.shared[box] || m.shared[strings.TrimRight(box, "0123456789")] {
		return ""
	}
	return box + "@" + domain
}

// business returns the domain of an address when a company has it for itself.
func (m *mailboxes) business(address string) string {
	if _, domain := cutAddress(address); !m.free[domain] {
		return domain
	}
	return ""
}

// site returns the host of a website, without www.
func (m *mailboxes) site(url string) string {
	host := strings.ToLower(strings.TrimSpace(url))
	if _, rest, ok := strings.Cut(host, "://"); ok {
		host = rest
	}
	if i := strings.IndexAny(host, "/?#:"); i >= 0 {
		host = host[:i]
	}
	host = strings.TrimPrefix(host, "www.")
	if !isHost(host) || m.free[host] {
		return ""
	}
	return host
}

// cutAddress parts an address, folded; empty when it is none.
func cutAddress(address string) (box, domain string) {
	box, domain, ok := strings.Cut(foldEmail(address), "@")
	if !ok || box == "" || !isHost(domain) || strings.ContainsAny(box, " ,;<>") {
		return "", ""
	}
	return box, domain
}

func isHost(s string) bool {
	return len(s) > 3 && strings.Contains(s, ".") && !strings.ContainsAny(s, " @,;<>/") && s[0] != '.' && s[len(s)-1] != '.'
}
