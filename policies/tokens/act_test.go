package tokens_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trama-graph/trama/policies"
	"github.com/trama-graph/trama/policies/tokens"
	"github.com/trama-graph/trama/schema"
)

// people makes an account of each role with a token, and returns them as actors.
func people(b *bench) (actors map[string]tokens.Actor, ids map[string]string) {
	b.t.Helper()
	b.agreement(policies.Agreement{Name: "partners", Packages: []string{"bi", "crm"}})
	b.agreement(policies.Agreement{Name: "staff", Packages: []string{"admin", "bi"}})
	actors = map[string]tokens.Actor{"operator": tokens.Operator(), "nobody": tokens.ActorOf(nil)}
	ids = map[string]string{}
	for name, role := range map[string]tokens.Role{"root": tokens.Root, "root2": tokens.Root, "admin": tokens.Admin, "admin2": tokens.Admin, "member": tokens.Member, "member2": tokens.Member} {
		agreement := "staff"
		if role == tokens.Member {
			agreement = "partners"
		}
		b.account(name, role, agreement)
		text, tok := b.issue(tokens.Grant{Account: name})
		actors[name], ids[name] = tokens.ActorOf(b.principal(text)), tok.ID
	}
	return actors, ids
}

// TestWhoMayAct: root does everything, an administrator what concerns members,
// nobody else anything. What is refused is in the audit, and changes nothing.
func TestWhoMayAct(t *testing.T) {
	var b *bench
	var actors map[string]tokens.Actor
	var ids map[string]string
	issue := func(account string) func(tokens.Actor) error {
		return func(by tokens.Actor) error {
			_, _, err := b.Issue(t.Context(), by, tokens.Grant{Account: account, Packages: []string{"bi"}})
			return err
		}
	}
	disable := func(account string) func(tokens.Actor) error {
		return func(by tokens.Actor) error {
			// The one it has now: other cases have replaced the first.
			list, _ := b.Tokens(t.Context(), tokens.TokenFilter{Account: account})
			_, err := b.Disable(t.Context(), by, list[0].ID)
			return err
		}
	}
	save := func(name string, change func(*tokens.Account)) func(tokens.Actor) error {
		return func(by tokens.Actor) error { _, err := b.SaveAccount(t.Context(), by, name, change); return err }
	}
	agree := func(name string) func(tokens.Actor) error {
		return func(by tokens.Actor) error {
			_, err := b.SaveAgreement(t.Context(), by, name, func(a *policies.Agreement) { a.CallsPerMinute++ })
			return err
		}
	}
	role := func(r tokens.Role) func(*tokens.Account) { return func(a *tokens.Account) { a.Role = r } }
	none := func(*tokens.Account) {}
	roots, admins := []string{"operator", "root"}, []string{"operator", "root", "admin"}
	for _, c := range []struct {
		name string
		do   func(tokens.Actor) error
		who  []string
	}{
		{"token of a member", issue("member2"), admins},
		{"token of another administrator", issue("admin2"), roots},
		{"own token of an administrator", issue("admin"), roots},
		{"token of a root", issue("root2"), roots},
		{"disable a member's token", disable("member2"), admins},
		{"disable an administrator's token", disable("admin2"), roots},
		{"disable a root's token", disable("root2"), roots},
		{"change a member", save("member2", none), admins},
		{"make a member", save("fresh", none), admins},
		{"make an administrator", save("fresh", role(tokens.Admin)), roots},
		{"make a root", save("fresh2", role(tokens.Root)), roots},
		{"raise a member", save("member2", role(tokens.Admin)), roots},
		{"raise oneself", save("admin", role(tokens.Root)), roots},
		{"lower a root", save("root2", role(tokens.Member)), roots},
		{"lower an administrator", save("admin2", role(tokens.Member)), roots},
		{"agreement of members", agree("partners"), admins},
		{"agreement of administrators", agree("staff"), roots},
		{"agreement of nobody", agree("new"), admins},
	} {
		// As it was before each case; those who may least come first.
		b = newBench(t)
		actors, ids = people(b)
		for _, who := range []string{"nobody", "member", "admin", "root", "operator"} {
			t.Run("case="+c.name+" by "+who, func(t *testing.T) {
				before, _ := b.Accounts(t.Context())
				agreements, _ := b.Agreements(t.Context())
				err := c.do(actors[who])
				if allowed := slices.Contains(c.who, who); allowed != (err == nil) || !allowed && schema.CodeOf(err) != schema.Forbidden {
					t.Fatalf("got %v", err)
				}
				if err == nil {
					return
				}
				after, _ := b.Accounts(t.Context())
				agreementsAfter, _ := b.Agreements(t.Context())
				if !reflect.DeepEqual(after, before) || !reflect.DeepEqual(agreementsAfter, agreements) {
					t.Errorf("it was refused, and changed %+v to %+v", before, after)
				}
				e := b.entries(1)[0]
				account := map[bool]string{true: "", false: who}[who == "nobody"]
				if e.Kind != tokens.Refused || e.Account != account || e.Token != ids[who] || e.Subject == "" || !strings.Contains(e.Detail, err.Error()) {
					t.Errorf("the audit has %+v", e)
				}
			})
		}
	}
}

// TestActorNow: what counts is what an actor is now, not what he was when his token
// was looked at.
func TestActorNow(t *testing.T) {
	operator := tokens.Operator()
	for _, c := range []struct {
		name   string
		change func(b *bench, id string) error
	}{
		{"lowered", func(b *bench, _ string) error {
			_, err := b.SaveAccount(t.Context(), operator, "root", func(a *tokens.Account) { a.Role = tokens.Admin })
			return err
		}},
		{"account disabled", func(b *bench, _ string) error {
			_, err := b.SaveAccount(t.Context(), operator, "root", func(a *tokens.Account) { a.Disabled = true })
			return err
		}},
		{"token disabled", func(b *bench, id string) error { _, err := b.Disable(t.Context(), operator, id); return err }},
		{"token replaced", func(b *bench, _ string) error {
			_, _, err := b.Issue(t.Context(), operator, tokens.Grant{Account: "root", Packages: []string{"bi"}})
			return err
		}},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			b := newBench(t)
			actors, ids := people(b)
			if err := c.change(b, ids["root"]); err != nil {
				t.Fatal(err)
			}
			if _, _, err := b.Issue(t.Context(), actors["root"], tokens.Grant{Account: "member", Packages: []string{"bi"}}); schema.CodeOf(err) != schema.Forbidden {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestGrants(t *testing.T) {
	b := newBench(t)
	people(b)
	if _, err := b.SaveAccount(t.Context(), tokens.Operator(), "stopped", func(a *tokens.Account) { a.Disabled = true }); err != nil {
		t.Fatal(err)
	}
	b.account("plain", tokens.Member, "")
	bi := []string{"bi"}
	for _, c := range []struct {
		name  string
		grant tokens.Grant
		code  schema.Code
		want  string // of the message
	}{
		{"unknown account", tokens.Grant{Account: "none", Packages: bi}, schema.NotFound, "no such account"},
		{"no account", tokens.Grant{Packages: bi, Role: tokens.Member}, schema.BadRequest, "1 to 64 signs"},
		{"no name", tokens.Grant{Account: "A B", Packages: bi, Role: tokens.Member}, schema.BadRequest, "1 to 64 signs"},
		{"long name", tokens.Grant{Account: strings.Repeat("a", 65), Packages: bi, Role: tokens.Member}, schema.BadRequest, "1 to 64 signs"},
		{"name of the operator", tokens.Grant{Account: "operator", Packages: bi, Role: tokens.Member}, schema.BadRequest, "command line"},
		{"no role", tokens.Grant{Account: "x", Packages: bi, Role: "king"}, schema.BadRequest, "root, admin or member"},
		{"disabled account", tokens.Grant{Account: "stopped", Packages: bi}, schema.BadRequest, "disabled"},
		{"unknown package", tokens.Grant{Account: "plain", Packages: []string{"bl"}}, schema.BadRequest, `no package "bl"; there are admin, bi, crm, ecommerce`},
		{"no package's name", tokens.Grant{Account: "plain", Packages: []string{"b i"}}, schema.BadRequest, "1 to 64 signs"},
		{"package not agreed", tokens.Grant{Account: "member", Packages: []string{"admin"}}, schema.BadRequest, "the agreement partners does not have the package admin"},
		{"no packages", tokens.Grant{Account: "plain"}, schema.BadRequest, "name its packages"},
		{"empty packages", tokens.Grant{Account: "member", Packages: []string{}}, schema.BadRequest, "name its packages"},
		{"many packages", tokens.Grant{Account: "plain", Packages: manyNames(101)}, schema.BadRequest, "more than 100"},
		{"unknown claim", tokens.Grant{Account: "plain", Packages: bi, Claims: map[string]string{"store": "x"}}, schema.BadRequest, `no claim "store"; there are customer, shop, carrier, supplier`},
		{"empty claim", tokens.Grant{Account: "plain", Packages: bi, Claims: map[string]string{"shop": ""}}, schema.BadRequest, "claim shop"},
		{"blank claim", tokens.Grant{Account: "plain", Packages: bi, Claims: map[string]string{"shop": " web"}}, schema.BadRequest, "claim shop"},
		{"long claim", tokens.Grant{Account: "plain", Packages: bi, Claims: map[string]string{"shop": strings.Repeat("ţ", 201)}}, schema.BadRequest, "claim shop"},
		{"zero byte", tokens.Grant{Account: "plain", Packages: bi, Claims: map[string]string{"shop": "a\x00b"}}, schema.BadRequest, "claim shop"},
		{"no text", tokens.Grant{Account: "plain", Packages: bi, Claims: map[string]string{"shop": "a\xffb"}}, schema.BadRequest, "claim shop"},
		{"no network", tokens.Grant{Account: "plain", Packages: bi, Networks: []string{"10.0.0.0/8", "nonsense"}}, schema.BadRequest, "network 2 is none"},
		{"bad prefix", tokens.Grant{Account: "plain", Packages: bi, Networks: []string{"10.0.0.0/33"}}, schema.BadRequest, "network 1 is none"},
		{"network in the other form", tokens.Grant{Account: "plain", Packages: bi, Networks: []string{"::ffff:10.0.0.0/104"}}, schema.BadRequest, "network 1 is none"},
		{"zone", tokens.Grant{Account: "plain", Packages: bi, Networks: []string{"fe80::1%eth0"}}, schema.BadRequest, "network 1 is none"},
		{"many networks", tokens.Grant{Account: "plain", Packages: bi, Networks: slices.Repeat([]string{"10.0.0.1"}, 101)}, schema.BadRequest, "more than 100"},
		{"ended already", tokens.Grant{Account: "plain", Packages: bi, Expires: b.now}, schema.BadRequest, "ended already"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			before, _ := b.Accounts(t.Context())
			text, tok, err := b.Issue(t.Context(), tokens.Operator(), c.grant)
			if text != "" || tok.ID != "" || schema.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, %v", text, err)
			}
			if after, _ := b.Accounts(t.Context()); !reflect.DeepEqual(after, before) {
				t.Errorf("a refused grant has changed %+v to %+v", before, after)
			}
			if e := b.entries(1)[0]; e.Kind != tokens.Refused || e.Account != "operator" {
				t.Errorf("the audit has %+v", e)
			}
		})
	}
	for _, c := range []struct {
		name  string
		grant tokens.Grant
		want  []string
	}{
		{"all of the agreement", tokens.Grant{Account: "member"}, []string{"bi", "crm"}},
		{"some of it", tokens.Grant{Account: "member", Packages: bi}, bi},
		{"an administrator without data", tokens.Grant{Account: "ops", Role: tokens.Admin}, nil},
		{"longest claim", tokens.Grant{Account: "plain", Packages: bi, Claims: map[string]string{"shop": strings.Repeat("ţ", 200)}}, bi},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			text, tok, err := b.Issue(t.Context(), tokens.Operator(), c.grant)
			if err != nil {
				t.Fatal(err)
			}
			if p := b.principal(text); !slices.Equal(p.Packages, c.want) || !maps.Equal(p.Claims, c.grant.Claims) || !slices.Equal(tok.Packages, c.want) {
				t.Errorf("let in as %+v", p)
			}
		})
	}
}

func manyNames(n int) []string {
	var list []string
	for i := range n {
		list = append(list, "p"+strings.Repeat("x", i%60)+string(rune('a'+i%26))+string(rune('a'+i/26)))
	}
	return list
}

func TestAgreements(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct {
		name, agreement string
		change          func(*policies.Agreement)
		want            string
	}{
		{"built in", "default", func(*policies.Agreement) {}, "built in"},
		{"no name", "", func(*policies.Agreement) {}, "1 to 64 signs"},
		{"unknown package", "x", func(a *policies.Agreement) { a.Packages = []string{"nope"} }, "no package"},
		{"less than nothing", "x", func(a *policies.Agreement) { a.RowsPerDay = -1 }, "rows a day cannot be less than 0"},
		{"burst", "x", func(a *policies.Agreement) { a.Burst = -1 }, "the burst cannot be less than 0"},
		{"more than an Int", "x", func(a *policies.Agreement) { a.CallsPerMinute = 1 << 31 }, "calls a minute cannot be more than 2147483647"},
		{"more rows than an Int", "x", func(a *policies.Agreement) { a.RowsPerDay = 1 << 62 }, "rows a day cannot be more than 2147483647"},
		{"overlap of years", "x", func(a *policies.Agreement) { a.Overlap = 31 * 24 * time.Hour }, "between 0 and 30 days"},
		{"time of days", "x", func(a *policies.Agreement) { a.MaxTime = 2 * time.Hour }, "between 0 and 1h0m0s"},
		{"answers of days", "x", func(a *policies.Agreement) { a.AnswerCache = 2 * time.Hour }, "answers are kept between 0 and 1h0m0s"},
	} {
		t.Run("case="+c.name, func(t *testing.T) {
			_, err := b.SaveAgreement(t.Context(), tokens.Operator(), c.agreement, c.change)
			if schema.CodeOf(err) != schema.BadRequest || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	b.agreement(policies.Agreement{Name: "partners", Packages: []string{"crm", "bi", "bi"}, CallsPerMinute: 5})
	got, err := b.SaveAgreement(t.Context(), tokens.Operator(), "partners", func(a *policies.Agreement) { a.Name, a.Burst = "other", 9 })
	want := policies.Agreement{Name: "partners", Packages: []string{"bi", "crm"}, CallsPerMinute: 5, Burst: 9}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	list, err := b.Agreements(t.Context())
	if err != nil || !reflect.DeepEqual(list, []policies.Agreement{{Name: "default"}, want}) {
		t.Errorf("agreements %+v, %v", list, err)
	}
	if _, err := b.SaveAccount(t.Context(), tokens.Operator(), "shop", func(a *tokens.Account) { a.Agreement = "none" }); schema.CodeOf(err) != schema.BadRequest {
		t.Errorf("an unknown agreement: %v", err)
	}
}

// TestAudit: each act is in it, with who did it, and without a secret.
func TestAudit(t *testing.T) {
	b := newBench(t)
	b.agreement(policies.Agreement{Name: "partners", Packages: []string{"bi", "crm"}, Overlap: time.Hour, CallsPerMinute: 60, NoSuggestions: true})
	b.account("ana", tokens.Root, "")
	text, ana := b.issue(tokens.Grant{Account: "ana"})
	by := tokens.ActorOf(b.principal(text))
	if _, err := b.SaveAccount(t.Context(), by, "shop", func(a *tokens.Account) { a.Agreement = "partners" }); err != nil {
		t.Fatal(err)
	}
	first, one, _ := b.Issue(t.Context(), by, tokens.Grant{Account: "shop", Claims: map[string]string{"shop": "web"}, Networks: []string{"10.0.0.0/8"}, Expires: b.now.Add(24 * time.Hour)})
	second, two, _ := b.Issue(t.Context(), by, tokens.Grant{Account: "shop"})
	if _, err := b.Disable(t.Context(), by, two.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Disable(t.Context(), by, two.ID); err != nil {
		t.Fatal(err) // it is stopped already: nothing was done
	}
	// A token where its id belongs is refused, and not written down.
	if _, err := b.Disable(t.Context(), by, second); schema.CodeOf(err) != schema.NotFound {
		t.Error(err)
	}
	if _, err := b.Disable(t.Context(), by, second[20:]); schema.CodeOf(err) != schema.NotFound {
		t.Error(err)
	}
	if err := b.Append(t.Context(), tokens.Entry{Kind: "denied", Detail: "with " + first + ", twice " + first}); err != nil {
		t.Error(err)
	}
	entry := func(kind, about, subject, detail string) tokens.Entry {
		return tokens.Entry{Kind: kind, Account: "ana", Token: ana.ID, About: about, Subject: subject, Detail: detail}
	}
	want := []tokens.Entry{
		{Kind: "denied", Detail: "with trm_live_" + one.ID + "_***, twice trm_live_" + one.ID + "_***"},
		entry(tokens.Refused, "", "(not a name)", "disable a token: no such token"),
		entry(tokens.Refused, "", "(not a name)", "disable a token: no such token"),
		entry(tokens.TokenDisabled, "shop", two.ID, ""),
		entry(tokens.TokenGenerated, "shop", two.ID, "packages bi, crm"),
		entry(tokens.TokenReplaced, "shop", one.ID, "by "+two.ID+", lets in until 2026-01-01T13:30:00Z"),
		entry(tokens.TokenGenerated, "shop", one.ID, "packages bi, crm; shop = web; from 10.0.0.0/8; until 2026-01-02T12:30:00Z"),
		entry(tokens.AccountSaved, "shop", "shop", "role member; agreement partners"),
		{Kind: tokens.TokenGenerated, Account: "operator", About: "ana", Subject: ana.ID, Detail: "packages bi"},
		{Kind: tokens.AccountSaved, Account: "operator", About: "ana", Subject: "ana", Detail: "role root; agreement default"},
		{Kind: tokens.AgreementSaved, Account: "operator", Subject: "partners", Detail: "packages bi, crm; callsPerMinute 60; overlapMinutes 60; no suggestions"},
	}
	if got := b.entries(20); !reflect.DeepEqual(got, want) {
		for i := range max(len(got), len(want)) {
			t.Errorf("got  %+v\nwant %+v", at(got, i), at(want, i))
		}
	}
	long := tokens.Entry{Kind: "x", Subject: strings.Repeat("ţ", 1000), Detail: "a\x00b\xff\n" + strings.Repeat("y", 10_000)}
	if err := b.Append(t.Context(), long); err != nil {
		t.Fatal(err)
	}
	if e := b.entries(1)[0]; len(e.Subject) != 200 || len(e.Detail) != 2000 || !strings.HasPrefix(e.Detail, "a?b??y") {
		t.Errorf("cut to %d and %d: %.10q", len(e.Subject), len(e.Detail), e.Detail)
	}
}

func at(list []tokens.Entry, i int) (e tokens.Entry) {
	if i < len(list) {
		e = list[i]
	}
	return e
}
